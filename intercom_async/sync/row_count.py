"""How many rows a stream has in all, and what came or went around the count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .raw_rows import Row


class Measured(NamedTuple):
    """What the server counted, and how long the call took."""

    total: int | None
    latency_s: float


@dataclass(slots=True)
class RowCount:
    """The latest count of all rows of a stream, and what the target has learnt since."""

    total: int | None = None
    """Rows that the server has; None where nobody has asked, or no answer says it."""
    asked_at: int = 0
    """When it was asked, UNIX seconds of the server."""
    answered_at: int = 0
    """When the answer was there."""
    since: int | None = None
    """What has changed since this moment may have come after the count, or be found by then only;
    None where nobody has asked."""
    came: int = 0
    """Rows that are new in the target since the count, and that it may lack."""
    came_later: int = 0
    """Those of them that say that they were made in a later second than that of the count."""
    explained: int = 0
    """Rows that came and may be in the count: they were made before it was answered."""
    is_settled: bool = False
    """Whether what came or went meanwhile makes no difference by now."""
    is_kept: bool = False
    """Whether it is that with which a reading of everything began."""
    is_proof: bool = True
    """Whether no part of that reading was left before its end, where its own count would tell."""
    gone_before: int = 0
    """Rows that the target had found to be gone before the count."""
    listed_from: int | None = None
    """Since when a short list of deleted rows was read, UNIX seconds of the server; None where it
    is too long to be read once more, or tells nothing."""
    was_doubted: bool = False
    """Whether fewer rows were counted than are held, so that that list was read once more."""
    left_over: int = 0
    """Rows that were counted and that a sweep did not find either."""
    latency_s: float = 0.0

    def begin(
        self, measured: Measured, asked_at: int, answered_at: int, since: int, gone_before: int
    ) -> None:
        """Take a count."""
        self.total, self.latency_s = measured
        self.asked_at, self.answered_at = asked_at, answered_at
        self.since, self.gone_before = since, gone_before
        self.came = self.came_later = self.explained = 0
        self.is_settled = self.is_kept = False

    def note(self, row: Row) -> None:
        """Note a row that is new in the target, or that is live again."""
        if self.since is None or 0 < row.version < self.since:
            return
        self.came += 1
        made_at = row.partition_at or 0
        self.came_later += made_at > self.asked_at
        self.explained += made_at <= self.answered_at

    def take(self) -> Measured | None:
        """Give the count away, to what reads all rows and needs no other."""
        if self.total is None:
            return None
        taken, self.total = Measured(self.total, self.latency_s), None
        return taken

    def keep(self, total: int | None) -> None:
        """Keep what was taken: how many rows a reading has to bring."""
        self.total, self.is_settled, self.is_kept, self.is_proof = total, False, True, True
