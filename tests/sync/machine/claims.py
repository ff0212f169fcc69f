"""What a report says of the target: whether it is complete, and if not, what is missing."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from intercom_async.sync import Report
from intercom_async.sync.cut_points import DAY_S
from .search_index import EXACT_SINCE
from .steps import Settings
from .truth import Truth, Version

PARENTS = {"conversation_parts": "conversations", "ticket_parts": "tickets"}

MOMENT = r"([-\d]+T[\d:]+Z)"
SPAN = re.compile(rf"(\w+) from {MOMENT} to {MOMENT}(?:, \d+ rows?)?")
BEFORE = re.compile(rf"rows last changed before {MOMENT}")
GONE_SINCE = re.compile(rf"rows that have gone since {MOMENT}")
WHOLE = ("all of it", "the stream", "the list", "the rest")


class Named(Protocol):
    """Says which differences of a target are named."""

    def covers(
        self, stream: str, key: str, versions: list[Version], gone_since: float | None = None
    ) -> bool:
        """Tell whether a difference in a record is named."""
        ...


class Radius:
    """What may be wrong when nothing but some records fails: these, and their children."""

    def __init__(self, records: frozenset[str]) -> None:
        self._records = records

    def covers(
        self, stream: str, key: str, versions: list[Version], gone_since: float | None = None
    ) -> bool:
        """Tell whether a record is one of those; `key` is the parent's of children."""
        del stream, versions, gone_since
        return key in self._records


def behind(poisoned: frozenset[str], settings: Settings, truth: Truth) -> frozenset[str]:
    """Return what no query reaches, whatever is asked.

    Where lists are newest first, a row that breaks pages hides those of its second, or of its
    day, that are behind it. In other orders two of a second, or of a day where days are compared,
    hide what is between them.
    """
    is_newest = settings.sorting == "newest"
    hidden = set[str]()
    for stream in settings.streams:
        made = {
            key: version.created_at
            for key in (() if stream in PARENTS else truth.keys(stream))
            for version in truth.versions(stream, key)[:1]
        }
        times = sorted(made[key] for key in poisoned if key in made)
        is_by_days = stream == "contacts" and settings.version < EXACT_SINCE
        apart_s = DAY_S if is_by_days else 0
        spans = [(low, high) for low, high in pairwise(times) if high - low <= apart_s]
        if is_newest:
            spans = [(time - DAY_S, time + DAY_S) for time in times]
        hidden |= {key for key, at in made.items() if any(low <= at <= high for low, high in spans)}
    return frozenset(hidden)


class Claims:
    """The report of one run, or the lack of one.

    Args:
        report: None where the run ended with an error, or was killed.
    """

    def __init__(self, report: Report | None) -> None:
        self._report = report

    @property
    def is_complete(self) -> bool:
        """Whether the run promises that the target is whole."""
        return self._report is not None and self._report.is_complete

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to hold the run to: no report, or one that was stopped."""
        return self._report is None or self._report.was_stopped

    @property
    def met(self) -> frozenset[str]:
        """The streams of which the run has met rows: what says that they are empty is wrong."""
        streams = () if self._report is None else self._report.streams
        return frozenset(one.name for one in streams if one.rows or one.unchanged)

    def is_complete_for(self, stream: str) -> bool:
        """Whether the run promises that one stream is whole."""
        report = self._report
        return report is not None and any(
            one.name == stream and one.is_complete for one in report.streams
        )

    def covers(
        self, stream: str, key: str, versions: list[Version], gone_since: float | None = None
    ) -> bool:
        """Tell whether the report names a difference in a record.

        Args:
            stream: Its stream; children are covered by what their parents' stream lacks.
            key: Its key; of children, their parent's.
            versions: What it was, and when it changed.
            gone_since: Since when it is gone, if it is.
        """
        if self._report is None or self.is_complete_for(stream):
            return False
        return any(
            _covers(failure.what, key, versions, gone_since)
            for failure in self._report.failures
            if failure.stream in (stream, PARENTS.get(stream))
        )


def _covers(what: str, key: str, versions: list[Version], gone_since: float | None) -> bool:
    """Tell whether what a failure names holds a record."""
    if (
        what in WHOLE
        or what.endswith(" of the list")
        or " more of kind " in what
        or what.rpartition(" ")[2] == key
    ):
        return True
    if span := SPAN.fullmatch(what):
        moments = [
            one.updated_at if span[1] == "updated_at" else one.created_at for one in versions
        ]
        return any(_unix(span[2]) <= moment <= _unix(span[3]) for moment in moments)
    if before := BEFORE.fullmatch(what):
        return any(one.updated_at <= _unix(before[1]) for one in versions)
    if what == "rows that have gone":
        return gone_since is not None
    since = GONE_SINCE.fullmatch(what)
    return since is not None and gone_since is not None and gone_since >= _unix(since[1])


def _unix(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
