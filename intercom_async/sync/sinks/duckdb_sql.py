"""A connection to a DuckDB database, and the statements that bring rows into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from intercom_async.sync.errors import BusyTargetError, TargetError
from .columns import OWN
from .disk import PRIVATE_FILE, Disk
from .ending import current_ending
from .failures import KEPT, name_of, origin_of, shown

READ_ROWS, READ_RECORDS = 10_240, 500
"""Rows that one answer brings when a table is read, without and with their records."""
ROWID = "rowid"
"""What DuckDB calls the place of each row, in any case."""
TAKEN = (*OWN, ROWID)
"""Names that no field's column can have: ours, and that of each row's place
(test_strange_rows.py::test_strange_rows_are_rows)."""
SPILL_NAME, NEW_NAME = "spill", "new.duckdb"
"""Names in the sync's own folder: of what does not fit into memory, and of a new database."""
MEMORY_MB = 64
"""Megabytes that DuckDB may use, while no record is large."""
MORE_MEMORY_MB = (256, 1_024)
"""Megabytes that DuckDB may use where what it begins with is not enough: rows with hundreds of
fields, many of them large (test_strange_rows.py::test_strange_rows_are_rows)."""
GROUP_ROWS = 10_240
"""Rows of a row group: a checkpoint writes a group again that is not full, and usual ones hold some
hundred megabytes of records."""
LARGE_BYTES = 2**19
"""A record that is larger needs more memory than `MEMORY_MB`."""
SEPARATOR = "\x01"
"""Between the values of a staged line; no JSON can have it."""
ATTACHED = "target"
"""What the database is called where it is attached. It is not the default database, so functions
and types of a user's in it are not found: a macro `epoch` would be taken for DuckDB's own
(test_users_objects.py::test_macros_and_types_of_a_users_are_not_ours)."""
HELD = "Could not set lock"
"""What DuckDB says where another process has the file (test_duckdb_errors.py)."""
_PROCESS = re.compile(r"PID [0-9]+")
WITHOUT_ROWS = (
    "OperationalError",
    "CatalogException",
    "DependencyException",
    "PermissionException",
    "FatalException",
)
"""Errors of DuckDB that quote no row; 1.2 has not all of them
(test_duckdb_errors.py::test_a_version_without_one_of_its_errors)."""
DEPENDED_ON = ("depend on it", "depends on it", "is main key table of")
"""What DuckDB says where something else stands in the way of a change to a table."""
_NOT_NULL = re.compile(r"NOT NULL constraint failed: [^.\n]*\.([^\n]{1,100})")
NO_MEMORY = ("failed to pin block", "could not allocate block")
"""What DuckDB says where a commit needs more memory, as an error of the transaction
(test_duckdb_errors.py::test_a_commit_gets_the_memory_that_it_needs)."""
MEMORY_TIMES = 64
"""What a large record is allowed, in times of its size."""
ZSTD_FROM = 2
"""First major version of databases whose records are compressed by zstd: those of before 1.2 cannot
have it, and of later ones it is asked from 2.0 on
(test_duckdb_staging.py::test_records_are_compressed)."""
COLUMN_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "json": "JSON",
}
T = TypeVar("T")


class DatabaseMemoryError(TargetError):
    """DuckDB needs more memory than it may use."""


