"""Sends one call: admit, exchange, observe, decide, decode.

The steps, from the outside in::

    send → _send_with_deadline → _send_with_retries → _send_once → _follow_redirects

Every request of every client, pager, sync and export takes them, so what holds here (limits,
retries, deadlines, one log line per attempt, no secret in any of them) holds everywhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from intercom_async.clock import CLOCK
from intercom_async.codec import decode
from intercom_async.config import RetryPolicy
from intercom_async.errors import (
    ClosedError,
    ConnectError,
    DeadlineError,
    DecodeError,
    IntercomError,
    TransportError,
)
from intercom_async.response import Response
from intercom_async.scheduler import Permit, Scheduler, Throttle
from intercom_async.scheduler.throttling import FULL_WINDOW
from intercom_async.transport.base import FIRST_FAILURE, Reply, Request, StreamReply, Transport
from . import redirects, retry
from .builder import RequestBuilder
from .error_body import ErrorBody, read_error_body, to_error
from .headers import parse_request_id, parse_retry_after
from .observer import Observation, Observer, observe
from .operation import Call

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")

_NO_BODY = type(None)
_ERROR_LIST = b'{"type":"error.list"'

_locks: WeakKeyDictionary[Scheduler, dict[tuple[Hashable, str], asyncio.Lock]] = WeakKeyDictionary()

Exchange = Callable[[Request, Callable[[], None]], Awaitable[Reply]]
"""One of the two ways in which a transport sends a request: `exchange` or `stream`."""

_Exchanged = tuple[Permit, Reply, ErrorBody | None]
"""The permit that was used, the reply to it, and the reply's error, if it is one."""


class _CallState(Generic[T]):
    """A call under way: what is sent, and how far it has come."""

    __slots__ = (
        "attempts",
        "builder",
        "call",
        "exchange",
        "maybe_sent",
        "observation",
        "spent",
        "started_s",
    )

    def __init__(self, call: Call[T], builder: RequestBuilder, exchange: Exchange) -> None:
        self.call = call
        self.builder = builder
        self.exchange = exchange
        self.started_s = CLOCK.now()
        self.attempts = 0
        self.maybe_sent = False
        self.observation: Observation | None = None
        self.spent = 0
        """Taken from the retry budget so far."""


