"""Workflows, as they are exported."""

from __future__ import annotations

from typing import Literal

from .base import Id, JsonObject, Model


class Workflow(Model, frozen=True, kw_only=True):
    """A workflow; what its steps look like may change at any time."""

    id: str
    title: str | None = None
    description: str | None = None
    trigger_type: str | None = None
    state: Literal["live", "draft", "paused"] | str | None = None
    target_channels: list[str] = []
    preferred_devices: list[str] = []
    created_at: str | None = None
    updated_at: str | None = None
    targeting: JsonObject | None = None
    snapshot: JsonObject | None = None
    attributes: list[JsonObject] = []
    embedded_rules: list[JsonObject] = []


class WorkflowExport(Model, frozen=True, kw_only=True):
    """A workflow with where it comes from. Times are ISO 8601."""

    export_version: str | None = None
    exported_at: str | None = None
    app_id: Id | None = None
    workflow: Workflow | None = None
