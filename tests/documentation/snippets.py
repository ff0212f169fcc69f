"""The Python of the documentation: found in pages and docstrings, run, and written for a checker.

Blocks of one page share their names, as a reader would type them one after the other. `intercom` is
an open client; `<!-- setup … -->` holds what a page needs and a reader does not; `<!-- not run:
reason -->` before a block leaves it out.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"(?P<setup><!-- setup\n(?P<hidden>.*?)-->)"
    r"|(?P<skip><!-- not run: [^>]+ -->\n+)?^(?P<indent> *)```python[^\n]*\n(?P<shown>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One snippet."""

    source: str
    line: int
    """Line of the page that its first line is."""


class Page(NamedTuple):
    """A text with snippets."""

    name: str
    blocks: tuple[Block, ...]


def pages() -> Iterator[Page]:
    """Give every page of the documentation that has snippets."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        page = read(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        if page.blocks:
            yield page
    for path in sorted((ROOT / "docs" / "_site" / "examples").glob("*.py")):
        yield Page(str(path.relative_to(ROOT)), (Block(path.read_text(encoding="utf-8"), 1),))


def read(name: str, text: str) -> Page:
    """Find the snippets of a text."""
    blocks: list[Block] = []
    for found in _BLOCK.finditer(text):
        if found["skip"]:
            continue
        part = "hidden" if found["setup"] else "shown"
        line = text.count("\n", 0, found.start(part)) + 1
        blocks.append(Block(dedent(found[part]), line))
    return Page(name, tuple(blocks))


def docstrings(modules: list[ModuleType]) -> Iterator[Page]:
    """Give the docstrings of public classes and functions that have snippets."""
    for module in modules:
        yield from _with_snippets(module.__name__, module)
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            yield from _with_snippets(f"{module.__name__}.{name}", thing)
            if inspect.isclass(thing):
                for attribute, value in vars(thing).items():
                    if not attribute.startswith("_"):
                        yield from _with_snippets(f"{module.__name__}.{name}.{attribute}", value)


def _with_snippets(name: str, thing: object) -> Iterator[Page]:
    text = inspect.getdoc(thing) or ""
    if "```python" in text:
        yield read(name, text)


async def run(page: Page, names: dict[str, Any]) -> None:
    """Run a page; a block may await at its top level, or run a loop of its own."""
    for block in page.blocks:
        tree = ast.parse(block.source, page.name)
        ast.increment_lineno(tree, block.line - 1)
        code = compile(tree, page.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if re.search(r"\basyncio\.run\(|\brun_virtual\(", block.source):
            await asyncio.to_thread(eval, code, names)
            continue
        result = eval(code, names)  # noqa: S307 (this project's own text)
        if inspect.isawaitable(result):
            await result


def module_of(page: Page) -> str:
    """Write a page as a module for a type checker: each block follows the one before."""
    body = "\n".join(block.source for block in page.blocks)
    return (
        "from __future__ import annotations\n"
        "from intercom_async import Intercom\n"
        "async def page(intercom: Intercom) -> None:\n"
        f"{indent(body, '    ')}\n"
        "    ...\n"
    )
