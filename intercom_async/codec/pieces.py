"""Decoding of a large page batch by batch, so that the event loop can run in between.

msgspec holds the interpreter's lock while it decodes, so a thread would not help. The text is cut
between rows instead (`row_cuts`), and each part is decoded like a page of its own, which costs what
decoding it whole does. A page that cannot be cut, or has a row that needs repair, is read twice:
first with its rows as bytes, which checks the JSON but makes no objects, and then its rows, some at
once. The result is that of `decode`, repairs and counters included.

An answer stays in one piece if it is no page of the package, or if it is malformed beyond what a
single row can be. So does a page of raw rows, as the first reading is all that it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, cast, get_args, get_origin

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.errors import DecodeError
from intercom_async.models.page import Page, with_items
from . import UNREAD, holds_raw
from .coercion import read_either
from .row_cuts import RowCutter

LARGE_BYTES = 512 * 1024
"""Bodies that are longer are decoded in pieces; one of this size takes 1.1 ms where nothing else
runs, and 2 ms are allowed
(test_large_pages.py::test_a_large_page_is_decoded_in_several_turns_of_the_loop)."""

BATCH_BYTES = 256 * 1024
"""Bytes of rows that are decoded in one turn of the loop, 0.6 ms; a longer row is one by itself
(test_large_pages.py::test_a_large_page_is_decoded_in_several_turns_of_the_loop)."""

_NOT_READ = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Readers(NamedTuple):
    """What a type of page is read with."""

    whole: msgspec.json.Decoder[Any]
    """Reads the page as it is declared."""
    page: msgspec.json.Decoder[Any]
    """Reads the page with its rows as bytes."""
    rows: msgspec.json.Decoder[list[Any]]
    cutter: RowCutter


class _Untyped(NamedTuple):
    """Rows of a batch that has to be repaired."""

    first: int
    """Number of its first row in the page."""
    rows: list[Any]


async def decode_in_pieces(
    body: bytes,
    model: Any,
    *,
    call: str = "",
    request_id: str | None = None,
    batch_bytes: int = BATCH_BYTES,
) -> Any:
    """Read a page as `decode` does, in several turns of the loop.

    Args:
        body: The bytes, without content encoding.
        model: A page of structs, or any other type.
        call: Method and path template, for the error's message.
        request_id: For the error's message.
        batch_bytes: Bytes of rows that are decoded in one turn; a longer row is one by itself.

    Returns:
        The page, or `UNREAD` for what has to be read in one piece.

    Raises:
        DecodeError: No row can be read into the caller's own struct.
    """
    value = await _in_pieces(body, model, call, request_id, batch_bytes)
    if type(value) is DecodeError:
        body = b""  # As in `decode`.
        try:
            raise value
        finally:
            del value
    return value


async def _in_pieces(
    body: bytes, model: Any, call: str, request_id: str | None, batch_bytes: int
) -> Any:
    """Return what `decode_in_pieces` does, or the error to raise."""
    readers = _readers(model)
    if readers is None:
        return UNREAD
    page: Any = await _cut(readers, body, batch_bytes)
    if page is not UNREAD:
        return page
    page = _read(readers.page, body)
    if page is UNREAD or page.type == "error.list":
        return UNREAD
    parts: list[list[Any] | _Untyped] = []
    for first, batch in _batches(page.items, len(body), batch_bytes):
        await CLOCK.sleep(0)
        part = _decoded(readers, first, batch)
        if part is None:
            return UNREAD
        parts.append(part)
    page.items.clear()
    if not any(type(part) is _Untyped for part in parts):
        for part in parts:
            page.items.extend(part)
        return page
    return await _repaired(page, parts, model, call=call, body=body, request_id=request_id)


@lru_cache(maxsize=1024)
def _readers(model: Any) -> _Readers | None:
    """Return what reads a type of page, or None for a type that is read in one piece.

    A page type of the caller's own may look at its rows as it is made, so they have to be there;
    and bytes in a row have to be checked together with the whole body.
    """
    kind = get_origin(model)
    if kind is None or not issubclass(kind, Page) or kind.__module__ != Page.__module__:
        return None
    if holds_raw(get_args(model)[0]):
        return None
    pages = cast("type[Page[Any]]", kind)
    (rows,) = (field for field in msgspec.structs.fields(pages) if field.name == "items")
    return _Readers(
        msgspec.json.Decoder(model, dec_hook=read_either),
        msgspec.json.Decoder(with_items(pages, msgspec.Raw), dec_hook=read_either),
        msgspec.json.Decoder(_rows_type(model), dec_hook=read_either),
        RowCutter(rows.encode_name),
    )


def _read(decoder: msgspec.json.Decoder[Any], text: bytes) -> Any:
    # What is raised here may hold the body, so nothing else is raised while it is handled.
    try:
        return decoder.decode(text)
    except _NOT_READ:
        return UNREAD


async def _cut(readers: _Readers, body: bytes, batch_bytes: int) -> Any:
    """Read a page part by part; `UNREAD` if it cannot be cut, or is not quite what is declared."""
    first, *cuts = readers.cutter.cut(body, batch_bytes) or (0,)
    text = memoryview(body)  # joined rather than formatted, which takes fifteen times as long
    # The list ends its object here, so it is the page's own and not one inside of it.
    if not cuts or _read(readers.page, b"".join((text[:first], b"]}"))) is UNREAD:
        return UNREAD
    rows: list[Any] = []
    start = first
    for cut in cuts:
        part = _read(readers.rows, b"".join((b"[", text[start:cut], b"]")))
        if part is UNREAD:
            return UNREAD
        rows += part
        start = cut + 1
        await CLOCK.sleep(0)
    # All but the rows that have been read.
    page = _read(readers.whole, b"".join((text[:first], text[start:])))
    if page is UNREAD or page.type == "error.list":
        return UNREAD
    page.items[:0] = rows
    return page


def _rows_type(page_type: Any) -> Any:
    """Return the type of a page's list of rows."""
    kind: Any = list
    return kind[get_args(page_type)[0]]


