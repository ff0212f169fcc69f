"""Rows reach DuckDB by a file: as they were sent, in bounded memory, from any folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed")

from intercom_async.sync import DuckDBSink
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.columns import TableColumns
from intercom_async.sync.sinks.disk import OS_DISK
from intercom_async.sync.sinks.duckdb_staging import (
    VECTOR_BYTES,
    VECTOR_ROWS,
    StagingFile,
)
from intercom_async.sync.sinks.entries import Put
from intercom_async.sync.sinks.merge import Emitted

pytestmark = pytest.mark.once
TALKS = Table("talks", "id")
AS_SENT = (
    b'{"id":"1","text":"\\u003cp\\u003eA \\u0026 B\\/C\\u003c/p\\u003e"}',
    b'{ "id" : "2" , "number" : 1e5, "exact" : 1.10 }',
    b'{"id":"3","large":123456789012345678901234567890,"text":"\xc3\xa9\\ud83d\\ude00"}',
    b'{"id":"4","list":[1,\t2],"quote":"\\",\\u0001,\xe2\x80\xa8"}',
    b'{"id":"5","null":null,"empty":"","":{}}',
)


def sink_with(path: Path, *bodies: bytes) -> DuckDBSink:
    """Write rows into a new database, and return its sink."""
    sink = DuckDBSink(path)
    sink.open()
    sink.begin([TALKS])
    puts = [
        Put("talks", msgspec.json.decode(body)["id"], "", body, 0, 5, digest_of(body))
        for body in bodies
    ]
    sink.commit(puts, b"{}")
    sink.publish(b"{}")
    return sink


def rows_of(path: Path, statement: str) -> list[Any]:
    import duckdb  # noqa: PLC0415 (an extra)

    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_records_are_as_they_were_sent(tmp_path: Path) -> None:
    """Else `--verify` would take each escape that can be written otherwise for damage."""
    path = tmp_path / "target.duckdb"
    sink_with(path, *AS_SENT).close()
    records = rows_of(path, "SELECT record FROM talks ORDER BY id")
    assert [record.encode() for (record,) in records] == list(AS_SENT)
    again = DuckDBSink(path)
    assert again.open(verify=True).damaged == ()
    again.close()


@pytest.mark.parametrize("folder", ["a[b]", "a*", "it's", "ä ö"])
def test_a_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / "target.duckdb"
    sink_with(path, AS_SENT[0]).close()
    assert rows_of(path, "SELECT id FROM talks") == [("1",)]


def test_nothing_stays_of_the_file(tmp_path: Path) -> None:
    sink_with(tmp_path / "target.duckdb", AS_SENT[0]).close()
    assert not [*tmp_path.rglob("staged*")]


@pytest.mark.parametrize(("count", "size"), [(20, 300_000), (1, 3_000_000), (2_100, 2_000)])
def test_large_rows_fit_into_the_memory_that_duckdb_is_given(
    tmp_path: Path, count: int, size: int
) -> None:
    path = tmp_path / "target.duckdb"
    text = "x" * size
    bodies = [
        msgspec.json.encode({"id": str(number), "text": text, "more": text[:99]})
        for number in range(count)
    ]
    sink_with(path, *bodies).close()
    assert rows_of(path, "SELECT count(*), min(length(record)) FROM talks")[0][0] == count


def emitted(count: int, size: int) -> Iterator[Emitted]:
    return (Emitted(b'{"x":"%b"}' % (b"y" * size), 1, 2, 0) for _ in range(count))


@pytest.mark.parametrize(
    ("count", "size", "parts"),
    [
        pytest.param(0, 0, 0, id="none"),
        pytest.param(10_240, 10, 1, id="a row group"),
        pytest.param(10_241, 10, 2, id="one more"),
        pytest.param(VECTOR_ROWS + 1, VECTOR_BYTES // VECTOR_ROWS - 9, 1, id="as large as may be"),
        pytest.param(2 * VECTOR_ROWS, VECTOR_BYTES // VECTOR_ROWS, 3, id="larger"),
        pytest.param(3, VECTOR_BYTES, 3, id="each for itself"),
    ],
)
def test_a_file_has_no_more_than_a_statement_takes(
    tmp_path: Path, count: int, size: int, parts: int
) -> None:
    file = StagingFile(OS_DISK, tmp_path / "staged")
    rows, columns = emitted(count, size), TableColumns(TALKS)
    found = 0
    while (staged := file.write(rows, columns)) is not None:
        found += 1
        assert staged.fields == {"x"}
        assert staged.longest == size + 8
        columns = TableColumns(TALKS)
    assert found == parts


def is_new_form(connection: Any) -> bool:
    """Say whether the databases that DuckDB makes by itself can have texts compressed by zstd."""
    found = connection.execute("SELECT tags['storage_version'] FROM duckdb_databases()").fetchall()
    return str(found[0][0]).startswith("v2")


@pytest.mark.parametrize("is_older", [False, True])
def test_records_are_compressed(tmp_path: Path, *, is_older: bool) -> None:
    """A database of an older form, which cannot have this, gets its tables as well."""
    import duckdb  # noqa: PLC0415 (an extra)

    path = tmp_path / "target.duckdb"
    with duckdb.connect(str(path)) as connection:
        if not is_new_form(connection):
            pytest.skip("this DuckDB makes databases of the older form")
    path.unlink()
    if is_older:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH '{path}' (STORAGE_VERSION 'v1.0.0')")
    sink_with(path, *(b'{"id":"%d","text":"%b"}' % (each, b"word " * 99) for each in range(9)))
    kinds = "SELECT compression FROM pragma_storage_info('talks') WHERE column_name = 'record'"
    assert (("ZSTD",) in rows_of(path, kinds)) is not is_older
    assert rows_of(path, "SELECT count(*) FROM talks") == [(9,)]


DEEP = b"[" * 20_000 + b"]" * 20_000  # no decoder of Python 3.11 to 3.13 goes so deep


@pytest.mark.parametrize(
    ("last", "fields"),
    [
        pytest.param(b'{"id":"3"}', set[str](), id="none"),
        pytest.param(b'{"new":1,"id":"3","other":{"x":2}}', {"new", "other"}, id="two"),
        pytest.param(b'{"id":"3","deep":%b}' % DEEP, set[str](), id="too deep to have a column"),
        pytest.param(b'{"id":"3","deep":%b,"flat":1}' % DEEP, {"flat"}, id="beside a deep one"),
        pytest.param(b'{"id":"3","a\\"b":1}', {'a"b'}, id="that no attribute can have"),
    ],
)
@pytest.mark.parametrize("known", [(), ("new", "flat"), ('a"b',)])
def test_new_fields_are_found_among_others(
    last: bytes, fields: set[str], known: tuple[str, ...]
) -> None:
    columns = TableColumns(TALKS, known)
    assert columns.unknown([b'{"id":"1"}', last, b'{"id":2}']) == fields - {*known}
