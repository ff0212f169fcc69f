"""Tables that stay readable in a narrow terminal."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
"""Columns of a terminal in which every table fits."""


class FittedTable:
    """A table; where it is wider than the terminal, a line for each row instead.

    Args:
        table: The table; the first column names the rows.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for a width."""
        unbounded = options.update(width=UNBOUNDED)
        if Measurement.get(console, unbounded, self._table).maximum <= options.max_width:
            yield self._table
            return
        headings = [str(column.header) for column in self._table.columns]
        for name, *cells in zip(*(column.cells for column in self._table.columns), strict=True):
            told = [
                f"{heading} {value}".lstrip()
                for heading, value in zip(headings[1:], map(str, cells), strict=True)
                if value.strip()
            ]
            yield Text(f"{name}: {', '.join(told)}")
