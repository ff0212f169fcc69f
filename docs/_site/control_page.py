"""The control API of the simulator, from its own OpenAPI description."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.backend import Backend
from intercom_async.simulator.control import Control
from intercom_async.simulator.settings import Settings


def description() -> Any:
    """Return the description of a simulator that is not started."""
    return Control(
        Backend(Settings(contacts=0, conversations=0, companies=0, tickets=0))
    ).description()


def control_api() -> str:
    """Return a table of the operations, and one of each body."""
    told = description()
    lines = ["| Request | What it does | Query or body |", "|---|---|---|"]
    bodies: list[str] = []
    for path, item in told["paths"].items():
        for method, operation in item.items():
            given = ", ".join(f"`{one['name']}`" for one in operation.get("parameters", ()))
            body = _body(operation)
            if body:
                bodies.append(body)
                given = f"[`{body}`](#{body.lower()})"
            lines.append(f"| `{method.upper()} {path}` | {operation['summary']} | {given} |")
    schemas = told["components"]["schemas"]
    sections = [_fields(name, schemas[name]) for name in dict.fromkeys(bodies)]
    return "\n".join(lines) + "\n\n" + "\n\n".join(sections)


def _body(operation: Any) -> str:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        return str(content["schema"].get("$ref", "")).rpartition("/")[2]
    return ""


def _fields(name: str, schema: Any) -> str:
    lines = [f"### {name}", "", schema.get("description", ""), "", "| Field | Type | Default |"]
    lines.append("|---|---|---|")
    for field, described in schema["properties"].items():
        needed = field in schema.get("required", ())
        default = "required" if needed else f"`{described.get('default')!r}`"
        lines.append(f"| `{field}` | {_type(described)} | {default} |")
    return "\n".join(lines)


def _type(described: Any) -> str:
    if "anyOf" in described:
        return " or ".join(dict.fromkeys(map(_type, described["anyOf"])))
    if "$ref" in described:
        return f"`{described['$ref'].rpartition('/')[2]}`"
    if "enum" in described:
        return " or ".join(f"`{one}`" for one in described["enum"])
    if isinstance(described.get("additionalProperties"), dict):
        return f"object: key → {_type(described['additionalProperties'])}"
    return str(described.get("type", "any"))
