"""A PostgreSQL schema of a sync: how it is connected to, what it holds, and what reads it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import msgspec

from intercom_async.sync.arguments import checked_flag, checked_text
from intercom_async.sync.errors import TargetError
from .base import RowFields, StoredRow, Table
from .columns import DELETED_AT, DIGEST, SYNCED_AT, TableColumn, TableColumns
from .entries import Entry, Put
from .extra import load
from .failures import KEPT
from .postgres_checks import check_encoding, check_schema
from .postgres_sql import (
    JOURNAL,
    RAW,
    SHARDS,
    STATE,
    TAKEN,
    identifier,
    literal,
    unsigned,
)

DEPENDENT = ("0A000", "2BP01")
"""Codes where something of a user's, such as a view, stands in the way of a change to a table."""
_FOREIGN = "it has an object of its own with a name of ours: choose another schema"
_OTHER_COLUMNS = "a table has other columns than the sync gave it: drop it, and run with --repair"
_DROPPED = "somebody has dropped a table of the sync while it ran: run again"
_OWN_RULES = "a column, constraint or trigger of your own refuses rows: drop it"
_ADVICE = {
    "23502": _OWN_RULES,
    "23505": _OWN_RULES,
    "23514": _OWN_RULES,
    "25006": "the database takes no writes: connect to its primary, with a role that may write",
    "25P03": "raise idle_in_transaction_session_timeout for this role",
    "42501": "create the schema if it is not there, and grant this role USAGE and CREATE on it, "
    "and its tables",
    "428C9": _OTHER_COLUMNS,
    "42703": _OTHER_COLUMNS,
    "3F000": _DROPPED,
    "42710": _FOREIGN,
    "42P01": _DROPPED,
    "42P07": _FOREIGN,
    "42P10": _OTHER_COLUMNS,
    "53100": "make room on the server's disk",
    "53200": "the server has not enough memory",
    "55P03": "a table was locked for too long: run again",
    "57014": "a statement was cancelled, or took longer than statement_timeout: raise it for this "
    "role",
    "57P01": "the server was shut down, or the connection ended by it: run again",
    "57P02": "the server has crashed: run again",
    "57P05": "raise idle_session_timeout for this role",
    "P0001": _OWN_RULES,
}
"""What to do about what the server says, by its code
(test_postgres_advice.py::test_a_refusal_says_what_to_do)."""
READ_ROWS = 5_000
"""Rows that one answer brings when a table or the journal is read."""

S = TypeVar("S", bound="PostgresSchema")

PACK_BYTES = 2**16
"""Entries that stand in one row of the journal together: a row costs as much as reading one."""
ENTRY_BYTES = 64
"""About what an entry takes beside the body of its row."""
READ_PACKS = 64
"""Rows of the journal that one answer brings: about 4 MB."""

_ENTRY: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)
_ENTRIES: msgspec.msgpack.Decoder[list[Entry]] = msgspec.msgpack.Decoder(list[Entry])


