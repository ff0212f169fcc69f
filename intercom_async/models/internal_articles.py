"""Articles that only teammates read."""

from __future__ import annotations

from .base import AssigneeId, Id, Model, Timestamp
from .tags import AttachedTags


class InternalArticle(Model, frozen=True, kw_only=True):
    """An article that only teammates read."""

    id: str
    type: str | None = None
    title: str | None = None
    body: str | None = None
    owner_id: AssigneeId | None = None
    author_id: Id | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    folder_id: Id | None = None
    """From Preview."""
    tags: AttachedTags | None = None
    """From Preview."""
    locale: str | None = None
    body_markdown: str | None = None
    audience_ids: list[Id] | None = None
    ai_chatbot_availability: bool | None = None
    ai_copilot_availability: bool | None = None
    ai_sales_agent_availability: bool | None = None
