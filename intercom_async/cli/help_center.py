"""``help-center pull`` and ``push``: articles as Markdown files in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
import msgspec
from cyclopts import Parameter
from rich.markup import escape

from intercom_async.client import Intercom
from intercom_async.errors import ConfigError, IntercomError
from intercom_async.models import Article
from intercom_async.request.operation import version_number
from .article_files import STATES, WRITTEN, ArticleFile, file_of, read_file, written
from .connection import Connection
from .console import put_json, say
from .options import Flag, Place
from .os_errors import naming

PARTIAL = 3
"""Exit code where something was left as it is."""
MARKDOWN_SINCE = "2.16"
"""The first version whose articles have a text in Markdown."""


class ArticleStep(msgspec.Struct, frozen=True):
    """What `push` does with one article."""

    action: Literal["create", "update", "keep", "conflict"]
    file: str
    changes: list[str] = []


async def pull(
    folder: Place, /, *, force: Flag = False, connection: Connection | None = None
) -> int:
    """Download all articles as Markdown files.

    Images stay links. A file that was edited since it was pulled is not overwritten.

    Parameters
    ----------
    folder:
        Target folder, created if it does not exist.
    force:
        Overwrite edited files.
    """
    client = (connection or Connection()).client()  # a wrong option is refused before anything
    with naming(folder):
        await anyio.Path(folder).mkdir(parents=True, exist_ok=True)
    here = {one.id: one for one in _read(folder) if one.id is not None}
    count = {"written": 0, "unchanged": 0, "kept": 0}
    async with client:
        async for article in _markdown(client).articles.list(per_page=50):
            fresh = file_of(article, folder)
            old = here.get(article.id)
            if old is not None:
                fresh.path = old.path
                if written(old) == written(fresh):
                    count["unchanged"] += 1
                    continue
                is_same_age = old.head.get("updated_at") == article.updated_at
                if is_same_age and not force:
                    say(f"{escape(old.path.name)} was changed here: push it, or pull with --force")
                    count["kept"] += 1
                    continue
            with naming(fresh.path):
                fresh.path.write_text(written(fresh), encoding="utf-8")
            count["written"] += 1
    put_json(msgspec.json.encode(count))
    return PARTIAL if count["kept"] else 0


async def push(
    folder: Place,
    /,
    *,
    plan: Flag = False,
    force: Flag = False,
    author: Annotated[str | None, Parameter(name="--author")] = None,
    connection: Connection | None = None,
) -> int:
    """Create and update articles from Markdown files; never delete one.

    A file without an id becomes a new article, a draft unless its state says otherwise. An article
    that was changed in Intercom since it was pulled is a conflict and is left alone.

    Parameters
    ----------
    folder:
        Folder that `pull` has written.
    plan:
        Print what would change, and change nothing.
    force:
        Overwrite articles that were changed in Intercom.
    author:
        Admin id for new articles; by default the token's admin.
    """
    files = _read(folder)
    async with (connection or Connection()).client() as client:
        intercom = _markdown(client)
        there = {one.id: one async for one in intercom.articles.list(per_page=50)}
        steps = [(file, _step(file, there, force=force)) for file in files]
        if not plan:
            author_id = author or (await intercom.admins.me()).id
            for file, step in steps:
                try:
                    await _take(intercom, file, step, author_id)
                except IntercomError:
                    say(f"{escape(step.file)} and the files after it were not pushed")
                    raise
    put_json(msgspec.json.encode([step for _, step in steps if step.action != "keep"]))
    conflicts = sum(step.action == "conflict" for _, step in steps)
    if conflicts:
        say(f"{conflicts} articles were changed in Intercom: pull them, or push with --force")
    return PARTIAL if conflicts else 0


def _markdown(client: Intercom) -> Intercom:
    """Return a client whose articles have their text in Markdown."""
    is_old = version_number(client.version) < version_number(MARKDOWN_SINCE)
    return client.with_options(version=MARKDOWN_SINCE) if is_old else client


def _read(folder: Path) -> list[ArticleFile]:
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}")
    files = [read_file(path) for path in sorted(folder.glob("*.md"))]
    seen: dict[str, Path] = {}
    for file in files:
        other = seen.setdefault(file.id, file.path) if file.id else file.path
        if other != file.path:
            raise ConfigError(f"{other.name} and {file.path.name} are the same article {file.id}")
    return files


def _step(file: ArticleFile, there: dict[str, Article], *, force: bool) -> ArticleStep:
    if file.id is None:
        _check_state(file)
        return ArticleStep("create", file.path.name)
    article = there.get(file.id)
    if article is None:
        raise ConfigError(f"{file.path.name}: there is no article {file.id}; without id it is new")
    theirs = file_of(article, file.path.parent)
    changes = [key for key in WRITTEN if _said(file, key) != _said(theirs, key)]
    changes += ["text"] if file.text != theirs.text else []
    if not changes:
        return ArticleStep("keep", file.path.name)
    if "state" in changes:
        _check_state(file)
    is_newer = file.head.get("updated_at") != article.updated_at
    action: Literal["conflict", "update"] = "conflict" if is_newer and not force else "update"
    return ArticleStep(action, file.path.name, changes)


def _check_state(file: ArticleFile) -> None:
    if file.head.get("state") not in (None, *STATES):
        raise ConfigError(f"{file.path.name}: state is {' or '.join(STATES)}")


def _said(file: ArticleFile, key: str) -> str:
    value = file.head.get(key)
    return "" if value is None else str(value)


async def _take(intercom: Intercom, file: ArticleFile, step: ArticleStep, author_id: str) -> None:
    """Do one step, and note in the file what the article is from then on."""
    fields: dict[str, Any] = {key: file.head[key] for key in WRITTEN if key in file.head}
    fields["body_markdown"] = file.text
    if step.action == "create":
        title = fields.pop("title")
        author = fields.pop("author_id", author_id)
        made = await intercom.articles.create(title=title, author_id=author, **fields)
    elif step.action == "update":
        keys = {"body_markdown" if name == "text" else name for name in step.changes}
        changed = {key: fields[key] for key in fields if key in keys}
        made = await intercom.articles.update(str(file.id), **changed)
    else:
        return
    fresh = file_of(made, file.path.parent)
    file.head = {**file.head, **fresh.head}
    with naming(file.path):
        file.path.write_text(written(file), encoding="utf-8")
