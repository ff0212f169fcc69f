"""JSON rows as Arrow tables, for Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from intercom_async.clock import give_way
from intercom_async.moments import from_server
from intercom_async.sync.raw_rows import top_level
from .columns import DELETED_AT, DIGEST, RECORD, SYNCED_AT, TableColumn, TableColumns
from .merge import GIVES_WAY_S

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63
"""Integers from here on are no int64 and become null."""
_LATEST = 253_402_300_799
"""The end of the year 9999, UNIX seconds."""


class TableRow(NamedTuple):
    """A row as it goes into a table."""

    body: bytes
    digest: int
    synced_at: int | None
    deleted_at: int | None


class Shape:
    """Makes tables of rows.

    Args:
        arrow: The pyarrow module.
        columns: The columns of the table.
    """

    def __init__(self, arrow: Any, columns: TableColumns) -> None:
        self._arrow = arrow
        self._columns = list(columns.all)
        self._decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
        moment = arrow.timestamp("s", tz="UTC")
        types: dict[str, Any] = {
            "text": arrow.string(),
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "timestamp": moment,
            "json": arrow.string(),
        }
        self.schema: Any = arrow.schema(
            [
                *((column.name, types[column.kind]) for column in self._columns),
                (RECORD, arrow.string()),
                (SYNCED_AT, moment),
                (DELETED_AT, moment),
                (DIGEST, arrow.uint64()),
            ]
        )

    def table(self, rows: Sequence[TableRow]) -> Any:
        """Return rows as a table."""
        fields = [_fields(self._decoder, row.body) for row in rows]
        arrays: list[Any] = [self._array(column, fields) for column in self._columns]
        own: list[list[Any]] = [
            [row.body.decode(errors="replace") for row in rows],
            [_time(row.synced_at) for row in rows],
            [_time(row.deleted_at) for row in rows],
            [row.digest for row in rows],
        ]
        types = self.schema.types[-len(own) :]
        arrays += [self._arrow.array(one, kind) for one, kind in zip(own, types, strict=True)]
        return self._arrow.Table.from_arrays(arrays, schema=self.schema)

    def _array(self, column: TableColumn, fields: Sequence[dict[str, msgspec.Raw]]) -> Any:
        """Return a column of some rows."""
        give_way(GIVES_WAY_S)
        values = [_value(row.get(column.field), column.kind) for row in fields]
        return self._arrow.array(values, self.schema.field(column.name).type)


def _fields(
    decoder: msgspec.json.Decoder[dict[str, msgspec.Raw]], body: bytes
) -> dict[str, msgspec.Raw]:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        # Too deep for a decoder; the whole of it stands in the record.
        return {name: msgspec.Raw(value) for name, value in top_level(body)}


def _value(raw: msgspec.Raw | None, kind: str) -> Any:
    """Return one field's value; None where it is not what its column holds."""
    if raw is None or (text := bytes(raw)) == b"null":
        return None
    if kind == "json":
        return text.decode(errors="replace")
    try:
        value: Any = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return _READ[kind](value)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return msgspec.json.encode(value).decode()


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


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    return _time(from_server(value))


def _time(moment: int | None) -> datetime | None:
    if moment is None or abs(moment) > _LATEST:
        return None
    return _EPOCH + timedelta(seconds=moment)


_READ: dict[str, Any] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _truth,
    "timestamp": _moment,
}
