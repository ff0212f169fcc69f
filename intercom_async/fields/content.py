"""Fields of content of every kind, and what it is searched by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from .common import AiUse, Id, Moment


class ContentReference(TypedDict):
    """A piece of content: what it is, and which."""

    type: (
        Literal[
            "article",
            "article_content",
            "content_snippet",
            "external_content",
            "file_source_content",
            "internal_article",
        ]
        | str
    )
    id: str


class ContentFilters(TypedDict, total=False):
    """What a search over all content may be narrowed by."""

    states: Sequence[Literal["published", "draft"] | str]
    locales: Sequence[str]
    tag_ids: Sequence[Id]
    tag_operator: Literal["IN", "NIN"] | str
    """Whether one of `tag_ids` must be there, or none may be."""
    any_tag_ids: Sequence[Id]
    """Short for `tag_ids` with ``IN``."""
    folder_ids: Sequence[Id]
    """With `folder_entity_type`."""
    folder_entity_type: Literal["folder"] | str
    content_types: Sequence[
        Literal["snippet", "external_content", "file_source_content", "internal_article", "article"]
        | str
    ]
    """In place of the kinds that are usual."""
    copilot_state: Literal["on", "off"] | str
    fin_service_state: Literal["on", "off"] | str
    fin_sales_state: Literal["on", "off"] | str
    created_by_ids: Sequence[Id]
    last_updated_by_ids: Sequence[Id]
    created_at_after: Moment
    """This moment included, as in all four."""
    created_at_before: Moment
    updated_at_after: Moment
    updated_at_before: Moment


class Availability(TypedDict, total=False):
    """Who may answer from some content; None, or left out, stays as it is."""

    ai_agent: bool | None
    copilot: bool | None
    sales_agent: bool | None


class AudienceChange(TypedDict, total=False):
    """For whom some content is, by segments; None counts as left out."""

    add_segment_ids: Sequence[Id] | None
    remove_segment_ids: Sequence[Id] | None
    remove_all: bool | None


class TagChange(TypedDict, total=False):
    """Tags to put on and to take off, 100 at most; None counts as left out."""

    add_tag_ids: Sequence[Id] | None
    remove_tag_ids: Sequence[Id] | None


class SnippetOptions(AiUse, total=False):
    """What a snippet may have beside its title."""

    json_blocks: Sequence[Mapping[str, Any]]
    """Its text in blocks; not beside `body_markdown`."""
    body_markdown: str
    locale: str
    """``en`` if a new snippet has none."""


class SnippetFields(SnippetOptions, total=False):
    """Writable fields of a snippet; a key left out keeps its value."""

    title: str
