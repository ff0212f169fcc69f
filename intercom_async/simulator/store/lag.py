"""Earlier forms of written rows, which searches and reads still show for a while."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable

from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.draw import mix


@dataclasses.dataclass(slots=True)
class _Earlier:
    """What a row was, None for nothing, and until when it is still shown."""

    row: Row | None
    search_until: float
    read_until: float


class Lag:
    """The rows of one table whose last change is not visible everywhere yet."""

    def __init__(self, seed: int, now: Callable[[], float]) -> None:
        self.search_s: float = 0.0
        """Longest time until a search finds a change."""
        self.read_s: float = 0.0
        """Time until a read shows a change."""
        self._seed = seed
        self.now: Callable[[], float] = now
        self._earlier: dict[int, _Earlier] = {}
        self._writes = 0

    @property
    def is_on(self) -> bool:
        """Whether changes are to be noted."""
        return bool(self.search_s or self.read_s)

    def note(self, number: int, before: Row | None) -> float:
        """Keep what a row is before it is changed; None before it is made.

        Returns the time from which searches see the change.
        """
        now = self.now()
        self._writes += 1
        share = mix(self._seed, self._writes, 0x1A6) / 2**64
        known = self._earlier.get(number)
        if known is None or max(known.search_until, known.read_until) <= now:
            known = self._earlier[number] = _Earlier(copy.deepcopy(before), now, now)
        known.search_until = max(known.search_until, now + share * self.search_s)
        known.read_until = now + self.read_s
        return known.search_until

    def searched(self, number: int, row: Row) -> Row | None:
        """Return a row as searches see it; None where they do not see it yet."""
        known = self._earlier.get(number)
        return row if known is None or known.search_until <= self.now() else known.row

    def read(self, number: int, row: Row) -> Row:
        """Return a row as reads show it."""
        known = self._earlier.get(number)
        if known is None or known.row is None or known.read_until <= self.now():
            return row
        return known.row
