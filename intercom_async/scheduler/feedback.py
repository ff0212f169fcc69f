"""Feedback of replies into the limiters: settles a permit's charge and acts on 429s."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from intercom_async.response import Window, header, parse_window
from .circuit_breaker import CircuitBreaker
from .hooks import GuardedHooks
from .limits.app_limiter import AppLimiter, Charge
from .limits.server_clock import DATE_USEFUL_WIDTH_S, parse_date
from .limits.window_budget import WindowBudget
from .permit import Permit
from .statistics import Counters
from .throttling import FULL_WINDOW, TOO_MANY_REQUESTS, Throttle, classify, named_limit

log: logging.Logger = logging.getLogger("intercom_async.scheduler")


class ResponseFeedback:
    """Tells limiters, breaker, counters and hooks what replies say.

    Args:
        breaker: Opens after several 429s without a window.
        counters: Counts 429s.
        hooks: Hear of 429s and changes.
    """

    __slots__ = ("_breaker", "_counters", "_hooks")

    def __init__(self, breaker: CircuitBreaker, counters: Counters, hooks: GuardedHooks) -> None:
        self._breaker = breaker
        self._counters = counters
        self._hooks = hooks

    def observe(
        self,
        permit: Permit,
        limiter: AppLimiter,
        status: int,
        headers: Mapping[str, str],
        message: str | None,
        now: float,
    ) -> None:
        """Settle a permit by its reply and learn from the headers.

        Args:
            permit: A granted permit.
            limiter: The limiter of its app.
            status: The reply's status.
            headers: The reply's headers.
            message: The first error's message.
            now: When the reply came.
        """
        windows = limiter.windows
        limit, had_headers = windows.limit, windows.attribution.has_headers
        reply = permit.window = parse_window(headers)
        is_window_full = False
        if status == TOO_MANY_REQUESTS:
            kind = permit.throttle = classify(reply, message, limit)
            is_window_full = kind in FULL_WINDOW
            if kind is Throttle.WORKSPACE and reply.limit != limit:
                # These are the workspace's numbers, not the app's.
                reply = Window(reset_at=reply.reset_at)
        charge: Charge = permit.charge
        budget = limiter.confirm(
            charge,
            reply,
            sent=permit.sent_at,
            received=now,
            is_rejected=is_window_full,
            date=None if windows.clock.is_known else _date(headers),
        )
        if windows.clock.width_s(now) > DATE_USEFUL_WIDTH_S:
            self._observe_date(permit, limiter, headers, now)
        if permit.throttle is not None:
            self._observe_429(permit, permit.throttle, limiter, budget, message, now)
        else:
            limiter.is_probing = False
            if self._breaker.consecutive_failures:
                self._breaker.record_success()
        if windows.limit != limit:
            self._hooks.limit_changed(permit.app, windows.limit)
        if had_headers is not False and windows.attribution.has_headers is False:
            self._hooks.degraded("replies have no rate-limit headers to go by")

    def _observe_date(
        self, permit: Permit, limiter: AppLimiter, headers: Mapping[str, str], received: float
    ) -> None:
        """Learn from the Date header while the windows leave the server's clock uncertain."""
        clock = limiter.windows.clock
        moment = _date(headers)
        if clock.is_known and moment is not None:
            clock.observe_date(moment, sent=permit.sent_at, received=received)

    def _observe_429(
        self,
        permit: Permit,
        kind: Throttle,
        limiter: AppLimiter,
        budget: WindowBudget | None,
        message: str | None,
        now: float,
    ) -> None:
        """Act on a 429 according to its kind."""
        self._counters.throttled[kind] += 1
        self._hooks.throttled(kind, permit.call)
        log.debug("%s was answered 429 (%s)", permit.call, kind.value)
        if kind is Throttle.RESOURCE:
            return
        charge: Charge = permit.charge
        if budget is None and charge.budgets:
            budget = charge.budgets[0]
        if kind is Throttle.EDGE or budget is None:
            if self._breaker.record_failure(now):
                self._hooks.degraded("the server turns calls away without a window")
            return
        windows = limiter.windows
        if kind is Throttle.APP:
            # Not one call of ours was served: the next window begins with a single probe.
            limiter.is_probing |= budget.reject()
        elif budget.workspace is not None:
            elapsed = windows.schedule.elapsed_share(windows.left_s(budget, now))
            limiter.workspace.reject(budget.workspace, named=named_limit(message), elapsed=elapsed)
        permit.retry_after_s = max(0.0, windows.ends_at(budget, now) - now)


def _date(headers: Mapping[str, str]) -> float | None:
    text = header(headers, "Date")
    return None if text is None else parse_date(text)
