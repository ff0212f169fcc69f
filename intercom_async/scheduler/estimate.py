"""How long a call would wait, from a few numbers and however many wait already."""

from __future__ import annotations

from .app import App
from .permit import Permit


def estimate_s(app: App, permit: Permit, now: float) -> tuple[float, float | None]:
    """Return about how long a call would wait, and when the present window ends.

    Returns:
        Seconds, and the window's end on the server's clock, or None while it is unknown.
    """
    gate = app.gate
    ahead = app.lanes.ahead(permit.priority)
    is_paced = app.is_paced(permit, now)
    rate = gate.rate_per_s(now)
    if not gate.is_known:
        if gate.has_headers is None:
            return 0.0, None
        return max(0.0, gate.pace.next_at - now) + ahead / rate, None
    index = gate.span(now)[0]
    reset_at = gate.end_of(index)
    hard, _ = gate.room(index, now, reserved=False)
    room = 0 if gate.ledger(index).is_full else max(0, hard - permit.cost + 1)
    if ahead < room:
        if not is_paced:
            return 0.0, reset_at
        return max(0.0, gate.pace.next_at - now) + ahead / rate, reset_at
    windows, rest = divmod(ahead - room, max(1, gate.limit))
    steady = gate.limit / gate.window_s
    after_s = windows * gate.window_s + (rest / steady if is_paced else 0.0)
    return max(0.0, gate.opens(index, now) - now) + after_s, reset_at
