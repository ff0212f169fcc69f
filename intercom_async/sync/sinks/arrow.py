"""JSON rows as Arrow tables, for Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Annotated, Any, NamedTuple

import msgspec

from intercom_async.clock import give_way
from intercom_async.moments import EARLIEST, LATEST, MILLISECONDS_FROM, from_server
from intercom_async.sync.errors import UNREADABLE
from intercom_async.sync.raw_rows import top_level
from .columns import DELETED_AT, DIGEST, RECORD, STRANGE, SYNCED_AT, TableColumn, TableColumns
from .merge import GIVES_WAY_S

_LARGEST = 2**63
"""Integers from here on are no int64 and become null."""

_Int64: Any = Annotated[int, msgspec.Meta(ge=-_LARGEST, le=_LARGEST - 1)]
_Moment: Any = Annotated[int, msgspec.Meta(ge=EARLIEST, le=MILLISECONDS_FROM)]
_USUAL: dict[str, Any] = {
    "text": str | _Int64 | None,
    "integer": _Int64 | None,
    "number": float | None,
    "boolean": bool | None,
    "timestamp": _Moment | None,
    "json": msgspec.Raw,
}
"""What a column's values usually are; a row with any other value is read field by field."""
_NULL = msgspec.Raw(b"null")


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
        self._pool = arrow.system_memory_pool()  # arrow's own keeps 18 MB that it has freed
        self._columns = list(columns.all)
        fields: list[Any] = []
        self._is_plain = not any(STRANGE.search(column.field) for column in self._columns)
        for number, column in enumerate(self._columns):
            default = _NULL if column.kind == "json" else None
            name = column.field if self._is_plain else f"f{number}"
            field = msgspec.field(default=default, name=name)
            fields.append((f"f{number}", _USUAL[column.kind], field))
        row: Any = msgspec.defstruct("Row", fields, gc=False)
        self._row = row
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(row)
        self._rows_decoder: msgspec.json.Decoder[list[Any]] = msgspec.json.Decoder(list[row])
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

        self.repeating: list[str] = [one.name for one in self._columns if one.kind == "text"]
        """Columns with values that come again: a dictionary of others takes memory for nothing."""

    def table(self, rows: Sequence[TableRow]) -> Any:
        """Return rows as a table."""
        read = self._read([row.body for row in rows])
        arrays: list[Any] = [
            self._array(number, column, read) for number, column in enumerate(self._columns)
        ]
        own: list[list[Any]] = [
            [row.body.decode(errors="replace") for row in rows],
            [_time(row.synced_at) for row in rows],
            [_time(row.deleted_at) for row in rows],
            [row.digest for row in rows],
        ]
        types = self.schema.types[-len(own) :]
        arrays += [self._typed(one, kind) for one, kind in zip(own, types, strict=True)]
        return self._arrow.Table.from_arrays(arrays, schema=self.schema)

    def _read(self, bodies: list[bytes]) -> list[Any]:
        """Return what the columns hold of some rows."""
        with suppress(*UNREADABLE):
            if self._is_plain:
                return self._rows_decoder.decode(b"[%b]" % b",".join(bodies))
        return [self._read_one(body) for body in bodies]

    def _read_one(self, body: bytes) -> Any:
        with suppress(*UNREADABLE):
            if self._is_plain:
                return self._decoder.decode(body)
        # A value is not what its column holds, or the row is nested too deep.
        fields = _fields(body)
        values = [_value(fields.get(column.field), column.kind) for column in self._columns]
        return self._row(*values)

    def _array(self, number: int, column: TableColumn, rows: Sequence[Any]) -> Any:
        """Return a column of some rows."""
        give_way(GIVES_WAY_S)
        values: list[Any] = list(map(attrgetter(f"f{number}"), rows))
        if column.kind == "json":
            texts = [str(raw, "utf-8", "replace") for raw in values]
            values = [None if text == "null" else text for text in texts]
        elif column.kind == "text":
            values = [None if value is None else str(value) for value in values]
        return self._typed(values, self.schema.field(column.name).type)

    def _typed(self, values: list[Any], kind: Any) -> Any:
        """Return values as an array; moments are UNIX seconds."""
        arrow = self._arrow
        if arrow.types.is_timestamp(kind):
            return arrow.array(values, arrow.int64(), memory_pool=self._pool).cast(kind)
        return arrow.array(values, kind, memory_pool=self._pool)


def _fields(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        # Too deep for a decoder; the whole of it stands in the record.
        return {name: msgspec.Raw(value) for name, value in top_level(body)}


def _value(raw: msgspec.Raw | None, kind: str) -> Any:
    """Return one field's value; None where it is not what its column holds."""
    if kind == "json":
        return raw or _NULL
    if raw is None or (text := bytes(raw)) == b"null":
        return None
    try:
        value: Any = msgspec.json.decode(text)
    except UNREADABLE:
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


def _moment(value: Any) -> int | None:
    return _time(from_server(value))


def _time(moment: int | None) -> int | None:
    return moment if moment is not None and EARLIEST <= moment <= LATEST else None


_READ: dict[str, Any] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _truth,
    "timestamp": _moment,
}
