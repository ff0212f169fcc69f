"""Many workspaces in one process: a client for each, opened when asked for and closed when idle.

    async def token_of(workspace_id: str) -> str: ...       # from your database

    async with Workspaces(token_of, idle_s=600) as workspaces:
        async with workspaces.client("abc123") as intercom:
            await intercom.contacts.get("7")

Each workspace has a scheduler of its own, so one that has used its windows up delays nobody else;
connections and name look-ups are shared by all. A call whose token Intercom refuses (401) ends
with `UnauthorizedError`, and the workspace's next call asks `token_of` again: a rotated token is
taken up without a restart.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import NoneType, TracebackType
from typing import Any, Self

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK, Clock
from intercom_async.config import check_able, check_kind, check_text, is_positive_number, shown
from intercom_async.errors import ClosedError, ConfigError
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import Reply, Request, Transport

TokenOf = Callable[[str], Awaitable[str | tuple[str, str] | None]]
"""Returns a workspace's token, or token and region; None if there is none (any more). In place of a
region it may give an address such as that of a simulator."""

UNAUTHORIZED = 401


class Workspaces:
    """A client for each of many workspaces.

    Args:
        token_of: Asked for a workspace's token when its client is opened, and again after Intercom
            has refused the token.
        idle_s: Seconds after which a client that nobody uses is closed.
        transport: A transport to use instead of aiohttp, for tests; closed with this.
        clock: The source of time.
        **options: Given to each client, as `Intercom` takes them, but for its token and transport.

    Raises:
        ConfigError: `token_of` cannot be called, `idle_s` is no number of seconds, or an option is
            one that each workspace has for itself.
    """

    def __init__(
        self,
        token_of: TokenOf,
        *,
        idle_s: float = 600.0,
        transport: Transport | None = None,
        clock: Clock = CLOCK,
        **options: Any,
    ) -> None:
        if not callable(token_of):
            raise ConfigError(f"token_of must be a function, not {type(token_of).__name__}")
        if idle_s != math.inf and not is_positive_number(idle_s):
            raise ConfigError(f"idle_s must be more than 0 seconds, not {shown(idle_s)}")
        check_kind("transport", transport, (Transport, NoneType), "a Transport")
        check_able("clock", clock, "now", "sleep")
        for name in ("token", "http", "scheduler", "region", "budget_key"):
            if name in options:
                raise ConfigError(f"{name} cannot be one for all workspaces: leave it out")
        self._token_of = token_of
        self._idle_s = idle_s
        self._transport = transport or HttpTransport()
        self._clock = clock
        self._options = options
        self._open: dict[str, _Workspace] = {}
        self._reaper: asyncio.Task[None] | None = None
        self._is_open = False

    def __repr__(self) -> str:
        return f"<Workspaces, {len(self._open)} open>"

    def __len__(self) -> int:
        """Return how many clients are open."""
        return len(self._open)

    async def __aenter__(self) -> Self:
        await self._transport.open()
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every client and the connections; calls under way end with `ClosedError`."""
        self._is_open = False
        if self._reaper is not None:
            self._reaper.cancel()
            await asyncio.wait([self._reaper])
        for workspace in [*self._open.values()]:
            await workspace.close()
        self._open.clear()
        await self._transport.close()

    @asynccontextmanager
    async def client(self, workspace_id: str) -> AsyncGenerator[Intercom]:
        """Give the client of a workspace for a block; opened if it is not open yet.

        Raises:
            ClosedError: This is closed or was never entered.
            ConfigError: There is no token for the workspace.
        """
        if not self._is_open:
            raise ClosedError("write 'async with Workspaces(…) as workspaces:' around its use")
        check_text("workspace_id", workspace_id)
        workspace = self._open.get(workspace_id)
        if workspace is None:
            workspace = self._open[workspace_id] = _Workspace(
                workspace_id, self._token_of, self._transport, self._options
            )
        workspace.users += 1
        try:
            yield await workspace.open()
        finally:
            workspace.users -= 1
            workspace.idle_since = self._clock.now()
            if workspace.client is None and not workspace.users:
                # It could not be opened; the next block tries again.
                self._open.pop(workspace_id, None)
            elif self._is_open:
                self._reap_later()

    async def forget(self, workspace_id: str) -> None:
        """Close a workspace's client at once, as when its app was uninstalled.

        Raises:
            ConfigError: It is no id.
        """
        workspace = self._open.pop(check_text("workspace_id", workspace_id), None)
        if workspace is not None:
            await workspace.close()

    def _reap_later(self) -> None:
        if self._reaper is None or self._reaper.done():
            # It lives until nothing is open any more, and no longer than this object.
            self._reaper = asyncio.get_running_loop().create_task(self._reap())

    async def _reap(self) -> None:
        """Close clients as they have been idle for long enough, as long as any is open."""
        while self._open:
            now, next_at = self._clock.now(), math.inf
            for name, workspace in [*self._open.items()]:
                if workspace.users:
                    continue
                idle_until = workspace.idle_since + self._idle_s
                if idle_until > now:
                    next_at = min(next_at, idle_until)
                    continue
                del self._open[name]
                await workspace.close()
            if next_at == math.inf:
                return
            await self._clock.sleep(next_at - now)


