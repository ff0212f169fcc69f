"""Connections of a caller's session that may have few of them: who uses one, who waits for one."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import aiohttp
from yarl import URL

from intercom_async.errors import ConnectError
from .base import Request
from .sending import Sending, sending_here

_Host = tuple[str, str | None, int | None]


class _Connections:
    """What all clients that use one connector know of its connections."""

    def __init__(self, count: int) -> None:
        self.count: int = count
        self.free: asyncio.Semaphore = asyncio.Semaphore(count)
        self.places: set[Sending] = set()
        """Requests that may use a connection."""
        self.served: int = 0
        """How many of them are over that did not wait in the session's own queue to the end."""
        self.streams: WeakKeyDictionary[
            aiohttp.ClientResponse, tuple[ReferenceType[asyncio.Task[Any]] | None, _Host]
        ] = WeakKeyDictionary()
        """Bodies that are being read, by the task that began to."""


_by_connector: WeakKeyDictionary[aiohttp.BaseConnector, _Connections] = WeakKeyDictionary()


class ConnectionLimit:
    """How many requests may be under way at once over the connections of a caller's session.

    A request that waited in the session's own queue would spend the time of its attempt there. That
    happens only where a download, or a request of the caller's own, holds a connection: neither is
    counted here.

    Args:
        connector: The session's.
    """

    __slots__ = ("_connections", "_limit", "_per_host")

    def __init__(self, connector: aiohttp.BaseConnector) -> None:
        self._limit, self._per_host = connector.limit, connector.limit_per_host
        count = min(filter(None, (self._limit, self._per_host)), default=0)
        self._connections: _Connections | None = None
        if count:
            self._connections = _by_connector.setdefault(connector, _Connections(count))

    async def begin(self, request: Request, sending: Sending) -> Place:
        """Wait until a request may begin; `end` of its place must follow.

        Raises:
            ConnectError: No connection can become free: those who hold them wait as well.
        """
        known = self._connections
        if known is None:
            return Place(None, sending)
        if known.streams:
            self._check_streams(known, request)
        if not known.free.locked():
            await known.free.acquire()
            return Place(known, sending)
        # One waiter for the whole wait: a request keeps its turn when its time is over.
        waiting = asyncio.ensure_future(known.free.acquire())
        try:
            served = known.served
            while not (await asyncio.wait({waiting}, timeout=request.timeout_s))[0]:
                served = self._check_served(known, served, request)
        except BaseException:
            if not waiting.cancel():
                known.free.release()
            raise
        return Place(known, sending)

    def traces(self) -> list[aiohttp.TraceConfig]:
        """Return what tells of requests that wait in the session's own queue, if it has one."""
        if self._connections is None:
            return []
        trace = aiohttp.TraceConfig()

        async def wait(*_: object) -> None:
            sending_here.get().is_queued = True

        async def go_on(*_: object) -> None:
            sending_here.get().is_queued = False

        trace.on_connection_queued_start.append(wait)
        trace.on_connection_queued_end.append(go_on)
        return [trace]

    def hold(self, response: aiohttp.ClientResponse) -> None:
        """Note that the running task reads a body, and keeps its connection for as long."""
        if self._connections is not None:
            task = asyncio.current_task()
            held = None if task is None else ref(task), _host(response.url)
            self._connections.streams[response] = held

    def to_failure(self, request: Request) -> ConnectError:
        """Return the error of a request for which no connection became free."""
        count = self._connections.count if self._connections is not None else 0
        return ConnectError(
            "no connection of the session given as http is free: downloads and other answers that "
            f"are not closed hold all it may have ({count}); close one first, or give the session "
            "a connector with a higher limit",
            call=request.name,
            retryable=False,
        )

    def _check_served(self, known: _Connections, served: int, request: Request) -> int:
        """Refuse a request when nothing has come to an end, and nothing that is sent will."""
        if known.served == served and all(each.is_queued for each in known.places):
            raise self.to_failure(request)
        return known.served

    def _check_streams(self, known: _Connections, request: Request) -> None:
        """Refuse a request of a task that holds the connections for which it would wait."""
        task, host = asyncio.current_task(), _host(URL(request.url, encoded=True))
        # A body that has arrived holds no connection any more.
        own = [
            its_host
            for response, (reader, its_host) in known.streams.items()
            if response.connection is not None and reader is not None and reader() is task
        ]
        if 0 < self._limit <= len(own) or 0 < self._per_host <= own.count(host):
            raise self.to_failure(request)


class Place:
    """Allows a request to use a connection; it sets no time limit."""

    __slots__ = ("_known", "_sending")

    def __init__(self, known: _Connections | None, sending: Sending) -> None:
        self._known = known
        self._sending = sending
        if known is not None:
            known.places.add(sending)

    def end(self) -> None:
        """Let the next request begin."""
        known, self._known = self._known, None
        if known is not None:
            known.places.discard(self._sending)
            known.served += not self._sending.is_queued
            known.free.release()

    def has_cancelled(self) -> bool:
        """Return False: it cancels no task."""
        return False


def _host(url: URL) -> _Host:
    return url.scheme, url.host, url.port
