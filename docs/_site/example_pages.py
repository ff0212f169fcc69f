"""A page for each example: what it shows, how it is started, and the program."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FOLDER = "examples/"
_COMMAND = re.compile(r"^(    |pip |python |[A-Z_]+=)", re.MULTILINE)
"""What begins a line to be typed, or code; other lines are prose."""


def generate() -> dict[str, str]:
    """Return the pages of single programs, and one of each folder of programs."""
    pages: dict[str, str] = {}
    for path in sorted(EXAMPLES.iterdir()):
        if path.suffix == ".py":
            pages[f"{FOLDER}{path.stem}.md"] = _page(path.stem, [path])
        elif (path / "__main__.py").exists():
            parts = sorted(path.glob("*.py"))
            pages[f"{FOLDER}{path.name}.md"] = _page(path.name, parts)
    return pages


def _page(name: str, programs: list[Path]) -> str:
    title = name.replace("_", " ").capitalize().replace("Oauth", "OAuth")
    lines = [f"# {title}", ""]
    for program in programs:
        if len(programs) > 1:
            lines += [f"## `{program.name}`", ""]
        about, code = _split(program)
        for block in about.split("\n\n"):
            is_typed = _COMMAND.search(block)
            lines += ["```text", textwrap.dedent(block), "```", ""] if is_typed else [block, ""]
        lines += [f'```python title="{program.relative_to(EXAMPLES.parent)}"', code, "```", ""]
    return "\n".join(lines)


def _split(program: Path) -> tuple[str, str]:
    """Return a program's docstring, and the program without it."""
    text = program.read_text(encoding="utf-8")
    tree = ast.parse(text)
    about = ast.get_docstring(tree)
    if about is None:
        return "", text.strip()
    end = tree.body[0].end_lineno or 0
    return about, "\n".join(text.splitlines()[end:]).strip()
