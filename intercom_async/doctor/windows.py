"""How the windows of the rate limit behave: their length, their end, and what `Remaining` means.

https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting says that windows have
ten seconds, and neither whether they end when `Reset` says nor whether `Remaining` counts the call
that it comes with.
"""

from __future__ import annotations

from statistics import mode
from typing import Any

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from .clocks import offset_bounds
from .findings import CheckResult
from .tap import Heard, Tap
from .visit import Visit

WINDOWS = 3
"""Ends that are watched."""
MOST_CALLS = 12
"""Calls around one end."""
LEAD = 0.05
"""Fraction of a window by which the calls begin before its end."""


async def check_windows(visit: Visit) -> CheckResult:
    """Watch some windows end."""
    intercom, tap = visit.intercom, visit.tap
    first = await _ask(intercom, tap)
    if first.window.limit is None or first.window.reset_at is None:
        return CheckResult(
            check="windows",
            outcome="unknown",
            text="answers have no rate-limit headers: something on the way removes them",
            advice="the client keeps the pace of its settings; see Limits(app_per_minute=…)",
        )
    lengths: list[float] = []
    starts: list[int] = []
    delays_s: list[tuple[float, float]] = []
    before, window_s = first, 10.0
    for _window in range(WINDOWS):
        seen = await _watch(intercom, tap, before, window_s)
        if seen is None:
            break
        last, new = seen
        old_reset, new_reset = last.window.reset_at or 0.0, new.window.reset_at or 0.0
        lengths.append(round(new_reset - old_reset, 3))
        window_s = lengths[-1]
        low, high = offset_bounds(tap.heard) or (0.0, 0.0)
        ahead = (low + high) / 2
        delays_s.append((last.sent_at + ahead - old_reset, new.received_at + ahead - old_reset))
        if new.window.limit is not None and new.window.remaining is not None:
            starts.append(new.window.limit - new.window.remaining)
        before = new
    return _finding(first, lengths, starts, delays_s)


async def _ask(intercom: Intercom, tap: Tap) -> Heard:
    await intercom.admins.me()
    return tap.heard[-1]


async def _watch(
    intercom: Intercom, tap: Tap, before: Heard, window_s: float
) -> tuple[Heard, Heard] | None:
    """Return the last answer of a window and the first one of the next."""
    low, high = offset_bounds(tap.heard) or (0.0, 0.0)
    end_at = (before.window.reset_at or 0.0) - (low + high) / 2
    lead_s = LEAD * window_s
    await CLOCK.sleep(max(0.0, end_at - lead_s - CLOCK.unix()))
    last = before
    for _ in range(MOST_CALLS):
        heard = await _ask(intercom, tap)
        if heard.window.reset_at is None:
            return None
        if last.window.reset_at is not None and heard.window.reset_at > last.window.reset_at:
            return last, heard
        last = heard
        await CLOCK.sleep(lead_s / 4)
    return None


def _finding(
    first: Heard, lengths: list[float], starts: list[int], delays_s: list[tuple[float, float]]
) -> CheckResult:
    limit = first.window.limit or 0
    facts: dict[str, Any] = {"limit_per_window": limit}
    if not lengths:
        return CheckResult(
            check="windows",
            outcome="unknown",
            text=f"{limit:,} calls a window; its end was not seen",
            facts=facts,
        )
    window_s = mode(lengths)
    low, high = max(late[0] for late in delays_s), min(late[1] for late in delays_s)
    facts |= {
        "window_s": window_s,
        "ends_after_reset_s": [round(low, 2), round(high, 2)],
        "first_used": starts,
    }
    counts = _counting(starts)
    facts["remaining_counts_own_call"] = counts
    meaning = {True: "counts", False: "does not count", None: "may or may not count"}[counts]
    return CheckResult(
        check="windows",
        outcome="good",
        text=f"{limit:,} calls in {window_s:g} s; windows end {low:+.2f} to {high:+.2f} s from "
        f"what Reset says; Remaining {meaning} the call that it comes with",
        facts=facts,
    )


def _counting(starts: list[int]) -> bool | None:
    """Return whether the first answer of a window shows its own call as used.

    Other programs of the token can only make more calls appear used, never fewer.
    """
    if not starts or min(starts) > 1:
        return None
    return min(starts) == 1
