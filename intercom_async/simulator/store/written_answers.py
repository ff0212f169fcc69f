"""Answers among written rows, kept up to date: after a write only what was written is looked at."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator

from intercom_async.simulator.rows import Row
from .changes import Changes
from .filters import Filter
from .runs import Order, sortable
from .seeded_answers import KEPT_ANSWERS
from .steps import STEP_ROWS, Scans, SortKey, StepPolicy

KEPT_KEYS = 200_000
"""Sort keys of all kept answers together, as looked at when one is added; the last one is kept in
any case."""

Seen = Callable[[int], Row | None]
"""Returns the row of a number as a reader sees it; None for none."""


@dataclasses.dataclass(slots=True)
class WrittenAnswer:
    """The written rows that match, in order."""

    keys: list[SortKey] = dataclasses.field(default_factory=list[SortKey])
    """Ascending; each ends with the number of its row."""
    by_number: dict[int, SortKey] = dataclasses.field(default_factory=dict[int, SortKey])
    marked: set[int] = dataclasses.field(default_factory=set[int])
    """Numbers to look at again."""

    def look_at(self, number: int, row: Row | None, asked: Filter, order: Order) -> None:
        """Take a row in, move it or leave it out, as it is now."""
        known = self.by_number.pop(number, None)
        if known is not None:
            del self.keys[bisect.bisect_left(self.keys, known)]
        if row is not None and asked.test_row(row):
            key = (sortable(order.value_of(row)), number)
            self.by_number[number] = key
            bisect.insort(self.keys, key)


class WrittenAnswers:
    """The answers of one table.

    Args:
        rows: The written rows by number; not copied, so they follow what is written.
        changes: Marks the rows that are written.
        policy: Whether a long look may be left to steps.
    """

    def __init__(self, rows: dict[int, Row], changes: Changes, policy: StepPolicy) -> None:
        self._rows = rows
        self._changes = changes
        self._scans = Scans(policy)
        self._kept: OrderedDict[tuple[str, Order, bool], WrittenAnswer] = OrderedDict()

    def clear(self) -> None:
        """Forget all answers."""
        for answer in self._kept.values():
            self._changes.unwatch(answer.marked)
        self._kept.clear()

    def of(self, asked: Filter, order: Order, seen: Seen, *, is_late: bool) -> WrittenAnswer:
        """Return the answer as of now.

        Args:
            asked: The question.
            order: What it is sorted by.
            seen: How this reader sees rows.
            is_late: This reader may see earlier forms of rows, so that its answers are others.
        """
        if asked.written is not None:
            answer = WrittenAnswer()
            for number in asked.written:
                answer.look_at(number, seen(number), asked, order)
            return answer
        key = (asked.key, order, is_late)
        answer = self._kept.get(key) or self._new(key)
        self._kept.move_to_end(key)
        if answer.marked:
            self._scans.run(key, len(answer.marked), lambda: self._look(answer, asked, order, seen))
        return answer

    def _new(self, key: tuple[str, Order, bool]) -> WrittenAnswer:
        answer = self._kept[key] = WrittenAnswer(marked=self._changes.watch())
        answer.marked.update(self._rows)
        while len(self._kept) > 1 and (
            len(self._kept) > KEPT_ANSWERS
            or sum(len(one.keys) + len(one.marked) for one in self._kept.values()) > KEPT_KEYS
        ):
            _, dropped = self._kept.popitem(last=False)
            self._changes.unwatch(dropped.marked)
        return answer

    @staticmethod
    def _look(answer: WrittenAnswer, asked: Filter, order: Order, seen: Seen) -> Iterator[None]:
        """Look at the marked rows; what is marked meanwhile is looked at, too."""
        while answer.marked:
            part = [*itertools.islice(answer.marked, STEP_ROWS)]
            answer.marked.difference_update(part)
            for number in part:
                answer.look_at(number, seen(number), asked, order)
            yield
