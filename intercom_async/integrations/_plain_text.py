"""Plain text of HTML."""

from __future__ import annotations

from html.parser import HTMLParser

LONGEST_TEXT = 4_000
"""Characters of one message or article that are shown; the rest is said to be cut."""


class _PlainText(HTMLParser):
    """Collects the text of HTML, a line for each block."""

    BLOCKS = frozenset({"p", "br", "div", "li", "h1", "h2", "h3", "h4", "tr", "pre"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        """Take a run of text."""
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line with each block."""
        del attrs
        if tag in self.BLOCKS and self.pieces:
            self.pieces.append("\n")


def plain_text(html: str | None) -> str:
    """Return the text of a body without its tags, cut where it is very long."""
    reader = _PlainText()
    reader.feed(html or "")
    reader.close()
    lines = "".join(reader.pieces).splitlines()
    text = "\n".join(filter(None, map(str.strip, lines)))
    if len(text) > LONGEST_TEXT:
        return f"{text[:LONGEST_TEXT]} … ({len(text) - LONGEST_TEXT} more characters)"
    return text
