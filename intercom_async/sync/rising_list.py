"""A list of changes that begins with the earliest: its order, and whether all of it came."""

from __future__ import annotations

from collections.abc import Sequence

from .distinct_rows import DistinctRows
from .list_order import FEWEST_STEPS
from .page_reading import Taken
from .page_signs import PageSigns
from .partitions import OPEN
from .raw_rows import Row
from .streams import Selection


class RisingList:
    """The pages of one reading of it, as they come.

    Args:
        selection: What is asked for.
        later: Rows that were made at this moment, UNIX seconds, or later are not in its first
            count.
    """

    __slots__ = ("_last", "_later", "_pages", "_rows", "_selection", "_signs", "_steps",
                 "reached")  # fmt: skip

    def __init__(self, selection: Selection, later: int) -> None:
        self._selection, self._later = selection, later
        self.reached: int = selection.low
        """The moment of its last row, UNIX seconds."""
        self._pages = self._steps = self._last = 0
        self._signs = PageSigns(selection.per_page)
        self._rows = DistinctRows()

    @property
    def read_to(self) -> int:
        """The moment up to which it is read, as far as its order was shown, UNIX seconds."""
        return self.reached if self._steps >= FEWEST_STEPS else self._selection.low

    @property
    def counted(self) -> int:
        """How many rows its first page has counted."""
        return self._signs.total

    @property
    def passed(self) -> int:
        """How many of its rows come before the moment of its last one."""
        return self._rows.count - self._last

    def take(self, taken: Taken, total: int | None, *, is_followed: bool) -> bool:
        """Take in a page; say whether its rows are in order, behind those before.

        Args:
            taken: Its rows.
            total: How many rows its list has, as it says.
            is_followed: Whether it says that another one follows.
        """
        before = self.reached
        # A row that changed meanwhile comes again: it must not stand for one that is left out.
        self._rows.take([row.key for row in taken.rows], taken.total - len(taken.rows))
        self._rows.note_new(row.key for row in taken.rows if row.is_made_since(self._later))
        self._signs.take(taken.total, total, is_followed=is_followed)
        if not self._is_in_order(taken.rows):
            return False
        self._last = len({row.key for row in taken.rows if row.version == self.reached})
        self._steps += self._pages > 0 and self.reached > before
        self._pages += 1
        return True

    def _is_in_order(self, rows: Sequence[Row]) -> bool:
        for row in rows:
            if row.version and row.version < self.reached and self.reached > self._selection.low:
                return False
            self.reached = max(self.reached, row.version)
        return True

    def has_all(self, total: int | None, at: int, settled_before: int) -> bool:
        """Say whether the reading, which has ended, has brought all rows.

        Args:
            total: How many there are, as its last page says.
            at: When that was asked: rows that are younger may not be in it, UNIX seconds.
            settled_before: H: nothing that comes is placed before it.
        """
        if total is None:
            # Rows of one moment show no order, and without a count nothing shows a leap.
            is_whole = self._pages == 1 or self._steps > 0
            return is_whole and not self._signs.may_lack(is_moving=True)
        if self._selection.high < OPEN:
            # Those that it had when it began: one that leaves it has changed, or gone.
            return self._rows.count >= max(self._signs.total, total)
        # A row that comes meanwhile is in the later count: it stands for no other.
        self._rows.expect(self._signs.total)
        is_moving = self.reached >= settled_before
        return self._rows.are_all(total, at) and not self._signs.may_lack(is_moving=is_moving)
