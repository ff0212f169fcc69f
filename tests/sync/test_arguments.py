"""Every argument of `sync`, `plan` and the sinks, and odd values for each: one kind of error.

It names the argument, and comes before a target is opened and before anything is sent.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from intercom_async import ConfigError, Intercom
from intercom_async.sync import (
    DuckDBSink,
    JsonlSink,
    Listing,
    ParquetSink,
    PostgresSink,
    Progress,
    Ranged,
    Sink,
    Stream,
    SyncConfigError,
    SyncError,
    plan,
    sync,
)
from intercom_async.sync.shards import Shard, run_shard
from intercom_async.transport import MemoryTransport

pytestmark = pytest.mark.anyio

NAIVE = datetime(2026, 1, 31)  # noqa: DTZ001 (the point)
ODD: list[Any] = [
    None,
    object(),
    b"bytes",
    [3],
    {1: 2},
    -1,
    float("nan"),
    float("inf"),
    True,
    1.5,
    "",
    " ",
    "word",
    "a\0b",
    "a\ud800b",
    0,
    3,
    10**400,
    NAIVE,
    Intercom,
]
SECONDS = (True, 1.5, 0, 3)
METHODS = [name for name, one in vars(Sink).items() if name[0] != "_" and inspect.isfunction(one)]
"""All that a sink has to have, as its protocol says."""
FINE: dict[str, tuple[Any, ...]] = {
    "streams": (None,),
    "since": (None, 0, 3, -1),
    "full": (True,),
    "lookback_s": SECONDS[1:],
    "reconcile_within_s": SECONDS[1:],
    "patience_s": SECONDS[1:],
    "wait_s": SECONDS[1:],
    "repair": (True,),
    "verify": (True,),
    "hard_delete": (True,),
    "erase_deleted": (True,),
    "inline": (True,),
    "on_progress": (None, Intercom),
    "stop": (None,),
    "compression": (None,),
    "file_bytes": (3,),
    "attachments": (None, "word"),
    "path": ("word",),
    "conninfo": ("word",),
    "schema": ("word",),
}
"""Values that can be meant; `on_progress` may be anything that can be called."""


def is_fine(name: str, value: Any) -> bool:
    return any(type(value) is type(one) and value == one for one in FINE.get(name, ()))


def shown(value: object) -> str:
    """Name a case alike in every process."""
    return f"{type(value).__name__}-{'' if type(value) is object else value!r:.12}"


def arguments(of: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(of).parameters)


def message_of(error: SyncConfigError) -> str:
    assert isinstance(error, SyncError)
    assert isinstance(error, ConfigError)
    return str(error)


@pytest.mark.parametrize("use", [sync, plan], ids=["sync", "plan"])
@pytest.mark.parametrize("value", ODD, ids=shown)
async def test_an_odd_argument_is_refused_by_name(
    use: Callable[..., Any], value: Any, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    async with Intercom("token", transport=MemoryTransport([])) as intercom:
        for name in arguments(use):
            if is_fine(name, value):
                continue
            given: dict[str, Any] = {"intercom": intercom}
            if use is sync:
                given["sink"] = JsonlSink(target)
            with pytest.raises(SyncConfigError) as caught:
                await use(**(given | {name: value}))
            assert name.rstrip("s") in message_of(caught.value)
    assert not target.exists()


@pytest.mark.parametrize("sink", [JsonlSink, ParquetSink, DuckDBSink, PostgresSink])
@pytest.mark.parametrize("value", ODD, ids=shown)
def test_an_odd_argument_of_a_sink_is_refused_by_name(sink: Any, value: Any) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    pytest.importorskip("psycopg")
    names = arguments(sink)
    for name in names:
        if is_fine(name, value):
            continue
        given: dict[str, Any] = {names[0]: "word"}
        with pytest.raises(SyncConfigError) as caught:
            sink(**(given | {name: value}))
        assert name in message_of(caught.value)


def test_an_address_with_a_password_is_in_no_message() -> None:
    with pytest.raises(SyncConfigError) as caught:
        PostgresSink("postgresql://me:very-secret@host\0/db")
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize("streams", [[], ["contactz"], ["tags", "tags"]])
async def test_streams_that_are_not_there_are_refused_before_a_request(
    streams: list[str], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    async with Intercom("token", transport=MemoryTransport([])) as intercom:
        with pytest.raises(SyncConfigError, match="stream"):
            await plan(intercom, streams)
        with pytest.raises(SyncConfigError, match="stream"):
            await sync(intercom, streams, sink=JsonlSink(target))
    assert not target.exists()


@pytest.mark.parametrize("use", [sync, plan], ids=["sync", "plan"])
@pytest.mark.parametrize(
    "since", [-(10**15), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))], ids=shown
)
async def test_a_moment_before_all_years_is_refused(
    use: Callable[..., Any], since: Any, tmp_path: Path
) -> None:
    given = {"sink": JsonlSink(tmp_path / "target")} if use is sync else {}
    async with Intercom("token", transport=MemoryTransport([])) as intercom:
        with pytest.raises(SyncConfigError, match="since lies before the year 1"):
            await use(intercom, since=since, **given)


@pytest.mark.parametrize(
    "text", [None, 3, "", "null", "\ud800", b"\xff", '{"a":' * 5_000], ids=shown
)
def test_what_is_no_shard_is_an_error_of_its_own(text: Any) -> None:
    with pytest.raises(SyncError, match="not a shard's JSON"):
        Shard.from_json(text)


@pytest.mark.parametrize("field", ["a\0b", 'a"b', "a\\b", "a\nb"], ids=shown)
def test_a_field_whose_name_needs_an_escape_is_refused(field: str) -> None:
    listing = Listing(lambda client: client.tags.list())
    with pytest.raises(SyncConfigError, match="key has"):
        Stream("tags", listing, key=field)
    with pytest.raises(SyncConfigError, match="cursor_field has"):
        Ranged(lambda client, _: client.contacts.list(), cursor_field=field)


@pytest.mark.parametrize("lacking", METHODS)
async def test_a_sink_that_lacks_a_method_is_refused_before_it_is_opened(lacking: str) -> None:
    """It would fail in the middle of a run, after its calls."""
    opened: list[object] = []
    methods = dict.fromkeys(METHODS, opened.append)
    del methods[lacking]
    own: Any = type("Own", (), {"inline": True, "where": "own", **methods})()
    async with Intercom("token", transport=MemoryTransport([])) as intercom:
        with pytest.raises(SyncConfigError, match="sink must be a sink"):
            await sync(intercom, sink=own)
    assert opened == []


async def test_an_async_function_for_progress_is_refused(tmp_path: Path) -> None:
    async def tell(_: Progress) -> None: ...

    async with Intercom("token", transport=MemoryTransport([])) as intercom:
        with pytest.raises(SyncConfigError, match="not an async one"):
            await sync(intercom, sink=JsonlSink(tmp_path / "target"), on_progress=tell)


@pytest.mark.parametrize("odd", [{"on_progress": 3}, {"stop": 3}], ids=["on_progress", "stop"])
async def test_an_odd_hook_of_a_shard_is_refused_by_name(
    odd: dict[str, Any], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    async with Intercom("token", transport=MemoryTransport([])) as intercom:
        shard = Shard(
            run="r", number=0, workspace="w", stream="tags", low=0, version=intercom.version
        )
        with pytest.raises(SyncConfigError, match="|".join(odd)):
            await run_shard(intercom, shard, JsonlSink(target), **odd)
