"""Companies, and the short lists inside them."""

from __future__ import annotations

import msgspec

from .base import JsonObject, Model, Timestamp
from .notes import Note
from .segments import Segment
from .tags import AttachedTags


class CompanyPlan(Model, frozen=True, kw_only=True):
    """Plan of a company."""

    id: str | None = None
    type: str | None = None
    name: str | None = None


class CompanySegments(Model, frozen=True, kw_only=True):
    """The segments a company is in."""

    type: str | None = None
    segments: list[Segment]


class CompanyNotes(Model, frozen=True, kw_only=True):
    """Notes on a company; `has_more` says whether there are more."""

    type: str | None = None
    notes: list[Note] = msgspec.field(name="data")
    """Under ``data`` in every recorded answer, whatever the description says."""
    url: str | None = None
    """Where the whole list is, relative."""
    total_count: int | None = None
    has_more: bool | None = None


class Company(Model, frozen=True, kw_only=True):
    """A company with two ids: Intercom's `id` and the workspace's own `company_id`.

    Companies without people are in no list.
    """

    id: str
    type: str | None = None
    name: str | None = None
    app_id: str | None = None
    plan: CompanyPlan | None = None
    company_id: str | None = None
    """The workspace's own id."""
    remote_created_at: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    last_request_at: Timestamp | None = None
    size: int | None = None
    """Employees."""
    website: str | None = None
    industry: str | None = None
    monthly_spend: int | None = None
    """Whole units; fractions are cut off by the server."""
    session_count: int | None = None
    """Visits of all its people."""
    user_count: int | None = None
    custom_attributes: JsonObject = {}
    tags: AttachedTags | None = None
    segments: CompanySegments | None = None
    notes: CompanyNotes | None = None


class FoundCompany(Company, frozen=True, kw_only=True):
    """A company found by key: the object itself, or a list with it."""

    id: str = ""
    """Empty if the answer is a list."""
    data: list[Company] = []
