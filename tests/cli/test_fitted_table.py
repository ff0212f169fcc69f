"""Tables in terminals of all widths: no number is ever cut."""

from __future__ import annotations

import io

import pytest

pytest.importorskip("rich")

from rich.console import Console
from rich.table import Table

from intercom_async.cli.fitted_table import FittedTable

ROWS = (("contacts", "12,345,678", "", "3 h 07 min"), ("conversation_parts", "9", "1,204", "0.2 s"))


def shown(width: int) -> str:
    table = Table(box=None, pad_edge=False)
    for heading in ("stream", "rows", "unchanged", ""):
        table.add_column(heading, no_wrap=True)
    for row in ROWS:
        table.add_row(*row)
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(FittedTable(table))
    return file.getvalue()


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 200])
def test_every_cell_is_shown_whole(width: int) -> None:
    text = shown(width)
    words = " ".join(text.split())
    assert "…" not in text
    assert all(cell in words for row in ROWS for cell in row)
    assert max(map(len, text.splitlines())) <= width


def test_a_row_is_a_line_where_the_table_does_not_fit() -> None:
    assert shown(60).splitlines()[0].split() == ["stream", "rows", "unchanged"]
    first, *_ = shown(40).splitlines()
    assert first == "contacts: rows 12,345,678, 3 h 07 min"
