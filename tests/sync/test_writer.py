"""The writer: all of it in the target, in order, and what is small not behind what is large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import anyio
import pytest

from intercom_async.sync import JsonlSink
from intercom_async.sync.builtin_streams import STREAMS
from intercom_async.sync.checkpoint import State, StreamState
from intercom_async.sync.counting_client import CountingClient
from intercom_async.sync.cut_points import Seconds
from intercom_async.sync.partitions import Part
from intercom_async.sync.server_time import ServerTime
from intercom_async.sync.sinks.entries import Entry, Put
from intercom_async.sync.stream_run import StreamRun
from intercom_async.sync.throughput import MOST_BYTES, SinkThroughput
from intercom_async.sync.writer import Batch, Writer

pytestmark = pytest.mark.anyio

PAGE_BYTES = 300_000


class Commits:
    """A target that remembers what came when."""

    inline = True
    where = "the target"

    def __init__(self) -> None:
        self.keys: list[dict[str, int]] = []
        self.sizes: list[int] = []

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        assert state
        puts = [entry for entry in entries if isinstance(entry, Put)]
        self.keys.append(Counter(put.table for put in puts))
        self.sizes.append(sum(len(put.body) for put in puts))


def make_stream_run(name: str) -> StreamRun:
    stream = next(one for one in STREAMS if one.name == name)
    client = cast("CountingClient", None)
    return StreamRun(stream, client, StreamState(), Seconds(), ServerTime(0.0, is_known=True))


def page(run: StreamRun, part: Part, number: int) -> Batch:
    put = Put(run.name, str(number), "", b"x" * PAGE_BYTES, 0, 0, number)
    return Batch(run, [put], part=part, position=str(number), counted=1)


def child(run: StreamRun, key: str) -> Batch:
    return Batch(run, [Put(run.name, f"part of {key}", key, b"{}", 0, 0, 0)])


async def write(sink: Commits, *batches: Batch) -> None:
    """Write batches that are there all at once."""
    writer = Writer(cast("JsonlSink", sink), State(workspace="w", streams={}))
    give, take = anyio.create_memory_object_stream[Batch](len(batches))
    async with give:
        for batch in batches:
            writer.expect(batch)
            give.send_nowait(batch)
    await writer.run(take)


async def test_children_do_not_queue_behind_the_pages_of_other_streams() -> None:
    contacts, talks, parts = map(
        make_stream_run, ("contacts", "conversations", "conversation_parts")
    )
    talks.children, parts.parent = [parts], talks
    span = Part(low=0, high=9, floor=0)
    sink = Commits()

    pages = [page(contacts, span, number) for number in range(40)]
    await write(sink, *pages, page(talks, Part(low=0, high=9, floor=0), 1), child(parts, "a"))

    first = next(i for i, keys in enumerate(sink.keys) if "conversation_parts" in keys)
    assert first <= 1
    assert len(sink.keys) > first + 2
    assert max(sink.sizes) <= MOST_BYTES + PAGE_BYTES


async def test_nothing_is_lost_and_a_position_only_grows() -> None:
    contacts, talks, parts = map(
        make_stream_run, ("contacts", "conversations", "conversation_parts")
    )
    talks.children, parts.parent = [parts], talks
    many, few = Part(low=0, high=9, floor=0), Part(low=0, high=9, floor=0)
    batches: list[Batch] = []
    for number in range(30):
        batches.append(page(contacts, many, number))
        if number % 5 == 0:
            batches.append(page(talks, few, number))
            batches.append(child(parts, f"{number}"))
    sink = Commits()

    await write(sink, *batches)

    totals: dict[str, int] = {}
    for keys in sink.keys:
        for name, count in keys.items():
            totals[name] = totals.get(name, 0) + count
    assert totals == {"contacts": 30, "conversations": 6, "conversation_parts": 6}
    assert (many.position, many.rows, few.position, few.rows) == ("29", 30, "25", 6)


def settled(fixed_s: float, per_byte_s: float) -> tuple[SinkThroughput, float]:
    """Return what is known of a target after many commits, and how long one takes by then."""
    speed = SinkThroughput()
    took_s = fixed_s
    for _ in range(50):
        speed.note(0, fixed_s)
        took_s = fixed_s + speed.commit_bytes * per_byte_s
        speed.note(speed.commit_bytes, took_s)
    return speed, took_s


@pytest.mark.parametrize(
    ("fixed_s", "mb_per_s", "shortest_s", "longest_s"),
    [
        pytest.param(0.010, 10, 0.08, 0.13, id="much work a byte: short commits"),
        pytest.param(0.300, 10, 0.6, 1.3, id="a slow disk: larger ones, not a slow sync"),
        pytest.param(0.002, 400, 0.0, 0.1, id="a fast one: as large as they may be"),
    ],
)
def test_commits_are_as_large_as_the_target_is_quick(
    fixed_s: float, mb_per_s: float, shortest_s: float, longest_s: float
) -> None:
    speed, took_s = settled(fixed_s, 1 / (mb_per_s * 1e6))
    assert shortest_s <= took_s <= longest_s
    assert speed.commit_bytes <= MOST_BYTES
    assert speed.held_bytes >= speed.commit_bytes


def test_a_target_that_takes_no_time_is_no_division_by_zero() -> None:
    speed = SinkThroughput()
    speed.note(10, 0.0)
    found: list[Any] = [speed.commit_bytes, speed.held_bytes]
    assert all(size > 0 for size in found)
