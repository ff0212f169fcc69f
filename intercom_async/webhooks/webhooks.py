"""`Webhooks`: handlers by topic, receivers to mount, and what they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

import anyio
import msgspec

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import check_able, check_count, check_seconds
from intercom_async.receivers import AsgiApp, AsgiMiddleware, Body, Headers, Signer
from intercom_async.receivers.asgi import ASGIApplication
from intercom_async.receivers.signature import to_bytes
from . import items, topics as names
from .background import BackgroundQueue
from .endpoint import MAX_BODY_BYTES, SIGNATURE_HEADER, WebhookEndpoint
from .handlers import Handler, Handlers, OnError, Registration, check_topics
from .intake import HandOver, Intake
from .items import AnyItem
from .notification import Notification, delay_of
from .observer import Handling, WebhookObserver, handling
from .parsing import read_body
from .seen import MemorySeen, Seen

if TYPE_CHECKING:
    from aiohttp import web

    from intercom_async.client import Intercom
    from .catch_up import CatchUp


class WebhookStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What a `Webhooks` has received since it was made."""

    received: int
    """POST requests."""
    accepted: int
    """Notifications that were handed over."""
    duplicates: int
    """Deliveries of notifications that were accepted before."""
    busy: int
    """Deliveries that were answered with 503."""
    unsigned: int
    """Requests without a valid signature."""
    unreadable: int
    """Bodies that were too large, too slow, or no notification."""
    handled: int
    """Handler calls that returned."""
    failed: int
    """Handler calls that raised."""
    waiting: int
    """Notifications in the in-process queue."""


