"""Why a call waits, in words for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .app import INTERACTIVE, UNHURRIED
from .permit import Permit

if TYPE_CHECKING:
    from .dispatcher import Turns


def reason(turns: Turns, permit: Permit, now: float) -> str:
    """Say on what a call waits."""
    flying = turns.counters.in_flight
    if flying >= (turns.crowded if permit.priority in UNHURRIED else turns.most):
        return "as many calls are under way as may be"
    if turns.breaker.is_tripped and turns.breaker.look(now, flying):
        return "the server is overloaded"
    gate = permit.app.gate
    if not gate.is_known:
        return "no window is known yet"
    ledger = gate.span(now)[-1]
    hard, soft = gate.room(ledger, now, hurried=permit.priority is INTERACTIVE)
    if ledger.is_full or hard < permit.cost:
        return "the window is used up"
    if soft < permit.cost:
        return "what is left is kept for others"
    return "its turn has not come"