class _Connections(Transport):
    """The connections of all workspaces as one of them sees them: it cannot open or close them.

    It notices when Intercom refuses the workspace's token.
    """

    def __init__(self, shared: Transport) -> None:
        self._shared = shared
        self.is_refused: bool = False

    async def open(self) -> None:
        """Do nothing: they are open already."""

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send a request and return the whole answer."""
        return self._noticed(await self._shared.exchange(request, on_sent))

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Send a request and return the head of its answer."""
        return self._noticed(await self._shared.stream(request, on_sent))

    async def close(self) -> None:
        """Do nothing: others use them."""

    def _noticed(self, reply: Reply) -> Reply:
        if reply.status == UNAUTHORIZED:
            self.is_refused = True
        return reply


class _Workspace:
    """One workspace: its token, its client, and who uses it.

    Args:
        workspace_id: Its id.
        token_of: Returns its token.
        shared: The connections of all workspaces.
        options: Given to the client.
    """

    def __init__(
        self, workspace_id: str, token_of: TokenOf, shared: Transport, options: dict[str, Any]
    ) -> None:
        self._id = workspace_id
        self._token_of = token_of
        self._connections = _Connections(shared)
        self._options = options
        self._lock = asyncio.Lock()
        self._token = ""
        self._region: str | None = None
        self.client: Intercom | None = None
        self.users: int = 0
        self.idle_since: float = 0.0

    async def open(self) -> Intercom:
        """Return the client; opened by the first of those who ask at the same time."""
        async with self._lock:
            if self.client is None:
                await self._ask_for_token()
                options = dict(self._options)
                if self._region is not None and options.get("base_url") is None:
                    name = "base_url" if "://" in self._region else "region"
                    options[name] = self._region
                if options.get("store") is not None:
                    options["budget_key"] = self._id
                client = Intercom(self._current_token, transport=self._connections, **options)
                self.client = await client.open()
            return self.client

    async def _current_token(self) -> str:
        """Return the token; asked for again after Intercom has refused it."""
        if self._connections.is_refused:
            async with self._lock:
                if self._connections.is_refused:
                    await self._ask_for_token()
        return self._token

    async def _ask_for_token(self) -> None:
        found = await self._token_of(self._id)
        if not found:
            # Without the id: it tells whose data it is about.
            raise ConfigError("token_of knows no token for this workspace")
        self._token, self._region = (found, None) if isinstance(found, str) else found
        self._connections.is_refused = False

    async def close(self) -> None:
        """Close the client; what waits in it ends with `ClosedError`."""
        if self.client is not None:
            await self.client.close()