class Webhooks:
    """Receives an app's webhooks.

    Args:
        secret: The app's client secret, or several while one is rotated.
        queue: Takes each notification in place of the handlers, such as ``lambda event:
            handle.kiq(event.body)``; a worker calls `handle`. Without one, handlers run in this
            process, and what was accepted is lost if it is killed.
        seen: Memory of accepted notifications; `MemorySeen` by default, `RedisSeen` for several
            processes.
        max_body_bytes: Largest body to accept.
        max_queued: Notifications that may wait in this process.
        concurrency: Handlers that run at once in this process.
        drain_s: Seconds that a shutdown waits for what was accepted.
        on_error: A function, sync or async, that is called with each notification whose handler
            failed, and its error. Logs have neither, because both may show what a person wrote.
        observer: Is notified of every request and every call of a handler.
        clock: Another clock, for tests.

    Raises:
        ConfigError: A secret is missing, a bound is not a positive number, or what is to be called
            cannot be.
    """

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        queue: HandOver | None = None,
        seen: Seen | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_queued: int = 1_000,
        concurrency: int = 10,
        drain_s: float = 10.0,
        on_error: OnError | None = None,
        observer: WebhookObserver | None = None,
        clock: Clock = CLOCK,
    ) -> None:
        for name, value in (
            ("max_body_bytes", max_body_bytes),
            ("max_queued", max_queued),
            ("concurrency", concurrency),
        ):
            check_count(name, value)
        check_able("queue", queue, may_be_none=True)
        check_able("seen", seen, "claim", "confirm", "release", may_be_none=True)
        check_able("on_error", on_error, may_be_none=True)
        check_able("observer", observer, "received", "handling", may_be_none=True)
        check_able("clock", clock, "now", "sleep")
        drain_s = check_seconds("drain_s", drain_s, may_be_none=False) or 0.0
        self._signer = Signer(secret, algorithm="sha1", header=SIGNATURE_HEADER, prefix="sha1=")
        self._handlers = Handlers(on_error, clock=clock)
        self._counts: Counter[str] = Counter()
        self._slots = anyio.Semaphore(concurrency, fast_acquire=True)
        self._background = BackgroundQueue(self._run_all, max_queued=max_queued, drain_s=drain_s)
        self._queue = queue
        seen = MemorySeen() if seen is None else seen
        if queue is None:
            intake = Intake(self._background.put, seen, offer=self._background.offer)
        else:
            intake = Intake(queue, seen)
        self._observer = observer
        self._endpoint = WebhookEndpoint(
            self.parse,
            intake,
            max_body_bytes=max_body_bytes,
            counts=self._counts,
            observer=observer,
        )

    def __repr__(self) -> str:
        return f"<Webhooks, {len(self._handlers.topics())} topics>"

    # Signatures and bodies --------------------------------------------------------------------

    def verify(self, body: Body, headers: Headers) -> None:
        """Check the signature of a raw body.

        Raises:
            SignatureError: It is missing or wrong.
        """
        self._signer.verify(body, headers)

    def sign(self, body: Body) -> str:
        """Return the value of ``X-Hub-Signature`` for a body, for tests and senders."""
        return self._signer.sign(body)

    def parse(self, body: Body, headers: Headers) -> Notification[AnyItem]:
        """Check and read the raw body of a webhook request.

        Raises:
            SignatureError: The signature is missing or wrong.
            DecodeError: The body is not a notification.
        """
        raw = to_bytes(body)
        self._signer.verify(raw, headers)
        read = read_body(raw)
        if isinstance(read, Notification):
            return read
        # As in `parse_body`.
        body = raw = b""
        try:
            raise read
        finally:
            del read

    # Handlers ---------------------------------------------------------------------------------
    # One overload for each type of item, so that a type checker compares a handler's parameter
    # with its topics.

    @overload
    def on(
        self, *topics: names.ConversationTopic, order_within_s: float | None = None
    ) -> Callable[[Handler[items.Conversation]], Handler[items.Conversation]]: ...
    @overload
    def on(
        self, *topics: names.ContactTopic, order_within_s: float | None = None
    ) -> Callable[[Handler[items.Contact]], Handler[items.Contact]]: ...
    @overload
    def on(
        self, *topics: names.TicketTopic, order_within_s: float | None = None
    ) -> Callable[[Handler[items.Ticket]], Handler[items.Ticket]]: ...
    @overload
    def on(
        self, *topics: names.CompanyTopic, order_within_s: float | None = None
    ) -> Callable[[Handler[items.Company]], Handler[items.Company]]: ...
    @overload
    def on(
        self, *topics: names.ContactTagTopic, order_within_s: float | None = None
    ) -> Callable[[Handler[items.ContactTag]], Handler[items.ContactTag]]: ...
    @overload
    def on(
        self, *topics: names.DeletedTopic, order_within_s: float | None = None
    ) -> Callable[[Handler[items.Deleted]], Handler[items.Deleted]]: ...
    @overload
    def on(
        self, *topics: names.DataEventTopic, order_within_s: float | None = None
    ) -> Callable[[Handler[items.DataEvent]], Handler[items.DataEvent]]: ...
    @overload
    def on(
        self, *topics: str, order_within_s: float | None = None
    ) -> Callable[[Handler[Any]], Handler[Any]]: ...

    def on(self, *topics: str, order_within_s: float | None = None) -> Callable[[Any], Any]:
        """Register a handler: an async function that takes a `Notification`.

        Args:
            topics: What it handles, such as ``conversation.user.created``; ``*`` is every topic.
            order_within_s: Handle notifications of one object one by one in the order of their
                `created_at`, holding each for this many seconds; by default they are handled as
                they come, concurrently.

        Raises:
            ConfigError: There is no topic, or the handler is not an async function.
        """
        check_topics(topics)
        hold_s = check_seconds("order_within_s", order_within_s)

        def register(handler: Any) -> Any:
            self._handlers.add(handler, topics, hold_s)
            return handler

        return register

    async def handle(self, notification: Body | Notification[Any]) -> None:
        """Run the handlers of a notification, in the worker of a queue.

        Every handler runs, whether or not another one fails.

        Args:
            notification: It, or its body as the receiver put it into the queue; signatures were
                checked there.

        Raises:
            DecodeError: The body is not a notification.
            Exception: What the handler raised, so that the queue tries again; an ExceptionGroup
                if several did.
        """
        event: Notification[Any]
        if isinstance(notification, Notification):
            event = notification
        else:
            read = read_body(to_bytes(notification))
            if not isinstance(read, Notification):
                # As in `parse_body`.
                notification = b""
                try:
                    raise read
                finally:
                    del read
            event = read
        errors = [
            error
            for one in self._handlers.wanting(event.topic)
            if (error := await self._run(one, event)) is not None
        ]
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup(f"{len(errors)} handlers failed on {event.topic}", errors)

    # Receivers --------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Webhooks]:
        """Run handlers in this process while entered; leaving waits for what was accepted.

        Without a queue, each process needs it once. Outside of it notifications are answered with
        503.

        Raises:
            ConfigError: It is entered already.
        """
        await self._background.start()
        try:
            yield self
        finally:
            await self._background.stop()

    def asgi(self) -> AsgiApp:
        """Return an ASGI app to mount in Starlette, FastAPI, Litestar or Django, or to serve alone.

        A framework does not pass its lifespan on to a mounted app: without a queue, enter
        `running` in the framework's own lifespan, or use `middleware`.
        """
        return AsgiApp(self._endpoint, self._lifespan())

    def middleware(self, path: str) -> Callable[[ASGIApplication], AsgiMiddleware]:
        """Return an ASGI middleware that answers `path`, with and without its last slash.

        It needs no route and no mount, redirects nothing, and runs handlers while the app runs:
        ``app.add_middleware(webhooks.middleware("/intercom"))``.
        """

        def wrap(app: ASGIApplication) -> AsgiMiddleware:
            return AsgiMiddleware(app, self._endpoint, path, self._lifespan())

        return wrap

    def aiohttp(self, path: str) -> list[web.RouteDef]:
        """Return aiohttp routes for `path`, with and without its last slash.

        Without a queue, run handlers by ``app.cleanup_ctx.append(webhooks.aiohttp_context)``.
        """
        from intercom_async.receivers.aiohttp_routes import (  # noqa: PLC0415 (few apps use both)
            aiohttp_routes,
        )

        return aiohttp_routes(self._endpoint, path)

    async def aiohttp_context(self, _: web.Application) -> AsyncIterator[None]:
        """Run handlers while an aiohttp app runs; an entry of its `cleanup_ctx`."""
        async with self.running():
            yield

    # Catching up ------------------------------------------------------------------------------

    async def catch_up(self, intercom: Intercom, *, since: datetime | int) -> CatchUp:
        """Hand over what happened since a moment, as found in the workspace.

        For the gap after a suspension or an outage: Intercom delivers nothing of it later. See
        `intercom_async.webhooks.catch_up` for what can be found.

        Args:
            intercom: A client of the workspace; its calls should have a low priority.
            since: The beginning of the gap, UNIX seconds or a datetime with a time zone.
        """
        from .catch_up import catch_up  # noqa: PLC0415 (few processes ever need it)

        return await catch_up(
            intercom,
            since=since,
            topics=self._handlers.topics(),
            hand_over=self._run_all if self._queue is None else self._queue,
        )

    def statistics(self) -> WebhookStatistics:
        """Return what was received so far."""
        count = self._counts
        return WebhookStatistics(
            received=count["received"],
            accepted=count["accepted"],
            duplicates=count["duplicate"],
            busy=count["busy"],
            unsigned=count["unsigned"],
            unreadable=count["unreadable"],
            handled=count["handled"],
            failed=count["failed"],
            waiting=self._background.waiting,
        )

    # ------------------------------------------------------------------------------------------

    def _lifespan(self) -> Callable[[], AbstractAsyncContextManager[object]] | None:
        return self.running if self._queue is None else None

    async def _run_all(self, event: Notification[Any]) -> None:
        """Run the handlers of a notification concurrently, and report those that fail."""
        wanted = list(self._handlers.wanting(event.topic))
        if len(wanted) == 1:
            await self._run_reported(wanted[0], event)
            return
        async with anyio.create_task_group() as group:
            for one in wanted:
                group.start_soon(self._run_reported, one, event)

    async def _run_reported(self, one: Registration, event: Notification[Any]) -> None:
        error = await self._run(one, event)
        if error is not None:
            await self._handlers.report(one, event, error)

    async def _run(self, one: Registration, event: Notification[Any]) -> Exception | None:
        try:
            if one.sequencer is None:
                await self._call(one, event)
            else:
                async with one.sequencer.in_order(event):
                    await self._call(one, event)
        except Exception as error:  # noqa: BLE001 (handlers may raise anything)
            self._counts["failed"] += 1
            return error
        self._counts["handled"] += 1
        return None

    async def _call(self, one: Registration, event: Notification[Any]) -> None:
        """Call a handler; what is held for its order has no slot yet, and keeps no other out."""
        async with self._slots:
            if self._observer is None:
                await one.handler(event)
                return
            call = Handling(topic=event.topic, handler=one.name, delay_s=delay_of(event))
            with handling(self._observer, call):
                await one.handler(event)
