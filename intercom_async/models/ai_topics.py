"""What Intercom's AI thinks that conversations are about, from Preview."""

from __future__ import annotations

from .base import Id, Model


class AiSubtopic(Model, frozen=True, kw_only=True):
    """A part of a topic."""

    id: Id | None = None
    type: str | None = None
    name: str | None = None


class AiTopic(Model, frozen=True, kw_only=True):
    """Something that a conversation is about."""

    type: str | None = None
    topic_name: str | None = None
    subtopics: list[AiSubtopic] = []


class AiTopics(Model, frozen=True, kw_only=True):
    """Everything that a conversation is about."""

    type: str | None = None
    topics: list[AiTopic]
