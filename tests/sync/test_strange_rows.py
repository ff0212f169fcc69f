"""A row with a value that a target cannot hold is kept as well as it can be, and ends nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from intercom_async.sync.merging import digest_of
from intercom_async.sync.raw_rows import RowReader
from intercom_async.sync.sinks import Table
from intercom_async.sync.sinks.entries import Put
from tests.support.strange_rows import OBJECTS, StrangeRow, strange_rows
from tests.support.thoroughness import some_of
from .conftest import FORMATS, make_sink, read_target

TABLE = Table("things", "id", StrangeRow)
PLAIN = b'{"id":"plain","text":"x","integer":7}'


def put(body: bytes) -> Put:
    """Return a row as a sync commits it."""
    row = RowReader("id").read(body)
    assert row is not None
    return Put("things", row.key, "", row.body, 0, 1_700_000_000, digest_of(row.body))


@cache
def commits() -> list[list[Put]]:
    """Return strange rows with a plain one, as three runs read them.

    The second changes the plain one, the last all whose names are strange.
    """
    rows, named = strange_rows(), [*OBJECTS][:-1]
    puts = [put(body) for body in rows.values()]
    half = len(puts) // 2
    changed = [put(rows[what][:-1] + b',"text":"changed"}') for what in named]
    return [[*puts[:half], put(PLAIN)], [*puts[half:], put(PLAIN.replace(b"7", b"8"))], changed]


# Compression and a bucket do not see what is in a row.
@pytest.mark.parametrize("form", some_of(FORMATS, ("jsonl", "duckdb", "parquet")))
def test_strange_rows_are_rows(form: str, tmp_path: Path) -> None:
    for entries in commits():
        sink = make_sink(form, tmp_path)
        assert sink.open(verify=True).damaged == ()
        sink.begin([TABLE])
        sink.commit(entries, b"{}")
        sink.publish(b"{}")
        sink.close()

    sink = make_sink(form, tmp_path)
    assert sink.open(verify=True).damaged == ()
    sink.begin([TABLE])
    found = {row.key: row.digest for row in sink.rows("things")}
    sink.close()
    assert found == {entry.key: entry.digest for one in commits() for entry in one}
    if form in ("duckdb", "parquet", "objects"):
        # Whatever the columns hold, each row is there as it came.
        wanted = {entry.key: entry.body for one in commits() for entry in one}
        assert dict(read_target(form, tmp_path, "things")) == wanted


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"nan", b"0x10", b"01"])
def test_a_token_that_is_no_json_is_an_unreadable_row(value: bytes) -> None:
    rows = [PLAIN, b'{"id":"2","x":%b}' % value, PLAIN]

    found = RowReader("id").read_page(rows)

    assert [row is None for row in found] == [False, True, False]
