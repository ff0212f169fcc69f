"""How long a call would wait, from a few numbers and however many wait already."""

from __future__ import annotations

from intercom_async.priority import Priority
from .app import App
from .permit import Permit


def estimate_s(app: App, permit: Permit, now: float) -> tuple[float, float | None]:
    """Return about how long a waiting call will wait yet, and when the present window ends.

    It counts those before it by number and not by cost, and takes the budget for what it looks
    like now: too short rather than too long, since a call refused for nothing is worse than one
    that ends its wait when its time is up.

    Returns:
        Seconds, and the window's end on the server's clock, or None while it is unknown.
    """
    gate = app.gate
    ahead = app.lanes.ahead(permit.priority) - 1
    paced_s = max(0.0, gate.pace.next_at - now)
    if not gate.is_known:
        if gate.has_headers is None:
            return 0.0, None
        return paced_s + ahead / gate.rate_per_s(now), None
    is_paced = app.is_paced(permit, now)
    ledger = gate.span(now)[-1]
    reset_at = ledger.window / 1000
    hurried = permit.priority is Priority.INTERACTIVE
    hard, _ = gate.room(ledger, now, hurried=hurried)
    room = 0 if ledger.is_full else max(0, hard - permit.cost + 1)
    if ahead < room:
        return (paced_s + ahead / gate.rate_per_s(now) if is_paced else 0.0), reset_at
    windows, rest = divmod(ahead - room, max(1, gate.limit))
    steady_s = gate.grid.length_s / gate.limit
    after_s = windows * gate.grid.length_s + (rest * steady_s if is_paced else 0.0)
    return max(0.0, gate.opens(ledger, now) - now) + after_s, reset_at
