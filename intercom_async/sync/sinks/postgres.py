"""A PostgreSQL schema: a table a stream, with typed columns and the whole row beside them.

The journal is a table of the same schema, so a commit is one transaction that copies entries into
it and writes the state. Publishing is one transaction, too: it merges the journal into the tables
by key and empties it, so readers see the old rows until they see all of the new ones.

A sync that opens the schema takes the next *epoch*. A sync that finds another epoch than its own
changes nothing any more, so two syncs cannot mix, even where a connection pooler in transaction
mode makes session locks useless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from intercom_async.sync.errors import BusyTargetError, TargetError
from .base import Departed, Opened, StoredRow, Table
from .columns import DELETED_AT, DIGEST, TableColumns
from .comments import comments_of
from .entries import Entry, Frame, changed_by, repeated_by
from .merge import Emitted, Merge
from .postgres_schema import PostgresSchema, StoredTables
from .postgres_sql import (
    COLUMN_TYPES,
    COPY_STAGED,
    JOURNAL,
    OWN,
    RAW,
    STAGE,
    STATE,
    chunks,
    create_table,
    identifier,
    insert_staged,
    literal,
    plain,
    setup,
    staged_lines,
)

COPIED_ROWS = 100
"""Rows that are handed to the driver together: each call costs as much as a row."""
CHANGE_ROWS = 5_000
"""Rows that one statement deletes or marks."""


class PostgresSink(PostgresSchema):
    """Writes each stream into a table of its own.

    Moments are `timestamptz`; fields that the package does not know get `jsonb` columns as they are
    first seen. Tables of yours in the schema are left alone.

    Args:
        conninfo: How to connect, such as `postgresql://user@host/database`.
        schema: The schema; made if it is not there. A schema a workspace keeps workspaces apart.
        inline: Work in the loop's own thread, for tests in virtual time.

    Raises:
        TargetError: psycopg is missing.
        SyncConfigError: The address or the schema is no text, or an empty one.
    """

    def __init__(self, conninfo: str, *, schema: str = "intercom", inline: bool = False) -> None:
        super().__init__(conninfo, schema=schema, inline=inline)
        self._epoch = 0
        self._names: frozenset[str] = frozenset()
        self._changed: set[str] | None = None
        """Tables that entries of the journal change; None where an earlier run has written some."""
        self._repeated: set[str] = set()
        """Tables of which it has more than first Puts."""

    # Opening ----------------------------------------------------------------------------------

    def open(self, *, verify: bool = False) -> Opened:
        """Take the schema over and return the state in it."""
        try:
            return self._open(verify=verify)
        except BaseException:
            self.close()
            raise

    def _open(self, *, verify: bool) -> Opened:
        with self._errors():
            self._connection = self._connect()
            with self._connection.transaction():
                # CREATE … IF NOT EXISTS is no protection from another process that does the same.
                self._ask("SELECT pg_advisory_xact_lock(hashtext('intercom_async'))")
                self._ask(f"CREATE SCHEMA IF NOT EXISTS {identifier(self._schema)}")
                self._ask(setup(self._schema))
            self._refuse_another_sync()
            with self._connection.transaction():
                found = self._ask(
                    f"UPDATE {self._own(STATE)} SET epoch = epoch + 1 "
                    "RETURNING epoch, state, journal_state, sink"
                )
                self._epoch, state, journal_state, sink = found[0]
                names = self._ask(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
                    [self._schema],
                )
                self._names = frozenset(str(row[0]) for row in names)
            self._remember(sink)
            damaged = tuple(self._damaged(whole=verify))
        self._changed = set() if journal_state is None else None
        self._repeated = set()
        base = None if state is None else state.encode()
        return Opened(
            base if journal_state is None else journal_state.encode(), base, damaged=damaged
        )

    def _refuse_another_sync(self) -> None:
        """Hold a lock for the session, where the session is ours.

        Behind a pooler in transaction mode the lock would stay with one of its connections when
        this sync has ended; there the epoch alone keeps two syncs apart.
        """
        if self._ask("SELECT pg_backend_pid()")[0][0] != self._connection.info.backend_pid:
            return
        held = self._ask(
            "SELECT pg_try_advisory_lock(hashtext('intercom_async sync'), hashtext(%s))",
            [self._schema],
        )
        if not held[0][0]:
            raise BusyTargetError(f"another sync writes to {self.where}")

    def _damaged(self, *, whole: bool) -> Iterator[tuple[str, str]]:
        del whole  # both are compared in each run: the database reads them faster than we could
        for name, (count, total) in self._stored.rows.items():
            if plain(name) not in self._names:
                yield name, f"the table {name} is missing"
                continue
            found = self._sums(name)
            if found[0] != count:
                yield name, f"the table {name} has {found[0]} rows instead of {count}"
            elif found[1] != total:
                yield name, f"rows of the table {name} were changed"

    def _sums(self, name: str) -> tuple[int, str]:
        """Return how many rows a table has, and the sum of what tells their contents apart."""
        found = self._ask(
            f"SELECT count(*), coalesce(sum({DIGEST}::numeric), 0)::text FROM {self._own(name)}"
        )
        return int(found[0][0]), str(found[0][1])

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Note the tables, and refuse those that are somebody else's."""
        taken = sorted(
            table.name
            for table in tables
            if plain(table.name) in self._names and table.name not in self._stored.rows
        )
        if taken:
            raise TargetError(
                f"{self.where} has tables of its own named {', '.join(taken)}; "
                "choose another schema"
            )
        self._tables.update((table.name, table) for table in tables)
        self._without = set(repaired)

    # Writing ----------------------------------------------------------------------------------

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal in one transaction."""
        with self._errors(), self._connection.transaction():
            self._check_epoch()
            self._copy(f"{self._own(JOURNAL)} (entry)", ["bytea"], [], entries)
            self._ask(f"UPDATE {self._own(STATE)} SET journal_state = %s", [state.decode()])
        if self._changed is not None:
            self._changed.update(changed_by(entries))
            self._repeated.update(repeated_by(entries))

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Bring the tables to the next generation in one transaction."""
        stored = StoredTables(
            self._stored.generation + 1, dict(self._stored.rows), dict(self._stored.extra)
        )
        with self._errors(), self._connection.transaction():
            self._check_epoch()
            self._ask(STAGE)
            for name in self._tables:
                self._bring_forward(name, stored, departed)
            for name in dropped:
                self._ask(f"DROP TABLE IF EXISTS {self._own(name)}")
                stored.rows.pop(name, None)
                stored.extra.pop(name, None)
            self._ask(f"TRUNCATE {self._own(JOURNAL)}")
            self._ask(
                f"UPDATE {self._own(STATE)} SET state = %s, journal_state = NULL, sink = %s",
                [state.decode(), msgspec.json.encode(stored).decode()],
            )
        self._stored = stored
        self._names = frozenset(map(plain, stored.rows)) | self._names
        self._changed, self._repeated = set(), set()

    def _check_epoch(self) -> None:
        """Refuse to go on once another sync has taken the schema over; hold it until the end."""
        found = self._ask(f"SELECT epoch FROM {self._own(STATE)} FOR UPDATE")
        if not found or found[0][0] != self._epoch:
            raise BusyTargetError(f"{self.where} was taken over by another sync")

    def _bring_forward(self, name: str, stored: StoredTables, departed: Departed) -> None:
        """Bring one table to the next generation."""
        table = self._tables[name]
        columns = TableColumns(table, stored.extra.get(name, ()), own=OWN)
        is_there = name in self._stored.rows and plain(name) in self._names
        if is_there and name in self._without:
            self._ask(f"DROP TABLE {self._own(name)}")
            is_there = False
        if is_there:
            self._add_columns(name, columns)
        else:
            named = [columns.named(field) for field in (table.parent_field, table.key)]
            key = [column for column in named if column is not None]
            self._ask(create_table(self._schema, name, columns.all, key))
        merge = Merge(table, self, departed)
        if is_there and merge.changes:
            self._change(name, merge)
        for chunk in chunks(merge.new()):
            self._insert(name, columns, chunk)
        self._comment(name, comments_of(table, columns, RAW))
        stored.extra[name] = columns.extra
        stored.rows[name] = self._sums(name)

    def changes(self, table: str) -> bool:
        """Say whether any entry of the journal changes a table."""
        return table in self._known()[0]

    def frames(self, table: str, *, repeats: bool = False) -> Iterator[Frame]:
        """Give the frames of the journal, unless it has none of a table that are asked for."""
        if table not in self._known()[repeats]:
            return
        begin = 0
        for entries in self._journal_frames(self._connection):
            yield Frame(begin, entries)
            begin += len(entries)

    def _known(self) -> tuple[set[str], set[str]]:
        """Return `_changed` and `_repeated`, once read from what an earlier run has written."""
        if self._changed is None:
            changed, self._repeated = set[str](), set[str]()
            for entries in self._journal_frames(self._connection):
                changed |= changed_by(entries)
                self._repeated |= repeated_by(entries)
            self._changed = changed
        return self._changed, self._repeated

    def _comment(self, name: str, wanted: Mapping[str, str]) -> None:
        """Give columns their comments, where they have others."""
        found = self._ask(
            "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [self._own(name)],
        )
        texts = {plain(column): text for column, text in wanted.items()}
        for column, comment in found:
            text = texts.get(column)
            if text is not None and text != comment:
                column_of = f"{self._own(name)}.{identifier(column)}"
                self._ask(f"COMMENT ON COLUMN {column_of} IS {literal(text)}")

    def _add_columns(self, name: str, columns: TableColumns) -> None:
        found = self._ask(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name = %s",
            [self._schema, plain(name)],
        )
        there = {row[0] for row in found}
        for column in columns.all:
            # Asked before: ALTER TABLE locks readers out, even where it has nothing to do.
            if plain(column.name) not in there:
                self._ask(
                    f"ALTER TABLE {self._own(name)} ADD COLUMN "
                    f"{identifier(column.name)} {COLUMN_TYPES[column.kind]}"
                )

    def _change(self, name: str, merge: Merge) -> None:
        """Delete rows whose place is taken, and mark those that are gone."""
        drop: list[StoredRow] = []
        gone: dict[int, list[StoredRow]] = {}
        for row in self._stored_rows(self._connection, name):
            fate = merge.fate(row)
            if fate == "drop":
                drop.append(row)
            elif fate != "keep":
                gone.setdefault(int(fate), []).append(row)
        self._for_rows(f"DELETE FROM {self._own(name)}", name, drop)
        for at, rows in gone.items():
            marked = f"UPDATE {self._own(name)} SET {DELETED_AT} = to_timestamp({at})"
            self._for_rows(marked, name, rows)

    def _for_rows(self, statement: str, name: str, rows: Sequence[StoredRow]) -> None:
        """Execute a statement for rows by their keys."""
        table = self._tables[name]
        named = TableColumns(table, own=OWN).named
        key = identifier(named(table.key) or table.key)
        condition = f"{key} = ANY(%s)"
        if table.parent_field is not None:
            parent = identifier(named(table.parent_field) or table.parent_field)
            condition = f"({key}, {parent}) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
        for begin in range(0, len(rows), CHANGE_ROWS):
            part = rows[begin : begin + CHANGE_ROWS]
            values: list[Any] = [[row.key for row in part]]
            if table.parent_field is not None:
                values.append([row.parent for row in part])
            self._ask(f"{statement} WHERE {condition}", values)

    def _insert(self, name: str, columns: TableColumns, rows: Sequence[Emitted]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(COPY_STAGED) as copy:
            for begin in range(0, len(rows), COPIED_ROWS):
                copy.write(staged_lines(rows[begin : begin + COPIED_ROWS]))
        fields = self._ask("SELECT DISTINCT jsonb_object_keys(raw) FROM intercom_async_staged")
        names = sorted(str(field[0]) for field in fields)
        if not columns.knows(names):
            columns.grow(names)
            self._add_columns(name, columns)
        self._ask(insert_staged(self._schema, name, columns.all))
        self._ask("TRUNCATE intercom_async_staged")
