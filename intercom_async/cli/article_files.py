"""Articles as Markdown files: YAML front matter and the text below it.

::

    ---
    id: "123"
    title: "Getting started"
    state: "published"
    ---
    The text, with images as links.

Values are JSON, which is YAML too, so that a title with a colon needs no rules of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.errors import ConfigError
from intercom_async.models import Article

FENCE = "---"
WRITTEN = ("title", "description", "state", "author_id", "parent_id")
"""Keys of the front matter that `push` sends; the others identify the article."""
KNOWN = ("id", *WRITTEN, "updated_at", "url")
STATES = ("draft", "published")
"""Values of `state` that `push` sends."""
TEXTS = ("title", "description")
"""Keys whose value is a text, with quotes or without: a title may be ``2024``."""
_SLUG = re.compile(r"[^\w]+")
MAX_SLUG = 60
"""Characters of the title in a file name
(test_help_center.py::test_a_file_is_named_by_id_and_title)."""


class ArticleFile(msgspec.Struct):
    """An article in a file."""

    path: Path
    head: dict[str, Any]
    text: str

    @property
    def id(self) -> str | None:
        """The article's id; None for a new one."""
        found = self.head.get("id")
        return None if found is None else str(found)


def file_of(article: Article, folder: Path) -> ArticleFile:
    """Return an article as a file, named by its id and title."""
    head = {
        "id": article.id,
        "title": article.title,
        "description": article.description or "",
        "state": article.state,
        "author_id": article.author_id,
        "parent_id": article.parent_ids[0] if article.parent_ids else None,
        "updated_at": article.updated_at,
        "url": article.url,
    }
    slug = _SLUG.sub("-", article.title or "").strip("-").lower()[:MAX_SLUG].rstrip("-")
    name = "-".join(filter(None, (article.id, slug)))
    kept = {key: value for key, value in head.items() if value is not None}
    return ArticleFile(folder / f"{name}.md", kept, (article.body_markdown or "").strip() + "\n")


def written(file: ArticleFile) -> str:
    """Return the text of a file."""
    lines = [f"{key}: {msgspec.json.encode(value).decode()}" for key, value in file.head.items()]
    return "\n".join([FENCE, *lines, FENCE, file.text])


def read_file(path: Path) -> ArticleFile:
    """Read a file.

    Raises:
        ConfigError: It has no front matter, or an invalid one; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigError(f"{path.name} is not UTF-8") from None
    if not lines or lines[0].strip() != FENCE or FENCE not in lines[1:]:
        raise ConfigError(f"{path.name}: an article begins with lines between {FENCE} and {FENCE}")
    end = lines.index(FENCE, 1)
    head: dict[str, Any] = {}
    for number, line in enumerate(lines[1:end], 2):
        if line:
            name, value = _entry(path, number, line)
            if name in head:
                raise ConfigError(f"{path.name}, line {number}: {name} is given twice")
            head[name] = value
    if not isinstance(head.get("title"), str) or not head["title"].strip():
        raise ConfigError(f"{path.name} has no title")
    return ArticleFile(path, head, "\n".join(lines[end + 1 :]).strip() + "\n")


def _entry(path: Path, number: int, line: str) -> tuple[str, Any]:
    name, colon, text = line.partition(":")
    name = name.strip()
    if not colon or name not in KNOWN:
        raise ConfigError(
            f"{path.name}, line {number}: give one of {', '.join(KNOWN)}, as NAME: VALUE"
        )
    text = text.strip()
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        # What a person writes without quotes is a text.
        return name, text
    return name, text if name in TEXTS and isinstance(value, bool | int | float) else value
