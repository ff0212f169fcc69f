"""The tables of a PostgreSQL schema, and the staging tables from which the next rows come.

A run puts rows into *staging tables*, one a stream, with the columns of the tables that they are
for. So what is dear, reading each row and finding its columns, is done while the run reads, and
the end of a first run gives the staging tables their names.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from .base import StoredRow, Table
from .columns import DELETED_AT, TableColumns
from .comments import comments_of
from .entries import Entry, Family, Gone, Put
from .merge import Emitted, Fate, Merge
from .postgres_limits import within_limits
from .postgres_schema import PostgresSchema
from .postgres_sql import (
    COLUMN_TYPES,
    OWN,
    RAW,
    STAGED,
    TAKEN,
    any_row_has,
    chunks,
    clean,
    clean_text,
    create_table,
    fill_all,
    fill_columns,
    identifier,
    key_columns,
    lines,
    literal,
    numbers,
    plain,
    put_rows,
    signed,
    value_of,
)

CHANGE_ROWS = 5_000
"""Rows that one statement deletes or marks."""
_statement = lru_cache(maxsize=128)(put_rows)


def _without_body(put: Put) -> Put:
    """Return what the journal keeps of a row that is staged."""
    return Put(
        put.table, put.key, put.parent, b"", put.version, put.read_at, put.digest,
        put.by_id, put.is_first, is_staged=True,
    )  # fmt: skip


def _keys_in(entry: Entry) -> str:
    """Return the keys that an entry is for."""
    if type(entry) is Put:
        return entry.key + entry.parent
    if type(entry) is Gone:
        return entry.key
    return entry.parent if type(entry) is Family else ""


def _with_clean_keys(entry: Entry, tables: Mapping[str, Table]) -> Entry:
    """Return an entry with the keys under which PostgreSQL keeps its rows."""
    replace = msgspec.structs.replace
    if type(entry) is Put:
        key, parent = clean_text(entry.key), clean_text(entry.parent)
        if (key, parent) != (entry.key, entry.parent):
            # There may be a row of the clean key.
            return replace(entry, key=key, parent=parent, is_first=False)
    elif type(entry) is Family:
        return replace(entry, parent=clean_text(entry.parent))
    elif type(entry) is Gone and entry.table in tables and not tables[entry.table].parent_field:
        # That of a row with a parent names both, with NUL between them.
        return replace(entry, key=clean_text(entry.key))
    return entry


class _Added(NamedTuple):
    """What rows that were put have added to their table."""

    new_rows: int
    has_new_columns: bool


class PostgresTables(PostgresSchema):
    """A schema whose tables a sync fills."""

    def __init__(self, conninfo: str, *, schema: str = "intercom", inline: bool = False) -> None:
        super().__init__(conninfo, schema=schema, inline=inline)
        self._names: frozenset[str] = frozenset()
        """Tables of the schema, as they were when it was opened or last published."""
        self._compression = ""
        self._staging: dict[str, TableColumns] = {}
        """Columns of the staging tables that are there, by the table that they are for."""

    # Staging ----------------------------------------------------------------------------------

    def _stage(self, entries: Sequence[Entry]) -> list[Entry]:
        """Put rows into their staging tables; return what the journal keeps of the entries."""
        tables = self._tables
        keys = "".join(map(_keys_in, entries))
        if "\0" in keys or not (keys.isascii() or clean_text(keys) == keys):
            entries = [_with_clean_keys(one, tables) for one in entries]
        puts = [
            one for one in entries if type(one) is Put and one.table in tables and not one.is_staged
        ]
        for name in {put.table for put in puts}:
            if name not in self._staging:
                self._make_staging(name)
            rows = [put for put in puts if put.table == name]
            is_first = all(put.is_first for put in rows)
            if not is_first:
                # One statement cannot put a row twice; the last one counts.
                rows = list({put.id: put for put in rows}.values())
            for together in chunks(rows):
                self._put_staged(name, together, is_first=is_first)
        return [
            _without_body(one) if type(one) is Put and one.table in tables else one
            for one in entries
        ]

    def _make_staging(self, name: str) -> None:
        self._staging[name] = columns = self._columns(name)
        self._create(STAGED + name, name, columns)
        self._stored.staged[name] = 0
        self._note_growth(name)

    def _put_staged(self, name: str, rows: Sequence[Put], *, is_first: bool) -> None:
        columns = self._staging[name]
        put = self._put(
            STAGED + name,
            columns,
            [] if is_first else key_columns(self._tables[name], columns),
            [row.body for row in rows],
            [row.read_at for row in rows],
            [],
            [row.digest for row in rows],
        )
        if name in self._stored.staged:
            self._stored.staged[name] += put.new_rows
        if put.has_new_columns:
            self._note_growth(name)

    def _note_growth(self, name: str) -> None:
        """Remember which staging table is there, and the fields beyond the model's that it has."""
        self._stored.staging[name] = self._staging[name].extra
        self._save_stored(self._stored)

    def _bring_staged(self, name: str, merge: Merge, *, is_there: bool) -> None:
        """Bring what is staged for a table into it, or make it of that.

        Args:
            name: The table.
            merge: Says which staged rows do not come, or are marked as gone.
            is_there: Whether the table is there.
        """
        if name in self._staging:
            self._apply(STAGED + name, name, merge.staged())
            if is_there:
                self._move_staged(name, self._staging[name])
            else:
                self._attach(name)
        elif not is_there:
            self._create(name, name, self._columns(name))

    def _attach(self, name: str) -> None:
        """Let a staging table become the table that it is for."""
        staging = STAGED + name
        key = self._ask(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'",
            [self._own(staging)],
        )[0][0]
        self._ask(f"ALTER TABLE {self._own(staging)} RENAME TO {identifier(name)}")
        wanted = identifier(f"{name}_pkey")
        taken = self._ask("SELECT to_regclass(%s)", [f"{identifier(self._schema)}.{wanted}"])
        if taken[0][0] is None:
            self._ask(
                f"ALTER TABLE {self._own(name)} RENAME CONSTRAINT {identifier(key)} TO {wanted}"
            )

    def _move_staged(self, name: str, columns: TableColumns) -> None:
        """Move the rows of a staging table into the table that they are for."""
        listed = [*(identifier(column.name) for column in columns.all), *OWN]
        names = ", ".join(listed)
        self._ask(
            f"INSERT INTO {self._own(name)} ({names}) "
            f"SELECT {names} FROM {self._own(STAGED + name)}"
        )

    def _drop_staging(self) -> None:
        """Drop the staging tables that are left."""
        for name in self._stored.staging:
            self._ask(f"DROP TABLE IF EXISTS {self._own(STAGED + name)}")

    # Tables -----------------------------------------------------------------------------------

    def _columns(self, name: str) -> TableColumns:
        """Return the columns that a table should have, with those of fields that were seen."""
        stored = self._stored
        extra = stored.staging.get(name, stored.extra.get(name, ()))
        return TableColumns(self._tables[name], extra, own=TAKEN)

    def _create(self, to: str, name: str, columns: TableColumns) -> None:
        """Make a table with the columns of a stream's."""
        key = key_columns(self._tables[name], columns)
        self._ask(create_table(self._schema, to, columns, key, self._compression))

    def _drop(self, name: str) -> bool:
        """Drop a table, or empty it where a user's view reads it; say whether it is gone."""
        try:
            with self._connection.transaction():
                self._ask(f"DROP TABLE {self._own(name)}")
        except self._psycopg.errors.DependentObjectsStillExist:
            self._ask(f"TRUNCATE {self._own(name)}")
            return False
        return True

    def _comment(self, name: str, table: Table, columns: TableColumns) -> None:
        """Give columns their comments, where they have others."""
        wanted: Mapping[str, str] = comments_of(table, columns, RAW)
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

    def _restore_columns(self, name: str, columns: TableColumns, new: Container[str] = ()) -> None:
        """Give a table the columns that it should have, filled from its rows.

        One may be lacking because an earlier version of this package did not know its field, or
        because somebody has dropped or renamed it.

        Args:
            name: The table.
            columns: Its columns.
            new: Fields that no row of it has.
        """
        with self._connection.transaction():
            there = self._column_types(name)
            lacking = [
                column
                for column in columns.all
                if column.field not in new and plain(column.name) not in there
            ]
            # Asked before ALTER TABLE locks readers out: of a field that no row has, all are read.
            is_held = lacking and self._ask(any_row_has(self._schema, name, lacking))[0][0]
            self._add_columns(name, columns, there)
            if is_held:
                self._ask(fill_all(self._schema, name, lacking))

    def _column_types(self, name: str) -> dict[str, str]:
        """Return the names and types of a table's columns."""
        found = self._ask(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name = %s",
            [self._schema, plain(name)],
        )
        return {str(column): str(kind) for column, kind in found}

    def _add_columns(self, name: str, columns: TableColumns, there: Mapping[str, str]) -> None:
        """Add the columns that a table does not have, and let the others hold what they should.

        Another version of this package may have a model with a field that this one's has not.

        Args:
            name: The table.
            columns: Its columns.
            there: Types of the columns that it has.
        """
        for column in columns.all:
            # Asked before: ALTER TABLE locks readers out, even where it has nothing to do.
            kind, wanted = there.get(plain(column.name)), COLUMN_TYPES[column.kind]
            alter = f"ALTER TABLE {self._own(name)}"
            if kind is None:
                self._ask(f"{alter} ADD COLUMN {identifier(column.name)} {wanted}")
            elif kind != wanted and kind in COLUMN_TYPES.values():
                self._ask(
                    f"{alter} ALTER COLUMN {identifier(column.name)} TYPE {wanted} "
                    f"USING {value_of(self._schema, column)}"
                )

    # Rows -------------------------------------------------------------------------------------

    def _put(
        self,
        to: str,
        columns: TableColumns,
        key: Sequence[str],
        bodies: Sequence[bytes],
        synced: Iterable[int],
        gone: Iterable[int],
        digests: Iterable[int],
    ) -> _Added:
        """Put rows into a table with the columns of a stream's.

        Args:
            to: The table.
            columns: Its columns.
            key: Columns of a row that takes the place of another one; none where no row does.
            bodies: The rows.
            synced: When the content of each came.
            gone: When each was found to be gone, 0 of a live one; nothing where all are live.
            digests: The digest of each.
        """
        moments = "{" + ",".join(str(at) if at else "NULL" for at in gone) + "}"
        found = self._put_bodies(
            _statement(self._schema, to, tuple(columns.all), tuple(key)),
            bodies,
            [numbers(synced), moments, numbers(map(signed, digests)), columns.known],
        )
        added = columns.grow(sorted(field for field, _ in found if field is not None))
        if added:
            self._add_columns(to, columns, self._column_types(to))
            self._ask(fill_columns(self._schema, to, added))
        return _Added(sum(count for _, count in found), has_new_columns=bool(added))

    def _put_new(self, name: str, columns: TableColumns, rows: Sequence[Emitted]) -> None:
        """Put rows into a table that are not staged."""
        self._put(
            name,
            columns,
            key_columns(self._tables[name], columns),
            [row.body for row in rows],
            [row.synced_at for row in rows],
            [row.deleted_at for row in rows],
            [row.digest for row in rows],
        )

    def _put_bodies(
        self, statement: str, bodies: Sequence[bytes], values: Sequence[Any]
    ) -> list[tuple[str | None, int]]:
        """Put rows into a table; return what `put_rows` gives.

        Whether the database has room for each number is seen by trying: to look at each would cost
        more than the one row in a million is worth.
        """
        errors = self._psycopg.errors
        try:
            with self._connection.transaction():
                return self._put_lines(statement, [lines(bodies), *values])
        except (errors.NumericValueOutOfRange, errors.StatementTooComplex):
            kept = [within_limits(clean(body)) for body in bodies]
        return self._put_lines(statement, [lines(kept), *values])

    def _put_lines(self, statement: str, values: Sequence[Any]) -> list[tuple[str | None, int]]:
        """Put rows into a table; return what `put_rows` gives."""
        with self._psycopg.RawCursor(self._connection) as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def _apply(self, to: str, name: str, fates: Iterable[tuple[StoredRow | Put, Fate]]) -> None:
        """Delete rows of a table or mark them as gone, as a merge says."""
        drop: list[StoredRow | Put] = []
        gone: dict[int, list[StoredRow | Put]] = {}
        for row, fate in fates:
            if fate == "drop":
                drop.append(row)
            elif fate != "keep":
                gone.setdefault(int(fate), []).append(row)
        self._for_rows(f"DELETE FROM {self._own(to)}", name, drop)
        for at, rows in gone.items():
            marked = f"UPDATE {self._own(to)} SET {DELETED_AT} = to_timestamp({at})"
            self._for_rows(marked, name, rows)

    def _for_rows(self, statement: str, name: str, rows: Sequence[StoredRow | Put]) -> None:
        """Execute a statement for rows by their keys."""
        table = self._tables[name]
        named = TableColumns(table, own=TAKEN).named
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
