"""Counts the rows that the readings of one list bring, each once.

No order is promised for rows of one moment. Where they come in another one on each page, a row
stands on two pages and another one on none: as many rows come as were counted, and one is missing.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable

MOST_READINGS = 12
"""Readings of a list in which rows come more than once, as long as they bring more: of 700 rows of
one moment in any order, each brings two thirds
(test_distinct_rows.py::test_rows_of_one_moment_in_any_order)."""
MOST_NAMED = 10**7
"""Keys of the readings after the first that are kept as they are: the list has to be read again."""
SETTLED = 3
"""Readings in a row that bring nothing which those before did not: another one would not, either
(test_distinct_rows.py::test_a_row_that_never_comes_costs_few_readings)."""


class DistinctRows:
    """The rows of a list, in the reading that is under way and in those before.

    Args:
        before: Rows that a stopped run has read of it; this one goes on behind them.
        most_named: Keys of the first reading that are kept as they are, to be searched for.
    """

    __slots__ = ("_before", "_counted", "_distinct", "_earlier", "_forgotten", "_idle", "_keys",
                 "_known", "_most_named", "_most_unreadable", "_names", "_new", "_unreadable",
                 "counted_at", "has_shrunk")  # fmt: skip

    def __init__(self, before: int = 0, *, most_named: int = 0) -> None:
        self.counted_at: int = 0
        """Rows that are younger than this moment may not be in the last count; 0 without one."""
        self._before = before
        self._counted = 0
        self._new: set[int] = set()
        self._most_named = most_named
        self._names: dict[int, str] = {}
        self.has_shrunk: bool = False
        """Whether the last count shows that rows went since the one before."""
        # Hashes, 8 bytes each: what comes more than once is looked for when a list has ended.
        self._keys: array[int] = array("q")
        self._distinct: tuple[int, int] = (0, 0)
        self._earlier: set[int] = set()
        self._forgotten: set[int] = set()
        self._known = 0
        self._unreadable = 0
        self._most_unreadable = 0
        self._idle = 0

    @property
    def goes_on(self) -> bool:
        """Whether a stopped run has read some of this reading."""
        return self._before > 0

    @property
    def count(self) -> int:
        """Rows of this reading, those that cannot be read included."""
        return self._before + self._different + self._unreadable

    @property
    def repeated(self) -> int:
        """How many more rows this reading has brought, each of which had come before."""
        return self._known + len(self._keys) - self._different

    @property
    def united(self) -> int:
        """Rows of all readings."""
        return self._before + len(self._earlier.union(self._keys)) + self.unreadable

    @property
    def unreadable(self) -> int:
        """Rows whose keys could not be read, in that reading that had most of them."""
        return max(self._most_unreadable, self._unreadable)

    @property
    def is_settled(self) -> bool:
        """Whether readings have brought nothing new for so long that a further one would not."""
        return self._idle + self._is_idle >= SETTLED

    @property
    def _is_idle(self) -> bool:
        return bool(self._earlier) and self._earlier.issuperset(self._keys)

    @property
    def _different(self) -> int:
        came, different = self._distinct
        if came != len(self._keys):
            came, different = self._distinct = len(self._keys), len(set(self._keys))
        return different

    def take(self, keys: Collection[str], unreadable: int, known: Collection[str] = ()) -> int:
        """Take in a page, and return how many rows of it a stopped run has not read.

        Args:
            keys: The keys of its rows.
            unreadable: How many more it has, whose keys cannot be read.
            known: Those that a stopped run has read of the list.
        """
        if known:
            self._known += sum(key in known for key in keys)
            keys = [key for key in keys if key not in known]
        if len(self._names) < self._most_named:
            self._names.update((hash(key), key) for key in keys)
        self._keys.extend(map(hash, keys))
        self._unreadable += unreadable
        return len(keys) + unreadable

    def count_new(self, keys: Iterable[str]) -> int:
        """Return how many keys this reading has not brought."""
        return len({hash(key) for key in keys}.difference(self._keys))

    def unmet(self, keys: Iterable[str]) -> set[str]:
        """Return those of some keys that none of the readings before has brought."""
        met = (self._earlier, self._forgotten)
        return {key for key in keys if not any(hash(key) in each for each in met)}

    def lacking(self) -> list[str] | None:
        """Return keys that this reading lacks, and one before has brought; None if not known."""
        missing = (self._earlier | self._forgotten).difference(self._keys)
        if self._most_unreadable > self._unreadable or not missing <= self._names.keys():
            return None
        return [self._names[number] for number in missing]

    def named(self) -> list[str]:
        """Return the keys of all readings, but for those of the first one that were not kept."""
        every = self._earlier.union(self._keys)
        return [key for number, key in self._names.items() if number in every]

    def known(self) -> str | None:
        """Return a key of this reading, if one of them is kept as it is."""
        return next((self._names[number] for number in self._keys if number in self._names), None)

    def note_new(self, keys: Iterable[str]) -> None:
        """Note rows of this reading that are younger than the last count.

        Those that came in the readings before were in it, and have changed since.
        """
        self._new.update({hash(key) for key in keys} - self._earlier - self._forgotten)

    def expect(self, count: int) -> None:
        """Note that so many rows were counted when the first page was read, or before."""
        self._counted = max(self._counted, count)

    def take_count(self, count: int, at: int) -> None:
        """Take a later count.

        Where it has not grown by the rows that came since the one before, others went. They would
        stand for rows that no reading has brought: the readings before are forgotten, and so is
        this one when the next begins, unless a further count shows that nothing went meanwhile.

        Args:
            count: How many rows there are.
            at: Rows that are younger than this moment may not be in it, UNIX seconds.
        """
        self.has_shrunk = count < self._counted + len(self._new)
        if self.has_shrunk:
            self._forgotten |= self._earlier
            self._earlier, self._idle, self._most_unreadable = set(), 0, 0
        self._counted, self.counted_at = count, at
        self._new.clear()

    def are_all(self, count: int, at: int) -> bool:
        """Take the count of a reading's last page; say whether the reading has brought all rows.

        Args:
            count: How many rows there are.
            at: When it was asked, as in `take_count`.
        """
        most = max(self._counted, count)
        self.take_count(count, at)
        return self.count >= most and not self.has_shrunk

    def begin_again(self, *, is_alike: bool = True) -> None:
        """Begin a further reading, from the beginning of the list.

        Args:
            is_alike: Whether the one that has ended read the same list.
        """
        self._idle = self._idle + 1 if is_alike and self._is_idle else 0
        if is_alike:
            self._most_named = MOST_NAMED
        (self._forgotten if self.has_shrunk else self._earlier).update(self._keys)
        if not self.has_shrunk:
            self._most_unreadable = max(self._most_unreadable, self._unreadable)
        self._keys, self._before, self._known, self._unreadable = array("q"), 0, 0, 0
        self.has_shrunk = False
