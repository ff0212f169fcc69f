"""A shard: a part of one stream that only one process reads; it travels as JSON."""

from __future__ import annotations

import msgspec

from .errors import UNREADABLE, SyncError
from .partitions import OPEN
from .report import Failure


class Shard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A span of time of one stream, and the children of its rows.

    It says what is read, and where its progress is found; the progress itself is in the target.
    """

    run: str
    """Name of the run that it belongs to."""
    number: int
    """Its number in the run, from 0."""
    workspace: str
    """Id of the workspace."""
    stream: str
    low: int
    """The moment its rows were made from on, UNIX seconds of the server."""
    high: int = OPEN
    """The moment before which they were made; the end of all time by default."""
    rows: int | None = None
    """Rows that the server counted; None where it did not say."""
    version: str
    """API version with which it was planned."""
    handed_on: int = 0
    """How often a process has handed its rest on."""

    def to_json(self) -> str:
        """Return it as JSON text, for a queue."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Shard:
        """Return the shard that a text from `to_json` is of.

        Raises:
            SyncError: It is not one.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except (*UNREADABLE, TypeError, UnicodeEncodeError):
            raise SyncError("this is not a shard's JSON") from None

    def rest(self) -> Shard:
        """Return what is handed on: the same shard, which goes on where it was left."""
        return msgspec.structs.replace(self, handed_on=self.handed_on + 1)


class ShardReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one process has done of a shard."""

    shard: Shard
    rest: Shard | None = None
    """What is to be handed on; None if the shard was read to the end."""
    rows: int = 0
    """Rows that this process brought to the target."""
    calls: int = 0
    seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    """What is missing; the end of the run tries it once more."""
    left: int = 0
    """Shards of the run that are not read yet; the worker that finds 0 calls `finish_run`."""
