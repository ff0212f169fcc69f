from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, strategies as st

from intercom_async.errors import DecodeError
from intercom_async.workflows.polling import csv_rows
from tests.support.virtual_time import run_virtual


def read(text: bytes, size: int = 7) -> list[dict[str, str]]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(text), size):
            yield text[start : start + size]

    async def main() -> list[dict[str, str]]:
        return [row async for row in csv_rows(chunks())]

    return run_virtual(main())


def test_rows_are_read_by_name_across_chunks() -> None:
    assert read(b"id,name\n1,Ann\n2,Bo\n") == [
        {"id": "1", "name": "Ann"},
        {"id": "2", "name": "Bo"},
    ]


def test_the_last_line_needs_no_end_and_empty_lines_are_skipped() -> None:
    assert read(b"id\r\n1\r\n\r\n2") == [{"id": "1"}, {"id": "2"}]


def test_nothing_is_no_row() -> None:
    assert read(b"") == []
    assert read(b"id,name\n") == []


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert read(b"\xef\xbb\xbfid\n1\n") == [{"id": "1"}]


def test_a_row_that_does_not_fit_is_said() -> None:
    with pytest.raises(DecodeError, match="2 values"):
        read(b"id\n1,2\n")
    with pytest.raises(DecodeError, match="UTF-8"):
        read(b"id\n\xff\xff\n")


cell = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"))


@given(
    st.lists(st.tuples(cell, cell), max_size=8), st.integers(1, 40), st.sampled_from(["\n", "\r\n"])
)
def test_what_csv_writes_is_read_back(
    rows: list[tuple[str, str]], size: int, terminator: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=terminator, quoting=csv.QUOTE_ALL)
    writer.writerow(("a", "b"))
    writer.writerows(rows)
    found = read(buffer.getvalue().encode(), size)
    assert [(row["a"], row["b"]) for row in found] == rows
