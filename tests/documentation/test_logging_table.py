"""The table of loggers says what the package logs, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import intercom_async

PACKAGE = Path(intercom_async.__file__).parent
PAGE = PACKAGE.parent / "docs" / "reference" / "configuration.md"
ELSEWHERE = {"cli", "doctor", "integrations", "simulator", "sync"}
"""Packages with loggers that their own pages describe."""
LEVELS = {
    "debug": "DEBUG",
    "info": "INFO",
    "warning": "WARNING",
    "error": "ERROR",
    "exception": "ERROR",
}


def logged() -> Iterator[tuple[str, str]]:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] in ELSEWHERE:
            continue
        text = path.read_text()
        named = re.search(r'getLogger\("(.+)"\)', text)
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in ("log", "_LOG")
                and node.func.attr in LEVELS
            ):
                assert named is not None, path
                yield named.group(1), LEVELS[node.func.attr]


def test_the_table_of_loggers_has_every_level_that_is_used() -> None:
    rows = re.findall(
        r"^\| `(intercom_async[.a-z]*)` \| ([A-Z]+) \|", PAGE.read_text(), re.MULTILINE
    )
    # The level of one message depends on whether the server has answered before.
    assert {*rows} == {*logged(), ("intercom_async", "WARNING")}
    assert len(rows) == len({*rows})
