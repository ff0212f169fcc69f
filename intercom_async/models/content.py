"""Snippets, and searches over all kinds of content."""

from __future__ import annotations

from typing import Literal

from .base import Id, JsonObject, Model, Timestamp


class ContentSnippet(Model, frozen=True, kw_only=True):
    """A short text that the AI agent may answer from."""

    id: str
    type: str | None = None
    title: str | None = None
    locale: str | None = None
    json_blocks: list[JsonObject] = []
    body_markdown: str | None = None
    chatbot_availability: int | None = None
    """1 or 0; `ai_chatbot_availability` takes its place."""
    copilot_availability: int | None = None
    """1 or 0; `ai_copilot_availability` takes its place."""
    ai_chatbot_availability: bool | None = None
    ai_copilot_availability: bool | None = None
    ai_sales_agent_availability: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    audience_ids: list[Id] | None = None


class FoundArticleContent(Model, frozen=True, kw_only=True):
    """One language of an article that was found."""

    id: str | None = None
    type: str | None = None
    title: str | None = None
    locale: str | None = None


class FoundContent(Model, frozen=True, kw_only=True):
    """Something that a search over all content found.

    Articles have `contents`, the others do not.
    """

    id: str
    type: (
        Literal[
            "article",
            "content_snippet",
            "external_content",
            "file_source_content",
            "internal_article",
        ]
        | str
        | None
    ) = None
    title: str | None = None
    contents: list[FoundArticleContent] = []


class BulkActionAccepted(Model, frozen=True, kw_only=True):
    """The confirmation that a change of many contents was begun."""

    type: str | None = None
    status: str | None = None
