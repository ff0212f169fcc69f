"""One page for each resource, under the name that it has on a client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import getdoc, isfunction
from pathlib import Path
from typing import Any

from intercom_async import Intercom
from intercom_async.request.operation import Operation
from intercom_async.resources._base import Resource

EXAMPLES = Path(__file__).parent / "examples"
FOLDER = "reference/resources/"
FIRST = ("list", "search", "get", "create", "update", "delete")
"""Methods that everybody looks for, in this order; the others follow as in the source."""
MEANING = {"safe": "safe to repeat", "idempotent": "idempotent", "unsafe": "not repeated blindly"}


def resources() -> dict[str, type[Resource]]:
    """Return the class of each resource by its name on a client."""
    client = Intercom("token")
    found = {name: getattr(client, name) for name in dir(client) if not name.startswith("_")}
    return {name: type(one) for name, one in sorted(found.items()) if isinstance(one, Resource)}


def methods(kind: type[Resource]) -> Iterator[tuple[str, Any]]:
    """Give name and function of each public method."""
    names = [name for base in kind.__mro__ for name in vars(base)]
    for name in dict.fromkeys([*FIRST, *names]):
        method = getattr(kind, name, None)
        if isfunction(method) and not name.startswith("_"):
            yield name, method


def endpoint_of(kind: type[Resource], method: Any) -> Operation[Any] | None:
    """Return what a method sends: the endpoint of its name, else that of its reference."""
    named = getattr(kind, method.__name__.upper(), None)
    if isinstance(named, Operation):
        return named
    found = re.search(r"^Reference: (\S+)$", getdoc(method) or "", re.MULTILINE)
    known = (getattr(kind, name) for name in dir(kind) if name.isupper())
    endpoints = [each for each in known if isinstance(each, Operation)]
    return next((each for each in endpoints if found and each.reference == found[1]), None)


def verb(endpoint: Operation[Any]) -> str:
    """Return the HTTP method; an update has one of two, by the API's version."""
    return "PUT or PATCH" if endpoint.updates else endpoint.method


def breakable(path: str) -> str:
    """Write a path as code that a browser breaks at its slashes only."""
    return f"<code>{path.replace('/', '<wbr>/')}</code>"


def http_line(endpoint: Operation[Any]) -> str:
    """Say what is sent, since which version, and what repeating it means."""
    since = "" if endpoint.since == "2.14" else f", since {endpoint.since}"
    return f"`{verb(endpoint)} {endpoint.path}`{since}, {MEANING[endpoint.repeat]}"


def page(name: str, kind: type[Resource]) -> str:
    """Write a resource's page."""
    path = f"{kind.__module__}.{kind.__qualname__}"
    lines = [f"# intercom.{name}", ""]
    example = EXAMPLES / f"{name}.py"
    if example.exists():
        lines += ["```python", example.read_text().strip(), "```", ""]
    lines += ["| Method | Sends | What it does |", "|---|---|---|"]
    for method, function in methods(kind):
        endpoint = endpoint_of(kind, function)
        first = (getdoc(function) or "").partition("\n")[0]
        sends = f"`{verb(endpoint)}` {breakable(endpoint.path)}" if endpoint else "several calls"
        lines.append(f"| [`{method}`][{path}.{method}] | {sends} | {first} |")
    return "\n".join(
        [
            *lines,
            "",
            "Every method can raise the [errors of any call](../errors.md#any-call), too.",
            "",
            f"::: {path}",
            "    options:",
            "      show_root_heading: false",
            "      inherited_members: true",
            '      filters: ["!^_", "!^[A-Z]"]',
            "",
        ]
    )


def index() -> str:
    """List every method by the request that it sends, for those who know the endpoint."""
    rows: list[tuple[str, str, str]] = []
    for name, kind in resources().items():
        for method, function in methods(kind):
            endpoint = endpoint_of(kind, function)
            path = endpoint.path if endpoint else ""
            sends = f"`{verb(endpoint)}` {breakable(path)}" if endpoint else "several calls"
            target = f"{kind.__module__}.{kind.__qualname__}.{method}"
            first = (getdoc(function) or "").partition("\n")[0]
            line = f"| {sends} | [`{name}.{method}`][{target}] | {first} |"
            rows.append((path or "~", verb(endpoint) if endpoint else name, line))
    return "\n".join(
        [
            "# All methods",
            "",
            "Every method of a client by the request that it sends, for readers who come from",
            "Intercom's own reference. What has no method is sent with",
            "[`intercom.request`][intercom_async.Intercom.request].",
            "",
            "| Sends | Method | What it does |",
            "|---|---|---|",
            *(line for _, _, line in sorted(rows)),
            "",
        ]
    )


def generate() -> dict[str, str]:
    """Return the pages and their index."""
    pages = {f"{FOLDER}{name}.md": page(name, kind) for name, kind in resources().items()}
    return {f"{FOLDER}index.md": index(), **pages}
