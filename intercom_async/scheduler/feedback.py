"""What comes of the calls that were let go: replies, refunds, and those never heard of again."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from intercom_async.response import Window, header, parse_window
from .dispatcher import Turns
from .limits.server_clock import DATE_WIDTH_S, parse_date
from .limits.window_budget import Ledger
from .permit import GRANTED, OBSERVED, OVER, Permit
from .throttling import FULL_WINDOW, TOO_MANY_REQUESTS, Throttle, classify, named_limit

log: logging.Logger = logging.getLogger("intercom_async.scheduler")


class Replies:
    """Settles the account of every permit.

    Args:
        turns: Whom to tell that something has become free.
    """

    __slots__ = ("_turns",)

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def leave(self, permit: Permit) -> None:
        """End a permit's block."""
        turns = self._turns
        if permit.state is GRANTED:
            # No reply and no refund: it may have been sent and counted.
            permit.app.gate.lose(permit.charged, permit.cost)
            turns.counters.lost += 1
        elif permit.state is not OBSERVED:
            return
        permit.state = OVER
        turns.counters.in_flight -= 1
        if turns.waiting:
            turns.look_soon()

    def refund(self, permit: Permit) -> None:
        """Take a permit's charge back."""
        if permit.state is not GRANTED:
            return
        permit.state = OBSERVED
        permit.app.gate.settle(permit.charged, permit.cost)
        self._turns.counters.refunded += 1

    def observe(
        self, permit: Permit, status: int, headers: Mapping[str, str], message: str | None
    ) -> None:
        """Take a reply in."""
        if permit.state is not GRANTED:
            return
        permit.state = OBSERVED
        turns, gate = self._turns, permit.app.gate
        now = turns.now()
        limit, had_headers = gate.limit, gate.has_headers
        reply = permit.window = parse_window(headers)
        is_full = False
        if status == TOO_MANY_REQUESTS:
            kind = permit.throttle = classify(reply, message, limit)
            is_full = kind in FULL_WINDOW
            if kind is Throttle.WORKSPACE and reply.limit != limit:
                # These are the workspace's numbers, not the app's.
                reply = Window(reset_at=reply.reset_at)
        ledger = gate.acknowledge(
            permit.charged,
            reply,
            ranks=permit.ranks,
            cost=permit.cost,
            sent=permit.sent_at,
            received=now,
            rejected=is_full,
            date=None if gate.clock.is_known else _date(headers),
        )
        if gate.clock.width_s(now) > DATE_WIDTH_S:
            self._take_date(permit, headers, now)
        if permit.throttle is not None:
            self._turned_away(permit, permit.throttle, ledger, message, now)
        else:
            gate.is_probing = False
            turns.breaker.streak = 0
        if gate.limit != limit:
            turns.hooks.call("limit_changed", permit.app.key, gate.limit)
        if had_headers is not False and gate.has_headers is False:
            turns.hooks.call("degraded", "replies have no rate-limit headers to go by")

    def _take_date(self, permit: Permit, headers: Mapping[str, str], received: float) -> None:
        """Use the Date header while the windows leave the server's clock uncertain."""
        clock = permit.app.gate.clock
        moment = _date(headers)
        if clock.is_known and moment is not None:
            clock.dated(moment, sent=permit.sent_at, received=received)

    def _turned_away(
        self,
        permit: Permit,
        kind: Throttle,
        ledger: Ledger | None,
        message: str | None,
        now: float,
    ) -> None:
        """Act on a 429 according to what it means."""
        turns, gate = self._turns, permit.app.gate
        turns.counters.throttled[kind] += 1
        turns.hooks.call("throttled", kind, permit.call)
        log.debug("%s was answered 429 (%s)", permit.call, kind.value)
        if kind is Throttle.RESOURCE:
            return
        full = permit.charged[0] if ledger is None and permit.charged else ledger
        if kind is Throttle.EDGE or full is None:
            if turns.breaker.failed(now):
                turns.hooks.call("degraded", "the server turns calls away without a window")
            return
        if kind is Throttle.APP:
            # Not one call of ours was served: a storm. The next window begins with one probe.
            gate.is_probing |= full.reject()
        elif full.workspace is not None:
            left_s = gate.left_s(full, now)
            turns.workspace.fill(full.workspace, named=named_limit(message), left_s=left_s)
        permit.retry_after_s = max(0.0, gate.opens(full, now) - now)


def _date(headers: Mapping[str, str]) -> float | None:
    """Return what the Date header says."""
    text = header(headers, "Date")
    return None if text is None else parse_date(text)
