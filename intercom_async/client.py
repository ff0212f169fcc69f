"""The front door: builds the parts, owns their lifetime, names the resources."""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from types import NoneType, TracebackType
from typing import Any, Self, TypedDict, TypeVar, Unpack, overload
from urllib.parse import parse_qsl

import aiohttp

from intercom_async.codec.plain import Parameter
from intercom_async.config import (
    DEFAULT_VERSION,
    Limits,
    Region,
    RetryPolicy,
    TokenProvider,
    check_kind,
    check_update_method,
    region_of,
    resolve_origin,
    resolve_token,
)
from intercom_async.errors import ConfigError
from intercom_async.fields.common import Id
from intercom_async.priority import Priority
from intercom_async.redaction import Secret
from intercom_async.request.builder import RequestBuilder
from intercom_async.request.core import ClientCore, app_key
from intercom_async.request.fetching import fetch
from intercom_async.request.observer import Observer, check_observer
from intercom_async.request.operation import Call, Method, Repeat, any_operation
from intercom_async.request.options import CallOptions
from intercom_async.request.query_string import add_parameter
from intercom_async.resources._registry import RESOURCES, ResourceRegistry
from intercom_async.response import Response
from intercom_async.scheduler import Scheduler, Statistics
from intercom_async.scheduler.lease_keeper import check_budget
from intercom_async.scheduler.stores.base import BudgetStore
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import StreamReply, Transport
from intercom_async.transport.proxies import Proxies

T = TypeVar("T")

_NO_HEADERS: Mapping[str, str] = {}


class OptionChanges(TypedDict, total=False):
    """What `with_options` takes; an option left out stays as it is."""

    priority: Priority | None
    max_wait_s: float | None
    timeout_s: float
    deadline_s: float | None
    version: str
    headers: Mapping[str, str]


