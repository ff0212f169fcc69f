"""Tags of articles, internal articles and snippets."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.present import public
from .call import Call
from .checks import needed_text
from .registry import Routes

routes: Routes = Routes()

NAMES = {
    "articles": ("article_not_found", "Article not found"),
    "internal_articles": ("internal_article_not_found", "Internal article not found"),
    "content_snippets": ("content_snippet_not_found", "Content snippet not found"),
}


@routes(
    "POST /articles/{content_id}/tags",
    "POST /internal_articles/{content_id}/tags",
    "POST /content_snippets/{content_id}/tags",
)
def attach(call: Call) -> Any:
    """Attach a tag to a piece of content."""
    tags = _tags_of(call)
    tag = _tag(call, needed_text(call.fields, "id"))
    how: Row = {
        "applied_at": call.now_at,
        "applied_by": {"type": "admin", "id": next(iter(call.workspace.admins))["id"]},
    }
    if all(one["id"] != tag["id"] for one in tags):
        tags.append(public(tag) | how)
    return public(tag) | how


@routes(
    "DELETE /articles/{content_id}/tags/{tag_id}",
    "DELETE /internal_articles/{content_id}/tags/{tag_id}",
    "DELETE /content_snippets/{content_id}/tags/{tag_id}",
)
def detach(call: Call) -> Any:
    """Take a tag off a piece of content."""
    tags = _tags_of(call)
    tag = _tag(call, call.id("tag_id"))
    tags[:] = [one for one in tags if one["id"] != tag["id"]]
    return public(tag)


def _tags_of(call: Call) -> list[Row]:
    """Return the list of tags in the record that the path names."""
    kind, content_id = call.path.strip("/").split("/")[0], call.id("content_id")
    fields: Row | None = None
    if kind == "articles":
        fields = call.workspace.articles.find(content_id)
    else:
        record = call.workspace.records.collection(f"/{kind}").get(content_id)
        fields = None if record is None else record.fields
    if fields is None:
        code, message = NAMES[kind]
        raise not_found(message, code)
    tags: list[Row] = fields.setdefault("tags", {"type": "tag.list", "tags": []})["tags"]
    return tags


def _tag(call: Call, tag_id: str) -> Row:
    tag = call.workspace.tags.find(tag_id)
    if tag is None:
        raise not_found("Tag not found", "tag_not_found")
    return tag
