"""Articles of the help center, their translations and versions."""

from __future__ import annotations

from typing import Literal

from .base import Id, Model, Timestamp
from .tags import AttachedTags


class ArticleContent(Model, frozen=True, kw_only=True):
    """An article in one language."""

    type: str | None = None
    title: str | None = None
    description: str | None = None
    body: str | None = None
    author_id: Id | None = None
    state: Literal["published", "draft"] | str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    url: str | None = None
    body_markdown: str | None = None
    has_unpublished_changes: bool | None = None
    draft_updated_at: Timestamp | None = None
    audience_ids: list[Id] | None = None
    ai_chatbot_availability: bool | None = None
    ai_copilot_availability: bool | None = None
    ai_sales_agent_availability: bool | None = None
    created_by_id: Id | None = None
    updated_by_id: Id | None = None


class ArticleStatistics(Model, frozen=True, kw_only=True):
    """Statistics of an article; percentages and the rate are from 0 to 100."""

    type: str | None = None
    views: int | None = None
    conversions: int | None = None
    """Conversations started from it."""
    reactions: int | None = None
    happy_reaction_percentage: float | None = None
    neutral_reaction_percentage: float | None = None
    sad_reaction_percentage: float | None = None
    fin_involvements: int | None = None
    fin_resolutions: int | None = None
    fin_resolution_rate: float | None = None
    """Percentage of Fin's answers from it that ended as resolved."""
    conversations: int | None = None


class Article(Model, frozen=True, kw_only=True):
    """An article of the help center."""

    id: str
    type: str | None = None
    workspace_id: str | None = None
    content_id: Id | None = None
    """The id that conversations and statistics know the article by."""
    title: str | None = None
    description: str | None = None
    body: str | None = None
    author_id: Id | None = None
    state: Literal["published", "draft"] | str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    url: str | None = None
    parent_id: Id | None = None
    """Up to version 2.15; later `parent_ids` alone."""
    parent_ids: list[Id] = []
    """Collections it is in."""
    parent_type: str | None = None
    folder_id: Id | None = None
    """From Preview."""
    default_locale: str | None = None
    translated_content: dict[str, ArticleContent | str | None] | None = None
    """As sent: the contents by language, and a ``type`` among them; `translations` leaves that
    out."""
    tags: AttachedTags | None = None
    statistics: ArticleStatistics | None = None
    body_markdown: str | None = None
    has_unpublished_changes: bool | None = None
    draft_updated_at: Timestamp | None = None
    ai_chatbot_availability: bool | None = None
    ai_copilot_availability: bool | None = None
    ai_sales_agent_availability: bool | None = None
    created_by_id: Id | None = None
    updated_by_id: Id | None = None
    exclude_from_article_suggestions: bool | None = None
    help_center_audience: (
        Literal[
            "everyone",
            "all_users",
            "all_visitors",
            "all_leads",
            "all_visitors_and_leads",
            "restricted",
        ]
        | str
        | None
    ) = None
    scheduled_publish_at: Timestamp | None = None
    scheduled_unpublish_at: Timestamp | None = None

    @property
    def translations(self) -> dict[str, ArticleContent]:
        """The article in each of its languages, by code, such as ``en`` or ``pt-BR``."""
        contents = self.translated_content or {}
        return {
            language: content
            for language, content in contents.items()
            if isinstance(content, ArticleContent)
        }


class HighlightedText(Model, frozen=True, kw_only=True):
    """A piece of text, highlighted or plain."""

    type: Literal["highlight", "plain"] | str | None = None
    text: str | None = None


class ArticleHighlights(Model, frozen=True, kw_only=True):
    """Matches of a search phrase in an article."""

    article_id: str | None = None
    highlighted_title: list[HighlightedText] = []
    highlighted_summary: list[list[HighlightedText]] = []


class ArticleVersion(Model, frozen=True, kw_only=True):
    """An earlier version of an article.

    Lists leave the text out.
    """

    id: str
    type: str | None = None
    article_id: str | None = None
    title: str | None = None
    description: str | None = None
    body: str | None = None
    body_markdown: str | None = None
    author_id: Id | None = None
    created_by_id: str | None = None
    created_via: str | None = None
    from_version_id: str | None = None
    state: Literal["published", "draft"] | str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
