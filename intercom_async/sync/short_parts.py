"""Parts that bring fewer rows than were counted in them: when another reading is worth it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from intercom_async.errors import ClosedError, IntercomError
from .chain import Chain
from .distinct_rows import MOST_READINGS, DistinctRows
from .holes import Hole
from .key_table import SEEN
from .outage import OutageError, StoppedError
from .page_reading import MAX_IDS, Reads, Searches
from .raw_rows import Row
from .stream_run import StreamRun
from .streams import Ranged, Selection

MOST_AGAIN = 4
"""Readings after the first, each because rows went during the one before
(test_recounted.py::test_rows_that_go_during_each_reading_are_no_hole)."""


def is_whole(chain: Chain, counted: int) -> bool:
    """Say whether a reading has brought as many rows as were counted.

    Where nothing counts them, a row that came twice is all that tells that another one may not
    have come. So it is where a stopped run has read some of them, which would stand for others if
    they have gone since.
    """
    was_read = chain.rows.goes_on
    if was_read and counted < (chain.part.counted or 0):
        return False
    is_proof = counted > 0 and not was_read
    return chain.rows.count >= counted and (is_proof or not chain.rows.repeated)


async def is_pushed(
    reader: Reads, run: StreamRun, chain: Chain, selection: Selection, counted: int
) -> bool:
    """Say whether new rows in front pushed as many rows to the next page as came twice.

    That is asked where nothing counts rows: such lists are numbered by pages. Rows that came after
    the last page was asked for have pushed none.
    """
    if counted:
        return False
    page, read_at = await reader.page(run, selection)
    edges = (chain.part.low, chain.unread_below)
    taken = await reader.hand_over_page(run, page, read_at, edges=edges)
    new = (row.key for row in taken.rows if not row.is_made_since(chain.asked_at + 1))
    return chain.rows.repeated <= chain.rows.count_new(new)


async def is_united(
    reader: Searches, run: StreamRun, chain: Chain, counted: int, later: int | None
) -> bool:
    """Say whether the readings of a list in which rows come more than once are whole together.

    Where nothing counts its rows, the last ones have to agree.

    Args:
        reader: Searches rows.
        run: The stream.
        chain: The part.
        counted: Rows that its last reading has counted.
        later: Rows that it has by now; None where nobody has asked.
    """
    rows = chain.rows
    if chain.promised is not None:
        rows.take_count(counted, chain.began)
    if later is not None:
        rows.take_count(later, run.clock.now())
        counted = max(counted, later)
    if not chain.again or not rows.repeated:
        return False
    if not counted:
        return rows.is_settled
    return rows.united >= counted and await are_there(reader, run, rows, counted)


async def are_there(reader: Searches, run: StreamRun, rows: DistinctRows, counted: int) -> bool:
    """Say whether rows that several readings have brought are there, as many as are counted.

    One that has gone since would stand for another one that none of them has brought, and where
    one came meanwhile, the count does not show it. So all are searched by their ids.
    """
    if not cast("Ranged", run.stream.source).can_be_checked:
        return True
    keys, found = rows.named(), rows.unreadable
    for begin in range(0, len(keys), MAX_IDS):
        if found + len(keys) - begin < counted:
            return False
        asked = keys[begin : begin + MAX_IDS]
        try:
            found += len(await reader.find(run, asked, hands_over=False, proves=False))
        except (StoppedError, OutageError, ClosedError):
            raise
        except IntercomError:
            return False
    return found >= counted


def read_again(chain: Chain, count: int | None) -> bool:
    """Note that a part that is short is read again; say whether it is.

    A count proves nothing at once. Rows that go during the second reading were in its first count:
    the third one shows whether others are missing, which the count alone does not.

    Args:
        chain: The part.
        count: Rows that it has by now; only of a part that was read again.
    """
    told = (chain.expected, chain.rows.count)
    is_settled = (
        count is None or count >= told[0] or chain.again >= MOST_AGAIN or told == chain.before
    )
    if chain.again and is_settled and not _may_unite(chain):
        return False
    chain.before, chain.again = told, chain.again + 1
    chain.least = max(chain.least, chain.rows.count)
    return True


def _may_unite(chain: Chain) -> bool:
    """Say whether a further reading may bring rows that those before did not."""
    may_bring = chain.again < MOST_READINGS and not chain.rows.is_settled
    return chain.rows.repeated > 0 and may_bring


def short_hole(run: StreamRun, field: str, chain: Chain, counted: int) -> Hole:
    """Return the hole of a part that stays short; that which it was to heal keeps its place."""
    came = chain.rows.united if chain.rows.repeated else chain.rows.count
    reason = f"{counted} rows were counted, and {came} came"
    if not counted:
        reason = f"{chain.rows.repeated} of its rows came again, and others may be missing"
    now = run.clock.now()
    if chain.heals is not None:
        return msgspec.structs.replace(chain.heals, reason=reason, since=now)
    high = min(chain.part.high, max(now, chain.part.floor))
    return run.span_hole(field, chain.part.floor, high, reason)


def met_before(run: StreamRun, rows: Iterable[Row]) -> set[str]:
    """Return the keys of rows that a stopped run has read in the reading that this one goes on."""
    pass_ = run.state.pass_
    met = set[str]()
    for row in rows:
        held = run.table.get(row.id)
        if pass_ is None or held is None or held.read_at >= run.began:
            continue
        if held.flags & SEEN if run.is_sweeping else held.read_at >= pass_.began:
            met.add(row.key)
    return met
