"""What the pages of a list show of the order that it was asked for.

That a search keeps the order is documented for no version. So nothing is concluded from one page
that happens to be in order: the pages before have to show it, each of them below the one before.
Where a row is out of place, what was shown until then counts for nothing.

A row that changed a moment ago may still stand at the place of its older time. That proves no
disorder: a search shows a change in its place within the lookback, and not at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from .partitions import OPEN

FEWEST_STEPS = 8
"""Pages in a row, each below the one before it, after which the order of a search is believed; one
list without an order whose pages differ in their times looks so once in 9! = 362,880 times, and
oftener among many lists. Until then a list is read to its end: so many calls more in a run, where
the list goes on below what is asked for and no row is out of place. Each row that is out of place
begins the count again (test_list_order.py::test_an_order_is_believed_once_shown)."""


class ShownOrders:
    """Which orders the lists of a stream have shown in this run."""

    def __init__(self) -> None:
        self._steps: dict[str, int] = {}
        self._refuted: set[str] = set()

    def note(self, field: str, *, is_kept: bool, is_step: bool) -> None:
        """Take in whether a page was in order, and whether it lies beyond the one before it."""
        if not is_kept:
            self._refuted.add(field)
        self._steps[field] = self._steps.get(field, 0) + is_step if is_kept else 0

    def is_shown(self, field: str) -> bool:
        """Say whether lists by a field, newest first, have come in order often enough."""
        return self._steps.get(field, 0) >= FEWEST_STEPS

    def is_refuted(self, field: str) -> bool:
        """Say whether a list by a field has come out of order."""
        return field in self._refuted


class ListOrder:
    """The order of one list, newest first, as far as it was read.

    Args:
        shown: What all lists of the stream have shown.
        field: The field that this one is sorted by.
        changing_from: Since when a row has changed that may stand at an older place, in UNIX
            seconds of the server: it proves neither order nor disorder. By default none may.
    """

    def __init__(self, shown: ShownOrders, field: str, *, changing_from: int = OPEN) -> None:
        self._shown = shown
        self._field = field
        self._changing_from = changing_from
        self._lowest: int | None = None
        self.is_kept: bool = True
        """Whether no row was out of place."""

    def take(self, moments: Iterable[int]) -> None:
        """Take in the times of a page's rows."""
        before = lowest = self._lowest
        is_kept = True
        for moment in moments:
            if lowest is None or moment < lowest:
                lowest = moment
            elif lowest < moment < self._changing_from:
                is_kept = False
        self._lowest = lowest
        self.is_kept = self.is_kept and is_kept
        bound = None if before is None else min(before, self._changing_from)
        is_step = bound is not None and lowest is not None and lowest < bound
        self._shown.note(self._field, is_kept=is_kept, is_step=is_step and self.is_kept)

    @property
    def is_proven(self) -> bool:
        """Whether what was read shows that what follows lies further back."""
        return self.is_kept and self._shown.is_shown(self._field)

    def is_below(self, moment: int) -> bool:
        """Say whether a row of it lies before a moment, with all before it in order."""
        return self.is_kept and self._lowest is not None and self._lowest < moment

    def read_to(self, high: int) -> int:
        """Return down to which moment all of it is read, of a list that begins at `high`."""
        return high if self._lowest is None or not self.is_proven else min(high, self._lowest)
