"""Parts of a span of time, each read by a chain of pages of its own; pure functions on them.

A part is asked for as [low, high) and read from its end downward, since searches give the latest
first and a row that changes moves away from the chain, never along with it. What is not yet read
can be given to another chain at any time: the part's `floor` is raised, and what lies below is a
new part. Rows are held against [floor, high) by their exact time after reading, so no row can be
in two parts, whatever the server takes a day to be.
"""

from __future__ import annotations

import msgspec

from .cut_points import CutPoints, middle


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
    is_done: bool = False
    failure: str | None = None

    def holds(self, moment: int) -> bool:
        """Say whether a row of this moment belongs here."""
        return self.floor <= moment < self.high

    @property
    def rest(self) -> int | None:
        """Rows that are still to come, as far as the server's word goes."""
        return None if self.count is None else max(0, self.count - self.rows)


def make_part(cut_points: CutPoints, low: int, high: int, count: int | None = None) -> Part:
    """Return a part of which nothing is read."""
    # It is asked for from and to where spans may be cut, and held against its exact times.
    return Part(low=cut_points.floor(low), high=cut_points.ceil(high), floor=low, count=count)


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
    other = make_part(cut_points, part.floor, cut, half)
    part.floor = cut
    if part.count is not None and half is not None:
        part.count -= half
    return other
