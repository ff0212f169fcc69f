"""Rows of an export: every cell as it was written, in linear time."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from collections.abc import AsyncIterator
from typing import Literal

import pytest
from hypothesis import given, strategies as st

from intercom_async.clock import CLOCK
from intercom_async.errors import DecodeError
from intercom_async.workflows.csv_rows import SLICE_CHARS, csv_rows
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


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_lines_end_as_the_first_one_does(end: bytes, size: int) -> None:
    lines = [b'id,"a', b'b"', b"1,2", b'"3",""', b"", b"5,6"]
    expected = [("1", "2"), ("3", ""), ("5", "6")]
    for last in (b"", end, end + end):
        found = read(end.join(lines) + last, size)
        assert [(row["id"], row[f"a{end.decode()}b"]) for row in found] == expected


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_lone_carriage_return_is_a_character_where_lines_end_otherwise(size: int) -> None:
    for end in (b"\n", b"\r\n"):
        found = read(end.join([b"id", b"a\rb", b"\rc", b"d\r\re"]), size)
        assert found == [{"id": "a\rb"}, {"id": "\rc"}, {"id": "d\r\re"}]


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


cell = st.text(st.characters(codec="utf-8"))


@given(
    st.lists(st.tuples(cell, cell), max_size=8),
    st.integers(1, 40),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_csv_writes_is_read_back(
    rows: list[tuple[str, str]], size: int, terminator: str, quoting: Literal[0, 1]
) -> None:
    if quoting == csv.QUOTE_MINIMAL:
        # Some versions of Python do not quote a lone carriage return.
        rows = [(a.replace("\r", ""), b.replace("\r", "")) for a, b in rows]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator=terminator, quoting=quoting)
    writer.writerow(("a", "b"))
    writer.writerows(rows)
    found = read(buffer.getvalue().encode(), size)
    assert [(row["a"], row["b"]) for row in found] == rows


def test_a_cell_has_any_size() -> None:
    lines = "line\n" * 100_000
    letters = "x" * 1_000_000
    quotes = '"' * 100_000
    body = io.StringIO(newline="")
    csv.writer(body).writerows([["a", "b", "c"], [lines, letters, quotes], ["1", "2", "3"]])

    found = read(body.getvalue().encode(), 65_536)

    assert [tuple(row.values()) for row in found] == [(lines, letters, quotes), ("1", "2", "3")]


def test_a_quote_inside_a_cell_is_a_character() -> None:
    assert read(b'id,size\n1,5" disk\n2,"a"b,\n'.replace(b",\n", b"\n")) == [
        {"id": "1", "size": '5" disk'},
        {"id": "2", "size": "ab"},
    ]


def test_an_export_that_ends_inside_a_cell_is_cut_off() -> None:
    with pytest.raises(DecodeError, match="inside a quoted cell"):
        read(b'id,name\n1,"Ann\n' + b"2,Bo\n" * 1000)


def test_columns_of_one_name_lose_nothing() -> None:
    assert read(b"id,id,id\n1,2,3\n") == [{"id": "1", "id (2)": "2", "id (3)": "3"}]


def test_many_columns_of_one_name_take_linear_time() -> None:
    names = b",".join([b"id"] * 20_000)
    found = read(names + b"\n" + names + b"\n", 65_536)
    assert len(found[0]) == 20_000
    assert [*found[0]][-1] == "id (20000)"


def count_calls(body: bytes) -> int:
    """Count the calls of Python functions that reading takes."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        read(body, 65_536)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "cell",
    [b"x" * 50, b'"' + b"line\n" * 10 + b'"', b'"' + b'""' * 25 + b'"'],
    ids=["letters", "lines", "quotes"],
)
def test_twice_the_rows_take_twice_the_work(cell: bytes) -> None:
    few, many = (count_calls(b"id\n" + (cell + b"\n") * rows) for rows in (1000, 4000))
    assert many < 4.5 * few


@pytest.mark.anyio
@pytest.mark.parametrize("size", [1_000, 65_536, 1_000_000], ids=str)
@pytest.mark.parametrize("text", [b'"' + b"line\n" * 20_000 + b'"\n', b"\n" * 100_000], ids=len)
async def test_the_loop_turns_while_a_large_piece_is_read(text: bytes, size: int) -> None:
    """Though all of it is there, so that no chunk has to be waited for."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"id\n"
        for start in range(0, len(text), size):
            yield text[start : start + size]

    turns = 0
    done = False

    async def turn() -> None:
        nonlocal turns
        while not done:
            turns += 1
            await CLOCK.sleep(0)

    task = asyncio.create_task(turn())
    rows = [row async for row in csv_rows(pieces())]
    done = True
    await task
    assert len(rows) == text.count(b'"') // 2
    # A slice may be longer by what was left of a chunk.
    assert turns >= len(text) // (SLICE_CHARS + 1_000)
    assert SLICE_CHARS <= 10_000
