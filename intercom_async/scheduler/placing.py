"""Which window a reply was counted in, unless what it says cannot be.

A Reset that contradicts the server's clock as it is known is not believed at once: a broken proxy
must not move the windows. When several in a row say so, the clock was set, and all is learned anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercom_async.window import Window

if TYPE_CHECKING:
    from .gate import Gate

BELIEVED = 5
"""So many replies in a row are not a mistake."""
TOLERANCE_S = 0.05


def place(
    gate: Gate, reply: Window, sent: float, received: float, *, certain: bool = False
) -> int | None:
    """Return the window that a reply names, and learn from it; None if it names none.

    Args:
        gate: Whose reply it is.
        reply: What its headers say.
        sent: When its request left.
        received: When it came.
        certain: Whether the server has turned the request away, so that what it says counts.
    """
    reset_at = reply.reset_at
    if reset_at is None:
        return None
    clock, grid = gate.clock, gate.grid
    window = round(reset_at * 1000)
    if window == gate.frozen:
        return None
    used = reply.used
    if clock.is_known:
        low, high = clock.bounds(received)
        earliest, latest = sent + low, received + high
        if not earliest - TOLERANCE_S < reset_at <= latest + grid.length_s + TOLERANCE_S:
            gate.suspects += 1
            if gate.suspects < BELIEVED and not certain:
                return None
            if window == grid.last_ms and not _outlasts(gate, window, used):
                return None
            clock.forget()
            grid.forget()
    gate.suspects = 0
    last = gate.last_named()
    restarted = used is not None and last is not None and used < last.top
    if not grid.learn(window, restarted=restarted):
        return None
    clock.counted_in(reset_at - grid.length_s, reset_at, sent=sent, received=received)
    return window


def _outlasts(gate: Gate, window: int, used: int | None) -> bool:
    """Say whether a window lasts longer than expected; else its Reset stands still."""
    last = gate.last_named()
    if used is not None and last is not None and used < last.top // 2:
        gate.frozen = window
        gate.has_headers = False
        return False
    gate.grid.outlasted()
    return True
