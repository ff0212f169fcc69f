"""Fields of teammates, and what their logs are listed by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .common import Id, Moment


class AwayMode(TypedDict):
    """Whether a teammate is away."""

    away_mode_enabled: bool
    away_mode_reassign: bool
    """Whether what contacts answer meanwhile goes to the default inbox."""


class AwayFields(AwayMode, total=False):
    """Whether a teammate is away, and why."""

    away_status_reason_id: Id | None
    """One of `away_status_reasons`; some workspaces demand it."""


class LogBeginning(TypedDict):
    """From when on logs are listed."""

    created_at_after: Moment


class LogFilters(LogBeginning, total=False):
    """Which activity logs are listed; None counts as left out."""

    created_at_before: Moment | None
    """Until when; now if left out."""
    per_page: int | None
    """At most 250; 20 if left out."""


class LogSearchFilters(LogFilters, total=False):
    """Which activity logs are searched for; None counts as left out."""

    event_types: Sequence[str] | None
    """Names that `list_activity_log_event_types` returns."""
