"""Lists as Arrow tables and batches, and through them as frames of Polars and pandas.

The columns come from the model of the list, never from its rows: two batches of one list have one
schema, and so does an empty one. Moments are timestamps in UTC; lists and objects are JSON text.
Each page is converted as it arrives, so a batch is held as Arrow arrays and not as models, and the
event loop gets its turn between pages.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from importlib import import_module
from typing import Any

import msgspec

from intercom_async.config import shown
from intercom_async.errors import ConfigError
from intercom_async.models._columns import Column, Kind, columns_of
from intercom_async.models.page import Page
from intercom_async.moments import EARLIEST, LATEST, from_server

_INT64 = 2**63
"""Integers beyond are no int64 and become null."""


class BatchBuilder:
    """Turns pages of models into record batches.

    Args:
        item_type: The struct that the items of the list are decoded into.

    Raises:
        ConfigError: The items are no structs, so that nothing says what the columns are.
        ImportError: pyarrow is not installed.
    """

    def __init__(self, item_type: Any) -> None:
        if not (isinstance(item_type, type) and issubclass(item_type, msgspec.Struct)):
            raise ConfigError(
                "the items of this list have no columns: leave out raw(), or take them as_ a struct"
            )
        self._arrow = load("pyarrow", "intercom-async[arrow]")
        self._columns: tuple[Column, ...] = columns_of(item_type)
        types = _types(self._arrow)
        self.schema: Any = self._arrow.schema(
            [(column.name, types[column.kind]) for column in self._columns]
        )
        """The `pyarrow.Schema` of every batch."""

    def batch(self, items: list[Any]) -> Any:
        """Return items as a `pyarrow.RecordBatch`."""
        arrays = [
            self._arrow.array(
                [_READ[column.kind](getattr(item, column.attribute)) for item in items],
                self.schema.field(position).type,
            )
            for position, column in enumerate(self._columns)
        ]
        return self._arrow.RecordBatch.from_arrays(arrays, schema=self.schema)

    def table(self, batches: list[Any]) -> Any:
        """Return batches as one `pyarrow.Table`."""
        return self._arrow.Table.from_batches(batches, self.schema)


async def batches(
    pages: AsyncIterable[Page[Any]], builder: BatchBuilder, rows: int
) -> AsyncGenerator[Any, None]:
    """Yield the items of a list as record batches of `rows` rows; the last one may have fewer.

    Raises:
        ConfigError: `rows` is not a whole number above 0.
    """
    if type(rows) is not int or rows < 1:
        raise ConfigError(f"batches takes a number of rows from 1 up, not {shown(rows)}")
    waiting: list[Any] = []
    count = 0
    async for page in pages:
        waiting.append(builder.batch(page.items))
        count += len(page.items)
        if count >= rows:
            whole = builder.table(waiting).combine_chunks()
            cut = count - count % rows
            for batch in whole.slice(0, cut).to_batches(max_chunksize=rows):
                yield batch
            waiting, count = whole.slice(cut).to_batches(), count - cut
    if count:
        (last,) = builder.table(waiting).combine_chunks().to_batches()
        yield last


def to_polars(table: Any) -> Any:
    """Return a `pyarrow.Table` as a `polars.DataFrame`.

    Raises:
        ImportError: polars is not installed.
    """
    return load("polars", "polars").from_arrow(table)


def to_pandas(table: Any) -> Any:
    """Return a `pyarrow.Table` as a `pandas.DataFrame`.

    Raises:
        ImportError: pandas is not installed.
    """
    load("pandas", "pandas")
    return table.to_pandas()


def load(module: str, package: str) -> Any:
    """Return a module that does not come with this package.

    Raises:
        ImportError: It is not installed; the message says how to get it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(f"{module} is not installed: pip install '{package}'") from None


def _types(arrow: Any) -> dict[Kind, Any]:
    return {
        "text": arrow.string(),
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "boolean": arrow.bool_(),
        "timestamp": arrow.timestamp("s", tz="UTC"),
        "json": arrow.string(),
    }


def _integer(value: int | None) -> int | None:
    return value if value is None or -_INT64 <= value < _INT64 else None


def _timestamp(value: int | None) -> int | None:
    moment = from_server(value)
    return moment if moment is not None and EARLIEST <= moment <= LATEST else None


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _same(value: Any) -> Any:
    return value


_READ: dict[Kind, Callable[[Any], Any]] = {
    "text": _same,
    "integer": _integer,
    "number": _same,
    "boolean": _same,
    "timestamp": _timestamp,
    "json": _json,
}
