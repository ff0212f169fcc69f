"""The core of a client: what all of its views share, from the settings to the open session."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Hashable

from intercom_async.clock import running_loop
from intercom_async.config import Limits, RetryPolicy, TokenProvider
from intercom_async.errors import ClosedError, ConfigError, DeadlineError
from intercom_async.scheduler import Scheduler, Statistics, shared_scheduler
from intercom_async.scheduler.registry import join_workspace
from intercom_async.scheduler.stores.base import BudgetStore
from intercom_async.transport.base import Transport
from .observer import Observer, Observers
from .session import Session
from .workspace_probe import WorkspaceProbe

PATIENCE_S = 0.2
"""Seconds that another thread waits for statistics; it must not hold up a shutdown in the loop that
waits for this thread (test_settings.py::test_statistics_are_read_in_any_thread)."""


class ClientCore:
    """What all views of a client share, from the settings to the open session."""

    def __init__(
        self,
        *,
        origin: str,
        app: Hashable,
        limits: Limits | None,
        scheduler: Scheduler | None,
        retry: RetryPolicy,
        transport: Transport,
        observer: Observer | None,
        store: BudgetStore | None,
        budget_key: str | None,
    ) -> None:
        self._origin = origin
        self._store = store
        self._budget_key = budget_key
        self._app = app
        self._limits = limits
        self._scheduler = scheduler
        self._retry = retry
        self._transport = transport
        self._observer = observer
        self._session: Session | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    @property
    def state(self) -> str:
        """Where in its life the client is."""
        if self._is_closed:
            return "closed"
        return "not entered" if self._session is None else "open"

    def observe_with(self, observer: Observer) -> None:
        """Tell one more observer of every call from now on."""
        self._observer = observer if self._observer is None else Observers(self._observer, observer)
        if self._session is not None:
            self._session.observer = self._observer

    @property
    def session(self) -> Session:
        """The open session.

        Raises:
            ClosedError: The client is closed or was never entered.
        """
        if self._session is None:
            raise ClosedError(
                "the client is closed"
                if self._is_closed
                else "the client was never entered; write 'async with Intercom(…) as intercom:' "
                "or call 'await intercom.open()' first"
            )
        return self._session

    @property
    def session_here(self) -> Session:
        """The open session, for a call of the running task.

        Raises:
            ClosedError: The client is closed or was never entered.
            ConfigError: The task runs in another event loop, or in none of asyncio's.
        """
        session = self._session
        try:
            if session is not None and asyncio.get_running_loop() is self._loop:
                return session
        except RuntimeError:
            pass
        return self._explain()

    def _explain(self) -> Session:
        """Say why a call cannot be made here."""
        session = self.session
        if running_loop() is not self._loop:
            raise ConfigError(
                "this client belongs to another event loop: make a client for each loop, or hand "
                "the call over with asyncio.run_coroutine_threadsafe"
            )
        return session

    def statistics(self) -> Statistics:
        """Return what the scheduler knows and has done for this app.

        A thread without a loop, such as one that exports metrics, is answered by the client's loop.

        Raises:
            ClosedError: The client is closed or was never entered.
            ConfigError: It belongs to another event loop, or to one that does not run.
            DeadlineError: It was asked in another thread, and the loop was busy for too long.
        """
        session, loop = self.session, self._loop
        if loop is None or not loop.is_running() or _is_in_a_loop():
            return self.session_here.scheduler.statistics(app=self._app)

        async def read() -> Statistics:
            return session.scheduler.statistics(app=self._app)

        answer = asyncio.run_coroutine_threadsafe(read(), loop)
        try:
            return answer.result(PATIENCE_S)
        except TimeoutError:
            answer.cancel()
            raise DeadlineError(
                deadline_s=PATIENCE_S, attempts=1, maybe_sent=False, call="statistics"
            ) from None

    async def open(self) -> None:
        """Open the transport and find the scheduler; once only.

        Raises:
            ClosedError: The client is closed.
            ConfigError: It was opened in another event loop.
        """
        if self._is_closed:
            raise ClosedError("the client is closed; make a new one")
        if self._session is not None:
            _ = self.session_here
            return
        self._loop = running_loop()
        scheduler = self._scheduler or shared_scheduler(
            self._origin,
            self._app,
            self._limits or Limits(),
            store=self._store,
            budget_key=self._budget_key,
        )
        self._session = session = Session(
            WorkspaceProbe(self._transport, lambda name: self._end_probe(session, name)),
            scheduler,
            app=self._app,
            policy=self._retry,
            observer=self._observer,
        )
        try:
            await self._transport.open()
            await scheduler.join(self._app)
        except BaseException:
            # A session that is closed, or a store that is required and cannot be used: nobody
            # closes what was not entered.
            self._session = None
            await self._transport.close()
            raise

    def _end_probe(self, session: Session, workspace: str | None) -> None:
        """Share the workspace's limit with its other apps in this loop."""
        session.transport = self._transport
        if workspace is not None:
            join_workspace(self._origin, workspace, session.scheduler)

    async def close(self) -> None:
        """Close the session; more than once does nothing.

        Raises:
            ConfigError: It belongs to another event loop, which still exists.
        """
        if self._session is not None and self._loop is not None and not self._loop.is_closed():
            _ = self.session_here
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            try:
                await session.close()
            finally:
                await session.scheduler.return_leases(self._app)


class _ById:
    """Stands for a token provider that cannot be hashed, to tell apps apart."""

    __slots__ = ("_provider",)

    def __init__(self, provider: TokenProvider) -> None:
        self._provider = provider

    def __hash__(self) -> int:
        return id(self._provider)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and self._provider is other._provider


def app_key(token: str | TokenProvider) -> Hashable:
    """Return what tells one app from another without being its token."""
    if isinstance(token, str):
        return hashlib.sha256(token.encode()).hexdigest()[:16]
    try:
        hash(token)
    except TypeError:
        return _ById(token)
    return token


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
