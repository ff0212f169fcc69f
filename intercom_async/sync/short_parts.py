"""Parts that bring fewer rows than were counted in them: when another reading is worth it."""

from __future__ import annotations

import msgspec

from .chain import Chain
from .holes import Hole
from .stream_run import StreamRun

MOST_AGAIN = 4
"""Readings after the first, each because rows went during the one before
(test_recounted.py::test_rows_that_go_during_each_reading_are_no_hole)."""


def read_again(chain: Chain, count: int | None) -> bool:
    """Note that a part that is short is read again; say whether it is.

    A count proves nothing at once. Rows that go during the second reading were in its first count:
    the third one shows whether others are missing, which the count alone does not.

    Args:
        chain: The part.
        count: Rows that it has by now; only of a part that was read again.
    """
    told = (chain.promised or 0, chain.rows)
    if chain.again and (
        count is None or count >= told[0] or chain.again >= MOST_AGAIN or told == chain.before
    ):
        return False
    chain.before, chain.again = told, chain.again + 1
    chain.least = max(chain.least, chain.rows)
    return True


def short_hole(run: StreamRun, field: str, chain: Chain, reason: str) -> Hole:
    """Return the hole of a part that stays short; that which it was to heal keeps its place."""
    now = run.clock.now()
    if chain.heals is not None:
        return msgspec.structs.replace(chain.heals, reason=reason, since=now)
    high = min(chain.part.high, max(now, chain.part.floor))
    return run.span_hole(field, chain.part.floor, high, reason)