class Intercom(ResourceRegistry):
    """A client of the Intercom REST API.

    Args:
        token: The access token, or a function (sync or async) that returns one before each attempt;
            None reads INTERCOM_TOKEN.
        region: Where the workspace is kept; None reads INTERCOM_REGION, else it is ``us``.
        base_url: Another address in place of the region's: https, or http on loopback; None reads
            INTERCOM_BASE_URL.
        allow_http: Take a `base_url` of http on another host, for a simulator in a container.
        proxy: Address of an HTTP proxy; None takes HTTPS_PROXY and NO_PROXY of the environment.
        trust_env: Whether to read a proxy from the environment.
        ssl: How the server is verified; None is the system's way.
        version: The API version to ask for.
        limits: What may be sent, until the server says it; not beside `scheduler`.
        scheduler: One to share with other clients; by default, clients of one token in one loop
            share theirs.
        retry: How often and how patiently a call is tried again.
        timeout_s: Seconds for one attempt.
        deadline_s: Seconds for a whole call with waiting and retries; a download's until its body.
        max_wait_s: Refuse a call that would wait longer for its turn (`WaitTooLongError`).
        update_method: The verb of updates. Official sources say PUT, some workspaces want PATCH.
        priority: The lane of its calls; None takes the context's, else NORMAL.
        headers: Sent beside the package's own.
        http: An aiohttp session to use; it is not closed here.
        transport: A transport to use instead of aiohttp, for tests.
        observer: Told of every call, attempt and wait, for traces and metrics.
        store: A budget that several processes share, such as `RedisStore`; not beside `scheduler`.
        budget_key: Whose budget it is in the store; by default the token's.

    Raises:
        ConfigError: A setting cannot work; nothing has been sent.
    """

    def __init__(
        self,
        token: str | TokenProvider | None = None,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        allow_http: bool = False,
        proxy: str | None = None,
        trust_env: bool = True,
        ssl: tls.SSLContext | None = None,
        version: str = DEFAULT_VERSION,
        limits: Limits | None = None,
        scheduler: Scheduler | None = None,
        retry: RetryPolicy | None = None,
        timeout_s: float = 60.0,
        deadline_s: float | None = None,
        max_wait_s: float | None = None,
        update_method: str = "PUT",
        priority: Priority | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        http: aiohttp.ClientSession | None = None,
        transport: Transport | None = None,
        observer: Observer | None = None,
        store: BudgetStore | None = None,
        budget_key: str | None = None,
    ) -> None:
        # Masked at once: a traceback that shows local variables shows no token.
        token = Secret(token) if isinstance(token, str) else token
        if limits is not None and scheduler is not None:
            raise ConfigError("give limits or a scheduler, not both: a scheduler has its limits")
        check_kind("limits", limits, (Limits, NoneType), "Limits(…)")
        check_kind("scheduler", scheduler, (Scheduler, NoneType), "a Scheduler")
        check_kind("retry", retry, (RetryPolicy, NoneType), "RetryPolicy(…)")
        check_kind("allow_http", allow_http, bool, "True or False")
        check_kind("trust_env", trust_env, bool, "True or False")
        check_kind("ssl", ssl, (tls.SSLContext, NoneType), "an ssl.SSLContext")
        origin = resolve_origin(region, base_url, allow_http=allow_http)
        secret = resolve_token(token)
        app = app_key(secret)
        if store is not None or budget_key is not None:
            if scheduler is not None:
                raise ConfigError(
                    "give a store or a scheduler, not both: a scheduler has its store"
                )
            check_budget(store, budget_key, app)
        self._builder = RequestBuilder(
            origin,
            secret,
            check_update_method(update_method),
            CallOptions(
                priority=priority,
                max_wait_s=max_wait_s,
                timeout_s=timeout_s,
                deadline_s=deadline_s,
                version=version,
                headers={} if headers is _NO_HEADERS else headers,
            ),
        )
        if transport is None:
            proxies = Proxies(proxy, trust_env=trust_env)
            proxies.check(origin)
            transport = HttpTransport(http, proxies=proxies, ssl=ssl)
        elif http is not None or proxy is not None or ssl is not None:
            raise ConfigError("give a transport, or http, proxy and ssl: a transport has its own")
        else:
            check_kind("transport", transport, Transport, "a Transport, such as MemoryTransport")
        self._core = ClientCore(
            origin=origin,
            app=app,
            limits=limits,
            scheduler=scheduler,
            retry=retry or RetryPolicy(),
            transport=transport,
            observer=None if observer is None else check_observer(observer),
            store=store,
            budget_key=budget_key,
        )
        self._origin = origin

    _is_view = False
    """Whether it was made by `with_options`."""
    _is_opener = False
    """Whether entering it has opened the client."""

    def __repr__(self) -> str:
        if "_origin" not in vars(self):
            # A setting was refused.
            return "<Intercom>"
        return f"<Intercom {self._origin} {self._builder.options.version}, {self._core.state}>"

    @property
    def region(self) -> str | None:
        """The region whose server it talks to; None for another `base_url`."""
        return region_of(self._origin)

    @property
    def version(self) -> str:
        """The API version that it asks for."""
        return self._builder.options.version

    async def open(self) -> Self:
        """Make ready without `async with`; to be closed with `close`.

        Raises:
            ClosedError: The client was closed.
        """
        await self._core.open()
        return self

    async def close(self) -> None:
        """Release connections and end waiting calls; calling it again has no effect.

        Raises:
            ConfigError: It belongs to another event loop, which still exists.
        """
        await self._core.close()

    async def __aenter__(self) -> Self:
        self._is_opener = self._core.state == "not entered"
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Options of a client that is open already end with their block, and not the client.
        if self._is_opener or not self._is_view:
            await self.close()

    def with_options(self, **changes: Unpack[OptionChanges]) -> Intercom:
        """Return a view on this client with some options changed.

        It shares scheduler and connections and lives as long as this client.

        Raises:
            ConfigError: An option's value cannot work.
            TypeError: There is no such option.
        """
        client = object.__new__(type(self))
        # With what a subclass has of its own; resources belong to one client.
        vars(client).update(item for item in vars(self).items() if item[0] not in RESOURCES)
        client._builder = self._builder.with_options(**changes)
        client._is_view, client._is_opener = True, False
        return client

    def send(self, call: Call[T]) -> Coroutine[Any, Any, Response[T]]:
        """Send a call and return the answer with its envelope.

        Raises:
            ConfigError: The API version sent does not have the operation.
        """
        self._builder.check(call)
        return self._core.session_here.send(call, self._builder)

    def fetch(self, call: Call[T]) -> Coroutine[Any, Any, T]:
        """Send a call and return its decoded answer alone.

        Raises:
            ConfigError: The API version sent does not have the operation.
        """
        builder = self._builder
        if call.operation.since_number > builder.version:
            builder.check(call)
        return self._core.session_here.fetch(call, builder)

    def stream(self, call: Call[Any]) -> Coroutine[Any, Any, Response[StreamReply]]:
        """Send a call and return as soon as its answer begins; close its `data` when done.

        Raises:
            ConfigError: The API version sent does not have the operation.
        """
        self._builder.check(call)
        return self._core.session_here.stream(call, self._builder)

    def open_link(self, url: str) -> Coroutine[Any, Any, StreamReply]:
        """Begin to read a file that an answer links to, without the token; close it when done.

        Raises:
            ConfigError: It is no https address.
            ResponseError: The host does not have the file, or the link has expired.
        """
        transport = self._core.session_here.transport
        return fetch(transport, url, timeout_s=self._builder.options.timeout_s)

    def shared_lock(self, name: str) -> asyncio.Lock:
        """Return a lock that all clients of this token in this loop share, by its name.

        Raises:
            ClosedError: The client is closed or was never entered.
            ConfigError: It belongs to another event loop.
        """
        return self._core.session_here.shared_lock(name)

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """Cancel what a block waits for as soon as the client is closed, and raise `ClosedError`.

        Raises:
            ClosedError: The client is closed or was never entered.
            ConfigError: It belongs to another event loop.
        """
        return self._core.session_here.while_open()

    @overload
    async def request(
        self,
        method: Method,
        template: str,
        *,
        model: type[T],
        path: Mapping[str, Id] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        repeat: Repeat | None = None,
    ) -> Response[T]: ...

    @overload
    async def request(
        self,
        method: Method,
        template: str,
        *,
        model: None = None,
        path: Mapping[str, Id] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        repeat: Repeat | None = None,
    ) -> Response[Any]: ...

    async def request(
        self,
        method: Method,
        template: str,
        *,
        model: type[Any] | None = None,
        path: Mapping[str, Id] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        repeat: Repeat | None = None,
    ) -> Response[Any]:
        """Send any request by the same road and return the answer with its envelope.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            template: The path, with placeholders for `path`, and with a query if you like;
                messages and logs show the path as it is.
            model: What to decode into; None gives what JSON holds, `bytes` the body as it came.
            path: Values for the placeholders; encoded here.
            params: Query parameters; those that are None are left out, moments are sent as UNIX
                seconds, lists joined by commas.
            json: The body.
            repeat: What sending it twice means; by default a GET is safe, PUT and DELETE are
                idempotent, the rest is sent again only when nothing was done.

        Raises:
            ConfigError: Method, template or a path value cannot be sent.
        """
        check_kind("template", template, str, "a path, such as '/contacts/{contact_id}'")
        template, _, query = template.partition("?")
        check_kind("path", path, (Mapping, NoneType), "a dict of values for the placeholders")
        operation = any_operation(method, template, model, repeat)
        call = operation.at(*operation.in_order(path or {}), query=params, json=json)
        if query:
            written: dict[str, Parameter | list[str]] = {}
            for name, value in parse_qsl(query, keep_blank_values=True):
                if name not in call.query:
                    add_parameter(written, name, value)
            call = call.replace(query={**written, **call.query})
        return await self.send(call)

    @property
    def is_open(self) -> bool:
        """Whether calls can be made: it was entered and is not closed."""
        return self._core.state == "open"

    def observe_with(self, observer: Observer) -> None:
        """Tell one more observer of every call of this client and its views, from now on.

        Raises:
            ConfigError: It is not an `Observer`.
        """
        self._core.observe_with(check_observer(observer))

    @property
    def token_digest(self) -> str | None:
        """Digest of the token: what spans and metrics call `intercom.app`.

        None before the client is entered, and where a function gives the token.
        """
        if not self.is_open:
            return None
        app = self._core.session.app
        return app if isinstance(app, str) else None

    def statistics(self) -> Statistics:
        """Return what the scheduler knows and has done for this client's token.

        Raises:
            ClosedError: The client is closed or was never entered.
            ConfigError: It belongs to another event loop.
        """
        return self._core.statistics()
