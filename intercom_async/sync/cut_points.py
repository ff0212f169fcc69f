"""Where a span of time may be cut: at any second, or at the starts of days in a time zone.

Contact search compares whole days of the workspace's time zone (documented up to 2.16), so spans
of contacts begin and end where days do. All of this is arithmetic on UNIX seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from intercom_async.moments import EARLIEST, LATEST

DAY_S = 86_400
"""Seconds of a day."""
DAY_SLACK_S = 25 * 3600
"""Where the server compares days: so far below its floor a chain reads, for the day that its floor
lies in (test_sync_model.py::test_a_server_day_that_is_not_the_workspaces)."""
BEGINNING = 2 * DAY_S
"""The first cut: in no time zone is it before 1970, as negative times mean nothing to the API. What
begins here has all rows from before it as well; see `Selection.query`."""


class CutPoints(Protocol):
    """Where a span of time may be cut."""

    def floor(self, moment: int) -> int:
        """Return the last cut at or before `moment`."""
        ...

    def ceil(self, moment: int) -> int:
        """Return the first cut at or after `moment`."""
        ...


class Seconds:
    """Every second is a cut."""

    def floor(self, moment: int) -> int:
        """Return the moment itself."""
        return moment

    def ceil(self, moment: int) -> int:
        """Return the moment itself."""
        return moment


class Days:
    """The start of each day in a time zone is a cut; outside the years 1 to 9999, every second is.

    Args:
        zone: The time zone.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def floor(self, moment: int) -> int:
        """Return the start of the day that `moment` is in."""
        return self._start(moment, 0)

    def ceil(self, moment: int) -> int:
        """Return the start of the next day, or the moment itself where it is a start."""
        start = self._start(moment, 0)
        return start if start == moment else self._start(moment, 1)

    def _start(self, moment: int, days: int) -> int:
        if not EARLIEST + BEGINNING <= moment <= LATEST - BEGINNING:
            # A zone may have the moment, or the day after it, in a year that no datetime has.
            return moment
        # Where a day begins at one o'clock because midnight is skipped, or has midnight twice,
        # fold=0 takes the first moment of the day.
        day = datetime.fromtimestamp(moment, self._zone).date() + timedelta(days=days)
        return int(datetime.combine(day, time(0), self._zone).timestamp())


def middle(cut_points: CutPoints, low: int, high: int) -> int | None:
    """Return the cut nearest above the middle of a span, or None where it cannot be cut."""
    half = low + (high - low) // 2
    for cut in (cut_points.ceil(half), cut_points.floor(half)):
        if low < cut < high:
            return cut
    return None


def zone_of(name: str | None) -> tzinfo | None:
    """Return the time zone that a workspace names, or None where its name is not known here."""
    if not name:
        return None
    if name.upper() in ("UTC", "ETC/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
