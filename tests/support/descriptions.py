"""Intercom's OpenAPI descriptions, where they are at hand: read once, walked in several ways.

They are looked for in INTERCOM_OPENAPI_DIR, then in `shared/api` beside the checkout; tests that
need them are skipped where there are none.
"""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from intercom_async.codec.coercion import is_array, is_object

VERSIONS = ("2.14", "2.15", "2.16", "Preview")

Node = dict[str, Any]

VERBS = ("get", "post", "put", "patch", "delete")


class Example(NamedTuple):
    """One request that a description shows."""

    name: str
    body: Any


class Described(NamedTuple):
    """One operation of a description."""

    method: str
    path: str
    parameters: list[Node]
    examples: list[Example]
    schemas: dict[int, Node | None]
    """Schemas of replies, by status; None where the reply has no JSON."""
    is_form: bool
    """Whether the request is a form with files."""


def folder() -> Path:
    """Return where the descriptions are looked for."""
    beside = Path(__file__).parents[2].parent / "shared" / "api"
    return Path(os.environ.get("INTERCOM_OPENAPI_DIR", beside))


needs_descriptions = pytest.mark.skipif(
    not (folder() / "openapi-2.16.yaml").exists(),
    reason="Intercom's OpenAPI descriptions are not here; INTERCOM_OPENAPI_DIR says where they are",
)


PARSED = Path(__file__).parents[2] / ".pytest_cache" / "descriptions"
"""Where descriptions stand as they were parsed: that takes four seconds in each process."""


@cache
def description(version: str) -> Node:
    """Read one description; a text that has been parsed before is not parsed again."""
    text = (folder() / f"openapi-{version.lower()}.yaml").read_bytes()
    kept = PARSED / f"{version}-{sha256(text).hexdigest()}.pickle"
    read: Node
    with suppress(OSError):
        read = pickle.loads(kept.read_bytes())  # noqa: S301 (written below)
        return read
    yaml = pytest.importorskip("yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read = yaml.load(text, Loader=loader)
    with suppress(OSError):
        PARSED.mkdir(parents=True, exist_ok=True)
        # Several processes may be at it, and each reads a whole file or none.
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_bytes(pickle.dumps(read))
        written.replace(kept)
    return read


def schemas(version: str) -> dict[str, Node]:
    """Return a description's schemas by name."""
    found: dict[str, Node] = description(version)["components"]["schemas"]
    return found


def shape(name: str) -> str:
    """Return verb and path with placeholders of no name: Preview calls many of them `id`."""
    return re.sub(r"\{\w+\}", "{}", name)


def successes(version: str) -> Iterator[tuple[str, Node]]:
    """Give operation (``GET /me``) and JSON answer of every success that has one."""
    for path, item in description(version)["paths"].items():
        for verb in VERBS:
            for status, answer in item.get(verb, {}).get("responses", {}).items():
                media = answer.get("content", {}).get("application/json")
                if str(status).startswith("2") and media:
                    yield f"{verb.upper()} {path}", media


def resolved(node: Node, version: str) -> Node:
    """Follow references."""
    while "$ref" in node:
        found: Any = description(version)
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def properties(node: Node, version: str) -> dict[str, Node]:
    """Return all properties that an object of this schema may have."""
    node = resolved(node, version)
    found: dict[str, Node] = {}
    for key in ("allOf", "oneOf", "anyOf"):
        for part in node.get(key, ()):
            for name, value in properties(part, version).items():
                found.setdefault(name, value)
    found.update(node.get("properties", {}))
    return found


def at(address: str, version: str) -> Node | None:
    """Find a schema by its address as in `schemas.SCHEMAS`; None if this version lacks it."""
    if address.startswith("OP "):
        _, verb, path, *rest = address.split(" ")
        wanted = shape(f"{verb} {path}")
        node = next((m["schema"] for o, m in successes(version) if shape(o) == wanted), None)
        steps = rest[0].split("/") if rest else []
    else:
        name, *steps = address.split("/")
        node = schemas(version).get(name)
    for step in steps:
        if node is None:
            return None
        whole = resolved(node, version)
        inner = {"[]": "items", "*": "additionalProperties"}.get(step)
        node = whole.get(inner) if inner else properties(whole, version).get(step)
    return node


def references(node: object) -> Iterator[str]:
    """Give the names of all schemas that a piece of a description refers to."""
    if is_object(node):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[-1]
        for key, value in node.items():
            if key not in ("example", "examples"):
                yield from references(value)
    elif is_array(node):
        for value in node:
            yield from references(value)


def answered(version: str) -> set[str]:
    """Return the names of all schemas that successful answers are made of."""
    waiting = [name for _, media in successes(version) for name in references(media)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(references(schemas(version).get(name, {})))
    return seen


def operations(version: str) -> Iterator[Described]:
    """Walk the operations of a version."""
    for path, item in description(version)["paths"].items():
        for verb in VERBS:
            if verb in item:
                yield _described(verb, path, item, version)


def _described(verb: str, path: str, item: Node, version: str) -> Described:
    operation: Node = item[verb]
    parameters = [
        resolved(one, version)
        for one in item.get("parameters", []) + operation.get("parameters", [])
    ]
    bodies: Node = operation.get("requestBody", {}).get("content", {})
    content: Node = bodies.get("application/json", {})
    examples = [
        Example(name, resolved(one, version).get("value"))
        for name, one in content.get("examples", {}).items()
    ]
    if "example" in content:
        examples.append(Example("example", content["example"]))
    forms = {
        int(status): resolved(response, version).get("content", {})
        for status, response in operation["responses"].items()
        if status != "default"
    }
    replies = {
        status: media.get("application/json", {}).get("schema") for status, media in forms.items()
    }
    is_form = "multipart/form-data" in bodies
    return Described(verb.upper(), path, parameters, examples, replies, is_form)


@cache
def json_schemas(version: str) -> Node:
    """Return all schemas of a version as JSON Schema."""
    return {name: as_json_schema(one) for name, one in schemas(version).items()}


def as_json_schema(node: Any) -> Any:
    """Turn an OpenAPI 3.0 schema into JSON Schema: `nullable` becomes a type."""
    if is_array(node):
        return [as_json_schema(one) for one in node]
    if not is_object(node):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"].replace("#/components/schemas/", "#/definitions/")}
    kept = {
        key: as_json_schema(value)
        for key, value in node.items()
        if key not in ("nullable", "example", "examples", "description", "title", "format")
    }
    if "properties" in node:
        kept["properties"] = {name: as_json_schema(one) for name, one in node["properties"].items()}
    if kept.get("type") == "datetime":
        kept["type"] = ["string", "integer"]
    if "oneOf" in kept:
        # Several branches of the real unions hold for one value.
        kept["anyOf"] = kept.pop("oneOf")
    return {"anyOf": [kept, {"type": "null"}]} if node.get("nullable") else kept
