"""Parts of a span of time, each read by a chain of pages of its own; pure functions on them.

A part is asked for as ``OR(= low, AND(> low, < high))`` and read from its end downward. Where the
server compares seconds that is [low, high); where it compares days it is the days from that of
`low` to that before `high`'s, whatever a day is there: each of them belongs to one part. What is
not yet read can be given to another chain at any time: the part's `floor` is raised, and what lies
below is a new part. No row is dropped for its time: one that comes twice is merged.
"""

from __future__ import annotations

import msgspec

from .cut_points import CutPoints, middle

OPEN = 2**62
"""The end of a part that has none: rows of the future belong to the last part."""


class Part(msgspec.Struct, kw_only=True):
    """A span of time and how far it is read."""

    low: int
    high: int
    floor: int
    """Where it ends now; above `low` once its rest was given to another part."""
    position: str | None = None
    """Where to go on: the checkpoint of its last page that is in the target."""
    rows: int = 0
    count: int | None = None
    """Rows that the server promised; advice only."""
    counted: int | None = None
    """Rows from `low` to `high` that it counted before; None where nobody has asked for these."""
    is_done: bool = False

    @property
    def rest(self) -> int | None:
        """Rows that are still to come, as far as the server's word goes."""
        return None if self.count is None else max(0, self.count - self.rows)


def make_part(low: int, high: int, count: int | None = None) -> Part:
    """Return a part of which nothing is read."""
    return Part(low=low, high=high, floor=low, count=count, counted=count)


def split(part: Part, reached: int, cut_points: CutPoints) -> Part | None:
    """Give the older half of what is not read to a new part; None where it cannot be cut.

    Args:
        part: The part; its floor is raised.
        reached: The time of the last row that was read, or `part.high`.
        cut_points: Where spans may be cut.
    """
    cut = middle(cut_points, part.floor, reached)
    if cut is None:
        return None
    rest = part.rest
    half = None if rest is None else rest // 2
    other = Part(low=part.floor, high=cut, floor=part.floor, count=half)
    part.floor = cut
    if part.count is not None and half is not None:
        part.count -= half
    return other
