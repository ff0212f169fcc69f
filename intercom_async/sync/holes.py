"""What is missing from a target, by name, until a read or evidence fills it.

A hole covers whatever the target may lack or hold wrongly. It is kept in the target's state, so
each later run names it too and tries again; only a successful read, or evidence that the thing is
gone, removes it.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from intercom_async.moments import to_datetime
from .cut_points import DAY_S
from .report import Failure

MAX_NAMED = 20
"""Holes of one kind that a report names one by one; the rest are counted."""
MAX_RETRIED = 100
"""Holes of a stream that one run tries again."""
ISOLATED_EVERY = 8
"""Tries after which rows around a poison row are looked for again: other tries cost 2 calls each
(test_sync_model.py::test_a_night_with_a_poison_row_costs_little)."""

HoleKind = Literal["stream", "span", "record", "parent", "list", "suspect", "unseeded", "sweep"]
"""What a hole covers.

- ``stream``: all of it: the server refuses it;
- ``span``: rows with `field` from `low` up to and including `high`;
- ``record``: one row, by its key;
- ``parent``: the children of one row;
- ``list``: a list whose pages do not agree, or that is empty where rows were;
- ``suspect``: a row that may be gone: what is known of it disagrees;
- ``unseeded``: rows that changed before `high`, left out by ``since``;
- ``sweep``: rows that may have gone since `low`: the last sweep is too old.
"""


class Hole(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Something that the target may lack, or hold wrongly."""

    kind: HoleKind
    key: str | None = None
    """Id of the record, parent or suspect."""
    field: str | None = None
    low: int | None = None
    high: int | None = None
    slack: int = 0
    """Seconds before `low` and after `high` that belong to it, too: where the server compares days,
    it is not known whose days they are."""
    rows: int = 0
    """Rows of a span or a list that cannot be read, at most; 0 where it is not known."""
    reason: str = ""
    since: int = 0
    """When it was found, UNIX seconds of the server."""
    tries: int = 1
    """Runs that have looked into it; 0 where the first had no calls left for that."""
    named: tuple[int, int] | None = None
    """First and last moment of its name, where that was given to an earlier extent of it."""

    @property
    def told(self) -> tuple[int, int]:
        """First and last moment that the name of a span tells."""
        return self.named or ((self.low or 0) - self.slack, (self.high or 0) + self.slack)

    @property
    def place(self) -> tuple[str, str | None, str | None, int | None, int | None]:
        """What it covers: two holes of one place are the same."""
        return (self.kind, self.key, self.field, self.low, self.high)

    @property
    def what(self) -> str:
        """Name what it covers, for people."""
        if self.kind == "span":
            low, high = self.told
            more = f", {counted(self.rows)}" if self.rows else ""
            return f"{self.field} from {_date(low)} to {_date(high)}{more}"
        if self.key is not None:
            return self.key
        return {
            "stream": "all of it",
            "list": "the list" if not self.rows else f"{counted(self.rows)} of the list",
            "unseeded": f"{_LEFT_OUT} {_date(self.high)}",
            "sweep": "rows that have gone"
            + (f" since {_date(self.low)}" if self.low is not None else ""),
        }.get(self.kind, self.kind)


def add(holes: list[Hole], found: Hole) -> None:
    """Note a hole; one that is met again keeps its name and the moment it was found.

    Spans of one field that overlap become one hole: a row that breaks every page with it is found
    between other neighbours each time.
    """
    place = found.place
    for number, hole in enumerate(holes):
        # There may be as many as rows: few have to be compared as a whole.
        if hole.key == found.key and hole.place == place:
            holes[number] = msgspec.structs.replace(
                hole,
                tries=hole.tries + 1,
                since=_noted_first(hole, found),
                reason=found.reason or hole.reason,
                # What a run had no calls left to look into has as many as before.
                rows=found.rows if found.tries else found.rows or hole.rows,
            )
            return
    known = holes if found.kind == "span" else ()
    united = [(hole, one) for hole in known if (one := _united(hole, found)) is not None]
    if not united:
        holes.append(found)
        return
    first, found = united[0]
    holes[holes.index(first)] = found
    for other, _ in united[1:]:
        one = _united(found, other)
        if one is not None:
            holes[holes.index(found)] = one
            holes.remove(other)
            found = one


def _united(known: Hole, found: Hole) -> Hole | None:
    """Return the one hole that two overlapping spans are; None where they are two.

    The name stays as long as it tells all of what is covered.
    """
    if not known.kind == found.kind == "span" or known.field != found.field:
        return None
    low = min(known.low or 0, found.low or 0)
    high = max(known.high or 0, found.high or 0)
    overlap = max(known.low or 0, found.low or 0) <= min(known.high or 0, found.high or 0)
    keeps_name = _within((low, high), known.told)
    if not overlap and not (keeps_name and high - low <= DAY_S):
        return None
    return msgspec.structs.replace(
        known, low=low, high=high, slack=max(known.slack, found.slack), tries=known.tries + 1,
        since=_noted_first(known, found), reason=found.reason or known.reason,
        rows=_rows_of_both(known.rows, found.rows, may_be_one=_may_be_of_one_row(known, found)),
        named=known.told if keeps_name else None,
    )  # fmt: skip


