"""Types of arguments that many methods share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

Id = str | int | UUID
"""An id as the caller has it; it is sent as text."""

Moment = int | datetime
"""UNIX seconds, or a datetime with a time zone, which is sent as UNIX seconds."""

Order = Literal["asc", "desc"]
"""Sort order: ascending or descending."""

SearchOrder = Literal["ascending", "descending"]
"""The same, as searches spell it."""


class SearchOptions(TypedDict, total=False):
    """How a search returns what it finds."""

    sort: str | None
    """The field to sort by; None leaves it to the server."""
    order: SearchOrder
    """Which end of it comes first; the smallest if left out."""
    per_page: int | None
    """Items a page, at most 150."""


class HydrationOptions(TypedDict, total=False):
    """How a stream of full objects is read."""

    concurrency: int
    """Objects fetched concurrently; 16 by default."""
    ordered: bool
    """Whether objects come in the order of the source; by default each comes when it is ready."""


class AiUse(TypedDict, total=False):
    """Who may use a piece of content."""

    audience_ids: Sequence[Id] | None
    """For whom Fin may use it, in every language; an empty list is for everybody."""
    ai_chatbot_availability: bool
    """Whether Fin may; a new snippet is used by nobody unless this or a next one says otherwise."""
    ai_copilot_availability: bool
    ai_sales_agent_availability: bool
