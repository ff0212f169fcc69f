"""Fields of what Fin reads beside the help center."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from .common import Id


class SourceOptions(TypedDict, total=False):
    """What a source may have; None counts as left out."""

    status: Literal["active", "deactivated"] | str | None
    """Whether Fin reads its pages."""
    audience_ids: Sequence[Id] | None
    """For whom Fin may use them; an empty list is for everybody."""


class SourceAddress(TypedDict):
    """The URL of the source's pages."""

    url: str
    """May differ from before only where `sync_behavior` is ``api``."""


class NewSource(SourceAddress, SourceOptions, total=False):
    """A source; None counts as left out."""

    sync_behavior: Literal["api"] | str
    """``api`` if left out: only such sources take pages from `create_page`."""


class SourceBehavior(SourceAddress):
    """The URL of a source's pages, and how they are kept up to date."""

    sync_behavior: Literal["api", "automated", "manual"] | str
    """Cannot be changed to or from ``api``."""


class SourceChanges(SourceBehavior, SourceOptions, total=False):
    """The new state of a source; None counts as left out."""

    apply_audience_to_existing_content: bool | None
    """Whether pages that are there already follow."""


class ExternalPageContent(TypedDict):
    """What an external page must have."""

    source_id: Id
    """The source it belongs to."""
    title: str
    html: str


class ExternalPageLanguage(TypedDict, total=False):
    """The language of an external page."""

    locale: Literal["en"] | str
    """``en`` if left out; the API knows no other."""


class ExternalPageKey(ExternalPageContent):
    """What an external page must have, and is known by."""

    external_id: str
    """Your own key for it."""


class NewExternalPage(ExternalPageKey, ExternalPageLanguage, total=False):
    """A page, and what it may have; None counts as left out."""

    url: str | None
    """Where it stands; without it Fin names no source when it answers from it."""
    ai_agent_availability: bool | None
    """Whether Fin may use it; an existing page keeps what it has."""
    ai_copilot_availability: bool | None
    """Whether Copilot may."""
    ai_sales_agent_availability: bool | None
    """Whether the Sales Agent may; from Preview."""


class ExternalPageAddress(ExternalPageContent):
    """Fields that replace those of an external page; all are required."""

    url: str


class ExternalPageChanges(ExternalPageAddress, ExternalPageLanguage, total=False):
    """The new state of a page; None counts as left out."""

    external_id: str | None
    fin_availability: bool | None
    ai_agent_availability: bool | None
    """From Preview, as both below."""
    ai_copilot_availability: bool | None
    ai_sales_agent_availability: bool | None
