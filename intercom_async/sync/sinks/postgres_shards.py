"""A PostgreSQL schema that several machines write to, each the rows of its shards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from intercom_async.sync.cut_points import BEGINNING
from intercom_async.sync.errors import BusyTargetError, ShardRunError, SyncError
from intercom_async.sync.partitions import OPEN
from .base import Departed, Opened, Table
from .columns import TableColumns
from .entries import Entry, Put
from .postgres import PostgresSink
from .postgres_schema import PostgresSchema
from .postgres_sql import JOURNAL, SHARD_ENTRIES, SHARDS, STATE, identifier, shard_tables
from .sharding import ShardRecord

SLACK_S = 25 * 3600
"""Seconds around a shard's span in which rows may belong to it, for a server that compares days."""


class PostgresRun(PostgresSink):
    """The schema for the process that plans a run, and for the one that ends it."""

    def pending(self) -> list[ShardRecord]:
        """Return the shards of the open run."""
        with self._errors(), self._connect() as self._connection:
            if not self._has_shards():
                return []
            return self._shards()

    def planned(self) -> bytes | None:
        """Return the state that the open run was planned in."""
        with self._errors(), self._connect() as self._connection:
            found = self._ask(f"SELECT coalesce(journal_state, state) FROM {self._own(STATE)}")
            return None if not found or found[0][0] is None else found[0][0].encode()

    def _shards(self) -> list[ShardRecord]:
        found = self._ask(
            f"SELECT run, number, spec, state, is_done FROM {self._own(SHARDS)} "
            f"WHERE epoch = (SELECT epoch FROM {self._own(STATE)}) ORDER BY number"
        )
        return [
            ShardRecord(run, number, spec.encode(), state.encode(), is_done)
            for run, number, spec, state, is_done in found
        ]

    def plan(self, shards: Sequence[ShardRecord]) -> None:
        """Begin a run."""
        with self._errors(), self._connection.transaction():
            self._check_epoch()
            self._ask(shard_tables(self._schema))
            self._ask(f"TRUNCATE {self._own(SHARDS)}, {self._own(SHARD_ENTRIES)}")
            for shard in shards:
                self._ask(
                    f"INSERT INTO {self._own(SHARDS)} (run, number, epoch, spec, state) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    [shard.run, shard.number, self._epoch, shard.spec.decode(),
                     shard.state.decode()],
                )  # fmt: skip

    def take_over(self, merged: Callable[[bytes | None, Sequence[ShardRecord]], bytes]) -> None:
        """Move the rows of the open run into the journal, in one transaction."""
        with self._errors(), self._connect() as self._connection, self._connection.transaction():
            # The next epoch: neither a sync nor a shard that is under way can write from here on.
            found = self._ask(
                f"UPDATE {self._own(STATE)} SET epoch = epoch + 1 "
                "RETURNING epoch - 1, coalesce(journal_state, state), sink"
            )
            epoch, state, sink = found[0]
            self._ask(f"UPDATE {self._own(SHARDS)} SET epoch = epoch + 1 WHERE epoch = %s", [epoch])
            shards = self._shards()
            if not shards:
                raise BusyTargetError(f"{self.where} was taken over by another run")
            text = merged(None if state is None else state.encode(), shards).decode()
            moved = self._ask(
                f"WITH moved AS (INSERT INTO {self._own(JOURNAL)} (entry) "
                f"SELECT entry FROM {self._own(SHARD_ENTRIES)} ORDER BY number RETURNING 1) "
                "SELECT count(*) FROM moved"
            )
            self._remember(sink)
            if self._stored.journal is not None:
                self._stored.journal += moved[0][0]
                self._save_stored(self._stored)
            self._ask(f"UPDATE {self._own(STATE)} SET journal_state = %s", [text])
            self._ask(f"TRUNCATE {self._own(SHARDS)}, {self._own(SHARD_ENTRIES)}")


def _unsure(entry: Entry) -> Entry:
    """Return an entry that does not say that it is the first one of its key."""
    if isinstance(entry, Put) and entry.is_first:
        return msgspec.structs.replace(entry, is_first=False)
    return entry


