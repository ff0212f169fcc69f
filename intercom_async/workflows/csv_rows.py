"""CSV of any size as a stream of rows, in constant memory and linear time.

The standard library's reader works on whole lines and refuses cells above a limit that belongs to
the whole process, so cells are cut here (RFC 4180): quoted cells may hold commas, line breaks and
doubled quotes; a quote inside an unquoted cell is a character like any other. Lines end as the
first one does: with LF or CRLF, where a lone CR is a character like any other, or with CR alone.
Only the row in hand is held.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from enum import Enum

from intercom_async.clock import CLOCK
from intercom_async.errors import DecodeError

SLICE_CHARS = 8_192
"""Characters parsed between two turns of the event loop: some 30 ms of work at most, where every
one of them ends a cell, and 1 ms in ordinary text
(test_csv_rows.py::test_the_loop_turns_while_a_large_piece_is_read)."""

_CELL_END = re.compile(r"[,\n]")
_CELL_END_OR_CR = re.compile(r"[,\n\r]")


async def csv_rows(chunks: AsyncIterable[bytes]) -> AsyncGenerator[dict[str, str], None]:
    """Read CSV whose first line names the columns, and yield each row by column name.

    A column whose name was used before is numbered, as in ``name (2)``, so that no cell is lost.
    Empty lines are skipped; a row may have fewer cells than there are columns.

    Args:
        chunks: UTF-8, cut anywhere; a byte order mark is skipped.

    Raises:
        DecodeError: A row has more cells than there are columns, the text is not UTF-8, or it ends
            inside a quoted cell.
    """
    names: list[str] | None = None
    cells: list[str] = []
    damage = ""
    try:
        async for cells in _cells(chunks):
            if names is None:
                names = _distinct(cells)
            elif len(cells) > len(names):
                damage = f"a row of the export has {len(cells)} values, not {len(names)}"
                break
            else:
                yield dict(zip(names, cells, strict=False))
    except _DamagedError as damaged:
        damage = str(damaged)
    if damage:
        # Reports that show the locals of frames must not show what an export says.
        cells.clear()
        raise DecodeError(damage)


class _DamagedError(Exception):
    """What is wrong with the text; no error of its kind leaves this file."""


async def _cells(chunks: AsyncIterable[bytes]) -> AsyncGenerator[list[str], None]:
    """Yield the cells of each row."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    parser = _Parser()
    parsed = 0
    try:
        async for chunk in chunks:
            text = decoder.decode(chunk)
            for start in range(0, len(text), SLICE_CHARS):
                part = text[start : start + SLICE_CHARS]
                for row in parser.feed(part):
                    yield row
                parsed += len(part)
                if parsed >= SLICE_CHARS:
                    # Chunks that are there already come without a turn of the loop.
                    parsed = 0
                    await CLOCK.sleep(0)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _DamagedError("the export is not text in UTF-8") from None
    for row in parser.end():
        yield row


class _In(Enum):
    """The part of a cell that the parser is in."""

    START = "nothing of it read"
    PLAIN = "outside quotes"
    QUOTED = "inside quotes"
    CLOSED = "after a quote that ends it, or that is the first of two which stand for one"
    CR = "nothing of it read, after a CR that ended a line and may be the first half of a CRLF"


class _Parser:
    """Cuts text into rows of cells, whatever pieces the text comes in."""

    def __init__(self) -> None:
        self._state = _In.START
        self._row: list[str] = []
        self._cell: list[str] = []
        self._is_quoted = False
        """Whether any of the cell in hand was in quotes."""
        self._cell_end = _CELL_END_OR_CR

    def feed(self, text: str) -> Iterator[list[str]]:
        """Yield the rows that end in `text`."""
        at = 0
        while at < len(text):
            if self._state is _In.QUOTED:
                at = self._read_quoted(text, at)
            elif self._state is _In.CR:
                at = self._skip_lf(text, at)
            elif self._state is not _In.PLAIN and text[at] == '"':
                if self._state is _In.CLOSED:
                    self._cell.append('"')
                self._state = _In.QUOTED
                self._is_quoted = True
                at += 1
            else:
                found = self._cell_end.search(text, at)
                end = len(text) if found is None else found.start()
                if end > at:
                    self._cell.append(text[at:end])
                    self._state = _In.PLAIN
                if found is None:
                    return
                yield from self._end_cell(found.group())
                at = end + 1

    def end(self) -> Iterator[list[str]]:
        """Yield the last row, should the text end without a line break.

        Raises:
            _DamagedError: A quoted cell is not closed.
        """
        if self._state is _In.QUOTED:
            raise _DamagedError("the export ends inside a quoted cell; it is cut off or damaged")
        yield from self._end_cell("\n")

    def _skip_lf(self, text: str, at: int) -> int:
        """Return where to go on after a CR; if an LF follows, lines end with that from now on."""
        self._state = _In.START
        if text[at] != "\n":
            return at
        self._cell_end = _CELL_END
        return at + 1

    def _read_quoted(self, text: str, at: int) -> int:
        """Read up to the next quote and return where to go on."""
        quote = text.find('"', at)
        if quote < 0:
            self._cell.append(text[at:])
            return len(text)
        self._cell.append(text[at:quote])
        self._state = _In.CLOSED
        return quote + 1

    def _end_cell(self, separator: str) -> Iterator[list[str]]:
        """Finish a cell, and its row unless a comma follows; an empty line is no row."""
        value = "".join(self._cell)
        if separator == "\n" and self._state is _In.PLAIN:
            value = value.removesuffix("\r")
        self._cell.clear()
        self._state = _In.START
        self._row.append(value)
        if separator == "\n":
            self._cell_end = _CELL_END
        elif separator == "\r":
            self._state = _In.CR
        if separator != ",":
            row, self._row = self._row, []
            if row != [""] or self._is_quoted:
                yield row
        self._is_quoted = False


def _distinct(names: list[str]) -> list[str]:
    """Number the names that occurred before."""
    numbers: dict[str, int] = {}
    """How often each name has occurred, those with a number included."""
    for name in names:
        unique, number = name, numbers.get(name, 0)
        while unique in numbers:
            number += 1
            unique = f"{name} ({number})"
        numbers[name] = number or 1
        numbers.setdefault(unique, 1)
    return list(numbers)
