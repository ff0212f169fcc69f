"""Rows go on as they came; only what no reader takes is replaced."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from intercom_async.sync.raw_rows import SLACK_S, RowReader, top_level


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (rb"\ud83d\ude00", rb"\ud83d\ude00"),
        (rb"\ud83d", rb"\ufffd"),
        (rb"\ude00", rb"\ufffd"),
        (rb"a\uD83Db", rb"a\ufffdb"),
        (rb"\\ud83d", rb"\\ud83d"),
        (rb"\\\ud83d", rb"\\\ufffd"),
        (rb"C:\\udir", rb"C:\\udir"),
        (rb"\n\ud83d\ude00\ude00", rb"\n\ud83d\ude00\ufffd"),
    ],
)
def test_half_a_surrogate_pair_is_replaced_and_nothing_else(text: bytes, kept: bytes) -> None:
    body = b'{"id":"1","updated_at":5,"name":"' + text + b'"}'
    row = RowReader("id", version="updated_at").read(msgspec.Raw(body))
    assert row is not None
    assert (row.key, row.version) == ("1", 5)
    assert row.body == body.replace(text, kept)
    msgspec.json.decode(row.body)


ROWS = [
    b'{"id":"1","updated_at":5}',
    b'{"id":2,"updated_at":1700000000000,"tags":{"data":[{}],"total_count":1,"has_more":false}}',
    b'{"id":"3","updated_at":"2023-11-14T22:13:20Z","tags":{"data":[{}],"total_count":2}}',
    b'{"id":"4","tags":{"has_more":true},"notes":null}',
    b'{"id":"5","tags":"none","notes":{"data":[],"total_count":1}}',
    b'{"id":"6","created_at":-1,"updated_at":-1}',
    b'{"id":""}',
    b'{"name":"without a key"}',
    b'{"id":null}',
    b'{"id":"9","name":"\xff"}',
    b'{"id":"10","name":"\\ud83d","tags":{"data":[],"total_count":1}}',
    b'{"id":"11",\n"name":"\xc3\xa9"}',
    b"[]",
    b"null",
    b'{"id":"14","deep":' + b"[" * 3_000 + b"]" * 3_000 + b"}",
    b'{"id":"15","notes":null,"tags":{"data":[null],"has_more":true}}',
]
"""Rows of each kind that is read in a way of its own."""


@pytest.mark.parametrize("number", [None, *range(len(ROWS))])
def test_a_row_is_read_in_a_page_as_by_itself(number: int | None) -> None:
    """A page of good rows is read at once, one with any other row each by itself."""
    bodies = ROWS if number is None else [ROWS[0], ROWS[number], ROWS[1], ROWS[3]]
    reader = RowReader("id", version="updated_at", partition="created_at", lists=["tags", "notes"])
    page = reader.read_page(map(msgspec.Raw, bodies))
    assert page == [reader.read(body) for body in bodies]
    cut = [row.key for row in page if row is not None and row.is_cut]
    wanted = {"3", "4", "5", "10", "15"}
    assert cut == [row.key for row in page if row is not None and row.key in wanted]


@pytest.mark.parametrize(
    ("changed_at", "version"),
    [(990, 990), (1_000 + SLACK_S, 1_000 + SLACK_S), (1_001 + SLACK_S, 1_000), (-5, 0), (0, 0)],
)
def test_a_change_that_is_still_to_come(changed_at: int, version: int) -> None:
    reader = RowReader("id", version="updated_at")
    reader.latest = 1_000
    body = msgspec.json.encode({"id": "1", "updated_at": changed_at})

    for row in (reader.read(body), *reader.read_page([msgspec.Raw(body)])):
        assert row is not None
        assert row.version == version
        assert row.body == body


READ_AT = 10_000


@pytest.mark.parametrize("ahead_s", [SLACK_S + 1, 3_600, 86_400, 10 * 86_400])
@pytest.mark.parametrize("passed_s", [-1, 0, SLACK_S, 365 * 86_400])
def test_a_time_that_had_not_come(ahead_s: int, passed_s: int) -> None:
    """It proves nothing before its moment, in it and at any time after it."""
    reader = RowReader("id", version="updated_at")
    reader.latest = READ_AT + ahead_s + passed_s

    assert reader.kept_version(READ_AT + ahead_s, READ_AT) == 0


@pytest.mark.parametrize(
    ("version", "read_at", "latest", "kept"),
    [
        pytest.param(900, 1_000, 5_000, 900, id="before it was read"),
        pytest.param(1_000 + SLACK_S, 1_000, 5_000, 1_000 + SLACK_S, id="as clocks differ"),
        pytest.param(4_000, 0, 5_000, 4_000, id="it is not known when it was read"),
        pytest.param(5_001 + SLACK_S, 0, 5_000, 0, id="not known, and still to come"),
        pytest.param(6_000, 9_000, 5_000, 0, id="read by a clock that was ahead"),
    ],
)
def test_which_time_of_a_kept_row_counts(
    version: int, read_at: int, latest: int, kept: int
) -> None:
    reader = RowReader("id", version="updated_at")
    reader.latest = latest

    assert reader.kept_version(version, read_at) == kept


@pytest.mark.parametrize("raw", [b"", b'{"id":"1"},{"id":"2"}', b"[]", b"1", b'{"id":"1"}'])
def test_a_page_is_read_as_its_rows_are(raw: bytes) -> None:
    reader = RowReader("id")
    assert reader.read_page([raw, b'{"id":"3"}']) == [reader.read(raw), reader.read(b'{"id":"3"}')]


SCALARS = st.none() | st.booleans() | st.integers() | st.text('ab"\\[]{}:, ', max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=5), st.booleans())
def test_fields_of_a_row_too_deep_for_a_decoder(row: dict[str, Any], is_dense: bool) -> None:  # noqa: FBT001 (drawn)
    body = json.dumps(row, separators=(",", ":") if is_dense else None).encode()
    expected = {name: value for name, value in row.items() if not isinstance(value, list | dict)}
    assert {name: json.loads(value) for name, value in top_level(body)} == expected


@pytest.mark.parametrize("count", [2, 200_000])
def test_a_row_costs_no_more_for_being_nested_deeper(count: int) -> None:
    body = b'{"id":"1","deep":%b,"flat":2}' % (b"[" * count + b"]" * count)
    assert [*top_level(body)] == [("id", b'"1"'), ("flat", b"2")]
