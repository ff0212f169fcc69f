"""A DuckDB database: a table a stream, with typed columns and the whole record beside them.

The journal stands beside the database, which is locked for the last transaction only: it brings
rows and state from one generation to the next. There is no primary key, as its index would have to
be held in memory; what takes a row's place is found by reading the key columns once.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.sync.arguments import checked_path, checked_seam
from intercom_async.sync.errors import TargetError
from .base import Departed, Opened, RowFields, StoredRow, Table
from .columns import DELETED_AT, DIGEST, OLDER, RECORD, SYNCED_AT, TableColumn, TableColumns
from .comments import comments_of
from .disk import OS_DISK, Disk
from .duckdb_damage import StoredDatabase, damaged, refuse_other_columns
from .duckdb_sql import (
    COLUMN_TYPES,
    READ_RECORDS,
    READ_ROWS,
    ROWID,
    TAKEN,
    Database,
    name_in_sql,
    table_in_sql,
)
from .duckdb_staging import StagingFile
from .duckdb_statements import fill_statement, insert_statement, parent_of
from .entries import Entry
from .extra import load
from .failures import failures_as_target_errors
from .files import JOURNAL_NAME, TargetLock
from .journal import Journal
from .merge import Emitted, Merge
from .new_target import PathTarget, check_place, private_folder
from .ownership import older_streams, refuse_taken

STATE_TABLE = "intercom_async_state"
STAGED_NAME = "staged"
CHANGE_ROWS = 2_000
"""Rows that one statement deletes or marks."""


class DuckDBSink(PathTarget):
    """Writes each stream into a table of its own.

    ::

        duckdb.connect("intercom.duckdb").sql("select email, created_at from contacts")

    Times are in UTC. Fields that the package does not know get columns as they are first seen.

    Args:
        path: The database; made if it is not there. Tables of yours in it are left alone.
        disk: Another file system for the journal, for tests.
        inline: Work in the loop's own thread, for tests in virtual time.

    Raises:
        TargetError: duckdb is missing.
        SyncConfigError: The path is invalid.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, disk: Disk = OS_DISK, inline: bool = False
    ) -> None:
        self._path = checked_path("path", path)
        if os.path.islink(self._path):  # noqa: PTH114 (`Path` raises for a name that is too long)
            # The link stays, and the database comes to where it leads, with all that is beside it.
            self._path = Path(os.path.realpath(self._path))
        self.inline = inline
        self._disk = checked_seam(disk, inline=inline)
        self._private = private_folder(self._path)
        duckdb = load("duckdb", extra="duckdb", what="DuckDB")
        self._database = Database(duckdb, self._path, self._private)
        self._lock = TargetLock(disk, self._private, self.where)
        self._journal = Journal(disk, self._private / JOURNAL_NAME)
        self._stored = StoredDatabase(generation=0)
        self._is_older = False
        self._names: frozenset[str] = frozenset()
        self._taken: set[str] = set()
        """Names of tables and views, in lower case, as DuckDB compares them."""
        self._older: frozenset[str] = frozenset()
        """Tables that an earlier version has written."""
        self._tables: dict[str, Table] = {}
        self._without: set[str] = set()

    def open(self, *, verify: bool = False) -> Opened:
        """Take hold of the database and return the state in it."""
        with failures_as_target_errors(self.where):
            check_place(self._path, kind="file")
            self._lock.take()
            state: bytes | None = None
            found: list[tuple[str, str]] = []
            if self._path.exists():
                with self._database.connected(read_only=True):
                    state = self._look()
                if state is not None and not self._is_older:
                    found = self._database.with_enough_memory(lambda: self._damaged(whole=verify))
            self._journal.open(self._stored.generation)
        return Opened(
            self._journal.state or state, state, is_older=self._is_older, damaged=tuple(found)
        )

    def _look(self) -> bytes | None:
        """Note which tables there are; return the state."""
        self._names = frozenset(self._database.tables())
        self._taken = {name.lower() for name in self._names | self._database.views()}
        state = self._read_state()
        if state is not None and self._is_older:
            self._older = older_streams(state)
        return state

    def _damaged(self, *, whole: bool) -> list[tuple[str, str]]:
        with self._database.connected(read_only=True):
            return list(damaged(self._database, self._stored, self._names, whole=whole))

    def _read_state(self) -> bytes | None:
        if STATE_TABLE not in self._names:
            return None
        names = self._database.columns(STATE_TABLE)
        found = self._database.ask(f"SELECT * FROM {table_in_sql(STATE_TABLE)}")
        if not found:
            return None
        row = dict(zip(names, found[0], strict=True))
        if "sink" not in row:
            self._is_older = True
        else:
            try:
                self._stored = msgspec.json.decode(row["sink"], type=StoredDatabase)
            except msgspec.MsgspecError:
                raise TargetError(f"{self.where}: the sync's state is damaged") from None
        return str(row["state"]).encode()

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Note the tables, and refuse those that are somebody else's."""
        ours = self._ours()
        taken = [one.name for one in tables if one.name not in ours]
        taken = [name for name in taken if name.lower() in self._taken]
        refuse_taken(self.where, taken, kind="tables", other="database")
        self._tables.update((table.name, table) for table in tables)
        self._without = set(repaired)

    def rows(self, name: str) -> Iterator[StoredRow]:
        """Give the rows of a table."""
        if name not in self._names or name in self._without:
            return
        with self._database.connected(read_only=True):
            for row in self._stored_rows(name):
                yield StoredRow(*row[1:])

    def fields_of(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give the live rows of a table."""
        del fields
        if name in self._names and name not in self._without:
            with self._database.connected(read_only=True):
                for record, *rest in self._stored_rows(name, RECORD):
                    if not (row := StoredRow(*rest)).is_deleted:
                        yield RowFields(row.id, row.digest, record.encode())

    def _stored_rows(self, name: str, first: str = ROWID) -> Iterator[tuple[Any, ...]]:
        """Give a column of each row, and what `StoredRow` holds of it."""
        table = self._tables[name]
        columns, named = self._database.columns(name), TableColumns(table, own=TAKEN).named
        if not self._is_older:
            keys = map(named, (table.key, table.parent_field))
            refuse_other_columns(self.where, name, columns, keys)
        key, parent = named(table.key) or table.key, parent_of(named(table.parent_field), columns)
        version, version_column = "0", named(table.version_field)
        if version_column is not None and columns.get(version_column) == "TIMESTAMP":
            version = f"coalesce(epoch({name_in_sql(version_column)})::BIGINT, 0)"
        digest = f"coalesce({DIGEST}, 0)" if DIGEST in columns else "0"
        gone, synced = (
            f"coalesce(epoch({own})::BIGINT, 0)" if own in columns else "0"
            for own in (DELETED_AT, SYNCED_AT)
        )
        yield from self._database.stream(
            f"SELECT {first}, {name_in_sql(key)}, {parent}, {version}, {digest}, {gone}, {synced} "
            f"FROM {table_in_sql(name)}",
            READ_ROWS if first == ROWID else READ_RECORDS,
        )

    def entries(self) -> Iterator[Entry]:
        """Give the entries of the journal."""
        return self._journal.entries()

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal."""
        with failures_as_target_errors(self.where):
            self._lock.check()
            self._journal.append(entries, state)

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Bring the database to the next generation."""
        with failures_as_target_errors(self.where):
            self._lock.check()
            if not self._path.exists():
                self._database.create(self._disk)
            stored = self._database.with_enough_memory(
                lambda: self._next_generation(state, departed, dropped)
            )
            self._stored = stored
            self._is_older = False
            self._names = (self._names | {STATE_TABLE, *self._tables}) - set(dropped)
            self._without = set()
            self._journal.clear(stored.generation)

    def _next_generation(
        self, state: bytes, departed: Departed, dropped: Sequence[str]
    ) -> StoredDatabase:
        """Bring the database to the next generation in one transaction."""
        stored = self._stored.next()
        with self._database.connected(read_only=False), self._database.transaction():
            for name in self._tables:
                with self._database.writing(name):
                    self._bring_forward(name, stored, departed)
            for name in sorted(self._ours() & set(dropped)):
                self._database.ask(f"DROP TABLE IF EXISTS {table_in_sql(name)}")
                stored.forget(name)
            self._save(state, stored)
        return stored

    def _ours(self) -> set[str]:
        """Return the tables that a sync has written."""
        return {*self._stored.rows, *self._older}

    def _save(self, state: bytes, stored: StoredDatabase) -> None:
        table = table_in_sql(STATE_TABLE)
        if self._is_older:
            self._database.ask(f"DROP TABLE {table}")
        self._database.ask(f"CREATE TABLE IF NOT EXISTS {table} (state VARCHAR, sink VARCHAR)")
        self._database.ask(f"DELETE FROM {table}")
        self._database.ask(
            f"INSERT INTO {table} VALUES ($1, $2)",
            [state.decode(), msgspec.json.encode(stored).decode()],
        )

    def _bring_forward(self, name: str, stored: StoredDatabase, departed: Departed) -> None:
        """Bring one table to the next generation."""
        columns = TableColumns(self._tables[name], stored.extra.get(name, ()), own=TAKEN)
        is_there = name in self._names
        if is_there and name in self._without:
            self._database.ask(f"DROP TABLE {table_in_sql(name)}")
            is_there = False
        if is_there:
            self._migrate(name, columns)
        else:
            self._create(name, columns)
        merge = Merge(self._tables[name], self._journal, departed)
        if is_there and merge.changes:
            self._change(name, merge)
        self._insert(name, columns, merge.new())
        self._database.comment(name, comments_of(self._tables[name], columns, RECORD))
        stored.note(self._database, name, columns)

    def _create(self, name: str, columns: TableColumns) -> None:
        listed = [
            f"{name_in_sql(column.name)} {COLUMN_TYPES[column.kind]}" for column in columns.all
        ]
        listed += [
            f"{RECORD} JSON{self._database.text_compression()}",
            f"{SYNCED_AT} TIMESTAMP",
            f"{DELETED_AT} TIMESTAMP",
            f"{DIGEST} UBIGINT",
        ]
        self._database.ask(f"CREATE TABLE {table_in_sql(name)} ({', '.join(listed)})")

    def _migrate(self, name: str, columns: TableColumns) -> None:
        """Give a table the columns that it should have."""
        table, there = table_in_sql(name), self._database.columns(name)
        for own, kind in ((SYNCED_AT, "TIMESTAMP"), (DELETED_AT, "TIMESTAMP"), (DIGEST, "UBIGINT")):
            if own not in there:
                self._database.ask(f"ALTER TABLE {table} ADD COLUMN {own} {kind}")
        for column in there:
            if column.lower() == ROWID:  # an earlier version's, which hides where a row stands
                self._database.ask(f"ALTER TABLE {table} DROP COLUMN {name_in_sql(column)}")
        for older in OLDER:
            if self._is_older and older in there:
                self._database.ask(f"ALTER TABLE {table} DROP COLUMN {older}")
        if self._is_older:
            known = {column.name for column in columns.all}
            columns.grow(sorted(set(there) - known - {RECORD, *OLDER}))
        self._add_columns(name, columns.all, is_new=False)

    def _add_columns(self, name: str, columns: Iterable[TableColumn], *, is_new: bool) -> None:
        """Give a table columns that it lacks or has of another type, filled from its rows.

        Somebody has changed them, or another version's model; no row has fields that are new.
        """
        table, there = table_in_sql(name), self._database.columns(name)
        kinds = {column.lower(): kind for column, kind in there.items()}  # names have no case
        filled: list[TableColumn] = []
        for column in columns:
            quoted, wanted = name_in_sql(column.name), COLUMN_TYPES[column.kind]
            kind, alter = kinds.get(column.name.lower()), f"ALTER TABLE {table}"
            if kind is None:
                self._database.ask(f"{alter} ADD COLUMN {quoted} {wanted}")
            elif kind == "JSON" and wanted == "VARCHAR":
                self._database.ask(f"{alter} ALTER {quoted} TYPE VARCHAR USING {quoted} ->> '$'")
                continue
            elif kind != wanted:
                self._database.ask(f"{alter} ALTER {quoted} TYPE {wanted} USING NULL::{wanted}")
            if (kind is not None) if is_new else kind != wanted:
                filled.append(column)
        if filled:
            self._database.ask(fill_statement(table, filled))

    def _change(self, name: str, merge: Merge) -> None:
        """Delete rows whose place is taken, and mark those that are gone."""
        drop = array("q")
        gone: dict[int, array[int]] = {}
        for rowid, *rest in self._stored_rows(name):
            fate = merge.fate(StoredRow(*rest))
            if fate == "drop":
                drop.append(rowid)
            elif fate != "keep":
                gone.setdefault(int(fate), array("q")).append(rowid)
        table = table_in_sql(name)
        for begin in range(0, len(drop), CHANGE_ROWS):
            self._database.ask(
                f"DELETE FROM {table} WHERE rowid IN (SELECT unnest($1::BIGINT[]))",
                [drop[begin : begin + CHANGE_ROWS].tolist()],
            )
        for at, rowids in gone.items():
            for begin in range(0, len(rowids), CHANGE_ROWS):
                self._database.ask(
                    f"UPDATE {table} SET {DELETED_AT} = make_timestamp($1::BIGINT * 1000000) "
                    "WHERE rowid IN (SELECT unnest($2::BIGINT[]))",
                    [at, rowids[begin : begin + CHANGE_ROWS].tolist()],
                )

    def _insert(self, name: str, columns: TableColumns, rows: Iterator[Emitted]) -> None:
        staging = StagingFile(self._disk, self._private / STAGED_NAME)
        try:
            while (staged := staging.write(rows, columns)) is not None:
                if added := columns.grow(sorted(staged.fields)):
                    self._add_columns(name, added, is_new=True)
                with self._database.memory_for(staged.longest):
                    self._database.ask(
                        insert_statement(name, columns.all, staging.path, staged.longest)
                    )
        finally:
            staging.remove()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()
        self._journal.close()
        self._lock.release()