class _FailedAttempt(NamedTuple):
    """An attempt that did not succeed; `retry` is None where another one makes no sense."""

    error: IntercomError
    retry: retry.Retry | None


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
        self._transport = transport
        self._policy = policy or RetryPolicy()
        self._random = random or Random()  # noqa: S311 (jitter needs no secrecy)
        self._budget = retry.RetryBudget(self._policy.budget)
        self._permits: set[Permit] = set()
        self._waits: set[asyncio.Timeout] = set()
        self.observer: Observer | None = observer
        self._is_closed = False

    async def close(self) -> None:
        """Raise `ClosedError` in every call that waits, and close the transport."""
        self._is_closed = True
        for permit in tuple(self._permits):
            # A permit that is granted already is not affected.
            permit.abandon(
                ClosedError("the client was closed while the call waited for its permit")
            )
        self._permits.clear()
        for wait in self._waits:
            wait.reschedule(0.0)
        self._waits.clear()
        await self._transport.close()

    def shared_lock(self, name: str) -> asyncio.Lock:
        """Return a lock that all sessions of this app and scheduler share, by its name."""
        locks = _locks.setdefault(self.scheduler, {})
        return locks.setdefault((self.app, name), asyncio.Lock())

    @asynccontextmanager
    async def while_open(self) -> AsyncGenerator[None, None]:
        """Cancel what the block waits for as soon as the client is closed.

        Raises:
            ClosedError: The client was closed before the block had ended.
        """
        wait = asyncio.timeout(None)
        try:
            async with wait:
                if self._is_closed:
                    raise ClosedError("the client is closed")
                self._waits.add(wait)
                yield
        except TimeoutError:
            if not wait.expired():
                raise
            raise ClosedError("the client was closed while something waited in it") from None
        finally:
            self._waits.discard(wait)

    def send(self, call: Call[T], builder: RequestBuilder) -> Coroutine[Any, Any, Response[T]]:
        """Send a call, with retries where they make sense, and return its decoded reply.

        Raises:
            IntercomError: Any but `ConfigError`; see `intercom_async.errors`.
        """
        return self._start(_CallState(call, builder, self._transport.exchange))

    def stream(
        self, call: Call[Any], builder: RequestBuilder
    ) -> Coroutine[Any, Any, Response[StreamReply]]:
        """Send a call and return when the head of its reply is there; the caller closes it.

        Raises:
            IntercomError: As `send`.
        """
        return self._start(_CallState(call, builder, self._transport.stream))

    def _start(self, state: _CallState[T]) -> Coroutine[Any, Any, Response[T]]:
        if self.observer is None:
            return self._send(state)
        observation = state.observation = observe(
            self.observer, state.call, state.builder, app=self.app, exchange=state.exchange
        )
        state.exchange = observation.exchange
        return observation.run(self._send(state))

    def _send(self, state: _CallState[T]) -> Coroutine[Any, Any, Response[T]]:
        if state.builder.options.deadline_s is None:
            return self._send_with_retries(state)
        return self._send_with_deadline(state, state.builder.options.deadline_s)

    async def _send_with_deadline(self, state: _CallState[T], deadline_s: float) -> Response[T]:
        try:
            async with asyncio.timeout(deadline_s):
                return await self._send_with_retries(state)
        except TimeoutError:
            raise DeadlineError(
                deadline_s=deadline_s,
                attempts=state.attempts,
                maybe_sent=state.maybe_sent,
                call=state.call.name,
            ) from None

    async def _send_with_retries(self, state: _CallState[T]) -> Response[T]:
        while True:
            state.attempts += 1
            request = await state.builder.build(state.call)
            outcome: Response[T] | _FailedAttempt
            try:
                exchanged = await self._send_once(state, request)
                if exchanged[1].status >= FIRST_FAILURE:
                    exchanged = await self._follow_redirects(state, request, exchanged)
            except TransportError as error:
                outcome = self._handle_transport_error(state, error)
            else:
                outcome = self._handle_response(state, exchanged)
            if isinstance(outcome, Response):
                self._budget.give_back(state.spent)
                return outcome
            failure, again = outcome
            if (
                again is None
                or state.attempts >= self._policy.max_attempts
                or not self._budget.take(again.cost)
            ):
                raise failure
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
                async with self.while_open():
                    await CLOCK.sleep(again.after_s)

    async def _follow_redirects(
        self, state: _CallState[Any], request: Request, exchanged: _Exchanged
    ) -> _Exchanged:
        """Send what a redirect asks for, as often as the next reply is one."""
        permit, reply, error = exchanged
        for _ in range(redirects.MAX_REDIRECTS):
            if not redirects.is_redirect(reply.status):
                break
            following = redirects.follow(request, reply)
            if following is None:
                break
            request, is_same_origin = following
            if is_same_origin:
                permit, reply, error = await self._send_once(state, request)
            else:
                # The limits of another host are not Intercom's: the scheduler is not asked.
                reply = await state.exchange(request, _nothing)
                error = _error_body(reply)
        return permit, reply, error

    async def _send_once(self, state: _CallState[Any], request: Request) -> _Exchanged:
        """Wait for a permit and use it for one request."""
        if self._is_closed:
            raise ClosedError("the client is closed")
        options = state.builder.options
        deadline_s = options.deadline_s
        permit = self.scheduler.admit(
            priority=options.priority,
            max_wait_s=options.max_wait_s,
            deadline=None if deadline_s is None else state.started_s + deadline_s,
            kind=state.call.operation.kind,
            app=self.app,
            call=request.name,
            is_repeat=state.attempts > 1,
        )
        self._permits.add(permit)
        try:
            await permit.enter()
            if state.observation is not None:
                state.observation.waited(permit.sent_at - permit.since)
            if permit not in self._permits:
                # Closed after the permit was granted, before this task ran.
                permit.refund()
                raise ClosedError("the client was closed as the call got its permit")
            state.maybe_sent = True
            try:
                reply = await state.exchange(request, permit.sent)
            except ConnectError:
                permit.refund()
                raise
            error = _error_body(reply)
            permit.observe(
                status=reply.status,
                headers=reply.headers,
                message=None if error is None else error.message,
            )
        finally:
            permit.leave()
            self._permits.discard(permit)
        return permit, reply, error

    def _handle_transport_error(
        self, state: _CallState[Any], error: TransportError
    ) -> _FailedAttempt:
        """Decide about a retry after an attempt without a reply."""
        log.debug("%s: %s (attempt %d)", state.call.name, type(error).__name__, state.attempts)
        again = retry.after_transport_error(
            error, state.call.operation.repeat, state.attempts, self._policy, self._random
        )
        return _FailedAttempt(error, again)

    def _handle_response(
        self, state: _CallState[T], exchanged: _Exchanged
    ) -> Response[T] | _FailedAttempt:
        """Decode a success; decide about a retry after anything else."""
        permit, reply, error = exchanged
        identity = parse_request_id(reply.headers)
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s answered %d in %.0f ms (attempt %d, request %s)",
                state.call.name,
                reply.status,
                1000 * (CLOCK.now() - permit.sent_at),
                state.attempts,
                identity,
            )
        if error is not None:
            return self._handle_error(state, permit, reply, error)
        try:
            data: Any = (
                reply
                if isinstance(reply, StreamReply)
                else _decoded(reply.body, state.call.operation.model, state.call.name, identity)
            )
        except DecodeError as unreadable:
            # Without a path the body as a whole is broken (empty, cut off, a page of a proxy); a
            # value that contradicts its type would do so after a retry, too.
            is_worth_it = state.call.operation.repeat == "safe" and not unreadable.path
            pause = retry.pause_s(state.attempts, self._policy, self._random)
            again = retry.Retry(pause, retry.TRANSIENT_COST, "unreadable answer")
            return _FailedAttempt(unreadable, again if is_worth_it else None)
        return Response(
            data=data,
            status=reply.status,
            headers=reply.headers,
            request_id=identity,
            window=permit.window,
            attempts=state.attempts,
            elapsed_s=CLOCK.now() - state.started_s,
        )

    def _handle_error(
        self, state: _CallState[Any], permit: Permit, reply: Reply, body: ErrorBody
    ) -> _FailedAttempt:
        """Decide about a retry after a reply that is not a success."""
        retry_after_s = parse_retry_after(reply.headers, CLOCK.unix())
        is_full = permit.throttle in FULL_WINDOW
        again = None
        if permit.throttle is not Throttle.RESOURCE:
            again = retry.after_status(
                reply.status,
                code=body.code,
                window_is_full=is_full,
                retry_after_s=retry_after_s,
                repeat=state.call.operation.repeat,
                failures=state.attempts,
                policy=self._policy,
                random=self._random,
            )
        if is_full and permit.retry_after_s is not None:
            retry_after_s = max(retry_after_s or 0.0, permit.retry_after_s)
        error = to_error(
            state.call.name, reply, body, window=permit.window, retry_after_s=retry_after_s
        )
        return _FailedAttempt(error, again)


def _decoded(body: bytes, model: Any, name: str, identity: str | None) -> Any:
    """Decode a body into the type that the call asks for."""
    if model is _NO_BODY or (model is Any and not body):
        return None
    if model is bytes:
        return body
    return decode(body, model, call=name, request_id=identity)


def _error_body(reply: Reply) -> ErrorBody | None:
    """Return the error of a reply, if it is one; an error list may come with a 2xx status."""
    if reply.status >= FIRST_FAILURE or reply.body.startswith(_ERROR_LIST):
        return read_error_body(reply)
    return None


def _nothing() -> None:
    """Ignore that the request is sent."""
