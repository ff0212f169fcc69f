"""How far this machine's clock is from the server's."""

from __future__ import annotations

from collections.abc import Sequence

from .findings import CheckResult
from .tap import Heard

TOLERATED_S = 2.0
"""Seconds of difference that do not matter: the scheduler learns the server's clock
(test_doctor.py::test_a_wrong_clock_is_measured)."""


def offset_bounds(heard: Sequence[Heard]) -> tuple[float, float] | None:
    """Return between which seconds the server's clock is ahead of this machine's.

    A Date header has whole seconds: the server's clock showed it, or up to a second more, at some
    moment between sending and receiving.
    """
    dated = [each for each in heard if each.date is not None]
    if not dated:
        return None
    low = max((each.date or 0.0) - each.received_at for each in dated)
    high = min((each.date or 0.0) + 1.0 - each.sent_at for each in dated)
    return (low, high) if low <= high else (high, low)


def clock_finding(heard: Sequence[Heard]) -> CheckResult:
    """Say what the Date headers of all answers come to."""
    bounds = offset_bounds(heard)
    if bounds is None:
        return CheckResult(check="clock", outcome="unknown", text="answers have no Date header")
    low, high = bounds
    middle = (low + high) / 2
    facts = {"ahead_s": [round(low, 2), round(high, 2)]}
    if abs(middle) <= TOLERATED_S:
        return CheckResult(
            check="clock", outcome="good", text="this machine's clock agrees", facts=facts
        )
    way = "behind" if middle > 0 else "ahead of"
    return CheckResult(
        check="clock",
        outcome="note",
        text=f"this machine's clock is {abs(middle):.1f} s {way} the server's",
        advice="let the machine set its clock by NTP; the client works all the same",
        facts=facts,
    )
