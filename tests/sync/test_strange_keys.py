"""A row with an id that not every target can keep is an unreadable row, in all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from intercom_async.sync import ParquetSink, sync
from intercom_async.sync.raw_rows import MAX_KEY_BYTES, RowReader
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

KEYS = {
    "too long": "k" * (MAX_KEY_BYTES + 1),
    "too long in bytes": "é" * (MAX_KEY_BYTES // 2 + 1),
    "a number of too many digits": 10**MAX_KEY_BYTES,
    "NUL": "a\0b",
}
FITTING: list[str | int] = [
    "k" * MAX_KEY_BYTES, "é" * (MAX_KEY_BYTES // 2), 10 ** (MAX_KEY_BYTES - 1), r"a\u0000b", "é",
]  # fmt: skip
PLAIN = b'{"id":"1"}'


def row_of(key: str | int) -> bytes:
    if isinstance(key, int):
        return b'{"id":%d,"name":"x"}' % key
    return msgspec.json.encode({"id": key, "name": "x"})


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_row_is_unreadable_in_a_page_and_by_itself(key: str | int) -> None:
    reader = RowReader("id")
    page = reader.read_page([PLAIN, row_of(key), PLAIN])
    assert [row is None for row in page] == [False, True, False]
    assert reader.read(row_of(key)) is None


@pytest.mark.parametrize("key", FITTING)
def test_a_row_with_an_id_that_fits_is_read(key: str | int) -> None:
    (row,) = RowReader("id").read_page([row_of(key)])
    assert row is not None
    assert row.key == str(key)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_what_a_target_holds_already_is_read_whatever_its_id_is(key: str | int) -> None:
    reader = RowReader("id", takes_any_key=True)
    for row in (*reader.read_page([row_of(key)]), reader.read(row_of(key))):
        assert row is not None
        assert row.key == str(key)


def with_key(changed: str, key: str) -> Callable[[Request, Answer], Answer]:
    """Return what gives one tag and one contact an id in lists and searches."""

    def change(_: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or answer.status != 200:
            return answer
        body = answer.body.replace(
            b'"id":"%b"' % changed.encode(), b'"id":' + msgspec.json.encode(key)
        )
        return Reply(answer.status, answer.headers, body)

    return change


async def report_of(one: World, folder: Path, stream: str, form: str) -> set[tuple[str, str]]:
    if form == "parquet":
        pytest.importorskip("pyarrow")
        report = await sync(
            one.intercom, [stream], sink=ParquetSink(folder / "parquet", inline=True)
        )
    else:
        report = await one.sync(stream)
    assert report.exit_code == 3
    return {(failure.what, failure.reason) for failure in report.failures}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
@pytest.mark.parametrize("stream", ["contacts", "tags"])
@pytest.mark.parametrize("name", ["too long", "NUL"])
async def test_a_run_names_it_as_a_hole_and_keeps_the_others(
    name: str, stream: str, form: str, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=5) as one:
        listed = one.simulator.call("GET", f"/{stream}")["data"]
        one.change = with_key(str(listed[0]["id"]), str(KEYS[name]))
        ((_, reason),) = await report_of(one, tmp_path, stream, form)

        assert "readable 'id'" in reason
        assert str(KEYS[name]) not in reason
        if form == "jsonl":
            assert set(one.rows(stream)) == {str(row["id"]) for row in listed[1:]}
