"""The control API in OpenAPI, made of the operations that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from .rows import Row

JSON = "application/json"
LINES = "application/x-ndjson"


class Action(NamedTuple):
    """One operation: what it does, and the types of its body, its query and its answer."""

    summary: str
    act: Callable[[Any], Any]
    takes: Any = None
    gives: Any = Row
    asks: type[msgspec.Struct] | None = None


class Problem(msgspec.Struct):
    """Why a request was refused, and what to do."""

    error: str


REFUSALS = {
    "400": "What was sent makes no sense",
    "403": "Another site or an unknown host name asks",
    "415": "The body is not sent as JSON",
}
BESIDE: dict[str, dict[str, tuple[str, str, str | None]]] = {
    "events": {
        "get": (
            "Server-sent events: `state` as `live`, `requests` as `requests`",
            "text/event-stream",
            None,
        )
    },
    "snapshot": {
        "get": ("Settings and records, to keep", LINES, None),
        "put": ("Restore settings and records from a snapshot", JSON, LINES),
    },
    "reset": {"post": ("Go back to the state of the start", JSON, None)},
}
"""By path and method, what is no JSON of a known form: summary, answer's type, body's type."""


def describe(prefix: str, actions: Mapping[tuple[str, str], Action], url: str) -> Row:
    """Return the OpenAPI description of operations below a path."""
    types = [
        one
        for action in actions.values()
        for one in (action.takes, action.gives)
        if one not in (None, Row)
    ]
    types.append(Problem)
    schemas, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    by_type = dict(zip(map(str, types), schemas, strict=True))
    paths: dict[str, Row] = {}
    for (method, name), action in actions.items():
        operation = _operation(method, name, action.summary)
        operation["responses"] |= _content("200", "Done", JSON, by_type.get(str(action.gives), {}))
        if action.asks is not None:
            operation["parameters"] = _parameters(action.asks)
        if action.takes is not None:
            operation["requestBody"] = {"content": {JSON: {"schema": by_type[str(action.takes)]}}}
        paths.setdefault(f"{prefix}/{name}", {})[method.lower()] = operation
    for name, methods in BESIDE.items():
        for method, (summary, answer, body) in methods.items():
            operation = _operation(method, name, summary)
            operation["responses"] |= _content("200", "Done", answer, {})
            if body is not None:
                operation["requestBody"] = {"content": {body: {"schema": {}}}}
            paths.setdefault(f"{prefix}/{name}", {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Control of the local Intercom", "version": "1"},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(method: str, name: str, summary: str) -> Row:
    words = name.partition(".")[0].replace("/", "_")
    problem = {"$ref": "#/components/schemas/Problem"}
    responses: Row = {}
    for status, meaning in REFUSALS.items():
        responses |= _content(status, meaning, JSON, problem)
    return {
        "summary": summary,
        "operationId": f"{method.lower()}_{words}",
        "responses": responses,
    }


def _content(status: str, meaning: str, kind: str, schema: Row) -> Row:
    return {status: {"description": meaning, "content": {kind: {"schema": schema}}}}


def _parameters(asks: type[msgspec.Struct]) -> list[Row]:
    return [
        {
            "name": field.name,
            "in": "query",
            "required": field.required,
            "schema": msgspec.json.schema(field.type),
        }
        for field in msgspec.structs.fields(asks)
    ]
