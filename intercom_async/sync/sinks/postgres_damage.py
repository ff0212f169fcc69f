"""What is damaged in a PostgreSQL schema: tables, columns and rows that are not as they were."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from hashlib import blake2b

from .columns import DELETED_AT, DIGEST, SYNCED_AT, TableColumn, TableColumns
from .ending import current_ending
from .postgres_schema import READ_ROWS, StoredTables
from .postgres_sql import (
    COLUMN_TYPES,
    OWN,
    RAW,
    STAGED,
    correct,
    moment_function,
    plain,
    row_by_row,
    value_of,
)
from .postgres_tables import PostgresTables
from .table_damage import (
    changed_rows,
    missing_column,
    missing_table,
    other_count,
    other_values,
)

MOMENTS = (SYNCED_AT, DELETED_AT)
MOMENT_TYPES = ("timestamp", "date")
"""What the types of columns begin with that hold moments."""


class CheckedTables(PostgresTables):
    """Tables of which the sink remembers how they were, and sees what is no longer so.

    Columns that an earlier version has read in another way are no damage. They are not compared
    until a run that verifies has read them again.
    """

    _reads_again: bool = False
    """Whether this run is one that verifies."""

    def _damaged(self, *, whole: bool) -> Iterator[tuple[str, str]]:
        """Give the tables that are damaged, each with the reason.

        Args:
            whole: Compare all moments with their sum, and all columns with their records; numbers
                and digests of rows are compared in each run.
        """
        self._reads_again = whole
        for name in self._stored.rows:
            reason = self._damage(name, whole=whole)
            if reason:
                yield name, reason

    def _damage(self, name: str, *, whole: bool) -> str:
        """Say what of a table is damaged, if anything."""
        if plain(name) not in self._names:
            return missing_table(name)
        if not whole:
            return self._other_rows(name, whole=False)
        there = self._column_types(name)
        return (
            _without_own(name, there)
            or self._other_rows(name, whole=True)
            or self._other_columns(name, there)
        )

    def _other_rows(self, name: str, *, whole: bool) -> str:
        """Say which rows of a table are not those that were written, if any."""
        wanted, moments = self._stored.rows[name], self._stored.moments.get(name)
        count, total, found = self._sums(name, whole=whole)
        if count != wanted[0]:
            return other_count(name, count, wanted[0])
        if total != wanted[1] or (whole and moments is not None and moments != found):
            return changed_rows(name)
        return ""

    def _other_columns(self, name: str, there: Mapping[str, str]) -> str:
        """Say that columns of a table are not what its rows say, if any are."""
        columns = self._stored.columns.get(name, [])
        reader = _reader(columns, self._stored.extra.get(name, ()))
        if self._stored.readers.get(name) == reader and self._differs(name, columns, there):
            return other_values(name)
        return ""

    def _sums(self, name: str, *, whole: bool) -> tuple[int, str, str]:
        """Return how many rows a table has, and the sums of their digests and moments.

        Args:
            name: The table.
            whole: Whether to read the moments, too.
        """
        listed = ["count(*)", f"coalesce(sum({DIGEST}::numeric), 0)::text"]
        for own in MOMENTS if whole else ():
            # Neither of the two infinite moments is a number.
            sum_of = f"sum((date_part('epoch', {own}) * 1000)::bigint) FILTER (WHERE "
            listed += [f"count({own})", f"coalesce({sum_of} isfinite({own})), 0)::text"]
        ((count, total, *moments),) = self._ask(
            f"SELECT {', '.join(listed)} FROM {self._own(name)}"
        )
        return int(count), str(total), " ".join(map(str, moments))

    def _differs(self, name: str, columns: Iterable[TableColumn], there: Mapping[str, str]) -> bool:
        """Say whether columns of a table hold what was not read of its rows."""
        known = _known(columns, there)
        if not known or there.get(RAW) != "jsonb":
            return False
        ending = current_ending()
        with (
            self._connection.transaction(),
            self._connection.cursor(name="intercom_async_differing") as cursor,
        ):
            cursor.itersize = READ_ROWS
            cursor.execute(row_by_row(self._schema, name, known))
            for (differs,) in cursor:
                if differs:
                    return True
                ending.check()
        return False

    def _note(self, name: str, columns: TableColumns, stored: StoredTables) -> None:
        """Note a table as it is now, with columns that are read as this version reads them.

        Args:
            name: The table, once its rows are those of the next generation.
            columns: Its columns.
            stored: What is remembered with the next generation.
        """
        reader = _reader(columns.all, columns.extra)
        made_of = [name] if name in self._stored.rows else []
        made_of += [STAGED + name] if name in self._staging else []
        if any(self._stored.readers.get(one) != reader for one in made_of):
            if self._reads_again:
                self._read_again(name, columns)
            else:
                reader = ""
        count, total, moments = self._sums(name, whole=True)
        stored.rows[name], stored.moments[name] = (count, total), moments
        stored.extra[name], stored.columns[name] = columns.extra, columns.all
        stored.readers[name] = reader

    def _read_again(self, name: str, columns: TableColumns) -> None:
        """Let columns of a table hold what is read of its rows now."""
        there = self._column_types(name)
        if self._differs(name, columns.all, there):
            self._ask(correct(self._schema, name, _known(columns.all, there)))

    def _make_staging(self, name: str) -> None:
        super()._make_staging(name)
        columns = self._staging[name]
        self._stored.readers[STAGED + name] = _reader(columns.all, columns.extra)


def _without_own(name: str, there: Mapping[str, str]) -> str:
    """Say that a table lacks a column of ours, or has one that holds no moments, if it does."""
    for own in OWN:
        if own not in there:
            return missing_column(name, own)
        if own in MOMENTS and not there[own].startswith(MOMENT_TYPES):
            return changed_rows(name)
    return ""


def _known(columns: Iterable[TableColumn], there: Mapping[str, str]) -> list[TableColumn]:
    """Return the columns that a table has as we make them.

    Those that somebody has dropped or given another type are filled again, or are the user's.
    """
    return [one for one in columns if there.get(plain(one.name)) == COLUMN_TYPES[one.kind]]


def _reader(columns: Iterable[TableColumn], extra: Container[str]) -> str:
    """Return what tells apart how the columns of a table's model are read of its rows.

    Args:
        columns: Its columns.
        extra: Fields beyond the model's, whose columns come as they are first seen.
    """
    texts = [moment_function("")]
    texts += [f"{one.name} {value_of('', one)}" for one in columns if one.field not in extra]
    return blake2b("\n".join(texts).encode(errors="replace"), digest_size=8).hexdigest()
