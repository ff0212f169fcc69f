"""Which window a reply was counted in, unless what it says cannot be.

A Reset that contradicts the server's clock as it is known is not believed at once: a broken proxy
must not move the windows. When several in a row say so, the clock was set, and all is learned anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercom_async.response import Window
from .window_schedule import LONG_MS

if TYPE_CHECKING:
    from .app_limiter import Gate
    from .window_budget import Ledger

BELIEVED = 5
"""So many replies in a row are not a mistake."""
FAR_S = 120.0
"""A Reset further than this from the Date of the same reply is no end of a window."""
TOLERANCE_S = 0.05


def place(
    gate: Gate,
    reply: Window,
    used: int | None,
    sent: float,
    received: float,
    *,
    certain: bool = False,
    date: float | None = None,
) -> int | None:
    """Return the window that a reply names, and learn from it; None if it names none.

    Args:
        gate: Whose reply it is.
        reply: What its headers say.
        used: What everybody has used of it, as they say.
        sent: When its request left.
        received: When it came.
        certain: Whether the server has turned the request away, so that what it says counts.
        date: Its Date header, where the server's clock is not known yet.
    """
    reset_at = reply.reset_at
    if reset_at is None:
        return None
    window = round(reset_at * 1000)
    if window == gate.frozen:
        return None
    clock, grid = gate.clock, gate.grid
    start = reset_at - grid.tuning.window_s
    if window == grid.last_ms and clock.agrees(start, reset_at, sent=sent, received=received):
        # The same window as of the reply before, as nearly always.
        gate.suspects = 0
        return window
    if clock.is_known:
        low, high = clock.bounds(received)
        can_be = sent + low < reset_at + TOLERANCE_S and start <= received + high + TOLERANCE_S
        if not can_be and not _is_believed(gate, window, used, certain=certain):
            return None
    elif date is not None and abs(reset_at - date) > FAR_S:
        gate.frozen = window
        gate.has_headers = False
        return None
    gate.suspects = 0
    return window if _learn(gate, reset_at, used, sent, received) else None


def _learn(gate: Gate, reset_at: float, used: int | None, sent: float, received: float) -> bool:
    """Take in a window that can be; say whether it fits the others."""
    grid = gate.grid
    window = round(reset_at * 1000)
    if window != grid.last_ms:
        last = gate.last_named()
        restarted = used is not None and last is not None and used < last.top
        if not grid.learn(window, restarted=restarted):
            return False
    gate.clock.counted_in(reset_at - grid.length_s, reset_at, sent=sent, received=received)
    return True


def _is_believed(gate: Gate, window: int, used: int | None, *, certain: bool) -> bool:
    """Say whether a window that cannot be is the truth; forget the clock then."""
    clock, grid = gate.clock, gate.grid
    gate.suspects += 1
    if gate.suspects < BELIEVED and not certain:
        return False
    if window == grid.last_ms and not _outlasts(gate, window, used):
        return False
    clock.forget()
    grid.forget()
    return True


def _outlasts(gate: Gate, window: int, used: int | None) -> bool:
    """Say whether a window lasts longer than expected; else its Reset stands still."""
    last = gate.last_named()
    counts_anew = used is not None and last is not None and used < last.top // 2
    if counts_anew or gate.grid.length_ms >= LONG_MS:
        gate.frozen = window
        gate.has_headers = False
        return False
    gate.grid.outlasted()
    return True


def rank_in(ledger: Ledger, charged: tuple[Ledger, ...], ranks: tuple[int, ...]) -> int:
    """Return which of our calls in a window a reply answers; 0 if nobody knows.

    Args:
        ledger: The account of the window that it was counted in.
        charged: Those that it was charged to; none if it was let go blindly.
        ranks: How many calls had been charged to each with it; blindly, how many in all.
    """
    if not charged:
        return ranks[0]
    return ranks[charged.index(ledger)] if ledger in charged else 0
