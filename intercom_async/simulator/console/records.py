"""Records of the workspace, page by page, as the API shows them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlsplit

import msgspec

from intercom_async.simulator.backend import Backend
from intercom_async.simulator.rows import Row

PER_PAGE = 20
"""Records of a page."""
TITLES = ("name", "title", "email", "label", "company_id", "external_id", "consent_type")
"""Fields by which a person knows a record; the first that is filled is shown."""


TITLE_CHARS = 100
"""Characters of a record's title in a list."""
TAG = re.compile(r"<[^>]*>")


class _Kind(NamedTuple):
    path: str
    by: str = ""
    """How its list goes on: by `cursor`, by `page`, or not at all."""
    by_search: bool = False
    """Whether it has no list and is searched."""


KINDS: dict[str, _Kind] = {
    "contacts": _Kind("/contacts", "cursor"),
    "companies": _Kind("/companies/list", "page"),
    "conversations": _Kind("/conversations", "cursor"),
    "tickets": _Kind("/tickets/search", "cursor", by_search=True),
    "articles": _Kind("/articles", "page"),
    "admins": _Kind("/admins"),
    "teams": _Kind("/teams"),
    "tags": _Kind("/tags"),
    "segments": _Kind("/segments"),
    "ticket_types": _Kind("/ticket_types"),
    "data_attributes": _Kind("/data_attributes"),
    "subscription_types": _Kind("/subscription_types"),
}


class RecordLine(msgspec.Struct, frozen=True, kw_only=True):
    """One record in a list."""

    id: str
    title: str
    updated_at: Any = None
    record: Row
    """The record as the API shows it in a list."""


class RecordPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of records."""

    kind: str
    total: int | None
    records: list[RecordLine]
    next: str | None
    """What `after` asks for the next page; None on the last one."""


def records(backend: Backend, kind: str, after: str = "") -> RecordPage:
    """Return a page of records.

    Raises:
        ValueError: The kind is not known, or `after` is not of its list.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    known = KINDS[kind]
    if known.by_search:
        cursor = {"starting_after": after} if after else {}
        body = {
            "query": {"field": "id", "operator": ">", "value": "0"},
            "pagination": {"per_page": PER_PAGE, **cursor},
        }
        answer = backend.call("POST", known.path, body)
    else:
        query = {"per_page": str(PER_PAGE)} if known.by else {}
        if after:
            query["starting_after" if known.by == "cursor" else "page"] = after
        method = "POST" if known.path.endswith("/list") else "GET"
        answer = backend.call(method, known.path, query=query)
    lists = [cast("list[Row]", each) for each in answer.values() if isinstance(each, list)]
    rows: list[Row] = lists[0] if lists else []
    return RecordPage(
        kind=kind,
        total=answer.get("total_count"),
        records=[
            RecordLine(
                id=str(row["id"]), title=_title(row), updated_at=row.get("updated_at"), record=row
            )
            for row in rows
        ],
        next=_next(answer.get("pages")),
    )


def record(backend: Backend, kind: str, record_id: str) -> Row:
    """Return one record as the API shows it by its id.

    Raises:
        ValueError: The kind is not known, has no such call, or there is no such record.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    shown: Row = backend.call("GET", f"/{kind}/{quote(record_id, safe='')}")
    return shown


def _title(row: Row) -> str:
    found = next((row[name] for name in TITLES if row.get(name)), None)
    source: Row = row.get("source") or {}
    attributes: Row = row.get("ticket_attributes") or {}
    words = TAG.sub("", source.get("subject") or source.get("body") or "")
    return str(found or attributes.get("_default_title_") or words)[:TITLE_CHARS]


def _next(pages: Row | None) -> str | None:
    following: Any = None if pages is None else pages.get("next")
    if isinstance(following, dict):
        cursor: str | None = cast("Row", following).get("starting_after")
        return cursor
    if not isinstance(following, str):
        return None
    query = dict(part.split("=", 1) for part in urlsplit(following).query.split("&"))
    return query.get("page")
