"""When the workspace is at work."""

from __future__ import annotations

from typing import Literal

from .base import Model, Timestamp


class OfficeHoursInterval(Model, frozen=True, kw_only=True):
    """A time at which teammates are there, in minutes."""

    start_minute: int | None = None
    """After Monday's midnight, up to 10,080; in an exception after that day's, up to 1,440."""
    end_minute: int | None = None
    """Counted as `start_minute` is."""
    day_of_week: int | None = None
    """From 0, Monday, to 6; the server works it out."""


class OfficeHoursSchedule(Model, frozen=True, kw_only=True):
    """When teammates are at work."""

    id: str
    type: str | None = None
    name: str | None = None
    time_zone_name: str | None = None
    time_intervals: list[OfficeHoursInterval] = []
    twenty_four_seven: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class OfficeHoursException(Model, frozen=True, kw_only=True):
    """A day on which other hours hold."""

    id: str
    type: str | None = None
    office_hours_schedule_id: str | None = None
    exception_date: str | None = None
    """A date without time, ISO 8601."""
    exception_type: Literal["closed", "custom_hours"] | str | None = None
    name: str | None = None
    time_intervals: list[OfficeHoursInterval] | None = None
    recurring_annually: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
