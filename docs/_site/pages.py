"""Pages, and parts of pages, that are generated from the code and so cannot fall behind it."""

from __future__ import annotations

import re
from collections.abc import Callable

import command_line
import control_page
import error_tables
import example_pages
import migration
import model_pages
import resource_pages
import stream_tables

_SETUP = re.compile(r"<!-- setup\n.*?-->\n", re.DOTALL)
_PART = re.compile(r"<!-- generated: ([\w-]+) -->")

PARTS: dict[str, Callable[[], str]] = {
    "commands": command_line.commands,
    "control-api": control_page.control_api,
    "error-tree": error_tables.error_tree,
    "errors-of-any-call": error_tables.errors_of_any_call,
    "streams": stream_tables.streams,
    "columns": stream_tables.columns,
    "tombstones": stream_tables.tombstones,
    "calls": migration.calls,
}
"""What `<!-- generated: NAME -->` stands for in a page."""


def generate() -> dict[str, str]:
    """Return Markdown by page, of those that are generated whole."""
    return {
        **resource_pages.generate(),
        **model_pages.generate(),
        **example_pages.generate(),
    }


def complete(markdown: str) -> str:
    """Fill in the generated parts of a page; leave out what only its snippets need."""
    return _PART.sub(lambda found: PARTS[found[1]](), _SETUP.sub("", markdown))
