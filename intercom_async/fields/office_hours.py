"""Fields of office hours and of the days on which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, TypedDict


class IntervalFields(TypedDict, total=False):
    """A time at which teammates are there, in quarters of an hour."""

    start_minute: int
    """Minutes after Monday's midnight, 0 to 10,080; in an exception after that day's, to 1,440."""
    end_minute: int


class ScheduleFields(TypedDict, total=False):
    """Writable fields of a schedule; a key left out keeps its value."""

    name: str
    time_zone_name: str
    """An IANA name, such as ``Europe/Dublin``."""
    time_intervals: Sequence[IntervalFields]


class ExceptionOptions(TypedDict, total=False):
    """What an exception of a schedule may have beside its day and kind."""

    name: str
    time_intervals: Sequence[IntervalFields] | None
    """Required where the kind is ``custom_hours``."""
    recurring_annually: bool


class NewException(ExceptionOptions):
    """An exception of a schedule: a day that is closed, or has hours of its own."""

    exception_date: date | str
    """A day without a time."""
    exception_type: Literal["closed", "custom_hours"] | str


class ExceptionFields(ExceptionOptions, total=False):
    """Writable fields of an exception of a schedule; a key left out keeps its value."""

    exception_date: date | str
    """A day without a time."""
    exception_type: Literal["closed", "custom_hours"] | str
