"""Drawings: text with box characters in the source, an SVG on the page.

A fenced block of the kind `drawing` is drawn cell by cell: box characters become lines, arrow heads
triangles, everything else text. So a drawing can be read in the source, needs no program to be
rendered, and takes the colours of the page's theme.
"""

from __future__ import annotations

import re
from html import escape

WIDTH, HEIGHT = 8.0, 18.0
"""Pixels of a cell."""

_BLOCK = re.compile(
    r"^```drawing(?: (?P<title>[^\n]*))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LINES = {
    "─": "ew", "│": "ns", "┌": "es", "┐": "ws", "└": "ne", "┘": "nw",
    "├": "nes", "┤": "nws", "┬": "ews", "┴": "new", "┼": "news", "╌": "ew",
    "►": "w", "◄": "e", "▼": "n", "▲": "s",
}  # fmt: skip
_ENDS = {"n": (0.5, 0.0), "s": (0.5, 1.0), "w": (0.0, 0.5), "e": (1.0, 0.5)}
_HEADS = {
    "►": ((0.0, 0.28), (1.0, 0.5), (0.0, 0.72)),
    "◄": ((1.0, 0.28), (0.0, 0.5), (1.0, 0.72)),
    "▼": ((0.0, 0.5), (1.0, 0.5), (0.5, 1.0)),
    "▲": ((0.0, 0.5), (1.0, 0.5), (0.5, 0.0)),
}


def replace(markdown: str) -> str:
    """Replace the drawings of a page."""
    return _BLOCK.sub(lambda found: draw(found["text"], found["title"] or "Drawing"), markdown)


def draw(text: str, title: str) -> str:
    """Return the SVG of a drawing."""
    rows = text.rstrip("\n").split("\n")
    width, height = WIDTH * max(map(len, rows)), HEIGHT * len(rows)
    paths: list[str] = []
    heads: list[str] = []
    words: list[str] = []
    for y, row in enumerate(rows):
        for x, mark in enumerate(row):
            paths += [
                f"M{(x + 0.5) * WIDTH:g} {(y + 0.5) * HEIGHT:g}L{_at(x, y, _ENDS[side])}"
                for side in _LINES.get(mark, "")
            ]
            if mark in _HEADS:
                corners = " ".join(_at(x, y, corner) for corner in _HEADS[mark])
                heads.append(f'<polygon points="{corners}"/>')
        plain = "".join(" " if mark in _LINES else mark for mark in row)
        # Single blanks belong to a phrase; more of them separate phrases.
        for found in re.finditer(r"\S+(?: \S+)*", plain):
            phrase = escape(found[0])
            length = len(found[0]) * WIDTH
            words.append(
                f'<text x="{found.start() * WIDTH:g}" y="{(y + 0.7) * HEIGHT:g}"'
                f' textLength="{length:g}">{phrase}</text>'
            )
    # On one line, since Markdown would see paragraphs and code in what is spread over several.
    return (
        f'<svg class="drawing" role="img" aria-label="{escape(title)}"'
        f' viewBox="-1 0 {width + 2:g} {height:g}" width="{width:g}">'
        f'<path d="{"".join(paths)}"/>{"".join(heads)}{"".join(words)}</svg>'
    )


def _at(x: int, y: int, corner: tuple[float, float]) -> str:
    return f"{(x + corner[0]) * WIDTH:g} {(y + corner[1]) * HEIGHT:g}"