def _packs(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Give entries in lists of about `PACK_BYTES`."""
    sizes = [
        ENTRY_BYTES + len(entry.body) if type(entry) is Put else ENTRY_BYTES for entry in entries
    ]
    begin = size = 0
    if sum(sizes) > PACK_BYTES:
        for end, of_entry in enumerate(sizes, 1):
            size += of_entry
            if size >= PACK_BYTES:
                yield entries[begin:end]
                begin, size = end, 0
    if begin < len(entries):
        yield entries[begin:]


def is_one_entry(pack: bytes) -> bool:
    """Say whether this is one entry, as earlier versions wrote them, and not a list of some.

    An entry is a short array that begins with a tag of one letter, a list begins with an entry.
    """
    return pack[0] & 0xF0 == 0x90 and pack[1] == 0xA1  # noqa: PLR2004 (MessagePack's own)


class StoredTables(msgspec.Struct):
    """What the sink remembers in the schema beside the sync's state."""

    generation: int = 0
    rows: dict[str, tuple[int, str]] = {}
    """Rows of each table and the sum of their digests, by which damage shows."""
    extra: dict[str, list[str]] = {}
    """Fields beyond the model's that have columns."""
    staging: dict[str, list[str]] = {}
    """Tables of which there are staging tables, each with such fields."""
    staged: dict[str, int] = {}
    """Rows of each staging table, by which it shows that some are missing."""
    journal: int | None = None
    """Rows of the journal; None where an earlier version has written it, which counted none."""
    columns: dict[str, list[TableColumn]] = {}
    """The columns of each table; none of one that an earlier version has written last."""
    moments: dict[str, str] = {}
    """What the moments of each table's rows add up to."""
    readers: dict[str, str] = {}
    """How the columns of each table were read of its rows, and those of each staging table; empty
    where not all were read in the same way."""

    def next(self) -> StoredTables:
        """Return what is remembered with the next generation, in which nothing is staged."""
        return StoredTables(
            self.generation + 1,
            dict(self.rows),
            dict(self.extra),
            journal=0,
            columns=dict(self.columns),
            moments=dict(self.moments),
            readers={name: reader for name, reader in self.readers.items() if name in self.rows},
        )

    def forget(self, name: str) -> None:
        """Forget a table that is dropped."""
        del self.rows[name]
        for kept in (self.extra, self.columns, self.moments, self.readers):
            kept.pop(name, None)


class PostgresSchema:
    """A schema that one process or several write to.

    Args:
        conninfo: How to connect, such as `postgresql://user@host/database`.
        schema: The schema.
        inline: Work in the loop's own thread, for tests in virtual time.

    Raises:
        TargetError: psycopg is missing.
        SyncConfigError: The address is no text, or the schema cannot be one.
    """

    def __init__(self, conninfo: str, *, schema: str = "intercom", inline: bool = False) -> None:
        checked_text("conninfo", conninfo)
        check_schema(checked_text("schema", schema))
        checked_flag("inline", inline)
        self.inline = inline
        self._psycopg = load("psycopg", extra="postgres", what="PostgreSQL")
        self._conninfo = conninfo
        self._schema = schema
        self._connection: Any = None
        self._stored = StoredTables()
        self._tables: dict[str, Table] = {}
        self._without: set[str] = set()

    @property
    def where(self) -> str:
        """The schema; the address of the database may hold a password."""
        return f"the PostgreSQL schema {self._schema}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._schema}>"

    def another(self, kind: type[S]) -> S:
        """Return a sink of another kind on the same schema, with a connection of its own."""
        return kind(self._conninfo, schema=self._schema, inline=self.inline)

    def _remember(self, sink: str | None) -> None:
        """Take up what the sink has stored beside the sync's state."""
        # What a commit has changed here before it failed is not in the schema.
        self._stored = StoredTables(journal=0 if sink is None else None)
        if sink is not None:
            try:
                self._stored = msgspec.json.decode(sink, type=StoredTables)
            except msgspec.MsgspecError:
                raise TargetError(
                    f"{self.where}: the sync's state is damaged; restore it, or choose another "
                    "schema"
                ) from None

    def _connect(self) -> Any:
        """Connect.

        Raises:
            TargetError: The address cannot be read, or nothing answers there; the message has the
                server's or the driver's own words, without a password.
        """
        try:
            connection = self._psycopg.connect(
                self._conninfo,
                autocommit=True,
                prepare_threshold=None,
                connect_timeout=10,
                client_encoding="UTF8",  # rows are copied as they came
                application_name=f"intercom-async {self._schema}",
            )
            try:
                # Not as an option of the connection: PgBouncer refuses those, and keeps this.
                connection.execute("SET TimeZone TO 'UTC'")
                check_encoding(self.where, connection)
            except BaseException:
                connection.close()
                raise
        except self._psycopg.OperationalError as error:
            reason = " ".join(self._without_password(str(error)).split())
            raise TargetError(
                f"{self.where}: {reason}; check host, port, user and database of the address. "
                "Nothing that was committed is lost"
            ) from None
        except self._psycopg.ProgrammingError:
            # What cannot be read may be part of a password.
            raise TargetError(
                f"{self.where}: the address cannot be read; it is such as "
                "postgresql://user@host:5432/database, with special characters as %20"
            ) from None
        return connection

    def _without_password(self, text: str) -> str:
        """Return a text in which the address's password, if it stands there, is covered."""
        known = self._psycopg.conninfo.conninfo_to_dict(self._conninfo).get("password")
        return text.replace(str(known), "***") if known else text

    def rows(self, name: str) -> Iterator[StoredRow]:
        """Give the rows of a table."""
        if name not in self._stored.rows or name in self._without:
            return
        with self._errors(), self._connect() as connection, connection.transaction():
            yield from self._stored_rows(connection, name)

    def fields_of(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give some fields of the live rows of a table."""
        if name in self._stored.rows and name not in self._without:
            with self._errors():
                yield from self._row_fields(name, name, fields)

    def _row_fields(self, name: str, of: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give some fields of the live rows of a table, or of one with the same columns."""
        table = self._tables[name]
        key = identifier(TableColumns(table, own=TAKEN).named(table.key) or table.key)
        listed = ", ".join(f"{literal(field)}, {RAW} -> {literal(field)}" for field in fields)
        with (
            self._connect() as connection,
            connection.transaction(),
            connection.cursor(name="intercom_async_fields") as cursor,
        ):
            cursor.itersize = READ_ROWS
            cursor.execute(
                f"SELECT {key}, {DIGEST}, jsonb_build_object({listed})::text "
                f"FROM {self._own(of)} WHERE {DELETED_AT} IS NULL"
            )
            for row_key, digest, text in cursor:
                yield RowFields(row_key, unsigned(digest), text.encode())

    def _stored_rows(self, connection: Any, name: str) -> Iterator[StoredRow]:
        table = self._tables[name]
        columns = TableColumns(table, own=TAKEN)
        named = columns.named
        key = identifier(named(table.key) or table.key)
        parent, version = "''", "0"
        if table.parent_field is not None:
            parent = f"coalesce({identifier(named(table.parent_field) or table.parent_field)}, '')"
        for column in columns.all:
            if column.field == table.version_field and column.kind == "timestamp":
                moment = identifier(column.name)
                version = f"coalesce(extract(epoch FROM {moment})::bigint, 0)"
        with connection.cursor(name="intercom_async_rows") as cursor:
            cursor.itersize = READ_ROWS
            gone, synced = (
                f"coalesce(extract(epoch FROM {own})::bigint, 0)" for own in (DELETED_AT, SYNCED_AT)
            )
            cursor.execute(
                f"SELECT {key}, {parent}, {version}, {DIGEST}, {gone}, {synced} "
                f"FROM {self._own(name)}{self._range(table, columns)}"
            )
            for row_key, of, changed, digest, deleted_at, synced_at in cursor:
                yield StoredRow(row_key, of, changed, unsigned(digest), deleted_at, synced_at)

    def _range(self, table: Table, columns: TableColumns) -> str:
        """Return the condition on rows that are read; none of a whole table."""
        del table, columns
        return ""

    def entries(self) -> Iterator[Entry]:
        """Give the entries of the journal."""
        with self._errors(), self._connect() as connection, connection.transaction():
            yield from self._journal(connection)

    def _has_shards(self) -> bool:
        """Say whether a run was ever planned here; before the first one, no table is there."""
        return self._ask("SELECT to_regclass(%s)", [self._own(SHARDS)])[0][0] is not None

    def _journal(self, connection: Any) -> Iterator[Entry]:
        for entries in self._journal_frames(connection):
            yield from entries

    def _journal_frames(self, connection: Any) -> Iterator[Sequence[Entry]]:
        return self._read(connection, f"SELECT entry FROM {self._own(JOURNAL)} ORDER BY number")

    def _read(
        self, connection: Any, statement: str, values: Sequence[Any] | None = None
    ) -> Iterator[Sequence[Entry]]:
        """Give the entries that a statement selects, as they were packed."""
        with connection.cursor(name="intercom_async_journal", binary=True) as cursor:
            cursor.itersize = READ_PACKS
            cursor.execute(statement, values)
            for (pack,) in cursor:
                yield [_ENTRY.decode(pack)] if is_one_entry(pack) else _ENTRIES.decode(pack)

    def _copy(
        self, into: str, types: list[str], before: list[Any], entries: Sequence[Entry]
    ) -> int:
        """Copy entries into a table, some in each row, behind values that are the same.

        Returns:
            How many rows they are.
        """
        encode, count = msgspec.msgpack.Encoder().encode, 0
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(types)
            for pack in _packs(entries):
                copy.write_row([*before, encode(pack)])
                count += 1
        return count

    def _own(self, name: str) -> str:
        return f"{identifier(self._schema)}.{identifier(name)}"

    def _save_stored(self, stored: StoredTables) -> None:
        """Store what is remembered beside the sync's state."""
        text = msgspec.json.encode(stored).decode()
        self._ask(f"UPDATE {self._own(STATE)} SET sink = %s", [text])

    def _ask(self, statement: str, values: Sequence[Any] | None = None) -> list[Any]:
        """Execute a statement and return its rows."""
        with self._connection.cursor() as cursor:
            # Without values nothing is substituted, and percent signs mean themselves.
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Turn what psycopg raises into an error that names the target and no row."""
        try:
            yield
        except self._psycopg.Error as error:
            raise TargetError(f"{self.where}: {self._words(error)}; {KEPT}") from None

    def _words(self, error: Any) -> str:
        """Say what went wrong without the server's words, which may quote a row."""
        code = f" ({error.sqlstate})" if error.sqlstate else ""
        name = f"{type(error).__name__}{code}"
        depends = error.diag.message_detail if error.sqlstate in DEPENDENT else None
        if not depends:
            advice = _ADVICE.get(error.sqlstate)
            return name if advice is None else f"{name}: {advice}"
        # Names of tables, columns and views, and nothing else.
        return f"{name}: {' '.join(depends.split())}: drop it, run again, and create it again"

    def close(self) -> None:
        """Let go of the schema."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(self._psycopg.Error):
                connection.close()