def _noted_first(known: Hole, found: Hole) -> int:
    """Return since when a hole is there; a clock ahead may have noted a moment still to come."""
    return min(known.since, found.since or known.since)


def _rows_of_both(first: int, second: int, *, may_be_one: bool) -> int:
    """Return how many rows two spans have that become one; 0 where that is not known of both."""
    if not first or not second:
        return 0
    return max(first, second) if may_be_one else first + second


def _may_be_of_one_row(known: Hole, found: Hole) -> bool:
    """Say whether two spans may be of the same row, met between other neighbours.

    Two rows with one between them that was read, in whose second both spans end, are two.
    """
    low = max(known.low or 0, found.low or 0)
    high = min(known.high or 0, found.high or 0)
    is_second = known.low == known.high or found.low == found.high
    return low < high or (low == high and is_second)


def closed_in(known: Hole, found: list[Hole]) -> list[Hole]:
    """Return what is left of a span that was read again, as holes that remember it.

    A single one keeps the name as well, unless that told of much more and of no rows.
    """
    low, high = known.told
    is_small = high - low <= DAY_S + 2 * known.slack
    keeps_name = len(found) == 1 and (is_small or known.rows > 0)
    left: list[Hole] = []
    for hole in found:
        if hole.kind != known.kind or hole.field != known.field:
            left.append(hole)
            continue
        is_inside = _within((hole.low or 0, hole.high or 0), known.told)
        named = known.told if keeps_name and is_inside else None
        left.append(
            msgspec.structs.replace(
                hole, since=_noted_first(known, hole), tries=known.tries + 1, named=named
            )
        )
    return left


_ROWS = re.compile(
    r"(?P<all>.* from .* to [^,]*)(, (?P<some>\d+) rows?)?|(?P<few>\d+) rows? of the list"
)


_UNNAMED = re.compile(r"\d+ more of kind [a-z]+")
_LEFT_OUT = "rows last changed before"


def is_left_out(what: str) -> bool:
    """Say whether a name is that of rows which `since` has left out."""
    return what.startswith(_LEFT_OUT)


def is_unnamed(what: str) -> bool:
    """Say whether a report tells by this how many more holes there are, and not which."""
    return _UNNAMED.fullmatch(what) is not None


def accepts(name: str, what: str) -> bool:
    """Say whether a name that was accepted covers a hole: it may have fewer rows, not more.

    A name without a number covers all of its span or list; it is that of a hole of which nobody
    knows how many rows it has. Holes that are only counted are covered by no name, as others may
    be as many.

    Args:
        name: The accepted name, without its stream.
        what: The hole's name, see `Hole.what`.
    """
    accepted, found = _ROWS.fullmatch(name), _ROWS.fullmatch(what)
    if is_unnamed(what):
        return False
    if accepted is None or found is None:
        return name == what or (name == "the list" and found is not None and bool(found["few"]))
    if accepted["all"] != found["all"]:
        return False
    limit, rows = (int(one["some"] or one["few"] or 0) for one in (accepted, found))
    return not limit or 0 < rows <= limit


def counted(rows: int) -> str:
    """Return a number of rows in words."""
    return f"{rows} row" if rows == 1 else f"{rows} rows"


def _date(moment: int | None) -> str:
    """Return a moment as ISO 8601 in UTC; one outside the years 1 to 9999 as a number."""
    try:
        found = to_datetime(moment)
    except ValueError:
        found = None
    return str(moment) if found is None else f"{found:%Y-%m-%dT%H:%M:%SZ}"


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def remove(holes: list[Hole], filled: Hole) -> None:
    """Remove a hole that a read or evidence has filled."""
    place = filled.place
    holes[:] = [hole for hole in holes if hole.key != filled.key or hole.place != place]


def next_tried(holes: list[Hole]) -> list[Hole]:
    """Return the holes that a run tries again: of many, those that were tried least."""
    if len(holes) <= MAX_RETRIED:
        return holes
    return sorted(holes, key=lambda hole: hole.tries)[:MAX_RETRIED]


def failures_of(stream: str, holes: list[Hole]) -> list[Failure]:
    """Return the holes of a stream and their reasons: the first of each kind, and how many more."""
    found: list[Failure] = []
    counts: dict[str, int] = {}
    for hole in holes:
        counts[hole.kind] = counts.get(hole.kind, 0) + 1
        if counts[hole.kind] <= MAX_NAMED:
            found.append(Failure(stream=stream, what=hole.what, reason=hole.reason))
    for kind, count in counts.items():
        if count > MAX_NAMED:
            what = f"{count - MAX_NAMED} more of kind {kind}"
            found.append(Failure(stream=stream, what=what, reason="as above"))
    return found


def is_closed_in(hole: Hole) -> bool:
    """Say whether a hole that cannot be read still is as small as an earlier run could make it."""
    is_small = (hole.high or 0) - (hole.low or 0) <= DAY_S
    return (is_small or bool(hole.rows and hole.tries)) and hole.tries % ISOLATED_EVERY != 0
