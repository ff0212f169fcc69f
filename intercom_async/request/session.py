"""One request, from a call to an answer: admit, exchange, observe, decide, decode.

Every request of every view, pager, sync and export takes this road, so whatever holds here (limits,
retries, deadlines, one log line an attempt, no secret in any of them) holds everywhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from functools import partial
from random import Random
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from intercom_async.clock import CLOCK, Clock
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
from intercom_async.priority import Priority
from intercom_async.response import Response
from intercom_async.scheduler import Permit, Scheduler, Throttle
from intercom_async.scheduler.throttling import FULL_WINDOW
from intercom_async.transport.base import FIRST_FAILURE, Reply, Request, StreamReply, Transport
from . import redirects as redirect, retry as backoff
from .error_body import Failure, read_failure, request_id, to_error
from .operation import Call

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")

MakeRequest = Callable[[Call[Any]], Awaitable[Request]]
"""Makes the request of each attempt anew, so that a renewed token is used at once."""

_NO_BODY = type(None)
_ERROR_LIST = b'{"type":"error.list"'


_turns: WeakKeyDictionary[Scheduler, dict[tuple[Hashable, str], asyncio.Lock]] = WeakKeyDictionary()


class Terms(NamedTuple):
    """On which terms calls are sent; a view of a client has the same for all of its calls."""

    make_request: MakeRequest
    priority: Priority | None = None
    max_wait_s: float | None = None
    deadline_s: float | None = None


_Answered = tuple[Permit, Reply, Failure | None]
"""The permit that was used, the reply to it, and what the reply says went wrong."""

Exchange = Callable[[Request, Callable[[], None]], Awaitable[Reply]]
"""One of the ways in which a transport sends a request."""


class _Progress:
    """How far a call has come, for whoever has to say why it ended."""

    __slots__ = ("attempts", "begun_s", "exchange", "maybe_sent", "spent")

    def __init__(self, begun_s: float, exchange: Exchange) -> None:
        self.begun_s = begun_s
        self.exchange = exchange
        self.attempts = 0
        self.maybe_sent = False
        self.spent = 0


class _Failed(NamedTuple):
    """An attempt that did not succeed, and whether another one makes sense."""

    error: IntercomError
    retry: backoff.Retry | None


class Session:
    """Sends calls through one scheduler and one transport.

    Args:
        transport: The way to the network; closed with the session.
        scheduler: The gate; it may be shared and is not closed here.
        app: Which of the scheduler's apps the requests count against.
        retry: How often and how patiently a call is tried again.
        clock: What tells time.
        random: Where jitter comes from.
    """

    def __init__(
        self,
        transport: Transport,
        scheduler: Scheduler,
        *,
        app: Hashable = "",
        retry: RetryPolicy | None = None,
        clock: Clock = CLOCK,
        random: Random | None = None,
    ) -> None:
        self.scheduler = scheduler
        self.app = app
        self._transport = transport
        self._retry = retry or RetryPolicy()
        self._clock = clock
        self._random = random or Random()  # noqa: S311 (jitter needs no secrecy)
        self._budget = backoff.RetryBudget(self._retry.budget)
        self._permits: set[Permit] = set()
        self._pauses: set[asyncio.Future[None]] = set()
        self._is_closed = False

    async def close(self) -> None:
        """Wake what waits with `ClosedError` and close the transport."""
        self._is_closed = True
        for permit in tuple(self._permits):
            # Those that have their turn already are not concerned.
            permit.abandon(ClosedError("the client was closed while the call waited for its turn"))
        self._permits.clear()
        for pause in self._pauses:
            _end(pause)
        await self._transport.close()

    def turn(self, name: str) -> asyncio.Lock:
        """Return a lock that all sessions of this app and scheduler share, by its name."""
        locks = _turns.setdefault(self.scheduler, {})
        return locks.setdefault((self.app, name), asyncio.Lock())

    def send(self, call: Call[T], terms: Terms) -> Coroutine[Any, Any, Response[T]]:
        """Send a call, again where that makes sense, and return its answer.

        Raises:
            IntercomError: Any but `ConfigError`; see `intercom_async.errors`.
        """
        return self._sending(call, terms, self._transport.exchange)

    def stream(self, call: Call[Any], terms: Terms) -> Coroutine[Any, Any, Response[StreamReply]]:
        """Send a call and return as soon as its answer begins; the caller closes it.

        Raises:
            IntercomError: As `send`.
        """
        return self._sending(call, terms, self._transport.stream)

    def _sending(
        self, call: Call[T], terms: Terms, exchange: Exchange
    ) -> Coroutine[Any, Any, Response[T]]:
        progress = _Progress(self._clock.now(), exchange)
        if terms.deadline_s is None:
            return self._attempts(call, terms, progress)
        return self._bounded(call, terms, progress, terms.deadline_s)

    async def _bounded(
        self, call: Call[T], terms: Terms, progress: _Progress, deadline_s: float
    ) -> Response[T]:
        try:
            async with asyncio.timeout(deadline_s):
                return await self._attempts(call, terms, progress)
        except TimeoutError:
            raise DeadlineError(
                deadline_s=deadline_s,
                attempts=progress.attempts,
                maybe_sent=progress.maybe_sent,
                call=call.name,
            ) from None

    async def _attempts(self, call: Call[T], terms: Terms, progress: _Progress) -> Response[T]:
        while True:
            progress.attempts += 1
            request = await terms.make_request(call)
            outcome: Response[T] | _Failed
            try:
                answered = await self._admitted(call, request, terms, progress)
                if answered[1].status >= FIRST_FAILURE:
                    answered = await self._follow(call, request, terms, progress, answered)
            except TransportError as broken:
                outcome = self._broken_off(call, broken, progress)
            else:
                outcome = self._judged(call, answered, progress)
            if isinstance(outcome, Response):
                self._budget.give_back(progress.spent)
                return outcome
            error, retry = outcome
            if (
                retry is None
                or progress.attempts >= self._retry.max_attempts
                or not self._budget.take(retry.cost)
            ):
                raise error
            progress.spent += retry.cost
            self.scheduler.retried()
            log.info(
                "%s: attempt %d failed (%s), again in %.2f s",
                call.name,
                progress.attempts,
                retry.reason,
                retry.after_s,
            )
            if retry.after_s > 0:
                await self._pause(retry.after_s)

    async def _pause(self, seconds: float) -> None:
        """Wait for another attempt, no longer than until the client is closed."""
        pause = asyncio.get_running_loop().create_future()
        timer = self._clock.call_at(self._clock.now() + seconds, partial(_end, pause))
        self._pauses.add(pause)
        try:
            if not self._is_closed:
                await pause
        finally:
            self._pauses.discard(pause)
            timer.cancel()
        if self._is_closed:
            raise ClosedError("the client was closed while the call waited to be tried again")

    async def _follow(
        self,
        call: Call[Any],
        request: Request,
        terms: Terms,
        progress: _Progress,
        answered: _Answered,
    ) -> _Answered:
        """Send what redirects ask for, from the first of them on."""
        permit, reply, failure = answered
        for _ in range(redirect.MAX_REDIRECTS):
            if not redirect.is_redirect(reply.status):
                break
            following = redirect.follow(request, reply)
            if following is None:
                break
            request, is_same_origin = following
            if is_same_origin:
                permit, reply, failure = await self._admitted(call, request, terms, progress)
            else:
                # Another host's limits are not Intercom's: the scheduler is not asked.
                reply = await progress.exchange(request, _nothing)
                failure = _failure(reply)
        return permit, reply, failure

    async def _admitted(
        self, call: Call[Any], request: Request, terms: Terms, progress: _Progress
    ) -> _Answered:
        """Wait for a turn and use it for one request."""
        if self._is_closed:
            raise ClosedError("the client is closed")
        permit = self.scheduler.admit(
            priority=terms.priority,
            max_wait_s=terms.max_wait_s,
            deadline=None if terms.deadline_s is None else progress.begun_s + terms.deadline_s,
            kind=call.operation.kind,
            app=self.app,
            call=request.name,
            is_repeat=progress.attempts > 1,
        )
        self._permits.add(permit)
        try:
            await permit.enter()
            if permit not in self._permits:
                # Closed after the turn was given, before it could be taken.
                permit.refund()
                raise ClosedError("the client was closed as the call had its turn")
            progress.maybe_sent = True
            try:
                reply = await progress.exchange(request, permit.sent)
            except ConnectError:
                permit.refund()
                raise
            failure = _failure(reply)
            permit.observe(
                status=reply.status,
                headers=reply.headers,
                message=None if failure is None else failure.message,
            )
        finally:
            permit.leave()
            self._permits.discard(permit)
        return permit, reply, failure

    def _broken_off(self, call: Call[Any], error: TransportError, progress: _Progress) -> _Failed:
        """Decide what it means that no answer came."""
        log.debug("%s: %s (attempt %d)", call.name, type(error).__name__, progress.attempts)
        return _Failed(
            error,
            backoff.after_transport_error(
                error, call.operation.repeat, progress.attempts, self._retry, self._random
            ),
        )

    def _judged(
        self, call: Call[T], answered: _Answered, progress: _Progress
    ) -> Response[T] | _Failed:
        """Decide what an answer means."""
        permit, reply, failure = answered
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s answered %d in %.0f ms (attempt %d, request %s)",
                call.name,
                reply.status,
                1000 * (self._clock.now() - permit.sent_at),
                progress.attempts,
                request_id(reply.headers),
            )
        if failure is not None:
            return self._refused(call, reply, failure, permit, progress)
        return self._answered(call, reply, permit, progress)

    def _answered(
        self, call: Call[T], reply: Reply, permit: Permit, progress: _Progress
    ) -> Response[T] | _Failed:
        """Decode a success; one that cannot be read is tried again where that is harmless."""
        identity = request_id(reply.headers)
        try:
            data: Any = (
                reply
                if isinstance(reply, StreamReply)
                else _decoded(reply.body, call.operation.model, call.name, identity)
            )
        except DecodeError as error:
            # No path: the body as a whole is broken (empty, cut off, a page of a proxy). What
            # contradicts a type would do so again.
            is_harmless = call.operation.repeat == "safe" and not error.path
            pause = backoff.pause_s(progress.attempts, self._retry, self._random)
            retry = backoff.Retry(pause, backoff.TRANSIENT_COST, "unreadable answer")
            return _Failed(error, retry if is_harmless else None)
        return Response(
            data=data,
            status=reply.status,
            headers=reply.headers,
            request_id=identity,
            window=permit.window,
            attempts=progress.attempts,
            elapsed_s=self._clock.now() - progress.begun_s,
        )

    def _refused(
        self, call: Call[Any], reply: Reply, failure: Failure, permit: Permit, progress: _Progress
    ) -> _Failed:
        """Decide what an answer that is not success means."""
        retry_after_s = backoff.parse_retry_after(reply.headers, self._clock.unix())
        is_full = permit.throttle in FULL_WINDOW
        if permit.throttle is Throttle.RESOURCE:
            retry = None
        else:
            retry = backoff.after_status(
                reply.status,
                code=failure.code,
                window_is_full=is_full,
                retry_after_s=retry_after_s,
                repeat=call.operation.repeat,
                failures=progress.attempts,
                policy=self._retry,
                random=self._random,
            )
        if is_full and permit.retry_after_s is not None:
            retry_after_s = max(retry_after_s or 0.0, permit.retry_after_s)
        error = to_error(
            call.name, reply, failure, window=permit.window, retry_after_s=retry_after_s
        )
        return _Failed(error, retry)


def _decoded(body: bytes, model: Any, name: str, identity: str | None) -> Any:
    """Decode a body into what the call asks for."""
    if model is _NO_BODY or (model is Any and not body):
        return None
    if model is bytes:
        return body
    return decode(body, model, call=name, request_id=identity)


def _failure(reply: Reply) -> Failure | None:
    """Return what an answer says went wrong; an error list counts under a 2xx, too."""
    if reply.status >= FIRST_FAILURE or reply.body.startswith(_ERROR_LIST):
        return read_failure(reply)
    return None


def _end(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)


def _nothing() -> None:
    """Take no notice."""
