"""Records of one's own: JSON lines that are created in a workspace as if by calls."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .backend import Backend
from .rows import BAD_JSON, Row, decode_json

LATEST_AT = 2**32
"""Ids of records hold the time in 32 bits, UNIX seconds (`test_standalone.py`)."""

Maker = Callable[[Backend, Row], object]

WRITABLE = [
    "role",
    "external_id",
    "email",
    "phone",
    "name",
    "avatar",
    "signed_up_at",
    "last_seen_at",
    "owner_id",
    "unsubscribed_from_emails",
    "language_override",
    "custom_attributes",
]
ORDER = ("companies", "people", "contacts", "articles", "conversations", "tickets", "events")
"""Kinds by the name of a file, in the order in which a folder of them is read: what others name
comes first."""


def load(backend: Backend, path: Path) -> dict[str, int]:
    """Create what a file, or every known file of a folder, has; return the counts by kind.

    The file's name says the kind: `people.jsonl`, `companies.jsonl` and so on. A line is the body
    of the call that creates one; people may also have `tags` (names) and `companies` (bodies).

    Raises:
        OSError: The path cannot be read.
        ValueError: A name or a line makes no sense; names the file and the line.
    """
    files = [path]
    if path.is_dir():
        named = {one: path / f"{one}.jsonl" for one in ORDER}
        files = [one for one in named.values() if one.exists()]
        if not files:
            raise ValueError(f"{path} has none of the files {', '.join(sorted(ORDER))} (.jsonl)")
    return {file.stem: _load_file(backend, file) for file in files}


def _load_file(backend: Backend, file: Path) -> int:
    make = MAKERS.get(file.stem)
    if make is None:
        known = ", ".join(f"{kind}.jsonl" for kind in ORDER)
        raise ValueError(f"{file.name} says no kind of record; it is called one of {known}")
    count = 0
    for number, line in enumerate(file.read_bytes().removeprefix(codecs.BOM_UTF8).splitlines(), 1):
        if line.strip():
            try:
                make(backend, _object(line))
            except ValueError as error:
                raise ValueError(f"{file.name}:{number}: {error}") from None
            count += 1
    return count


def _object(line: bytes) -> Row:
    try:
        value: Any = decode_json(line)
    except BAD_JSON as error:
        raise ValueError(f"this line is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("a line must be a JSON object")  # noqa: TRY004 (as every other setting)
    return value  # pyright: ignore[reportUnknownVariableType]


def _make_contact(backend: Backend, row: Row) -> None:
    attributes: Any = row.get("custom_attributes") or {}
    if not isinstance(attributes, dict):
        raise ValueError("custom_attributes must be an object")  # noqa: TRY004 (as every other setting)
    _define_attributes(backend, attributes)  # pyright: ignore[reportUnknownArgumentType]
    body = {name: row[name] for name in WRITABLE if row.get(name) is not None}
    made = backend.call("POST", "/contacts", body, at=_made_at(row))
    path = f"/contacts/{made['id']}"
    for name in _names(row.get("tags")):
        tag = backend.call("POST", "/tags", {"name": name})
        backend.call("POST", f"{path}/tags", {"id": tag["id"]})
    for company in _rows(row.get("companies")):
        known = backend.call("POST", "/companies", company)
        backend.call("POST", f"{path}/companies", {"id": known["id"]})


def _define_attributes(backend: Backend, attributes: Row) -> None:
    """Define the custom attributes that the workspace does not have yet."""
    kinds: dict[Any, str] = {bool: "boolean", int: "integer", float: "float"}
    for name, value in attributes.items():
        if not backend.workspace.has_attribute("contact", name):
            kind = kinds.get(value.__class__, "string")
            body = {"name": name, "model": "contact", "data_type": kind}
            backend.call("POST", "/data_attributes", body)


def _made_at(row: Row) -> int | None:
    """Return when a record was made; None for now."""
    at = row.get("created_at")
    if at is None:
        return None
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < LATEST_AT:
        raise ValueError("created_at must be UNIX seconds")
    return int(at)


def _names(value: Any) -> list[str]:
    """Return the names of tags, given as texts or as objects."""
    texts = [one for one in _items(value) if isinstance(one, str)]
    rows: list[Row] = [one for one in _items(value) if isinstance(one, dict)]
    return texts + [str(row["name"]) for row in rows if row.get("name")]


def _rows(value: Any) -> list[Row]:
    """Return the bodies of companies; references without a `company_id` say nothing."""
    return [one for one in _items(value) if isinstance(one, dict) and "company_id" in one]


def _items(value: Any) -> list[Any]:
    """Return the items of a list, which may stand in an object as the API sends it."""
    if isinstance(value, dict):
        row: Row = value  # pyright: ignore[reportUnknownVariableType]
        value = row.get("data")
    return list(value) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType]


def _maker(path: str) -> Maker:
    def make(backend: Backend, row: Row) -> None:
        backend.call("POST", path, row, at=_made_at(row))

    return make


MAKERS: dict[str, Maker] = {
    "companies": _maker("/companies"),
    "people": _make_contact,
    "contacts": _make_contact,
    "articles": _maker("/articles"),
    "conversations": _maker("/conversations"),
    "tickets": _maker("/tickets"),
    "events": _maker("/events"),
}
