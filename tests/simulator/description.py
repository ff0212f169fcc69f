"""Reads the official OpenAPI descriptions, where they are at hand."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

VERBS = ("get", "post", "put", "patch", "delete")
Json = dict[str, Any]


def directory() -> Path | None:
    """Return where the descriptions are, if anywhere."""
    given = os.environ.get("INTERCOM_OPENAPI_DIR")
    beside = Path(__file__).parents[2].parent / "shared" / "api"
    place = Path(given) if given else beside
    return place if (place / "openapi-2.14.yaml").is_file() else None


class Example(NamedTuple):
    """One request that the description shows."""

    name: str
    body: Any


class Described(NamedTuple):
    """One operation of a description."""

    method: str
    path: str
    parameters: list[Json]
    examples: list[Example]
    schemas: dict[int, Json | None]
    """By status; None where the answer has no JSON."""


@functools.cache
def load(version: str) -> Json:
    """Return one description."""
    yaml: Any = importlib.import_module("yaml")  # in no group: where descriptions are at hand
    place = directory()
    assert place is not None
    text = (place / f"openapi-{version}.yaml").read_text(encoding="utf-8")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    loaded: Json = loader.get_single_data()
    return loaded


def operations(version: str) -> Iterator[Described]:
    """Walk the operations of a version."""
    spec = load(version)
    for path, item in spec["paths"].items():
        for verb in VERBS:
            if verb in item:
                yield _described(spec, verb.upper(), path, item)


def _described(spec: Json, method: str, path: str, item: Json) -> Described:
    operation: Json = item[method.lower()]
    parameters = [
        _resolved(spec, one) for one in item.get("parameters", []) + operation.get("parameters", [])
    ]
    content: Json = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = [
        Example(name, _resolved(spec, one).get("value"))
        for name, one in content.get("examples", {}).items()
    ]
    if "example" in content:
        examples.append(Example("example", content["example"]))
    schemas: dict[int, Json | None] = {}
    for status, response in operation["responses"].items():
        forms: Json = _resolved(spec, response).get("content", {})
        if status == "default":
            continue
        schemas[int(status)] = forms.get("application/json", {}).get("schema")
    return Described(method, path, parameters, examples, schemas)


def _resolved(spec: Json, node: Json) -> Json:
    while "$ref" in node:
        found: Any = spec
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


@functools.cache
def definitions(version: str) -> Json:
    """Return all schemas of a version as JSON Schema."""
    return {
        name: as_json_schema(one) for name, one in load(version)["components"]["schemas"].items()
    }


def as_json_schema(node: Any) -> Any:
    """Turn an OpenAPI 3.0 schema into JSON Schema: `nullable` becomes a type."""
    if isinstance(node, list):
        items: list[Any] = node  # pyright: ignore[reportUnknownVariableType]
        return [as_json_schema(one) for one in items]
    if not isinstance(node, dict):
        return node
    given: Json = node  # pyright: ignore[reportUnknownVariableType]
    if "$ref" in given:
        return {"$ref": given["$ref"].replace("#/components/schemas/", "#/definitions/")}
    kept = {
        key: as_json_schema(value)
        for key, value in given.items()
        if key not in ("nullable", "example", "examples", "description", "title", "format")
    }
    if "properties" in given:
        kept["properties"] = {
            name: as_json_schema(one) for name, one in given["properties"].items()
        }
    if kept.get("type") == "datetime":
        kept["type"] = ["string", "integer"]
    if "oneOf" in kept:
        # Several branches of the real unions hold for one value.
        kept["anyOf"] = kept.pop("oneOf")
    return {"anyOf": [kept, {"type": "null"}]} if given.get("nullable") else kept
