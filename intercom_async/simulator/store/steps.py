"""Long scans in steps that an event loop can interleave with other requests.

A search over a million seeded rows reads each of them once. A handler that would have to do that
raises `IndexMissing` with the scan as an iterator. The caller advances the iterator, does other
work between its steps, and calls the handler again.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias, TypeVar

AT_ONCE = 500
"""Rows that a handler scans itself, some 10 ms where whole rows have to be made; a longer scan is
left to steps (`test_steps.py`)."""
STEP_ROWS = 250
"""Rows between two steps: with whole rows made for each, some 5 ms (`test_steps.py`)."""
RUN_ROWS = 2_000
"""Rows that are sorted into one run; the runs are merged afterwards (`test_steps.py`)."""

T = TypeVar("T")
SortKey: TypeAlias = tuple[tuple[int, Any], int]


class IndexMissing(Exception):  # noqa: N818 (a request to be called again, not an error)
    """An answer needs a scan that is too long for one go.

    Args:
        steps: The scan. Several requests may advance one iterator in turn.
    """

    def __init__(self, steps: Iterator[None]) -> None:
        super().__init__("an index has to be built first")
        self.steps = steps


@dataclasses.dataclass(slots=True)
class StepPolicy:
    """Whether the handler that runs now may be called again, and how much was written so far."""

    may_interrupt: bool = False
    writes: int = 0
    """Rises with every write to the workspace."""

    def has_written(self) -> None:
        """Note that the handler has written, or will: it must not be called again."""
        self.may_interrupt = False
        self.writes += 1

    def uninterrupted(self) -> AbstractContextManager[None]:
        """Run every scan in one go meanwhile."""
        return self._set(may_interrupt=False)

    def interruptible(self) -> AbstractContextManager[None]:
        """Leave long scans to steps meanwhile."""
        return self._set(may_interrupt=True)

    @contextmanager
    def _set(self, *, may_interrupt: bool) -> Generator[None]:
        before, self.may_interrupt = self.may_interrupt, may_interrupt
        try:
            yield
        finally:
            self.may_interrupt = before


class Scans:
    """Scans under way by key, each shared by all requests that wait for it."""

    def __init__(self, policy: StepPolicy) -> None:
        self._policy = policy
        self._running: dict[Any, Iterator[None]] = {}

    def run(self, key: Any, size: int, begin: Callable[[], Iterator[None]]) -> None:
        """Run a scan of `size` rows to its end, or raise `IndexMissing` if it is a long one."""
        if size <= AT_ONCE or not self._policy.may_interrupt:
            for _ in begin():
                pass
            return
        if key not in self._running:
            self._running[key] = self._until_done(key, begin())
        raise IndexMissing(self._running[key])

    def _until_done(self, key: Any, steps: Iterator[None]) -> Iterator[None]:
        try:
            yield from steps
        finally:
            # Also where a scan fails: the next request begins another one.
            self._running.pop(key, None)


def matching(
    numbers: Sequence[int], test: Callable[[int], bool]
) -> Generator[None, None, array[int]]:
    """Return the numbers that pass a test, with a step after every `STEP_ROWS` of them."""
    found = array("I")
    for start in range(0, len(numbers), STEP_ROWS):
        found.extend([one for one in numbers[start : start + STEP_ROWS] if test(one)])
        yield
    return found


def in_order(
    numbers: Sequence[int], key: Callable[[int], SortKey]
) -> Generator[None, None, array[int]]:
    """Return numbers sorted by a key that ends with the number itself, in steps.

    Keys are made twice rather than kept: a million tuples would have the garbage collector stop
    everything for a tenth of a second.
    """
    runs: list[array[int]] = []
    for start in range(0, len(numbers), RUN_ROWS):
        keys: list[SortKey] = []
        part = numbers[start : start + RUN_ROWS]
        for at in range(0, len(part), STEP_ROWS):
            keys += map(key, part[at : at + STEP_ROWS])
            yield
        keys.sort()
        runs.append(array("I", [number for _, number in keys]))
    merged = heapq.merge(*runs, key=key)
    found = array("I")
    while following := list(itertools.islice(merged, STEP_ROWS)):
        found.extend(following)
        yield
    return found


def finished(steps: Generator[None, None, T]) -> T:
    """Make all steps in one go, and return what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
