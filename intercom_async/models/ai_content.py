"""What the AI agent may answer from, beyond the help center."""

from __future__ import annotations

from typing import Literal

from .base import Id, Model, Timestamp


class ContentImportSource(Model, frozen=True, kw_only=True):
    """A place that pages are taken from, by a crawler or through the API."""

    id: Id
    type: str | None = None
    last_synced_at: Timestamp | None = None
    sync_behavior: Literal["api", "automatic", "manual"] | str | None = None
    status: Literal["active", "deactivated"] | str | None = None
    url: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    audience_ids: list[Id] | None = None


class ExternalPage(Model, frozen=True, kw_only=True):
    """A page that was taken over for the AI agent."""

    id: str
    type: str | None = None
    title: str | None = None
    html: str | None = None
    url: str | None = None
    ai_agent_availability: bool | None = None
    ai_copilot_availability: bool | None = None
    ai_sales_agent_availability: bool | None = None
    fin_availability: bool | None = None
    locale: str | None = None
    source_id: Id | None = None
    external_id: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    last_ingested_at: Timestamp | None = None
