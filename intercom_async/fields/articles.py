"""Fields of articles of the help center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from .common import AiUse, Id, Moment


class ArticleTranslation(TypedDict, total=False):
    """An article in one language."""

    title: str
    description: str
    body: str
    body_markdown: str
    author_id: Id
    state: Literal["published", "draft"] | str
    audience_ids: Sequence[Id] | None
    ai_chatbot_availability: bool
    ai_copilot_availability: bool
    ai_sales_agent_availability: bool


class ArticleOptions(AiUse, total=False):
    """What an article may have beside title and author; texts are of the default language."""

    description: str
    body: str
    """HTML; not beside `body_markdown`."""
    body_markdown: str
    """From 2.16 on."""
    state: Literal["published", "draft"] | str
    """A new article is a draft if this is left out; changes of a published one are live at once."""
    parent_id: Id
    """A collection; up to version 2.15 also a section."""
    parent_type: Literal["collection", "section"] | str
    parent_ids: Sequence[Id]
    """Collections; before `parent_id`. From Preview."""
    folder_id: Id | None
    """A folder; None takes it out of its folder. From Preview."""
    translated_content: Mapping[str, ArticleTranslation]
    """By language, such as ``en`` or ``pt-BR``."""
    scheduled_publish_at: Moment | None
    """Sent in ISO 8601; with `state` published it waits until then, and None calls that off."""
    scheduled_unpublish_at: Moment | None
    """Sent in ISO 8601; None calls it off."""


class ArticleFields(ArticleOptions, total=False):
    """Writable fields of an article; a key left out keeps its value."""

    title: str
    author_id: Id
    """A teammate."""


class ArticleQuery(TypedDict, total=False):
    """What a search for articles may be narrowed by."""

    state: Literal["published", "draft", "all"] | str | None
    """Published ones, drafts or all."""
    help_center_id: Id | None
    """Where to look; everywhere if left out."""
    highlight: bool | None
    """Whether `pages()` are to say in `found.highlights` where the phrase stands."""
    per_page: int | None
    """Ten if left out."""