class PostgresShard(PostgresSchema):
    """The schema for a process that reads one shard.

    Commits of shards do not wait for each other: each locks its own shard only.
    """

    def of(self, run: str, number: int, low: int, high: int) -> PostgresShard:
        """Name the shard, and the span of its rows; return this."""
        self._run, self._number = run, number
        self._low, self._high = low, high
        self._token = 0
        self.is_done: bool = False
        self.left: int = 0
        return self

    def open(self, *, verify: bool = False) -> Opened:
        """Take the shard up, with the next fencing token."""
        del verify  # the process that plans a run compares the tables
        with self._errors():
            self._connection = self._connect()
            found = self._has_shards() and self._ask(
                f"UPDATE {self._own(SHARDS)} SET token = token + 1 "
                f"WHERE run = %s AND number = %s "
                f"AND epoch = (SELECT epoch FROM {self._own(STATE)}) "
                "RETURNING token, state, is_done",
                [self._run, self._number],
            )
            if not found:
                raise ShardRunError(
                    f"{self.where}: the run of this shard is over, or another began"
                )
            self._token, state, self.is_done = found[0]
            self.left = self._count_left()
            base, sink = self._ask(f"SELECT state, sink FROM {self._own(STATE)}")[0]
            self._remember(sink)
        return Opened(state.encode(), None if base is None else base.encode())

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Note the tables."""
        del repaired
        self._tables.update((table.name, table) for table in tables)

    def _range(self, table: Table, columns: TableColumns) -> str:
        created = columns.named("created_at")
        if created is None or table.parent_field is not None:
            return ""
        # Rows without a moment, as those are that were erased, may be of any span.
        column, bounds = identifier(created), ["TRUE"]
        if self._low > BEGINNING:
            bounds.append(f"{column} >= to_timestamp({self._low - SLACK_S})")
        if self._high < OPEN:
            bounds.append(f"{column} < to_timestamp({self._high + SLACK_S})")
        return f" WHERE {column} IS NULL OR ({' AND '.join(bounds)})"

    def _journal_frames(self, connection: Any) -> Iterator[Sequence[Entry]]:
        return self._read(
            connection,
            f"SELECT entry FROM {self._own(SHARD_ENTRIES)} WHERE shard = %s ORDER BY number",
            [self._number],
        )

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and the shard's state in one transaction."""
        with self._errors(), self._connection.transaction():
            self._check_token()
            into = f"{self._own(SHARD_ENTRIES)} (shard, entry)"
            # Another shard may have read the same row: none of them knows that it was the first.
            self._copy(into, ["int4", "bytea"], [self._number], list(map(_unsure, entries)))
            self._note(state, is_done=False)

    def finish(self, state: bytes) -> int:
        """Note that the shard was read; return how many of the run were not."""
        with self._errors(), self._connection.transaction():
            # One after the other: exactly one of them finds that none is left.
            self._ask(f"SELECT 1 FROM {self._own(STATE)} FOR UPDATE")
            self._check_token()
            self._note(state, is_done=True)
            self.left = self._count_left()
        return self.left

    def _check_token(self) -> None:
        """Refuse to go on once another process has taken the shard up; hold it until the end."""
        found = self._ask(
            f"SELECT token FROM {self._own(SHARDS)} WHERE run = %s AND number = %s "
            f"AND epoch = (SELECT epoch FROM {self._own(STATE)}) FOR UPDATE",
            [self._run, self._number],
        )
        if not found or found[0][0] != self._token:
            raise BusyTargetError(f"{self.where}: the shard was taken over by another process")

    def _note(self, state: bytes, *, is_done: bool) -> None:
        self._ask(
            f"UPDATE {self._own(SHARDS)} SET state = %s, is_done = %s "
            "WHERE run = %s AND number = %s",
            [state.decode(), is_done, self._run, self._number],
        )

    def _count_left(self) -> int:
        left = self._ask(
            f"SELECT count(*) FROM {self._own(SHARDS)} WHERE run = %s AND NOT is_done", [self._run]
        )
        return int(left[0][0])

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Refuse: only the end of the run publishes."""
        del state, departed, dropped
        raise SyncError("a shard is published by finish_run")
