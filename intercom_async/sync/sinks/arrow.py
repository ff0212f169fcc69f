"""JSON rows as Arrow tables, for Parquet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from intercom_async.moments import from_server
from .columns import RECORD, Column

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63
_LATEST = 253_402_300_799
"""The end of the year 9999."""


class Shape:
    """Makes tables of rows; grows as rows bring fields that are new.

    Args:
        arrow: The pyarrow module.
        columns: The columns so far.
    """

    def __init__(self, arrow: Any, columns: list[Column]) -> None:
        self._arrow = arrow
        self._columns = columns
        self._known = {one.name for one in columns} | {RECORD}
        self._types: dict[str, Any] = {
            "text": arrow.string(),
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "timestamp": arrow.timestamp("s", tz="UTC"),
            "json": arrow.string(),
        }
        self.extra: list[str] = []
        """Columns that were added."""
        self.has_grown: bool = False

    def table(self, lines: list[bytes]) -> Any:
        """Return rows as a table."""
        decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
        rows = [decoder.decode(line) for line in lines]
        self._grow(rows)
        arrays = [
            self._arrow.array(
                [_value(row.get(one.name), one.kind) for row in rows], self._types[one.kind]
            )
            for one in self._columns
        ]
        arrays.append(self._arrow.array([line.decode() for line in lines], self._arrow.string()))
        return self._arrow.table(arrays, names=[*(one.name for one in self._columns), RECORD])

    def _grow(self, rows: list[dict[str, msgspec.Raw]]) -> None:
        for row in rows:
            if row.keys() <= self._known:
                continue
            for name in row.keys() - self._known:
                self._known.add(name)
                self._columns.append(Column(name, "json"))
                self.extra.append(name)
                self.has_grown = True


def _value(raw: msgspec.Raw | None, kind: str) -> Any:
    """Return one field's value; None where it is not what its column holds."""
    if raw is None or (text := bytes(raw)) == b"null":
        return None
    if kind == "json":
        return text.decode()
    value: Any = msgspec.json.decode(text)
    return _READ[kind](value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _integer(value: Any) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -_LARGEST <= number < _LARGEST else None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _timestamp(value: Any) -> datetime | None:
    moment = from_server(value)
    if moment is None or abs(moment) > _LATEST:
        return None
    return _EPOCH + timedelta(seconds=moment)


_READ: dict[str, Any] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def widened(arrow: Any, table: Any, schema: Any) -> Any:
    """Return a table with the columns of a wider schema, those that it lacks empty."""
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, arrow.nulls(table.num_rows, field.type))
    return table.select(schema.names).cast(schema)
