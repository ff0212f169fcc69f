"""Feedback of replies into the limiters: ends a permit's charge, then acts on what they say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from typing import Protocol, cast

from intercom_async.response import UNKNOWN, Window, header, parse_window
from .app_queue import AppQueue
from .circuit_breaker import CircuitBreaker
from .hooks import GuardedHooks
from .limits.app_limiter import AppLimiter
from .limits.server_clock import DATE_USEFUL_WIDTH_S, parse_date
from .limits.window_budget import Charge, WindowBudget
from .permit import GRANTED, SETTLED, Permit
from .statistics import Counters
from .throttling import FULL_WINDOW, TOO_MANY_REQUESTS, Throttle, classify, named_limit, named_rate

log: logging.Logger = logging.getLogger("intercom_async.scheduler")


class FeedbackOwner(Protocol):
    """What feedback asks the owner of permits and limiters for."""

    breaker: CircuitBreaker
    """Opens after several 429s without a window."""
    counters: Counters
    """Counts 429s."""
    queues: dict[Hashable, AppQueue]
    """The limiters, by app."""

    @property
    def now(self) -> Callable[[], float]:
        """Returns loop time in seconds."""
        ...


class ResponseFeedback:
    """Tells limiters, breaker, counters and hooks what replies say.

    In this order, so that nothing that a header or a hook raises leaves a charge half booked: the
    charge is settled, then the limiters learn, then the hooks are called.

    Args:
        owner: Owns the permits and the limiters.
        hooks: Hear of 429s and changes.
    """

    __slots__ = ("_breaker", "_counters", "_hooks", "_owner")

    def __init__(self, owner: FeedbackOwner, hooks: GuardedHooks) -> None:
        self._owner = owner
        self._breaker = owner.breaker
        self._counters = owner.counters
        self._hooks = hooks

    def observe(  # noqa: C901 (one path for every reply; what is rare has methods of its own)
        self,
        permit: Permit,
        status: int,
        headers: Mapping[str, str],
        message: str | None,
    ) -> None:
        """Settle a permit by its reply, which has just come, and learn from the headers.

        Args:
            permit: A permit; one that is not granted is left alone.
            status: The reply's status.
            headers: The reply's headers.
            message: The first error's message.
        """
        if permit.state is not GRANTED:
            return
        owner = self._owner
        now = owner.now()
        limiter = owner.queues[permit.app].limiter
        windows = limiter.windows
        try:
            reply = parse_window(headers)
        except Exception:
            log.exception("the headers of a reply to %s cannot be read", permit.call)
            reply = UNKNOWN
        kind: Throttle | None = None
        if status == TOO_MANY_REQUESTS:
            kind = self._classify(permit, limiter, reply, message)
        permit.state, permit.window = SETTLED, reply
        if (
            kind is None
            and not self._breaker.consecutive_failures
            and limiter.plain_replies.book(permit.charge, reply, permit.sent_at, now)
        ):
            return  # as nearly always
        limit, had_headers = windows.limit, windows.matcher.has_headers
        has_tripped = False
        try:
            date = None if windows.clock.is_known else _date(headers)
            if kind is None:
                budget = limiter.confirm(permit.charge, reply, permit.sent_at, now, date=date)
            else:
                budget = self._confirm_refused(permit, limiter, reply, kind, date, now)
            if windows.clock.width_s(now) > DATE_USEFUL_WIDTH_S:
                self._observe_date(permit, limiter, headers, now)
            if kind is not None:
                has_tripped = self._observe_429(permit, kind, limiter, budget, message, now)
            else:
                self._note_served(permit.sent_at, limiter, reply, budget, now)
        except Exception:
            log.exception("a reply to %s taught nothing", permit.call)
        if windows.limit != limit:
            owner.queues[permit.app].lower_limit.forget()
        if self._hooks.is_set:
            self._tell(permit, limiter, limit, had_headers, has_tripped=has_tripped)

    def _classify(
        self, permit: Permit, limiter: AppLimiter, reply: Window, message: str | None
    ) -> Throttle:
        """Return why a reply has status 429, by what was learned from those before it, too."""
        limit, charge = limiter.windows.limit, cast("Charge", permit.charge)
        kind = classify(reply, message, limit, workspace=limiter.workspace.limit)
        named = named_limit(message)
        if kind is Throttle.APP and reply.limit is None and named and charge.budgets:
            lower = self._owner.queues[permit.app].lower_limit
            if named < limit and lower.is_workspace(named, charge.budgets):
                return Throttle.WORKSPACE
        return kind

    def _confirm_refused(
        self,
        permit: Permit,
        limiter: AppLimiter,
        reply: Window,
        kind: Throttle,
        date: float | None,
        now: float,
    ) -> WindowBudget | None:
        """End the charge of a 429; return the window that it was counted in, if it says so."""
        permit.throttle = kind
        self._counters.throttled[kind] += 1
        if kind is Throttle.WORKSPACE and reply.limit != limiter.windows.limit:
            # These are the workspace's numbers, not the app's.
            reply = Window(reset_at=reply.reset_at)
        charge: Charge = permit.charge
        return limiter.confirm(
            charge,
            reply,
            permit.sent_at,
            now,
            is_refused=True,
            is_rejected=kind in FULL_WINDOW,
            date=date,
        )

    @staticmethod
    def _observe_date(
        permit: Permit, limiter: AppLimiter, headers: Mapping[str, str], received: float
    ) -> None:
        """Learn from the Date header, as the windows leave the server's clock uncertain."""
        clock, moment = limiter.windows.clock, _date(headers)
        if clock.is_known and moment is not None:
            clock.observe_date(moment, sent=permit.sent_at, received=received)

    def _note_served(
        self,
        sent: float,
        limiter: AppLimiter,
        reply: Window,
        budget: WindowBudget | None,
        now: float,
    ) -> None:
        """Let an answer other than a 429 end what refusals of earlier calls have begun."""
        # Whether there is anything to end is asked first, since nearly always there is not.
        if self._breaker.consecutive_failures:
            self._breaker.record_success(sent)
        if limiter.recovery.since is not None:
            limiter.recovery.note_served(sent)
        elif budget is not None:
            limiter.plain_replies.begin(budget, reply, now)
        if budget is None:
            limiter.pacer.fallback.note_served(sent, now)

    def _observe_429(
        self,
        permit: Permit,
        kind: Throttle,
        limiter: AppLimiter,
        budget: WindowBudget | None,
        message: str | None,
        now: float,
    ) -> bool:
        """Act on a 429 according to its kind; return whether it opens the breaker."""
        log.debug("%s was answered 429 (%s)", permit.call, kind.value)
        if kind is Throttle.RESOURCE:
            return False
        charge: Charge = permit.charge
        if budget is None and charge.budgets:
            budget = charge.budgets[0]
        windows = limiter.windows
        rate = None if windows.is_known else named_rate(message)
        if rate is not None:
            without = limiter.without_windows
            permit.retry_after_s = without.note_refused(*rate, sent=permit.sent_at, now=now)
            return False
        if kind is Throttle.EDGE or budget is None:
            return self._breaker.record_failure(now)
        if kind is Throttle.APP:
            limiter.note_full_window(budget, now)
        elif budget.workspace is not None:
            elapsed = windows.schedule.elapsed_share(windows.left_s(budget, now))
            limiter.workspace.reject(budget.workspace, named=named_limit(message), elapsed=elapsed)
        if limiter.headroom.leases is not None:
            limiter.headroom.leases.note_exhausted(budget)
        permit.retry_after_s = max(0.0, windows.ends_at(budget, now) - now)
        return False

    def _tell(
        self,
        permit: Permit,
        limiter: AppLimiter,
        limit: int,
        had_headers: bool | None,  # noqa: FBT001 (a state of three values)
        *,
        has_tripped: bool,
    ) -> None:
        """Call the hooks for what a reply has changed."""
        hooks, windows = self._hooks, limiter.windows
        if permit.throttle is not None:
            hooks.throttled(permit.throttle, permit.call)
        if has_tripped:
            hooks.degraded("the server turns calls away without a window")
        if windows.limit != limit:
            hooks.limit_changed(permit.app, windows.limit)
        if had_headers is not False and windows.matcher.has_headers is False:
            hooks.degraded("replies have no rate-limit headers to go by")


def _date(headers: Mapping[str, str]) -> float | None:
    """Return the Date header in UNIX seconds; None if it is absent or cannot be read."""
    try:
        text = header(headers, "Date")
        return None if text is None else parse_date(text)
    except Exception:  # noqa: BLE001 (whatever a broken header raises, it is no date)
        return None
