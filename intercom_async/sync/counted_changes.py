"""Compares changes that have come with their count, and reads them again where some are missing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import cast

from intercom_async.errors import ClosedError, IntercomError
from .distinct_rows import MOST_READINGS, DistinctRows
from .followed import Followed
from .page_reader import ENDINGS, REFUSALS, PageReader
from .page_reading import MAX_IDS, Taken
from .page_signs import PageSigns
from .partitions import OPEN
from .raw_rows import Row
from .rising_changes import CLOCK_SLACK_S
from .short_parts import are_there
from .stream_run import StreamRun
from .streams import Ranged, Selection
from .writer import Batch

MOST_SHRUNK = 4
"""Readings of all changes during each of which rows go, after the first one
(test_busy_workspace.py::test_rows_that_go_all_the_time_cost_few_readings)."""
MOST_LACKING = 1_500
"""Rows that are searched by id, as a reading lacks them that one before has brought."""
MOST_DOUBTED = 3
"""Passes in a row that are made once more as their pages may lack rows, and each has shown so
(test_short_pages.py::test_pages_that_are_always_short_cost_a_second_pass)."""


class CountedChanges:
    """The changes of a stream that one reading of them has brought, and how many there are.

    Args:
        reader: Reads pages and hands over.
        run: The stream.
        field: The field that changes are told by.
        rows: What has come.
        settled_before: H: a row that has changed since then may be found by a later count only.
    """

    def __init__(
        self,
        reader: PageReader,
        run: StreamRun,
        field: str,
        rows: DistinctRows,
        settled_before: int,
    ) -> None:
        self._settled_before = settled_before
        self._reader = reader
        self._run = run
        self.field: str = field
        self.rows: DistinctRows = rows
        self._is_first = True
        self._is_front = True
        self._began = 0
        self._moved: set[str] = set()
        self._signs = PageSigns(0)
        self._page: set[str] = set()
        self._overlap = 0
        self._before = 0
        self._front: set[str] = set()
        self._pushed = 0
        self._late = 0
        self._doubted = 0
        self._is_doubted = False
        self.decided_since: int | None = None
        """Since when a reading beside this pass has brought all of them, or what is missing is
        named: no further pass is needed for these."""
        self.came: int = 0
        """Rows that came in this pass, each as often as it did."""
        self.promised: int = 0
        """Rows that this pass has to bring, as its first page has counted them."""

    def begin_pass(self, least: int, per_page: int) -> None:
        """Begin to read changes from the newest on.

        Args:
            least: Rows that are there, whatever its first page counts.
            per_page: How many rows are asked for a page.
        """
        rows, self._before, self._began = self.rows, self._began, self._run.clock.now()
        self._signs, self._front, self._late = PageSigns(per_page), set(), 0
        self._page, self._overlap, self._is_doubted = set(), 0, False
        self.decided_since = None
        rows.begin_again(is_alike=False)
        self._is_first, self._is_front = not rows.counted_at, True
        rows.counted_at = rows.counted_at or self._began - CLOCK_SLACK_S
        self._moved, self.came, self.promised = set(), 0, least

    def take_page(self, total: int | None, taken: Taken, *, is_followed: bool) -> None:
        """Take in a page of a pass.

        Args:
            total: How many rows it has counted.
            taken: Its rows.
            is_followed: Whether it says that another one follows.
        """
        self.came += taken.total
        self._signs.take(taken.total, total, is_followed=is_followed)
        # Rows that new ones in front have pushed to this page are its first ones.
        pushed = takewhile(self._page.__contains__, (row.key for row in taken.rows))
        self._overlap += sum(1 for _ in pushed)
        self._page = {row.key for row in taken.rows}
        if self._before:
            unmet = self.rows.unmet(row.key for row in taken.rows)
            changed = {row.key for row in taken.rows if row.version >= self._before}
            self._front |= changed | unmet
            late = {row.key for row in taken.rows if row.version < self._settled_before}
            self._late += len(unmet & late)
        self.rows.take([row.key for row in taken.rows], taken.total - len(taken.rows))
        if self._is_front:
            self.promised = max(total or 0, self.promised)
        else:
            # They may have come after the first page, and stand for none that it counted.
            self._moved.update(row.key for row in taken.rows if row.version >= self._began)
        if self._is_first and self._is_front:
            self.rows.expect(self.promised)
        else:
            self.note_new(taken.rows)
        self._is_front = False

    def end_pass(self, *, is_to_end: bool) -> None:
        """Note what a pass that has ended shows of rows that it, or the one before, lacks.

        A row that comes to the front pushes another one to the next page, where that comes twice.
        One that comes twice without such a row may stand in the place of another.

        Args:
            is_to_end: Whether it has read its list to the end, where its count shows it.
        """
        may_lack = not is_to_end and (
            self._signs.may_lack(is_moving=True) or self.rows.repeated > self._overlap
        )
        self._is_doubted = may_lack or self._pushed > len(self._front)
        self._pushed = 0 if is_to_end else self.rows.repeated

    def is_to_be_read_again(self) -> bool:
        """Say whether all changes are to be read once more, as pages of them may lack rows.

        Where pages are short for good, a second pass brings nothing that the first one did not.
        """
        if not self._is_doubted or (self._doubted and not self._late):
            self._doubted = 0 if not self._is_doubted else self._doubted
            return False
        self._doubted += 1
        return self._doubted <= MOST_DOUBTED

    @property
    def is_pass_whole(self) -> bool:
        """Whether a pass has brought as many rows as it was to, without those that came since."""
        return 0 < self.promised <= self.rows.count - len(self._moved)

    async def prove(self, low: int) -> None:
        """Count changes of which some came more than once; read them again if others are missing.

        A row that moves during a pass shifts those behind it: one comes twice, and the next pass
        has the one that moved. Rows of one moment may come in another order on each page: one comes
        twice in place of another.

        Args:
            low: Since when.
        """
        unpushed = self.rows.repeated - self._overlap
        count, new = await self._count(low)
        is_pushed = unpushed <= 0 and self._overlap <= new
        is_whole = is_pushed if count is None else self.rows.united >= count
        if not is_whole:
            await self.read_again(low, count or 0, 0)

    async def are_whole(self, low: int) -> bool:
        """Count changes; say whether as many have come, so that this run has read each.

        Args:
            low: Since when.
        """
        try:
            count, _ = await self._count(low)
        except (*ENDINGS, *REFUSALS, ClosedError):
            raise
        except IntercomError:
            return False
        return count is not None and self.rows.united >= count

    async def _count(self, low: int) -> tuple[int | None, int]:
        """Return how many rows have changed, and how many of the newest have not come before."""
        run, field, rows = self._run, self.field, self.rows
        source = cast("Ranged", run.stream.source)
        page, read_at = await self._reader.page(run, Selection(field, low, OPEN, source.per_page))
        count = page.total_count
        taken = await self._reader.hand_over_page(
            run, page, read_at, edges=(low, run.clock.now()), field=field
        )
        # What came or moved since the last pass is the newest, and is here.
        keys = [row.key for row in taken.rows]
        new = rows.count_new(keys)
        self.note_new(taken.rows)
        rows.take(keys, 0)
        if count is not None:
            rows.take_count(count, read_at - CLOCK_SLACK_S)
        return count, new

    def note_new(self, rows: Iterable[Row]) -> None:
        """Note which rows of a page may have come since the changes were counted."""
        since = min(self.rows.counted_at, self._settled_before)
        self.rows.note_new(row.key for row in rows if row.version >= since)

    async def read_again(self, low: int, promised: int, least: int) -> None:
        """Read changes once more of which too few came; those that are still missing are a hole.

        A pass may miss a few changes that move while they are read; the next pass, which overlaps
        with this one, has them. So a second reading of the list decides, upward: what changes
        meanwhile moves to its end, and is read there. Where rows come more than once, further ones
        do, together with what came before.

        Args:
            low: Since when.
            promised: Changes that were counted.
            least: Rows that are there: a reading with fewer tells nothing.
        """
        run, field, rows = self._run, self.field, self.rows
        source = cast("Ranged", run.stream.source)
        selection = Selection(field, low, OPEN, source.per_page, "ascending")
        rows.expect(promised)
        for number in range(MOST_READINGS):
            rows.begin_again(is_alike=number > 0)
            counted = await self._read_list(selection)
            if rows.has_shrunk and number < MOST_SHRUNK:
                continue
            came = rows.united if rows.repeated else rows.count
            is_whole = counted or not rows.repeated or rows.is_settled
            if counted and rows.count < counted <= came:
                is_whole = await are_there(self._reader, run, rows, counted)
            if is_whole and came >= (counted or 0) and (came >= least or await self._have_gone()):
                self.decided_since = low if counted else None
                return
            if not rows.repeated or rows.is_settled or rows.has_shrunk:
                break
        if await self._reader.counts_are_true(run, field):
            came = max(least, rows.count, rows.united if rows.repeated else 0)
            came = came if came < promised else rows.count
            reason = f"{promised} changes were counted, and {came} came"
            hole = run.span_hole(field, low, run.clock.now(), reason)
            self.decided_since = low
            await self._reader.hand_over(Batch(run, holes=[hole]))

    async def _have_gone(self) -> bool:
        """Say whether all rows that came before, and that a whole list lacks, have gone since.

        A search by ids has to find one that is there: else it finds none at all.
        """
        run, lacking, known = self._run, self.rows.lacking(), self.rows.known()
        if not lacking or known is None or len(lacking) > MOST_LACKING:
            return False
        if not cast("Ranged", run.stream.source).can_be_checked:
            return False
        for begin in range(0, len(lacking), MAX_IDS - 1):
            asked = [known, *lacking[begin : begin + MAX_IDS - 1]]
            if await self._reader.find(run, asked, hands_over=False, proves=False) != {known}:
                return False
        return True

    async def _read_list(self, selection: Selection) -> int | None:
        """Read a list to its end; return how many rows its last page counted."""
        run, rows = self._run, self.rows
        position, followed = None, Followed()
        first, began, young = None, 0, dict[str, int]()
        while True:
            page, read_at = await self._reader.page(run, selection, position, followed)
            taken = await self._reader.hand_over_page(
                run,
                page,
                read_at,
                edges=(selection.low, run.clock.now()),
                field=selection.field,
            )
            if position is None:
                first, began = page.total_count, read_at - CLOCK_SLACK_S
            since = rows.counted_at
            young.update((row.key, row.version) for row in taken.rows if row.version >= since)
            rows.take([row.key for row in taken.rows], taken.total - len(taken.rows))
            if (position := page.checkpoint) is None:
                break
        if first is not None and page.total_count is not None:
            # What went before this reading, and what went during it.
            rows.note_new(key for key, changed_at in young.items() if changed_at < began)
            rows.take_count(first, began)
            rows.note_new(key for key, changed_at in young.items() if changed_at >= began)
            rows.take_count(page.total_count, read_at - CLOCK_SLACK_S)
        return page.total_count
