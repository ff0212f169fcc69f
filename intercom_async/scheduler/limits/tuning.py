"""Spans and shares, all scaled to the length of a window; found by simulation, not by theory."""

from __future__ import annotations

import msgspec


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that the scheduler goes by."""

    window_s: float
    guard_s: float
    """Paced calls aim to be done this long before a window's end."""
    horizon_s: float
    """The time left is never taken for shorter than this."""
    second_look_s: float
    """About how soon room that is held back is looked at again."""
    uplink_s: float
    """How long a request may take to be counted; grows when one takes longer."""
    uplink_most_s: float
    release_s: float
    """So shortly before a window's end nothing is kept for interactive calls: they may count in
    the next one as well.
    """
    foreign_span_s: float
    """Over which others' use is measured."""
    steepest: float = 3.0
    """Paced calls go at most this many times faster than the limit's own rate."""


def tuning(window_s: float) -> Tuning:
    """Return the numbers for windows of this length."""
    scale = window_s / 10.0
    return Tuning(
        window_s=window_s,
        guard_s=0.4 * min(scale, 1.0),
        horizon_s=0.2 * min(scale, 1.0),
        second_look_s=0.1 * min(scale, 1.0),
        uplink_s=0.1 * min(scale, 1.0),
        uplink_most_s=min(0.5, 0.2 * window_s),
        release_s=0.19 * min(scale, 1.0),
        foreign_span_s=0.25 * min(scale, 1.0),
    )
