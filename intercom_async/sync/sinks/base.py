"""What a sync asks of a target.

A sink is called by one caller, one call at a time, in threads of changing identity: it may block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

Ending = Literal["keep", "merge", "replace", "discard"]
"""What becomes of a stream's rows when its run is complete.

- ``keep``: there were none before this run;
- ``merge``: those of this run take the place of earlier ones with the same key;
- ``replace``: earlier ones go;
- ``discard``: those of this run go, since they are the same.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """One stream, as far as a sink has to know it."""

    name: str
    key: str
    model: type[msgspec.Struct] | None
    number: int
    """Which run of the stream this is, counted from 1."""
    is_new: bool
    """Whether the run begins now; else it goes on."""
    may_repeat: bool
    """Whether rows may come whose key is there already; the last one counts."""


class Sink(Protocol):
    """A target that takes rows and the state that tells of them together."""

    @property
    def where(self) -> str:
        """What messages call it: its path."""
        ...

    def open(self) -> bytes | None:
        """Take hold of the target and return the state in it; None if it is new.

        Nothing is changed yet.

        Raises:
            TargetError: It cannot be written to, or is something else.
        """
        ...

    def begin(self, tables: Sequence[Table]) -> None:
        """Make ready for rows; what was written and never committed is dropped."""
        ...

    def commit(self, rows: Mapping[str, Sequence[bytes]], state: bytes) -> None:
        """Write rows and state so that after a crash either both are there or neither.

        Raises:
            TargetError: They cannot be written, for lack of room for example.
        """
        ...

    def keys(self, name: str) -> Iterable[str]:
        """Give the keys of the rows that the open run of a stream has written."""
        ...

    def finish(self, endings: Mapping[str, Ending], state: bytes) -> None:
        """End the runs of some streams."""
        ...

    def close(self) -> None:
        """Let go of the target; more than once does nothing."""
        ...
