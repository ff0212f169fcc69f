"""Pages that come at the same moment are worked on in turns of their own."""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from typing import Any, cast

import anyio
import pytest

from intercom_async.clock import CLOCK
from intercom_async.sync import Sink
from intercom_async.sync.checkpoint import State
from intercom_async.sync.page_reader import PageReader
from intercom_async.sync.raw_rows import Row
from intercom_async.sync.stream_run import StreamRun
from intercom_async.sync.turn_taking import TurnTaking
from intercom_async.sync.writer import Batch, Writer
from tests.sync.test_writer import make_stream_run


class LoopIterations:
    """Counts the turns of the loop."""

    def __init__(self) -> None:
        self.number = 0

    async def count(self) -> None:
        while True:
            await CLOCK.sleep(0)
            self.number += 1


@pytest.mark.anyio
async def test_one_task_goes_on_in_a_turn() -> None:
    turns, taking = LoopIterations(), TurnTaking()
    began: list[int] = []

    async def work() -> None:
        await taking.take()
        began.append(turns.number)

    async with anyio.create_task_group() as group:
        group.start_soon(turns.count)
        async with anyio.create_task_group() as workers:
            for _ in range(20):
                workers.start_soon(work)
        group.cancel_scope.cancel()
    assert max(Counter(began).values()) == 1
    assert turns.number < 100


@pytest.mark.anyio
async def test_a_task_that_is_cancelled_lets_the_next_one_go_on() -> None:
    taking = TurnTaking()
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(taking.take)
        await CLOCK.sleep(0)
        group.cancel_scope.cancel()
    with anyio.fail_after(1):
        await taking.take()


class CountingSelector(selectors.DefaultSelector):
    """Counts the turns of a loop: each ends with a look at the sockets."""

    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        return super().select(timeout)


def rows_of(page: int) -> list[Row]:
    return [Row(f"{page}-{number}", "", 5, None, b"{}") for number in range(150)]


async def merge_pages(count: int) -> None:
    """Hand over pages of a list that are all there in one turn of the loop."""
    run = make_stream_run("companies")
    give, take = anyio.create_memory_object_stream[Batch](count)
    writer = Writer(cast("Sink", None), State(workspace="w", streams={}))
    reader = PageReader(give, writer, stop=anyio.Event(), wake=lambda _: None)
    async with give, take:
        await asyncio.gather(
            *(reader.hand_over(Batch(run), rows_of(page), 5) for page in range(count))
        )
        assert [len(take.receive_nowait().entries) for _ in range(count)] == [150] * count


def test_pages_that_come_together_are_merged_in_turns_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    selector = CountingSelector()
    merged: Counter[int] = Counter()
    accept: Any = StreamRun.accept

    def noting(run: StreamRun, rows: list[Row], *arguments: Any, **options: Any) -> Any:
        merged[selector.turns] += 1
        return accept(run, rows, *arguments, **options)

    monkeypatch.setattr(StreamRun, "accept", noting)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(merge_pages(8))
    assert list(merged.values()) == [1] * 8


@pytest.mark.anyio
async def test_pages_that_wait_for_their_turn_take_room() -> None:
    """Each of some hundred chains may have one, and a page has hundreds of kilobytes."""
    run = make_stream_run("companies")
    give, take = anyio.create_memory_object_stream[Batch](3)
    writer = Writer(cast("Sink", None), State(workspace="w", streams={}))
    reader = PageReader(give, writer, stop=anyio.Event(), wake=lambda _: None)
    writer.memory_budget.resize(1_000)

    async def ask_for_another() -> None:
        async with writer.memory_budget.reserve(100):
            pytest.fail("a page was asked for while three waited")

    async with give, take, anyio.create_task_group() as group:
        for page in range(3):
            rows = [Row(f"{page}-{number}", "", 5, None, b"{}" * 10) for number in range(150)]
            group.start_soon(reader.hand_over, Batch(run), rows, 5)
        group.start_soon(ask_for_another)
        await CLOCK.sleep(0)
        assert take.statistics().current_buffer_used == 0
        assert writer.memory_budget.is_short
        group.cancel_scope.cancel()
