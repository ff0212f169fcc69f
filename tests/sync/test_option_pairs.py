"""Each option of a sync beside each other one does what it says, or both are refused by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async.clock import CLOCK
from intercom_async.sync import (
    DuckDBSink,
    JsonlSink,
    ParquetSink,
    Report,
    Sink,
    SyncConfigError,
    sync,
)
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

THERE = ("contacts", "tags")
WITH_FILES = ("conversations", "conversation_parts")
"""Streams that the attachments belong to."""
OPTIONS: dict[str, Any] = {
    "streams": ("contacts",),
    "since": -2 * DAY_S,
    "full": True,
    "lookback_s": 0,
    "reconcile": "never",
    "reconcile_within_s": 3_600,
    "patience_s": 1.0,
    "wait_s": 1.0,
    "repair": True,
    "verify": True,
    "hard_delete": True,
    "erase_deleted": True,
    "drop_streams": ("tags",),
    "attachments": "files",
}
"""A value of each that is not its default; `since` counts from the run's beginning."""
REFUSED = {
    ("streams", "attachments"): "attachments.*streams conversations and",
}
"""Pairs that exclude each other, and what the refusal says."""


class Outcome:
    """What a run of a target came to, of which a row had changed and another one gone."""

    def __init__(self, one: World, report: Report, changed: str, gone: str) -> None:
        self.report = report
        self.names = {stream.name for stream in report.streams}
        self.kinds = {stream.name: stream.kind for stream in report.streams}
        self.changed = one.rows("contacts")[changed]
        everything = one.rows("contacts", live=False)
        self.gone = everything.get(gone)
        self.files = {path.name for path in (one.folder / "target").glob("*.jsonl")}


def is_complete(given: dict[str, Any], found: Outcome) -> bool:
    return found.report.is_complete or is_unlooked(given)


def is_unlooked(given: dict[str, Any]) -> bool:
    """Say whether nothing looks for what has gone: a full run does, whatever else is said."""
    return "reconcile" in given and "full" not in given


def is_erased(row: dict[str, Any] | None) -> bool:
    return row is not None and row["_deleted_at"] is not None and "name" not in row


AS_IT_SAYS: dict[str, Callable[[dict[str, Any], Outcome], bool]] = {
    **dict.fromkeys(OPTIONS, is_complete),
    "streams": lambda _, found: found.names == {"contacts"},
    "full": lambda _, found: found.kinds["contacts"] == "full",
    "reconcile": lambda given, found: "full" in given or found.kinds["contacts"] == "changes",
    "reconcile_within_s": lambda given, found: found.report.is_complete != is_unlooked(given),
    "hard_delete": lambda given, found: is_unlooked(given) or found.gone is None,
    "erase_deleted": lambda given, found: (
        is_unlooked(given) or is_erased(found.gone) or "hard_delete" in given
    ),
    "drop_streams": lambda _, found: "tags" not in found.names and "tags.jsonl" not in found.files,
}
"""What shows that a run was as each option says."""


@pytest.fixture
def options() -> list[str]:
    names = list(inspect.signature(sync).parameters)
    return [name for name in names if name not in ("intercom", "sink", "on_progress", "stop")]


def test_each_option_is_tried(options: list[str]) -> None:
    assert options == list(OPTIONS)


@pytest.mark.parametrize("pair", list(combinations(OPTIONS, 2)), ids="-".join)
async def test_each_pair_is_as_it_says_or_refused(pair: tuple[str, str], tmp_path: Path) -> None:
    has_files = "attachments" in pair
    async with world(tmp_path, contacts=4, conversations=2 * has_files) as one:
        await one.sync(*THERE, *(WITH_FILES if has_files else ()))
        await anyio.sleep(DAY_S)
        changed, gone, *_ = await one.truth("contacts")
        await one.intercom.contacts.update(changed, name="changed")
        await one.intercom.contacts.delete(gone)
        await anyio.sleep(2 * 3_600)
        given = {name: OPTIONS[name] for name in pair}
        if "since" in given:
            given["since"] += int(CLOCK.unix())
        if has_files:
            given["attachments"] = tmp_path / "files"
        streams = given.pop("streams", ())
        before = {path: path.read_bytes() for path in (tmp_path / "target").glob("*.jsonl")}
        if pair in REFUSED:
            with pytest.raises(SyncConfigError, match=REFUSED[pair]):
                await one.sync(*streams, **given)
            assert before == {path: path.read_bytes() for path in before}
            return
        report = await one.sync(*streams, **given)

        found = Outcome(one, report, changed, gone)
        assert found.changed["name"] == "changed"
        assert [name for name in pair if not AS_IT_SAYS[name](given, found)] == []


@pytest.mark.parametrize("more", [{}, {"full": True}, {"reconcile": "now"}], ids=str)
async def test_changes_since_a_moment_of_a_new_target(more: dict[str, Any], tmp_path: Path) -> None:
    """Alone it leaves out what is older, and names it; all is read where all is asked for."""
    async with world(tmp_path, contacts=6) as one:
        key = next(iter(await one.truth("contacts")))
        await one.intercom.contacts.update(key, name="changed")
        for _ in range(2):
            since = int(CLOCK.unix()) - 3_600
            report = await one.sync("contacts", since=since, **more)
            assert report.is_complete == bool(more)
            assert len(one.rows("contacts")) == (6 if more else 1)
            await anyio.sleep(600)


def sinks(folder: Path) -> dict[str, Callable[[], Sink]]:
    return {
        "jsonl": lambda: JsonlSink(folder / "a", inline=True),
        "parquet": lambda: ParquetSink(folder / "b", inline=True),
        "duckdb": lambda: DuckDBSink(folder / "c.duckdb", inline=True),
    }


def places(folder: Path) -> list[Path]:
    """Return what making a target would make."""
    return [folder / name for name in ("a", "b", "c.duckdb", ".c.duckdb.sync")]


@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
@pytest.mark.parametrize(
    ("name", "near"), [("nonsense", ""), ("contact", r" \(is it 'contacts' that is meant\?\)")]
)
async def test_a_stream_that_is_nowhere_is_dropped_from_nothing(
    form: str, name: str, near: str, tmp_path: Path
) -> None:
    """A new target is not even made; of one that is there, the message says what it has."""
    pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    sink = sinks(tmp_path)[form]
    said = rf"no stream '{name}' that could be dropped{near}; .* has "
    async with world(tmp_path, contacts=2) as one:
        with pytest.raises(SyncConfigError, match=said + "none"):
            await sync(one.intercom, sink=sink(), drop_streams=[name])
        assert not any(path.exists() for path in places(tmp_path))
        assert one.simulator.requests == 0
        await sync(one.intercom, ["contacts", "tags"], sink=sink())
        with pytest.raises(SyncConfigError, match=said + "contacts, tags"):
            await sync(one.intercom, sink=sink(), drop_streams=[name])


async def test_a_name_that_is_nearly_one_is_asked_about(tmp_path: Path) -> None:
    async with world(tmp_path) as one:
        with pytest.raises(SyncConfigError, match=r"'Conversation' \(is it 'conversations' that"):
            await one.sync("Conversation")


async def test_a_stream_that_is_dropped_twice_goes_once(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2) as one:
        await one.sync("contacts", "tags")
        assert (await one.sync(drop_streams=["tags", "tags"])).is_complete
        assert not (tmp_path / "target" / "tags.jsonl").exists()