class Database:
    """A DuckDB database that is connected to for as long as it is needed.

    Args:
        duckdb: The module.
        path: The database's file.
        private: A folder that only its owner can enter, beside it.
    """

    def __init__(self, duckdb: Any, path: Path, private: Path) -> None:
        self._duckdb = duckdb
        self._path = path
        self._private = private
        self._wal = path.parent / f"{path.name}.wal"
        self._connection: Any = None
        self._table = ""
        """What messages name as the table that is written."""
        self.memory_mb: int = MEMORY_MB
        """Megabytes that it may use, while no record is large."""

    def with_enough_memory(self, work: Callable[[], T]) -> T:
        """Do something; where DuckDB needs more memory for it, allow more and do it again."""
        for memory_mb in MORE_MEMORY_MB:
            try:
                return work()
            except DatabaseMemoryError:
                self.memory_mb = max(self.memory_mb, memory_mb)
        return work()

    @contextmanager
    def connected(self, *, read_only: bool) -> Generator[None]:
        """Connect for the block.

        Raises:
            BusyTargetError: Another process has the database.
            TargetError: It is no database, or damaged.
        """
        # What a killed process had committed is read into memory here.
        self.with_enough_memory(lambda: self._attach(self._path, read_only=read_only))
        try:
            yield
        finally:
            self.close()

    def _attach(self, path: Path, *, read_only: bool) -> None:
        try:
            # Attached, since only so the size of row groups can be chosen.
            self._connection = self._duckdb.connect(
                ":memory:",
                config={
                    "memory_limit": f"{self.memory_mb}MB",
                    "threads": 1,
                    "preserve_insertion_order": False,
                    "temp_directory": str(self._private / SPILL_NAME),
                },
            )
            options = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {GROUP_ROWS}"
            self._connection.execute(
                f"ATTACH {text_in_sql(str(path))} AS {ATTACHED} (TYPE duckdb, {options})"
            )
        except self._duckdb.Error as error:
            self.close()
            raise self._unopened(error) from origin_of(error)

    def _unopened(self, error: Exception) -> TargetError:
        duckdb = self._duckdb
        if type(error) is duckdb.Error or isinstance(error, duckdb.InternalError):
            return TargetError(
                f"{shown(self._path)} is damaged ({name_of(error)}): move it away and sync again"
            )
        if isinstance(error, duckdb.IOException) and HELD in str(error):
            holder = _PROCESS.search(str(error))
            who = f"another process{f' ({holder[0]})' if holder else ''}"
            return BusyTargetError(
                f"{shown(self._path)} is open in {who}: end that process, or wait with --wait "
                f"SECONDS; {KEPT}"
            )
        words = f"{shown(self._path)} cannot be opened: {self._words(error)}"
        is_memory = isinstance(error, duckdb.OutOfMemoryException)
        if is_memory:
            return DatabaseMemoryError(words)
        if "Permission denied" in str(error):
            return TargetError(f"{words}; give this user the right to read and write it")
        return TargetError(
            f"{words}; if it is the target of a sync, restore it, or move it away and sync again; "
            "else choose another path"
        )

    def create(self, disk: Disk) -> None:
        """Make a database without tables that only its owner can read, and bring it to the disk."""
        made = self._private / NEW_NAME
        made.unlink(missing_ok=True)  # what a crash has left
        self._attach(made, read_only=False)
        self.close()
        made.chmod(PRIVATE_FILE)
        # What stayed of a database that was removed would keep the new one from being opened.
        self._wal.unlink(missing_ok=True)
        disk.sync_folder(self._path.parent)
        made.replace(self._path)
        disk.sync_folder(self._path.parent)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Do the block in one transaction."""
        self.ask("BEGIN")
        try:
            yield
            # Made by DuckDB, it would have the mode that the umask leaves.
            self._wal.touch(mode=PRIVATE_FILE)
            self.ask("COMMIT")
        except BaseException:
            # After some errors, a full disk among them, there is no transaction left.
            with suppress(self._duckdb.Error):
                self._connection.execute("ROLLBACK")
            raise
        # For want of memory here, nothing that is committed may be repeated: what is left to do is
        # done by the next connection.
        with suppress(DatabaseMemoryError):
            self.ask(f"CHECKPOINT {ATTACHED}")

    @contextmanager
    def writing(self, table: str) -> Generator[None]:
        """Name a table in the errors of the block."""
        self._table = table
        try:
            yield
        finally:
            self._table = ""

    @contextmanager
    def memory_for(self, size: int) -> Generator[None]:
        """Allow more memory for the block, where a record is larger than usual."""
        if size <= LARGE_BYTES:
            yield
            return
        self.ask(f"SET memory_limit = '{self.memory_mb + MEMORY_TIMES * size // 10**6}MB'")
        yield

    def ask(self, statement: str, parameters: list[Any] | None = None) -> list[Any]:
        """Execute a statement and return its rows."""
        try:
            found: list[Any] = self._connection.execute(statement, parameters).fetchall()
        except self._duckdb.Error as error:
            raise self._refused(error) from origin_of(error)
        return found

    def stream(self, statement: str, rows: int) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a statement, so many in a batch."""
        ending = current_ending()
        try:
            result = self._connection.execute(statement)
            while found := result.fetchmany(rows):
                ending.check(len(found))
                yield from found
        except self._duckdb.Error as error:
            raise self._refused(error) from origin_of(error)

    def tables(self) -> set[str]:
        """Return the names of its tables."""
        return self._named("table")

    def views(self) -> set[str]:
        """Return the names of its views."""
        return self._named("view")

    def _named(self, kind: str) -> set[str]:
        found = self.ask(
            f"SELECT {kind}_name FROM duckdb_{kind}s() "
            "WHERE database_name = 'target' AND schema_name = 'main'"
        )
        return {str(row[0]) for row in found}

    def columns(self, table: str) -> dict[str, str]:
        """Return the names and types of a table's columns."""
        return {str(row[0]): str(row[1]) for row in self.ask(f"DESCRIBE {table_in_sql(table)}")}

    def text_compression(self) -> str:
        """Return how a column of long texts is to be compressed, as part of its declaration.

        Left to itself, DuckDB tries each of its ways on every row group, for half of what a row
        costs, and takes one that is four times as large. Databases of before 1.2 have no other; of
        those between, zstd is not asked for.
        """
        found = self.ask(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'target'"
        )
        version = re.match(r"v(\d+)", str(found[0][0])) if found else None
        is_known = version is not None and int(version[1]) >= ZSTD_FROM
        return " USING COMPRESSION zstd" if is_known else ""

    def comment(self, table: str, wanted: Mapping[str, str]) -> None:
        """Give columns of a table their comments, where they have others."""
        found = self.ask(
            "SELECT column_name, comment FROM duckdb_columns() "
            "WHERE database_name = 'target' AND schema_name = 'main' AND table_name = $1",
            [table],
        )
        for name, comment in found:
            text = wanted.get(str(name), comment)
            if text != comment:
                column = f"{table_in_sql(table)}.{name_in_sql(str(name))}"
                self.ask(f"COMMENT ON COLUMN {column} IS {text_in_sql(text)}")

    def _refused(self, error: Exception) -> TargetError:
        is_memory = isinstance(error, self._duckdb.OutOfMemoryException) or (
            isinstance(error, self._duckdb.TransactionException)
            and any(text in str(error) for text in NO_MEMORY)
        )
        kind = DatabaseMemoryError if is_memory else TargetError
        table = f"table {self._table}: " if self._table else ""
        words = f"{table}{self._words(error)}"
        return kind(f"{shown(self._path)}: {words}{self._advice(error)}; {KEPT}")

    def _advice(self, error: Exception) -> str:
        """Say what to do where something of a user's stands in the way: the sync has no rules."""
        if isinstance(error, self._duckdb.ConstraintException):
            column = _NOT_NULL.search(str(error))
            own = f"the column {column[1]}, or another rule" if column else "a rule"
            return f": {own} of your own refuses what the sync writes: drop it"
        if any(text in str(error) for text in DEPENDED_ON):
            return (
                ": an index, view or table of your own depends on it: drop that, run again, and "
                "create it again"
            )
        return ""

    def _words(self, error: Exception) -> str:
        """Return the first line of what DuckDB says; where that may quote a row, its class."""
        lines = str(error).strip().splitlines()
        found = (getattr(self._duckdb, name, None) for name in WITHOUT_ROWS)
        kinds = tuple(kind for kind in found if kind is not None)
        return lines[0][:200] if isinstance(error, kinds) and lines else name_of(error)

    def close(self) -> None:
        """Disconnect."""
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        try:
            connection.close()
        except self._duckdb.Error as error:
            raise self._refused(error) from origin_of(error)


def name_in_sql(name: str) -> str:
    """Return a name as an identifier."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def table_in_sql(name: str) -> str:
    """Return a table of the database by its whole name."""
    return f"{ATTACHED}.main.{name_in_sql(name)}"


def text_in_sql(text: str) -> str:
    """Return a text as a literal."""
    quoted = text.replace("'", "''")
    return f"'{quoted}'"
