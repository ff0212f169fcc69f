"""Observer of calls: the seam for traces and metrics.

    class Slow(Observer):
        def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
            if outcome.elapsed_s > 5:
                print(call.operation, outcome.wait_s)

    Intercom(observer=Slow())

The order is call_began, then for each attempt waited, attempt_began and attempt_ended, then
call_ended; all in the task that makes the call. An exception of an observer is logged once and goes
no further. Nothing that an observer is given holds a token, a body, an id or a filled path.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, TypeVar

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority, current_priority
from intercom_async.response import Window
from intercom_async.transport.base import Reply, Request
from .builder import RequestBuilder
from .operation import Call

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")

FAILED = "the observer's %s failed"


class ObservedCall(msgspec.Struct, kw_only=True, eq=False):
    """One call, from the method to its answer."""

    operation: str
    """Resource and method, such as `contacts.get`; for `Intercom.request` method and template."""
    method: str
    """HTTP method."""
    template: str
    """Path with its placeholders: never a filled path."""
    origin: str
    """Scheme and host."""
    priority: Priority
    """The lane that it waits in."""
    app: str
    """Digest that tells one token from another."""
    state: dict[Observer, Any] = {}
    """What observers keep with the call, each under itself."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a call that has ended."""

    number: int
    """From 1."""
    status: int | None
    """Status of the reply; None without one."""
    error: str | None
    """Class of the error that ended it; None for a reply."""
    elapsed_s: float
    """Seconds from the permit to the whole reply."""
    received_bytes: int
    """Bytes of the body, decompressed; 0 for one that is read piece by piece."""


class CallOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call has ended."""

    status: int | None
    """Status of the last reply; None without one."""
    error: str | None
    """Class of the error that the caller gets; None for a success."""
    attempts: int
    """Requests that were sent or tried."""
    wait_s: float
    """Seconds in which it waited for permits, all attempts together."""
    elapsed_s: float
    """Seconds from the call to its end."""
    window: Window | None
    """The rate-limit window of a success; None otherwise."""


class Observer:
    """Override what is to be observed; everything else does nothing.

    One object may observe many clients. It is called in the event loop and must not block.
    """

    def call_began(self, call: ObservedCall) -> None:
        """A call was made."""

    def waited(self, call: ObservedCall, seconds: float) -> None:
        """A call has got the permit of an attempt after so many seconds."""

    def attempt_began(self, call: ObservedCall, number: int) -> None:
        """A request is about to be sent."""

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        """A request was answered, or will not be."""

    def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
        """A call has ended, whichever way."""


class Observers(Observer):
    """Tells several observers of the same calls, in their order.

    Args:
        *observers: The observers; one that fails does not keep an event from the others.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def call_began(self, call: ObservedCall) -> None:
        """Pass the event on."""
        for each in self._observers:
            _tell(each.call_began, call)

    def waited(self, call: ObservedCall, seconds: float) -> None:
        """Pass the event on."""
        for each in self._observers:
            _tell(each.waited, call, seconds)

    def attempt_began(self, call: ObservedCall, number: int) -> None:
        """Pass the event on."""
        for each in self._observers:
            _tell(each.attempt_began, call, number)

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        """Pass the event on."""
        for each in self._observers:
            _tell(each.attempt_ended, call, attempt)

    def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
        """Pass the event on."""
        for each in self._observers:
            _tell(each.call_ended, call, outcome)


Exchange = Callable[[Request, Callable[[], None]], Awaitable[Reply]]


class Observation:
    """Tells an observer of one call; made only where there is an observer.

    Args:
        observer: The observer.
        call: The call.
        exchange: Sends a request.
    """

    __slots__ = ("_began_at", "_call", "_exchange", "_number", "_observer", "_status", "_wait_s")

    def __init__(self, observer: Observer, call: ObservedCall, exchange: Exchange) -> None:
        self._observer = observer
        self._call = call
        self._exchange = exchange
        self._began_at = CLOCK.now()
        self._number = 0
        self._wait_s = 0.0
        self._status: int | None = None

    async def run(self, work: Coroutine[Any, Any, T], window_of_success: Callable[[], Window]) -> T:
        """Await the call and tell its beginning and its end."""
        try:
            _tell(self._observer.call_began, self._call)
            data = await work
        except BaseException as failed:
            work.close()  # It has not begun if the observer has stopped the call.
            self._end(type(failed).__name__, None)
            raise
        self._end(None, window_of_success())
        return data

    def _end(self, error: str | None, window: Window | None) -> None:
        outcome = CallOutcome(
            status=self._status,
            error=error,
            attempts=self._number,
            wait_s=self._wait_s,
            elapsed_s=CLOCK.now() - self._began_at,
            window=window,
        )
        try:
            self._observer.call_ended(self._call, outcome)
        except Exception:
            log.exception(FAILED, "call_ended")

    def waited(self, seconds: float) -> None:
        """Tell of a permit."""
        self._wait_s += seconds
        try:
            self._observer.waited(self._call, seconds)
        except Exception:
            log.exception(FAILED, "waited")

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send a request and tell of it."""
        self._number += 1
        self._status = None
        began_at = CLOCK.now()
        try:
            self._observer.attempt_began(self._call, self._number)
        except Exception:
            log.exception(FAILED, "attempt_began")
        try:
            reply = await self._exchange(request, on_sent)
        except BaseException as failed:
            self._end_attempt(began_at, type(failed).__name__, 0)
            raise
        self._status = reply.status
        self._end_attempt(began_at, None, len(reply.body))
        return reply

    def _end_attempt(self, began_at: float, error: str | None, received_bytes: int) -> None:
        attempt = Attempt(
            number=self._number,
            status=self._status,
            error=error,
            elapsed_s=CLOCK.now() - began_at,
            received_bytes=received_bytes,
        )
        try:
            self._observer.attempt_ended(self._call, attempt)
        except Exception:
            log.exception(FAILED, "attempt_ended")


def check_observer(observer: object) -> Observer:
    """Return an observer.

    Raises:
        ConfigError: It is something else.
    """
    if not isinstance(observer, Observer):
        raise ConfigError(f"observer must be an Observer, not {type(observer).__name__}")
    return observer


def _tell(event: Callable[..., None], *arguments: object) -> None:
    try:
        event(*arguments)
    except Exception:
        log.exception(FAILED, event.__name__)


def observe(
    observer: Observer,
    call: Call[Any],
    builder: RequestBuilder,
    *,
    app: Hashable,
    exchange: Exchange,
) -> Observation:
    """Return the observation of a call that is about to be made."""
    operation, priority = call.operation, builder.options.priority
    if priority is None:
        priority = current_priority()
    observed = ObservedCall(
        operation=operation.label,
        method=operation.method,
        template=operation.path,
        origin=builder.origin,
        priority=Priority.NORMAL if priority is None else priority,
        app=app if isinstance(app, str) else "",
    )
    return Observation(observer, observed, exchange)