def _batches(rows: list[msgspec.Raw], size: int, batch_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Join rows to arrays of at most `batch_bytes`, each with the number of its first row.

    As many as have that size on average are tried, and halved where they are longer, so that
    nothing has to be done for each row.
    """
    step = max(1, len(rows) * batch_bytes // size)
    for start in range(0, len(rows), step):
        ranges = [(start, min(start + step, len(rows)))]
        while ranges:
            first, end = ranges.pop()
            batch = b"".join((b"[", b",".join(rows[first:end]), b"]"))
            if len(batch) <= batch_bytes or end - first == 1:
                yield first, batch
            else:
                middle = (first + end) // 2
                ranges += (middle, end), (first, middle)


def _decoded(readers: _Readers, first: int, batch: bytes) -> list[Any] | _Untyped | None:
    """Read a batch as declared, else untyped; None if its text is malformed."""
    try:
        return readers.rows.decode(batch)
    except _NOT_READ:
        pass
    try:
        return _Untyped(first, msgspec.json.decode(batch))
    except _NOT_READ:
        return None


async def _repaired(
    page: Any,
    parts: list[list[Any] | _Untyped],
    model: Any,
    *,
    call: str,
    body: bytes,
    request_id: str | None,
) -> Any:
    """Fill a page with its rows, those of some batches repaired, or return the error to raise."""
    from .repair import has_models, repaired_rows, title  # noqa: PLC0415 (few programs get here)

    aside: list[bytes] = []
    first_path = ""
    is_refused = False
    for part in parts:
        if not isinstance(part, _Untyped):
            page.items.extend(part)
            continue
        await CLOCK.sleep(0)
        kept, lost, path = repaired_rows(part.rows, model, part.first)
        aside.extend(lost)
        first_path = first_path or path
        try:
            kept = msgspec.convert(kept, _rows_type(model), dec_hook=read_either)
        except msgspec.ValidationError:
            is_refused = True
        page.items.extend(kept)
    if aside and not page.items and not has_models(model):
        refused_path = first_path
    elif is_refused:
        refused_path = "$"
    else:
        return msgspec.structs.replace(page, unreadable=tuple(aside)) if aside else page
    return DecodeError(
        f"the body cannot be read as {title(model)}",
        call=call,
        path=refused_path,
        body=body[:2048],
        request_id=request_id,
    )
