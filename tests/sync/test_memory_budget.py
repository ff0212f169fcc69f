"""MemoryBudget in memory: never more than there is, and nobody waits for what is free."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from intercom_async.sync.memory_budget import MemoryBudget

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(5):
        await checkpoint()


class Readers:
    """Tasks that hold room until they are told to go on."""

    def __init__(self, room: MemoryBudget) -> None:
        self.room = room
        self.inside: list[str] = []
        self._done: dict[str, anyio.Event] = {}

    async def read(self, name: str, size: int) -> None:
        self._done[name] = anyio.Event()
        async with self.room.reserve(size):
            self.inside.append(name)
            await self._done[name].wait()
        self.inside.remove(name)

    async def end(self, *names: str) -> None:
        for name in names:
            self._done[name].set()
        await settle()


async def test_those_who_wait_are_let_in_in_turn() -> None:
    readers = Readers(MemoryBudget(10))
    async with anyio.create_task_group() as group:
        for name, size in (("a", 6), ("b", 4), ("c", 7), ("d", 1)):
            group.start_soon(readers.read, name, size)
        await settle()
        assert readers.inside == ["a", "b"]

        await readers.end("b")
        assert readers.inside == ["a"]
        await readers.end("a")
        assert readers.inside == ["c", "d"]
        assert not readers.room.is_short
        await readers.end("c", "d")


async def test_what_is_larger_than_all_room_is_let_in_alone() -> None:
    readers = Readers(MemoryBudget(10))
    async with anyio.create_task_group() as group:
        for name, size in (("a", 3), ("huge", 50), ("b", 3)):
            group.start_soon(readers.read, name, size)
        await settle()
        assert readers.inside == ["a"]
        await readers.end("a")
        assert readers.inside == ["huge"]
        await readers.end("huge")
        assert readers.inside == ["b"]
        await readers.end("b")


async def test_what_is_there_already_takes_room_from_those_who_ask() -> None:
    readers = Readers(MemoryBudget(10))
    readers.room.take(8)
    async with anyio.create_task_group() as group:
        group.start_soon(readers.read, "a", 5)
        await settle()
        assert readers.inside == []
        readers.room.give_back(8)
        await settle()
        assert readers.inside == ["a"]
        await readers.end("a")


async def test_more_room_lets_more_in() -> None:
    readers = Readers(MemoryBudget(4))
    async with anyio.create_task_group() as group:
        for name in ("a", "b"):
            group.start_soon(readers.read, name, 3)
        await settle()
        assert readers.inside == ["a"]
        readers.room.resize(6)
        await settle()
        assert readers.inside == ["a", "b"]
        await readers.end("a", "b")


@pytest.mark.parametrize("is_let_in", [False, True])
async def test_a_cancelled_wait_leaves_its_place_to_the_next(*, is_let_in: bool) -> None:
    room = MemoryBudget(10)
    readers = Readers(room)
    room.take(10)
    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as inner:

                async def wait() -> None:
                    async with room.reserve(10):
                        await checkpoint()

                inner.start_soon(wait)
                await settle()
                group.start_soon(readers.read, "next", 10)
                await settle()
                if is_let_in:
                    room.give_back(10)
                scope.cancel()
        await settle()
        if not is_let_in:
            assert readers.inside == []
            room.give_back(10)
            await settle()
        assert readers.inside == ["next"]
        await readers.end("next")
    assert not room.is_short
