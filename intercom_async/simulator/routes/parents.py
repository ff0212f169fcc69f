"""Paths below a record: 404 unless the record is there."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import not_found
from .call import Call
from .checks import contact_of
from .registry import Handler


def _contact(call: Call, record_id: str) -> None:
    contact_of(call, record_id)


def _conversation(call: Call, record_id: str) -> None:
    if call.workspace.conversations.find(record_id) is None:
        raise not_found("Conversation not found", "conversation_not_found")


def _article(call: Call, record_id: str) -> None:
    if call.workspace.articles.find(record_id) is None:
        raise not_found("Article not found", "article_not_found")


def _team(call: Call, record_id: str) -> None:
    if call.workspace.teams.find(record_id) is None:
        raise not_found("Team not found", "team_not_found")


PARENTS = {
    "contacts": _contact,
    "conversations": _conversation,
    "articles": _article,
    "teams": _team,
}


def check_parent(template: str, handler: Handler) -> Handler:
    """Return a handler that looks for the record first whose id comes second in the path."""
    resource, *rest = template.strip("/").split("/")
    check = PARENTS.get(resource)
    if check is None or not rest or not rest[0].startswith("{"):
        return handler
    name = rest[0].strip("{}")

    def answer(call: Call) -> Any:
        check(call, call.id(name))
        return handler(call)

    return answer
