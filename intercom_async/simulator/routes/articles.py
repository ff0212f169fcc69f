"""Help centre articles."""

from __future__ import annotations

import html
from typing import Any

from intercom_async.simulator.errors import bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.staff import FIRST_CONTENT
from intercom_async.simulator.store.present import public
from intercom_async.simulator.store.threads import TAG
from intercom_async.simulator.versions import is_since
from .call import Call
from .checks import needed_text, text_of
from .paging import numbered_list
from .registry import Routes

routes: Routes = Routes()


@routes("GET /articles")
def list_articles(call: Call) -> Any:
    """Answer a page of articles, the last changed first."""
    articles = list(call.workspace.articles)
    for place in call.workspace.drawn_numbers(len(articles)):
        articles[place]["updated_at"] = call.now_at
    rows = sorted(call.workspace.articles, key=lambda row: row["updated_at"], reverse=True)
    return numbered_list(call, rows, default=25, show=lambda row: shown(row, call.version))


@routes("GET /articles/{article_id}")
def show(call: Call) -> Any:
    """Answer one article, statistics included."""
    row = article_of(call)
    return shown(row, call.version) | {"statistics": statistics_of(row)}


def article_of(call: Call) -> Row:
    """Return the article of the path; 404 without one."""
    row = call.workspace.articles.find(call.id("article_id"))
    if row is None:
        raise not_found()
    return row


def shown(row: Row, version: str) -> Row:
    """Return an article as lists have it."""
    article = public(row)
    if is_since(version, "2.16"):
        article.pop("parent_id", None)
        article.pop("parent_type", None)
        article["body_markdown"] = row.get("_markdown") or _as_markdown(str(row["body"] or ""))
    return article


def statistics_of(row: Row) -> Row:
    """Return how an article was read: made of its id, so always the same."""
    views = int(row["id"]) * 37 % 500
    return {
        "type": "article_statistics",
        "views": views,
        "conversations": views // 20,
        "reactions": views // 10,
        "happy_reaction_percentage": 60,
        "neutral_reaction_percentage": 30,
        "sad_reaction_percentage": 10,
    }


@routes("POST /articles")
def create(call: Call) -> Any:
    """Write an article; its author must be an admin."""
    fields = call.fields
    title = needed_text(fields, "title")
    author_id = text_of(fields, "author_id")
    if author_id is None:
        raise bad_parameter(
            "author_id is required",
            code="parameter_not_found",
        )
    row: Row = {
        "type": "article",
        "workspace_id": call.workspace.id_code,
        "parent_id": None,
        "parent_type": None,
        "parent_ids": [],
        "tags": {"type": "tag.list", "tags": []},
        "title": title,
        "description": "",
        "body": "",
        "author_id": None,
        "state": "draft",
        "created_at": call.now_at,
        "updated_at": call.now_at,
        "url": None,
        "default_locale": "en",
    }
    _apply(call, row, fields)
    call.workspace.articles.add(row)
    row["content_id"] = str(FIRST_CONTENT + int(row["id"]))
    _publish(row)
    return shown(row, call.version) | {"statistics": statistics_of(row)}


@routes("PUT /articles/{article_id}", "PATCH /articles/{article_id}")
def update(call: Call) -> Any:
    """Change the fields that are sent."""
    row = article_of(call)
    changed = dict(row)
    _apply(call, changed, call.fields)
    row.update(changed)
    row["updated_at"] = call.now_at
    _publish(row)
    return shown(row, call.version) | {"statistics": statistics_of(row)}


@routes("DELETE /articles/{article_id}")
def delete(call: Call) -> Any:
    """Delete an article."""
    row = article_of(call)
    call.workspace.articles.remove(row["id"])
    return {"id": row["id"], "object": "article", "deleted": True}


def _apply(call: Call, row: Row, fields: Row) -> None:
    for name in ("title", "description", "body"):
        if name in fields:
            row[name] = text_of(fields, name)
    if is_since(call.version, "2.16") and "body_markdown" in fields:
        row["_markdown"] = text_of(fields, "body_markdown") or ""
        row["body"] = "".join(f"<p>{html.escape(one)}</p>" for one in _blocks(row["_markdown"]))
    elif "body" in fields:
        row["_markdown"] = None
    author_id = text_of(fields, "author_id")
    if author_id is not None:
        if call.workspace.admins.find(author_id) is None:
            raise bad_parameter("author_id is not an admin of this workspace", field="author_id")
        row["author_id"] = int(author_id)
    state = text_of(fields, "state") or row["state"]
    if state not in ("published", "draft"):
        raise bad_parameter("state must be published or draft", field="state")
    row["state"] = state
    _move(call, row, fields)


def _blocks(text: str) -> list[str]:
    return [one.strip() for one in text.split("\n\n") if one.strip()]


def _as_markdown(body: str) -> str:
    """Return the text of a body in HTML, a paragraph of it as one of Markdown."""
    return html.unescape(TAG.sub("", body.replace("</p>", "\n\n"))).strip()


def _move(call: Call, row: Row, fields: Row) -> None:
    parent_id = text_of(fields, "parent_id")
    if parent_id is not None:
        if parent_id not in call.workspace.records.collection("/help_center/collections"):
            raise bad_parameter("parent_id is not a known collection", field="parent_id")
        row["parent_id"], row["parent_type"] = int(parent_id), "collection"
        row["parent_ids"] = [int(parent_id)]


def _publish(row: Row) -> None:
    slug = f"{row['id']}-{'-'.join(str(row['title']).lower().split())}"
    is_published = row["state"] == "published"
    row["url"] = f"https://help.acme.example/en/articles/{slug}" if is_published else None


@routes("GET /articles/search")
def search(call: Call) -> Any:
    """Answer the articles whose title or body has the phrase."""
    phrase = call.query.get("phrase", "").lower()
    state = call.query.get("state", "all")
    rows = [
        row
        for row in call.workspace.articles
        if state in ("all", row["state"]) and phrase in f"{row['title']} {row['body']}".lower()
    ]
    answer = numbered_list(call, rows, default=10, show=lambda row: shown(row, call.version))
    articles: list[Row] = answer.pop("data")
    answer["data"] = {"articles": articles, "highlights": []}
    if call.flag("highlight"):
        answer["data"]["highlights"] = [_highlight(row, phrase) for row in articles]
    return answer


def _highlight(row: Row, phrase: str) -> Row:
    return {
        "article_id": row["id"],
        "highlighted_title": [{"type": "highlight", "text": phrase}],
        "highlighted_summary": [[{"type": "plain", "text": row["description"]}]],
    }
