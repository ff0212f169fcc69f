"""Which rows were written, for each of several readers that look at them later.

Rows are changed in place after a table has handed them out, so a write only marks its row. A
reader looks at what is marked when it is asked the next time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Changes:
    """The marked rows of one table.

    Args:
        now: The simulator's time, UNIX seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._readers: list[set[int]] = []
        self._later: list[tuple[float, int]] = []

    def watch(self) -> set[int]:
        """Return a set that every row is added to from now on when it is marked."""
        marked: set[int] = set()
        self._readers.append(marked)
        return marked

    def unwatch(self, marked: set[int]) -> None:
        """Add nothing more to a set that `watch` returned."""
        self._readers = [one for one in self._readers if one is not marked]

    def mark(self, number: int) -> None:
        """Mark a row: it was, or is about to be, written."""
        for marked in self._readers:
            marked.add(number)

    def mark_at(self, number: int, at: float) -> None:
        """Mark a row once the clock has reached `at`."""
        heapq.heappush(self._later, (at, number))

    def mark_due(self) -> None:
        """Mark the rows whose time has come."""
        if self._later:
            now = self._now()
            while self._later and self._later[0][0] <= now:
                self.mark(heapq.heappop(self._later)[1])
