"""Streams that a run leaves out and publishes along with those that it reads.

The journal holds rows of them, as a run before was stopped, and publishing empties the journal; or
an earlier version wrote them, and publishing brings the target to the form of this one; or their
tombstones are made again. What is remembered of them stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from .checkpoint import State, StreamState
from .evidence import TOMBSTONES
from .sinks.base import Sink
from .stream_run import StreamRun
from .streams import Children, Stream


class LeftOut:
    """What the journal holds beside the streams that are read.

    Args:
        sink: The target.
        state: What is remembered of it.
        base: What its generation remembers.
        chosen: The streams that are read.
        known: Streams that come with the package.
        is_all: Whether all that the target has is published along, and not the journal's alone.
    """

    def __init__(
        self,
        sink: Sink,
        state: State,
        base: State | None,
        chosen: Sequence[Stream],
        known: Iterable[Stream],
        *,
        is_all: bool = False,
    ) -> None:
        by_name = {stream.name: stream for stream in known}
        at_work = {stream.name for stream in chosen}
        at_work |= {one.source.parent for one in chosen if isinstance(one.source, Children)}
        self.streams: list[Stream] = []
        """Streams whose rows are published along."""
        self.given_up: list[str] = []
        """Streams that cannot be: what the journal holds of them is read again."""
        held = [name for name, saved in state.streams.items() if is_all and saved.is_shown]
        held = [name for name in held if name in by_name]
        for table in sorted({*(entry.table for entry in sink.entries()), *held}):
            name = table.strip("()")
            if name in at_work or name == TOMBSTONES or name not in state.streams:
                continue
            if table == name and name in by_name:
                self.streams.append(by_name[name])
            else:
                self.given_up.append(name)
                self._go_back(state, base, name)

    def _go_back(self, state: State, base: State | None, name: str) -> None:
        """Remember of a stream what the generation does, without what the journal holds."""
        saved = None if base is None else base.streams.get(name)
        if saved is None:
            del state.streams[name]
        else:
            state.streams[name] = saved


def keep_families(state: State, base: State | None) -> None:
    """Take over for which parents children were read, which a journal's state does not repeat."""
    for name, saved in state.streams.items():
        held = None if base is None else base.streams.get(name)
        if held is not None and not saved.families:
            saved.families = held.families


def keep_streams(state: State, base: State | None) -> None:
    """Take over streams of the generation of which a journal of an earlier version knows nothing.

    A stopped run was to drop or to repair them, and their rows are there still.
    """
    for name, saved in ({} if base is None else base.streams).items():
        if saved.is_shown and name not in state.streams:
            state.streams[name] = msgspec.json.decode(msgspec.json.encode(saved), type=StreamState)


def begin_again(runs: Sequence[StreamRun]) -> None:
    """Leave it to the next run to begin again what the journal alone knew, as it is emptied."""
    for run in runs:
        parent = run.parent
        if run.is_sweeping:
            # What it has met.
            run.state.pass_ = None
        # Whose children were not read.
        run.owe(run.queued)
        if parent is not None and not parent.is_shown and run.is_left_open:
            # The rows of which children are not read.
            parent.state.pass_ = parent.state.seeded = None
