"""Counts the rows that the readings of one list bring, each once.

No order is promised for rows of one moment. Where they come in another one on each page, a row
stands on two pages and another one on none: as many rows come as were counted, and one is missing.
"""

from __future__ import annotations

from collections.abc import Collection

MOST_READINGS = 12
"""Readings of a list in which rows come more than once, as long as they bring more: of 700 rows of
one moment in any order, each brings two thirds
(test_distinct_rows.py::test_rows_of_one_moment_in_any_order)."""
SETTLED = 3
"""Readings in a row that bring nothing which those before did not: another one would not, either
(test_distinct_rows.py::test_a_row_that_never_comes_costs_few_readings)."""


class DistinctRows:
    """The rows of a list, in the reading that is under way and in those before.

    Args:
        before: Rows that a stopped run has read of it; this one goes on behind them.
    """

    __slots__ = ("_before", "_earlier", "_idle", "_met", "_most_unreadable", "_unreadable",
                 "repeated")  # fmt: skip

    def __init__(self, before: int = 0) -> None:
        self._before = before
        # By their hashes: a process has those of a million rows at most.
        self._met: set[int] = set()
        self._earlier: set[int] = set()
        self._unreadable = 0
        self._most_unreadable = 0
        self.repeated: int = 0
        """Rows of this reading that came more than once."""
        self._idle = 0

    @property
    def goes_on(self) -> bool:
        """Whether a stopped run has read some of this reading."""
        return self._before > 0

    @property
    def count(self) -> int:
        """Rows of this reading, those that cannot be read included."""
        return self._before + len(self._met) + self._unreadable

    @property
    def united(self) -> int:
        """Rows of all readings."""
        unreadable = max(self._most_unreadable, self._unreadable)
        return self._before + len(self._earlier | self._met) + unreadable

    @property
    def is_settled(self) -> bool:
        """Whether readings have brought nothing new for so long that a further one would not."""
        return self._idle + self._is_idle >= SETTLED

    @property
    def _is_idle(self) -> bool:
        return bool(self._earlier) and self._met <= self._earlier

    def take(self, keys: Collection[str], unreadable: int, known: Collection[str] = ()) -> int:
        """Take in a page, and return how many rows of it are new in this reading.

        Args:
            keys: The keys of its rows.
            unreadable: How many more it has, whose keys cannot be read.
            known: Those that a stopped run has read of the list.
        """
        came, before = len(keys), len(self._met)
        if known:
            keys = [key for key in keys if key not in known]
        self._met.update(map(hash, keys))
        new = len(self._met) - before
        self.repeated += came - new
        self._unreadable += unreadable
        return new + unreadable

    def forget_earlier(self) -> None:
        """Forget the readings before: some of their rows may be gone by now."""
        self._earlier, self._idle, self._most_unreadable = set(), 0, 0

    def begin_again(self, *, is_alike: bool = True) -> None:
        """Begin a further reading, from the beginning of the list.

        Args:
            is_alike: Whether the one that has ended read the same list.
        """
        self._idle = self._idle + 1 if is_alike and self._is_idle else 0
        self._earlier |= self._met
        self._most_unreadable = max(self._most_unreadable, self._unreadable)
        self._met, self._before, self._unreadable, self.repeated = set(), 0, 0, 0
