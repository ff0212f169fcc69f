"""The table of calls for who comes from python-intercom, made from both packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from resource_pages import endpoint_of, methods, resources

PATCHED = {"PATCH": "PUT"}


def official() -> Iterator[tuple[str, str]]:
    """Give HTTP line and call of every operation of python-intercom's stable part."""
    spec = find_spec("intercom")
    if spec is None or spec.origin is None:
        return
    root = Path(spec.origin).parent
    for path in sorted(root.glob("*/raw_client.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.startswith("Async"):
                for method in node.body:
                    line = _request(method)
                    if isinstance(method, ast.AsyncFunctionDef) and line:
                        yield line, f"{path.parent.name}.{method.name}"


def _request(method: ast.stmt) -> str | None:
    """Return verb and path of the request that a method makes."""
    for node in ast.walk(method):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if is_call and node.func.attr in ("request", "stream") and node.args:
            verb = next((each.value for each in node.keywords if each.arg == "method"), None)
            if isinstance(verb, ast.Constant):
                return f"{verb.value} /{_path(node.args[0])}"
    return None


def _path(node: Any) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join("{}" if isinstance(v, ast.FormattedValue) else v.value for v in node.values)
    return str(node.value)


def ours() -> dict[str, str]:
    """Return our calls by HTTP line, ids left out."""
    found: dict[str, str] = {}
    for name, kind in resources().items():
        for method, function in methods(kind):
            endpoint = endpoint_of(kind, function)
            if endpoint is not None:
                line = re.sub(r"\{\w+\}", "{}", f"{endpoint.method} {endpoint.path}")
                link = f"[`{name}.{method}`][{kind.__module__}.{kind.__qualname__}.{method}]"
                found[line] = f"{found[line]}, {link}" if line in found else link
    return found


def calls() -> str:
    """Return the table."""
    known = ours()
    lines = ["| python-intercom | intercom-async | HTTP |", "|---|---|---|"]
    for line, call in official():
        verb, _, path = line.partition(" ")
        mine = known.get(f"{PATCHED.get(verb, verb)} {path}") or known.get(line)
        lines.append(f"| `{call}` | {mine or '`intercom.request(…)`'} | `{line}` |")
    return "\n".join(lines)
