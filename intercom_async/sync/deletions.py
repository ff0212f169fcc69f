"""Reads lists of deleted rows, each with the API version that has it.

A list may name a row that came back, or that never went, and that of contacts tells no dates. So a
row that is live in the target goes only if a search does not find it either: a search finds what
is gone for a lookback at most, and R is that much earlier.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from hashlib import blake2b
from typing import Any, cast

import msgspec

from intercom_async.errors import ClosedError, IntercomError
from intercom_async.models.page import Page
from intercom_async.moments import from_server
from .evidence import tombstone
from .followed import EmptyPages
from .holes import Hole
from .page_reader import ENDINGS, PageReader
from .page_reading import MAX_IDS
from .sinks.entries import Entry
from .stream_run import StreamRun
from .streams import Ranged
from .writer import Batch

FEWEST_STEPS = 8
"""Times that a list has to go back in time, from row to row, before it is taken for sorted; else it
is read to its end. The order of deleted contacts is not documented
(test_deletions.py::test_a_list_in_any_order_is_read)."""

MAX_READINGS = 3
"""Readings of a list of pages in which rows may have moved, or that may lack some, until one names
no other row; then a sweep tells what has gone (test_moving_deletions.py,
test_lacking_deletions.py)."""


class DeletedRow(msgspec.Struct):
    """A row of a list of deleted rows."""

    id: str | int
    deleted_at: Any = None
    status: str | None = None
    """State of a contact: archived, blocked, merged, pending_deletion or permanently_deleted."""
    merged_into_id: str | int | None = None


class DeletionReader:
    """Reads lists of deleted rows.

    Args:
        reader: Searches, and hands over.
        lookback_s: For how long a search may find a row that has gone.
    """

    def __init__(self, reader: PageReader, lookback_s: int) -> None:
        self._reader = reader
        self._lookback_s = lookback_s
        self.pages: int = 0
        """Pages of the last reading."""

    async def read(self, run: StreamRun, since: int) -> bool:
        """Read which rows were deleted since a moment; say whether the server tells it.

        Args:
            run: The stream.
            since: The moment, UNIX seconds of the server.
        """
        source = cast("Ranged", run.stream.source)
        deletions = source.deletions
        if deletions is None:
            return False
        mark = run.clock.not_after(run.newest)
        client = run.client.at_version(deletions.version)
        listed = _Listed()
        try:
            is_whole = False
            for _ in range(MAX_READINGS):
                listed.begin()
                async with aclosing(deletions.read(client).raw().pages()) as pages:
                    is_whole = await self._take_pages(run, pages, since, listed)
                # A row is hidden, and the count as before, only where another one came at the end.
                is_known = listed.digest == run.state.named
                may_lack = listed.is_doubtful or (not is_known and listed.may_hide(mark))
                if not (is_whole and may_lack and listed.brings_new):
                    is_whole = is_whole and listed.has_all
                    break
            else:
                is_whole = False
            self.pages = listed.pages
            await self._let_go(run, list(listed.named.values()))
        except (*ENDINGS, ClosedError):
            raise
        except IntercomError:
            # Whatever the reason is: a sweep tells the same.
            return False
        if not is_whole:
            return False

        def note() -> None:
            # One in order is not read to its end, and shows by its dates what has moved.
            run.state.deletions, run.state.named = mark, "" if listed.is_sorted else listed.digest

        await self._reader.hand_over(Batch(run, apply=note))
        return True

    async def _take_pages(
        self,
        run: StreamRun,
        pages: AsyncIterator[Page[Any]],
        since: int,
        listed: _Listed,
    ) -> bool:
        """Note the live rows that a list names; say whether it can be read, and did not move."""
        order = _Order()
        empty = EmptyPages()
        async for page in pages:
            empty.check(page)
            if page.was_null:
                return False
            items = [read_deleted(raw) for raw in page.items]
            known = [item for item in items if item is not None]
            named = listed.named
            named.update((str(item.id), item) for item in known if self._may_be_gone(run, item))
            # A list that is empty and not even that of a page, such as [], tells nothing.
            is_page = bool(items) or page.pages is not None or page.total_count is not None
            if page.unreadable or len(known) < len(items) or not is_page:
                return False
            listed.take(page, known)
            if (page.total_count or 0) < (listed.promised or 0):
                # A row that left the list moved another one to a page that was read already.
                return False
            if order.is_past(known, since):
                break
        else:
            listed.is_at_end = True
        listed.is_sorted = order.is_shown
        return True

    def _may_be_gone(self, run: StreamRun, item: DeletedRow) -> bool:
        """Say whether the target has a row, and not from so long after it went that it came back.

        What was read or has changed within a lookback after that may be what a search found late.
        """
        held, at = run.table.get(str(item.id)), from_server(item.deleted_at)
        if held is None or held.is_gone:
            return False
        # When another run has read it is what a wrong clock may have said.
        read_at = held.read_at if held.read_at >= run.began else 0
        return not at or max(read_at, held.version) <= at + self._lookback_s

    async def _let_go(self, run: StreamRun, items: Sequence[DeletedRow]) -> None:
        """Let those rows go that a search does not find.

        One that it finds was there a lookback ago at least. The next list names it again, and it is
        asked for again.
        """
        for begin in range(0, len(items), MAX_IDS):
            asked = items[begin : begin + MAX_IDS]
            found = await self._reader.find(run, [str(item.id) for item in asked], hands_over=False)
            entries: list[Entry] = []
            filled: list[Hole] = []
            for item in asked:
                key = str(item.id)
                if key in found:
                    continue
                entries += tombstone(
                    run,
                    key,
                    run.clock.now(),
                    item.status or "deleted",
                    into=None if item.merged_into_id is None else str(item.merged_into_id),
                    evidence="list of deleted rows",
                )
                filled += [Hole(kind=kind, key=key) for kind in ("suspect", "record", "parent")]
            if entries:
                await self._reader.hand_over(Batch(run, entries, filled=filled))


class _Listed:
    """What readings of a list have named."""

    def __init__(self) -> None:
        self.named: dict[str, DeletedRow] = {}
        """Rows that may be gone, by any of the readings."""
        self.keys: set[str] = set()
        """Rows that the last reading has named."""
        self.is_sorted = False
        """Whether that was shown to be in order, the latest first."""
        self.pages = 0
        """Pages of it."""
        self.promised: int | None = None
        """Rows that the list had when it began, as its first page with a count says."""
        self.is_at_end = False
        """Whether it was read to its end."""
        self._rows = 0
        self._size = 0
        self._least: int | None = None
        self._before: set[str] | None = None
        self._latest: int | None = 0

    @property
    def digest(self) -> str:
        """Digest of the rows that the last reading has named."""
        return blake2b("\0".join(sorted(self.keys)).encode(), digest_size=16).hexdigest()

    def begin(self) -> None:
        """Begin another reading."""
        if self.pages:
            self._before = (self._before or set()) | self.keys
        self.keys, self.pages, self._latest, self.is_sorted = set(), 0, 0, False
        self.promised, self.is_at_end, self._rows, self._least = None, False, 0, None

    def take(self, page: Page[Any], items: Sequence[DeletedRow]) -> None:
        """Take in a page, and what its rows say."""
        self.pages += 1
        self._rows += len(items)
        self.keys.update(str(item.id) for item in items)
        self.promised = page.total_count if self.promised is None else self.promised
        self.is_at_end = not _has_next(page)
        self._size = max(self._size, len(items), _size_of(page))
        if not self.is_at_end:
            self._least = len(items) if self._least is None else min(self._least, len(items))
        for item in items:
            at = from_server(item.deleted_at)
            self._latest = None if at is None or self._latest is None else max(self._latest, at)

    @property
    def has_all(self) -> bool:
        """Whether the last reading, where it came to the end, has brought all that was counted."""
        return not self.is_at_end or len(self.keys) >= (self.promised or 0)

    @property
    def is_doubtful(self) -> bool:
        """Whether the last reading shows that a row may have been left out.

        It brought fewer than were counted; a row twice, in place of another one; or a page that is
        shorter than others, though more follow.
        """
        is_short = self._least is not None and self._least < self._size
        return not self.has_all or self._rows > len(self.keys) or is_short

    @property
    def brings_new(self) -> bool:
        """Whether the last reading names a row that those before did not; of the first, true."""
        return self._before is None or not self.keys <= self._before

    def may_hide(self, began: int) -> bool:
        """Say whether a row may have moved from one of its pages to another that was read already.

        Where one leaves a list, the next row takes its place. A count does not show that where
        another row came at its end meanwhile: that one went after the reading began. Without a
        count nothing shows it.

        Args:
            began: When the first reading began, UNIX seconds of the server.
        """
        is_still = self._latest is not None and self._latest < began
        is_steady = self.promised is not None and (self.is_sorted or is_still)
        return self.pages > 1 and not is_steady


class _Order:
    """Whether a list is sorted by when its rows went, the latest first."""

    def __init__(self) -> None:
        self.is_shown: bool = False
        """Whether it went back in time often enough, and never forward."""
        self._is_sorted = True
        self._last: int | None = None
        self._steps = 0

    def is_past(self, items: Iterable[DeletedRow], since: int) -> bool:
        """Take in the rows of a page; say whether all that follow went before a moment."""
        for item in items:
            at = from_server(item.deleted_at)
            self._is_sorted = self._is_sorted and at is not None
            if at is not None and self._last is not None:
                self._is_sorted = self._is_sorted and at <= self._last
                self._steps += at < self._last
            self._last = at
        is_shown = self._is_sorted and self._steps >= FEWEST_STEPS
        self.is_shown = is_shown
        return is_shown and self._last is not None and self._last < since


def _has_next(page: Page[Any]) -> bool:
    """Say whether a page tells that another one follows it, by a link or by its number."""
    told = page.pages
    if told is not None and told.next:
        return True
    number, total = (page.page, page.total_pages) if told is None else (told.page, told.total_pages)
    return number is not None and total is not None and number < total


def _size_of(page: Page[Any]) -> int:
    """Return how many rows the pages of a list have, the last one aside, as one says; 0 if none."""
    told = page.pages
    size = (None if told is None else told.per_page) or page.per_page or 0
    pages = (None if told is None else told.total_pages) or page.total_pages or 0
    return max(size, -(-(page.total_count or 0) // pages) if pages > 0 else 0)


def read_deleted(raw: Any) -> DeletedRow | None:
    """Read a row of a list; None where it does not say which row has gone."""
    try:
        return msgspec.json.decode(raw, type=DeletedRow)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
