"""Memory for what is read and not yet written: a number of bytes that all readers share.

A page needs room before it is asked for, since many are under way at once, and the size of the last
one is a good guess. Those that wait are let in one after the other, as room is given back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio


class MemoryBudget:
    """Bounds bytes.

    Args:
        most: How many there may be; a single piece may be larger.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._waiting: deque[tuple[int, anyio.Event]] = deque()

    @property
    def is_short(self) -> bool:
        """Whether somebody waits for room."""
        return bool(self._waiting)

    def resize(self, most: int) -> None:
        """Have more room from now on, or less."""
        self._most = most
        self.give_back(0)

    def take(self, size: int) -> None:
        """Take room for something that is there already."""
        self._held += size

    def give_back(self, size: int) -> None:
        """Give room back, and let those in who now have enough."""
        self._held -= size
        while self._waiting and self._fits(self._waiting[0][0]):
            wanted, turn = self._waiting.popleft()
            self._held += wanted
            turn.set()

    @contextmanager
    def holding(self, size: int) -> Generator[None]:
        """Count something that is there already for as long as the block lasts."""
        self.take(size)
        try:
            yield
        finally:
            self.give_back(size)

    @asynccontextmanager
    async def reserve(self, size: int) -> AsyncGenerator[None, None]:
        """Wait for room for something that comes, and keep it for the block."""
        if self._waiting or not self._fits(size):
            turn = anyio.Event()
            self._waiting.append((size, turn))
            try:
                await turn.wait()
            except BaseException:
                if turn.is_set():
                    self.give_back(size)
                else:
                    self._waiting.remove((size, turn))
                raise
        else:
            self._held += size
        try:
            yield
        finally:
            self.give_back(size)

    def _fits(self, size: int) -> bool:
        return not self._held or self._held + size <= self._most
