"""A page is cut between its rows and nowhere else, by looking at a few bytes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intercom_async.codec.pieces import decode_in_pieces
from intercom_async.codec.row_cuts import HEAD_BYTES, RowCutter
from intercom_async.models import Contact, Page

SIZE = 300


def row(number: int, length: int = 40, **more: Any) -> dict[str, Any]:
    return {"type": "contact", "id": str(number), "name": "x" * length, **more}


def text(rows: list[Any], space: str = "", **before: Any) -> bytes:
    page = {**before, "data": rows, "total_count": len(rows)}
    return json.dumps(page, separators=("," + space, ":" + space)).encode()


def parts(body: bytes, size: int = SIZE) -> list[bytes]:
    """Return what a page is cut into, without the text around its list."""
    first, *cuts = RowCutter("data").cut(body, size)
    ends = [*cuts, body.rindex(b"]")]
    return [body[start:end].lstrip(b",") for start, end in zip([first, *cuts], ends, strict=True)]


@pytest.mark.parametrize("space", ["", " "])
def test_parts_are_whole_rows_of_bounded_size(space: str) -> None:
    rows = [row(number) for number in range(40)]
    found = parts(text(rows, space))
    assert [each for part in found for each in json.loads(b"[%b]" % part)] == rows
    assert all(SIZE / 2 < len(part) <= SIZE for part in found[:-1])


def test_a_longer_row_is_a_part_by_itself() -> None:
    rows = [row(0), row(1, 5 * SIZE), row(2), row(3, 2 * SIZE)]
    assert [json.loads(b"[%b]" % part) for part in parts(text(rows))] == [[one] for one in rows]


def test_text_that_looks_like_the_space_between_rows_is_not_cut() -> None:
    looks_so = '"},{"type":"contact","id":"9'
    rows = [row(number, bio=looks_so * 3) for number in range(9)]
    assert [each for part in parts(text(rows)) for each in json.loads(b"[%b]" % part)] == rows


@pytest.mark.parametrize(
    "body",
    [
        text([]),
        text([{"id": str(number), "type": "contact"} for number in range(40)]),
        text([{"type": 7, "id": str(number)} for number in range(40)]),
        text([{"type": str(number), "id": str(number)} for number in range(40)]),
        text([row(number) for number in range(40)]).replace(b"},{", b"}\n,{"),
        b"{}",
        b"",
    ],
)
def test_a_page_whose_rows_do_not_begin_alike_is_not_cut(body: bytes) -> None:
    assert RowCutter("data").cut(body, SIZE) == []


def test_a_list_that_begins_late_is_not_cut() -> None:
    rows = [row(number) for number in range(40)]
    assert RowCutter("data").cut(text(rows, note="x" * (HEAD_BYTES - 60)), SIZE)
    assert not RowCutter("data").cut(text(rows, note="x" * HEAD_BYTES), SIZE)


def decoded(body: bytes) -> Any:
    """Decode a page in pieces; nothing else runs, so its steps are taken at once."""
    steps = decode_in_pieces(body, Page[Contact], batch_bytes=SIZE)
    while True:
        try:
            steps.send(None)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("where", ["inside a row", "before the list", "after the list"])
def test_another_list_of_the_same_rows_is_not_taken_for_the_page(where: str) -> None:
    rows, others = [row(0)], [row(90 + number) for number in range(40)]
    if where == "inside a row":
        body = text([{**each, "friends": others} for each in rows])
    elif where == "before the list":
        body = text(rows, meta={"data": others})
    else:
        body = json.dumps({"data": rows, "meta": {"data": others}}, separators=(",", ":")).encode()
    assert [each.id for each in decoded(body).items] == ["0"]
