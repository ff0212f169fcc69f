"""Sends one call: admit, exchange, observe, decide, decode.

    send → _send_with_deadline → _send_with_retries → _send_once, _follow_redirects

Every request takes these steps, so what holds here (limits, retries, deadlines) holds everywhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Hashable
from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Any, TypeVar

from intercom_async.clock import CLOCK
from intercom_async.codec import UNREAD
from intercom_async.codec.pieces import LARGE_BYTES
from intercom_async.config import RetryPolicy
from intercom_async.errors import (
    ClosedError,
    ConnectError,
    DeadlineError,
    TransportError,
    WaitTooLongError,
)
from intercom_async.response import Response
from intercom_async.scheduler import Permit, Scheduler
from intercom_async.transport.base import FIRST_FAILURE, Request, StreamReply, Transport
from . import redirects, retry, verdicts
from .builder import RequestBuilder
from .call_state import CallState, FailedAttempt
from .error_body import is_error, read_error_body
from .observer import Observer, observe
from .operation import Call
from .outage_queue import PROBE_CONNECT_S, OutageQueue
from .replies import to_response
from .waits import Waits, end_waits, shared_lock

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")

MAX_TOKEN_S = 0.05
"""Seconds that a token provider may keep a permit for; a slower one gives it back and waits again
(test_promises.py::test_a_slow_token_provider_gives_its_permit_back)."""
_NOW = retry.Retry(0.0, 0, "not sent")
"""Try again as soon as the outage queue lets the call pass."""


class Session:
    """Sends calls through one scheduler and one transport.

    Args:
        transport: The way to the network; closed with the session.
        scheduler: Admits each attempt; it may be shared and is not closed here.
        app: The app of the scheduler that the requests count against.
        policy: How often and how patiently a call is retried.
        random: Source of the jitter.
        observer: Told of every call; None costs nothing.
    """

    def __init__(
        self,
        transport: Transport,
        scheduler: Scheduler,
        *,
        app: Hashable = "",
        policy: RetryPolicy | None = None,
        random: Random | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.scheduler = scheduler
        self.app = app
        self.transport: Transport = transport
        self._policy = policy or RetryPolicy()
        self._random = random or Random()  # noqa: S311 (jitter needs no secrecy)
        self._budget = retry.RetryBudget(self._policy.budget)
        self._outage = OutageQueue(self._policy, self._random)
        self._waiting: set[Permit] = set()
        self._waits = Waits()
        self.observer: Observer | None = observer

    async def close(self) -> None:
        """Raise `ClosedError` in every call that waits, and close the transport."""
        # First: a call that gets its permit from here on gives it back.
        self._waits.close()
        try:
            await end_waits(tuple(self._waiting))
        finally:
            await self.transport.close()

    def shared_lock(self, name: str) -> asyncio.Lock:
        """Return a lock that all sessions of this app and scheduler share, by its name."""
        return shared_lock(self.scheduler, self.app, name)

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """Cancel what the block waits for as soon as the client is closed.

        Raises:
            ClosedError: The client was closed before the block had ended.
        """
        return self._waits.while_open()

    def send(self, call: Call[T], builder: RequestBuilder) -> Coroutine[Any, Any, Response[T]]:
        """Send a call, with retries where they make sense, and return its decoded reply.

        Raises:
            IntercomError: Any but `ConfigError`; see `intercom_async.errors`.
        """
        return self._respond(CallState(call, builder, self.transport.exchange, CLOCK.now()))

    def fetch(self, call: Call[T], builder: RequestBuilder) -> Coroutine[Any, Any, T]:
        """Send a call as `send` does and return its decoded reply alone, which costs less.

        Raises:
            IntercomError: As `send`.
        """
        state = CallState(call, builder, self.transport.exchange)
        if self.observer is None and builder.options.deadline_s is None:
            return self._send_with_retries(state)
        state.started_s = CLOCK.now()
        return self._start(state)

    def stream(
        self, call: Call[Any], builder: RequestBuilder
    ) -> Coroutine[Any, Any, Response[StreamReply]]:
        """Send a call and return when the head of its reply is there; the caller closes it.

        Raises:
            IntercomError: As `send`.
        """
        return self._respond(CallState(call, builder, self.transport.stream, CLOCK.now()))

    async def _respond(self, state: CallState[T]) -> Response[T]:
        return to_response(state, await self._start(state))

    def _start(self, state: CallState[T]) -> Coroutine[Any, Any, T]:
        if self.observer is None:
            return self._send(state)
        observation = state.observation = observe(
            self.observer, state.call, state.builder, app=self.app, exchange=state.exchange
        )
        state.exchange = observation.exchange
        return observation.run(self._send(state), lambda: state.permit.window)

    def _send(self, state: CallState[T]) -> Coroutine[Any, Any, T]:
        if state.builder.options.deadline_s is None:
            return self._send_with_retries(state)
        return self._send_with_deadline(state, state.builder.options.deadline_s)

    async def _send_with_deadline(self, state: CallState[T], deadline_s: float) -> T:
        deadline = asyncio.timeout(deadline_s)
        try:
            async with deadline:
                return await self._send_with_retries(state)
        except TimeoutError:
            if not deadline.expired():
                raise  # One of the token provider or of a hook.
            raise DeadlineError(
                deadline_s=deadline_s,
                attempts=state.attempts,
                maybe_sent=state.maybe_sent or state.is_sent,
                call=state.call.name,
            ) from state.error

    async def _send_with_retries(self, state: CallState[T]) -> T:  # noqa: C901, PLR0912 (in one place)
        call = state.call
        state.request = state.builder.build(call)
        outage = self._outage
        while True:
            outcome: T | FailedAttempt
            try:
                if outage.is_active:
                    await self._wait_for_server(state)
                state.attempts += 1
                state.answers = outage.answers
                await self._send_once(state, state.request)
                if state.reply.status >= FIRST_FAILURE:
                    await self._follow_redirects(state)
                read, reply = call.operation.decoder, state.reply
                if len(reply.body) > LARGE_BYTES:
                    outcome = await verdicts.after_large_reply(state, self._policy, self._random)
                elif (
                    state.error_body is not None
                    or read is None
                    or type(reply) is StreamReply
                    or log.isEnabledFor(logging.DEBUG)
                ):
                    outcome = verdicts.after_reply(state, self._policy, self._random)
                elif (outcome := read(reply.body)) is UNREAD:
                    outcome = verdicts.after_unread_reply(state, self._policy, self._random)
            except TransportError as error:
                outcome = self._handle_transport_error(state, error)
            except WaitTooLongError as refused:
                refused.maybe_sent = state.maybe_sent
                refused.__cause__ = refused.__cause__ or state.error
                raise
            except ClosedError as closed:
                closed.maybe_sent = state.maybe_sent or state.is_sent
                raise
            finally:
                if state.is_probe:
                    # Neither answered nor failed: cancelled, or refused by the scheduler.
                    state.is_probe = False
                    outage.give_up_probe()
            if not isinstance(outcome, FailedAttempt):
                if self._budget.left < self._budget.size:
                    self._budget.give_back(state.spent)
                return outcome
            await self._pause(state, outcome)

    async def _wait_for_server(self, state: CallState[Any]) -> None:
        options = state.builder.options
        async with self.while_open():
            state.is_probe = await self._outage.wait(
                state.call.name, options.priority, options.max_wait_s
            )

    async def _pause(self, state: CallState[Any], failed: FailedAttempt) -> None:
        """Wait before another attempt, or raise the error of the last one."""
        state.error, again = failed
        state.is_sent, state.is_at_origin = False, True
        if again is _NOW:
            self.scheduler.retried()
            return
        if (
            again is None
            or retry.counted(state.attempts, state.refusals) >= self._policy.max_attempts
            or (again.is_asked and _is_too_long(state, again.after_s))
            or not self._budget.take(again.cost)
        ):
            raise state.error
        state.spent += again.cost
        self.scheduler.retried()
        log.info(
            "%s: attempt %d failed (%s), retry in %.2f s",
            state.call.name,
            state.attempts,
            again.reason,
            again.after_s,
        )
        if again.after_s > 0:
            try:
                async with self.while_open():
                    await CLOCK.sleep(again.after_s)
            except ClosedError as closed:
                closed.maybe_sent = state.maybe_sent
                raise

    async def _follow_redirects(self, state: CallState[Any]) -> None:
        """Send what a redirect asks for, as often as the next reply is one."""
        request, has_left = state.request, False
        for _ in range(redirects.MAX_REDIRECTS):
            if not redirects.is_redirect(state.reply.status):
                break
            following = redirects.follow(request, state.reply, origin=state.request.url)
            if following is None:
                break
            request, state.is_at_origin = following
            if request.method != state.request.method:
                state.was_done = state.maybe_sent = True
            if state.is_at_origin:
                await self._send_once(state, request, has_left=has_left)
                continue
            has_left = True
            # The limits of another host are not Intercom's: the scheduler is not asked.
            state.reply = reply = await state.exchange(request, lambda: None)
            state.error_body = read_error_body(reply) if is_error(reply) else None

    async def _send_once(  # noqa: C901 (all ways out in one place)
        self, state: CallState[Any], request: Request, *, has_left: bool = False
    ) -> None:
        """Wait for a permit, use it for one request, and note the reply in the call's state."""
        permit = self._admit(state, is_repeat=state.attempts > 1)
        try:
            if not permit.try_enter():
                await self._wait(permit)
            if state.observation is not None:
                state.observation.waited(permit.waited_s(permit.sent_at))
            outage = self._outage
            while outage.is_active and not state.is_probe:
                permit = await self._readmit(state)
            if state.builder.has_provider and not has_left:
                request = await self._authorize(state, request)
                permit = state.permit
            if state.is_probe:
                request = request.replace(connect_s=PROBE_CONNECT_S)
            state.reply = reply = await state.exchange(request, state.sent)
            outage.answers += 1
            if outage.is_watching:
                state.is_probe = False
                outage.record_answer()
            state.error_body = error = read_error_body(reply) if is_error(reply) else None
            message = None if error is None else error.message
            permit.observe(status=reply.status, headers=reply.headers, message=message)
        except BaseException as ended:
            # Closed, cancelled or past its deadline while it connected, or stopped by an observer:
            # nothing was sent. That bytes have left is not said by every transport that fails.
            is_lost = state.is_sent or isinstance(ended, TransportError)
            if isinstance(ended, ConnectError) or not is_lost:
                state.permit.release()
            raise
        finally:
            state.permit.leave()

    async def _wait(self, permit: Permit) -> None:
        """Wait for a permit, until the client is closed at most."""
        self._waiting.add(permit)
        try:
            await permit.enter()
        finally:
            self._waiting.discard(permit)
        if self._waits.is_closed:
            permit.release()  # Closed after the permit was granted, before this task ran.
            raise ClosedError("the client was closed as the call got its permit")

    def _admit(self, state: CallState[Any], *, is_repeat: bool) -> Permit:
        """Return a permit that has to be entered, and left in any case."""
        if self._waits.is_closed:
            raise ClosedError("the client is closed")
        options = state.builder.options
        deadline_s = options.deadline_s
        permit = state.permit = self.scheduler.admit(
            priority=options.priority,
            max_wait_s=options.max_wait_s,
            deadline=None if deadline_s is None else state.started_s + deadline_s,
            kind=state.call.operation.kind,
            app=self.app,
            call=state.call.operation.name,
            is_repeat=is_repeat,
            since=state.since,
        )
        return permit

    async def _readmit(self, state: CallState[Any]) -> Permit:
        """Give the permit back and wait for another one, at the head of the lane."""
        state.permit.release()
        state.permit.leave()
        if self._outage.is_active:
            await self._wait_for_server(state)
        permit = self._admit(state, is_repeat=True)
        await self._wait(permit)
        return permit

    async def _authorize(self, state: CallState[Any], request: Request) -> Request:
        """Ask the token provider, now that the request may be sent.

        One that takes long gives the permit back, so that others do not wait for it.
        """
        started_s = CLOCK.now()
        try:
            request = await state.builder.authorize(request)
        except BaseException as error:
            state.provider_error = error
            state.permit.release()
            raise
        if CLOCK.now() - started_s > MAX_TOKEN_S:
            await self._readmit(state)
        return request

    def _handle_transport_error(
        self, state: CallState[Any], error: TransportError
    ) -> FailedAttempt:
        """Decide about a retry after an attempt without a reply."""
        if error is state.provider_error:
            raise error
        log.debug("%s: %s (attempt %d)", state.call.name, type(error).__name__, state.attempts)
        state.maybe_sent |= error.maybe_sent
        if not state.may_repeat:
            return FailedAttempt(verdicts.after_work(error), None)
        outage = self._outage
        again = retry.after_transport_error(
            error,
            state.call.operation.repeat,
            state.attempts,
            self._policy,
            self._random,
            has_answered=outage.answers > 0 and state.is_at_origin,
        )
        if not isinstance(error, ConnectError) or again is None or state.answers != outage.answers:
            return FailedAttempt(error, again)
        if self._policy.max_attempts == 1:
            return FailedAttempt(error, None)
        is_probe, state.is_probe = state.is_probe, False
        outage.record_failure(error, is_probe=is_probe)
        if is_probe and outage.is_over:
            return FailedAttempt(error, None)
        state.attempts -= 1  # waiting for the server costs none
        return FailedAttempt(error, _NOW)


def _is_too_long(state: CallState[Any], pause_s: float) -> bool:
    """Say whether a pause that the server asks for outlasts what the caller has time for."""
    options, ends_at = state.builder.options, CLOCK.now() + pause_s
    wait_s, left_s = options.max_wait_s, options.deadline_s
    if wait_s is not None and max(pause_s, ends_at - (state.since or ends_at)) > wait_s:
        return True
    return left_s is not None and ends_at >= state.started_s + left_s
