"""Queue of the calls that wait while the server cannot be reached; one of them probes.

It is a circuit breaker for connections that fail, as `scheduler/circuit_breaker.py` is one for a
server that answers and is overloaded.

States::

    CLOSED ──── nobody answers ────► OPEN ──── time is up ────► HALF_OPEN
      ▲                               ▲                             │
      └── the probe has an answer ────┼───── no connection ─────────┘

A call that waits here has certainly not been sent, so waiting costs no attempt, no retry budget and
no permit. The invariants (`tests/request/test_outage_queue.py`):

- No more than one call tries to connect while the outage lasts.
- A call that waits is woken by the answer to a probe, or ends with an error of its own; none is
  forgotten, whatever is cancelled.
- An outage shorter than `outage_s`, of a server that has answered before, fails no call.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from random import Random

from intercom_async.clock import CLOCK, TimerHandle
from intercom_async.config import RetryPolicy
from intercom_async.errors import ConnectError, WaitTooLongError
from intercom_async.priority import Priority, current_priority

log: logging.Logger = logging.getLogger("intercom_async")

FIRST_PROBE_S = 0.1
"""Seconds until the first probe; each further pause is `PROBE_GROWTH` times as long, up to
`LAST_PROBE_S`, and varies by `PROBE_JITTER`
(test_outage_queue.py::test_probes_are_few_and_the_last_comes_soon_after_recovery)."""
PROBE_GROWTH = 1.6
LAST_PROBE_S = 2.0
PROBE_JITTER = 0.25
URGENT_PROBE_S = 0.5
"""Seconds that a pause lasts at most, before it varies, while an interactive call waits
(test_outage_queue.py::test_a_person_waits_for_the_next_probe_only_briefly)."""
PROBE_CONNECT_S = 3.0
"""Seconds that a probe has to connect
(test_outage_queue.py::test_a_probe_that_hangs_is_given_up_after_three_seconds)."""
FIRST_CONTACT_S = 3.0
"""Seconds that a server which has never answered is tried for
(test_outage_queue.py::test_a_server_that_never_answered_fails_soon)."""
RELEASED_AT_ONCE = 8
"""Calls that the first answer lets go; every further answer lets `RELEASED_PER_ANSWER` go
(test_outage_queue.py::test_calls_return_in_growing_numbers)."""
RELEASED_PER_ANSWER = 2
RELEASED_AFTER_S = 1.0
"""Seconds after the first answer until all calls may go, should no further answers come
(test_outage_queue.py::test_no_call_waits_for_answers_that_do_not_come)."""


class _Waiter:
    """A call that waits for the server."""

    __slots__ = ("call", "future", "is_probe", "priority")

    def __init__(self, call: str, priority: Priority) -> None:
        self.call = call
        self.priority = priority
        self.is_probe = False
        """Whether it is the one call that is to find out."""
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class OutageQueue:
    """Lets a single call try to connect while a server does not answer.

    Args:
        policy: How long calls wait for a server that has answered before, and how often one that
            has not is tried.
        random: Source of the jitter.
    """

    def __init__(self, policy: RetryPolicy, random: Random) -> None:
        self.answers: int = 0
        """Answers of the server, whatever their status."""
        self.is_active: bool = False
        self.is_watching: bool = False
        """Whether `record_answer` has to be called for an answer: calls wait for it."""
        self._policy = policy
        self._random = random
        self._waiters: dict[_Waiter, None] = {}
        self._released: list[_Waiter] = []
        self._timer: TimerHandle | None = None
        self._is_probing = False
        self._opened_at = 0.0
        self._probe_at = 0.0
        self._urgent_at = 0.0
        """Loop time of the next probe while an interactive call waits."""
        self._failures = 0
        self._error = ConnectError("")

    @property
    def _limit_s(self) -> float:
        outage_s = self._policy.outage_s
        return outage_s if self.answers else min(outage_s, FIRST_CONTACT_S)

    async def wait(self, call: str, priority: Priority | None, max_wait_s: float | None) -> bool:
        """Wait until the server answers; return True to the one call that is to find out.

        Args:
            call: Method and path template, for messages.
            priority: The lane of the call; None takes the context's, else NORMAL.
            max_wait_s: Seconds it may wait; None for as long as an outage may last.

        Raises:
            ConnectError: The server did not answer for too long.
            WaitTooLongError: The wait would be, or has become, longer than `max_wait_s`.
        """
        now, lane = CLOCK.now(), _lane(priority)
        if lane is Priority.INTERACTIVE:
            self._probe_at = min(self._probe_at, self._urgent_at)
        if not self._is_probing and self._probe_at <= now and not self._waiters:
            self._is_probing = True
            self._cancel_timer()
            return True
        limit_s = math.inf if max_wait_s is None else max_wait_s
        wait_s = self._probe_at - now
        if wait_s > limit_s:
            raise self._too_long(call, wait_s, limit_s) from self._error
        waiter = _Waiter(call, lane)
        self._waiters[waiter] = None
        self._schedule()
        try:
            async with asyncio.timeout(max_wait_s):
                await waiter.future
        except BaseException as ended:
            if waiter.is_probe:
                # Ended in the moment in which it was chosen.
                self.give_up_probe()
            if isinstance(ended, TimeoutError):
                # Nothing else ends the wait with a timeout of its own.
                raise self._too_long(call, CLOCK.now() - now, limit_s) from self._error
            raise
        finally:
            self._waiters.pop(waiter, None)
        return waiter.is_probe

    def record_failure(self, error: ConnectError, *, is_probe: bool) -> None:
        """Note that nobody answered a call; begin an outage, or go on waiting."""
        now = CLOCK.now()
        self._error = error
        if not self.is_active:
            self.is_active = self.is_watching = True
            self._opened_at, self._failures = now, 0
            # Those whose wait was cancelled are nobody's, and would make the outage urgent.
            self._waiters.update((each, None) for each in self._released if not each.future.done())
            self._released = []
            self._cancel_timer()
            # A server that has never answered is told by the error, within seconds.
            log.log(
                logging.WARNING if self.answers else logging.INFO,
                "the API cannot be reached (%s); calls wait up to %g s for it",
                error.reason,
                self._limit_s,
            )
        elif is_probe:
            self._failures += 1
        else:
            return
        self._is_probing = False
        jitter = self._random.uniform(1 - PROBE_JITTER, 1 + PROBE_JITTER)
        pause_s = min(LAST_PROBE_S, FIRST_PROBE_S * PROBE_GROWTH**self._failures)
        self._urgent_at = now + min(pause_s, URGENT_PROBE_S) * jitter
        is_urgent = any(each.priority is Priority.INTERACTIVE for each in self._waiters)
        self._probe_at = self._urgent_at if is_urgent else now + pause_s * jitter
        if self.is_over:
            for waiter in self._waiters:
                _end(waiter, self._given_up(waiter.call))
        self._schedule()

    @property
    def is_over(self) -> bool:
        """Whether the outage has lasted longer than calls wait."""
        if CLOCK.now() >= self._opened_at + self._limit_s:
            return True
        return not self.answers and self._failures + 1 >= self._policy.max_attempts

    def give_up_probe(self) -> None:
        """Let the next call find out: the one that was to has ended without an answer."""
        self._is_probing = False
        self._probe_at = CLOCK.now()
        self._schedule()

    def record_answer(self) -> None:
        """Note an answer while calls wait: end the outage and let some of them go."""
        if not self.is_active:
            self._release(RELEASED_PER_ANSWER)
            return
        log.info("the API answers again after %.1f s", CLOCK.now() - self._opened_at)
        self.is_active = self._is_probing = False
        # The most urgent and oldest stand at the end, from where they are taken.
        self._released = sorted(self._waiters, key=lambda each: each.priority)[::-1]
        self._waiters = {}
        self._release(RELEASED_AT_ONCE)
        self._set_timer(CLOCK.now() + RELEASED_AFTER_S, self._release_all)

    def _release(self, count: int) -> None:
        while count and self._released:
            waiter = self._released.pop()
            if not waiter.future.done():
                _end(waiter, None)
                count -= 1
        self.is_watching = bool(self._released)

    def _release_all(self) -> None:
        self._release(len(self._released))

    def _schedule(self) -> None:
        """Set the timer of the next probe, if anybody waits for it."""
        if not self._is_probing and self._waiters:
            self._set_timer(self._probe_at, self._choose_probe)

    def _set_timer(self, when: float, callback: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = CLOCK.call_at(when, callback)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _choose_probe(self) -> None:
        """Wake the most urgent call as the probe."""
        waiting = [waiter for waiter in self._waiters if not waiter.future.done()]
        if waiting:
            self._is_probing = True
            chosen = min(waiting, key=lambda waiter: waiter.priority)
            chosen.is_probe = True
            chosen.future.set_result(None)

    def _given_up(self, call: str) -> ConnectError:
        waited_s = CLOCK.now() - self._opened_at
        reason = f"no connection for {waited_s:.0f} s: {self._error.reason}"
        error = ConnectError(reason, call=call, retryable=False)
        # It tells an outage from what will not pass, such as an unknown host.
        error.__cause__ = self._error
        return error

    def _too_long(self, call: str, wait_s: float, limit_s: float) -> WaitTooLongError:
        return WaitTooLongError(wait_s=wait_s, limit_s=limit_s, call=call)


def _lane(priority: Priority | None) -> Priority:
    found = current_priority() if priority is None else priority
    return Priority.NORMAL if found is None else found


def _end(waiter: _Waiter, error: Exception | None) -> None:
    if waiter.future.done():
        return
    if error is None:
        waiter.future.set_result(None)
    else:
        waiter.future.set_exception(error)
