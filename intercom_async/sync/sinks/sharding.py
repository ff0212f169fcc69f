"""What a sharded run asks of a target that several machines write to at once.

A shard's rows, and how far it is, stand in the target beside the journal and apart from it. Each
machine that takes a shard up gets the next *fencing token* of it; a commit with an older one is
refused, so a machine that was paused, or thought dead, can add nothing once another has gone on.
The end of the run moves all rows into the journal, with one commit point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from .base import Opened, Sink


class ShardRecord(NamedTuple):
    """A shard as the target keeps it."""

    run: str
    number: int
    spec: bytes
    """What it covers, as JSON."""
    state: bytes
    """How far it is, as a sync's state."""
    is_done: bool = False


class PlanningTarget(Sink, Protocol):
    """A target for the process that plans a run."""

    def pending(self) -> list[ShardRecord]:
        """Return the shards of the open run; none where there is no run, or another has begun."""
        ...

    def planned(self) -> bytes | None:
        """Return the state that the open run was planned in."""
        ...

    def plan(self, shards: Sequence[ShardRecord]) -> None:
        """Begin a run; what is left of an older one is void."""
        ...

    def take_over(self, merged: Callable[[bytes | None, Sequence[ShardRecord]], bytes]) -> None:
        """Move the rows of the open run into the journal, with the state that `merged` returns.

        Args:
            merged: Makes the state out of the sync's last one and the shards.

        Raises:
            BusyTargetError: Another run has begun meanwhile.
        """
        ...


class ShardSink(Sink, Protocol):
    """A target for a process that reads one shard of a run."""

    is_done: bool
    """Whether the shard was read by the time it was opened."""
    left: int
    """Shards of the run that were not read by then."""

    def open(self, *, verify: bool = False) -> Opened:
        """Take the shard up, with the next fencing token.

        Raises:
            ShardRunError: The run is over, or another has begun.
        """
        ...

    def finish(self, state: bytes) -> int:
        """Note that the shard was read; return how many of the run were not."""
        ...
