"""Intercom's OpenAPI descriptions, where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from intercom_async.codec.coercion import is_array, is_object

VERSIONS = ("2.14", "2.15", "2.16")

Node = dict[str, Any]

_VERBS = ("get", "post", "put", "patch", "delete")


def folder() -> Path:
    """Return where the descriptions are looked for."""
    beside = Path(__file__).parents[2].parent / "shared" / "api"
    return Path(os.environ.get("INTERCOM_OPENAPI_DIR", beside))


needs_descriptions = pytest.mark.skipif(
    not (folder() / "openapi-2.16.yaml").exists(),
    reason="Intercom's OpenAPI descriptions are not here; INTERCOM_OPENAPI_DIR says where they are",
)


@lru_cache
def description(version: str) -> Node:
    """Read one description."""
    yaml = pytest.importorskip("yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (folder() / f"openapi-{version}.yaml").read_text(encoding="utf-8")
    read: Node = yaml.load(text, Loader=loader)
    return read


def schemas(version: str) -> dict[str, Node]:
    """Return a description's schemas by name."""
    found: dict[str, Node] = description(version)["components"]["schemas"]
    return found


def successes(version: str) -> Iterator[tuple[str, Node]]:
    """Give operation (``GET /me``) and JSON answer of every success that has one."""
    for path, item in description(version)["paths"].items():
        for verb in _VERBS:
            for status, answer in item.get(verb, {}).get("responses", {}).items():
                media = answer.get("content", {}).get("application/json")
                if str(status).startswith("2") and media:
                    yield f"{verb.upper()} {path}", media


def resolved(node: Node, version: str) -> Node:
    """Follow references."""
    while "$ref" in node:
        node = schemas(version)[node["$ref"].rsplit("/", 1)[-1]]
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
        node = next((m["schema"] for o, m in successes(version) if o == f"{verb} {path}"), None)
        steps = rest[0].split("/") if rest else []
    else:
        name, *steps = address.split("/")
        node = schemas(version).get(name)
    for step in steps:
        if node is None:
            return None
        whole = resolved(node, version)
        node = whole.get("items") if step == "[]" else properties(whole, version).get(step)
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
