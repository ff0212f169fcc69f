"""The simulator as a whole: its life, and what a test or a program does with it."""

from __future__ import annotations

from types import TracebackType
from typing import Literal, Self

from aiohttp import web

from .clock import SimulatorClock
from .control import Control
from .faults import Faults
from .http.server import Server
from .limits.apps import App, Apps
from .limits.windows import LedgerRow
from .routes.all import router
from .status import AppStatus, Status
from .store.workspace import Workspace

MAX_RECORDS = 16_000_000
"""Six hex digits of an id hold the number of a record."""


def _check_counts(counts: dict[str, int]) -> None:
    for name, count in counts.items():
        if not 0 <= count <= MAX_RECORDS:
            raise ValueError(f"{name}={count} must be between 0 and {MAX_RECORDS:,}")


class Simulator:
    """A local Intercom with one workspace.

    Args:
        contacts: Seeded contacts; a million take no longer to start than one.
        conversations: Seeded conversations.
        companies: Seeded companies.
        tickets: Seeded tickets.
        seed: The same seed and counts mean the same data, to the byte.
        app_per_minute: Limit of each app that is made without its own.
        workspace_per_minute: Limit of all apps together.
        window_s: Length of the windows in which both are counted.
        latency_s: Added to the time of every answer.
        port: 0 takes a free one.
        host: Where to listen.
        version: Of requests without an Intercom-Version header.
        timezone: Of the workspace: contact search counts its days.
        settle_s: How long a new contact is not found by its id.
        index_s: How long it is in no list and no search; default: as long as `settle_s`.
        remaining: Whether X-RateLimit-Remaining counts the answered call (`"after"`) or not
            (`"before"`, as the real one was seen to do).
    """

    def __init__(  # noqa: PLR0913 (one knob each)
        self,
        *,
        contacts: int = 1_000,
        conversations: int = 500,
        companies: int = 100,
        tickets: int = 100,
        seed: int = 7,
        app_per_minute: float = 10_000,
        workspace_per_minute: float = 25_000,
        window_s: float = 10.0,
        latency_s: float = 0.0,
        port: int = 0,
        host: str = "127.0.0.1",
        version: str = "2.14",
        timezone: str = "UTC",
        settle_s: float = 0.0,
        index_s: float | None = None,
        remaining: Literal["before", "after"] = "before",
    ) -> None:
        counts = {
            "contacts": contacts,
            "conversations": conversations,
            "companies": companies,
            "tickets": tickets,
        }
        _check_counts(counts)
        if window_s <= 0 or app_per_minute <= 0 or workspace_per_minute <= 0:
            raise ValueError("window_s, app_per_minute and workspace_per_minute must be above 0")
        self.clock: SimulatorClock = SimulatorClock()
        self._counts = counts
        self._seed = seed
        self._timezone = timezone
        self._settle_s = settle_s
        self._index_s = settle_s if index_s is None else index_s
        self._apps = Apps(
            seed=seed,
            app_per_minute=app_per_minute,
            workspace_per_minute=workspace_per_minute,
            window_s=window_s,
            version=version,
            remaining=remaining,
        )
        self._app = self._apps.new()
        self.faults: Faults = Faults(seed)
        self._server = self._new_server(latency_s)
        self._host, self._port = host, port
        self._runner: web.ServerRunner | None = None

    def _new_server(self, latency_s: float) -> Server:
        return Server(
            workspace=self._new_workspace(),
            apps=self._apps,
            router=router(),
            clock=self.clock,
            faults=self.faults,
            control=Control(self).answer,
            latency_s=latency_s,
        )

    def _new_workspace(self) -> Workspace:
        return Workspace(
            **self._counts,
            seed=self._seed,
            timezone=self._timezone,
            settle_s=self._settle_s,
            index_s=self._index_s,
            now=self.clock.now,
        )

    # Its life -------------------------------------------------------------------------------

    async def start(self) -> Self:
        """Listen; `async with` does this."""
        if self._runner is not None:
            raise RuntimeError("the simulator is running already")
        server = web.Server(self._server.handle, request_factory=self._server.request_of)
        self._runner = web.ServerRunner(server, access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=4_096)
        await site.start()
        address = self._runner.addresses[0]
        self._port = int(address[1])
        return self

    async def close(self) -> None:
        """Stop listening and close all connections."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # What to connect with -------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it listens, as a base URL."""
        return f"http://{self._host}:{self._port}"

    @property
    def token(self) -> str:
        """The access token of the first app."""
        return self._app.token

    def new_app(self, *, app_per_minute: float | None = None, version: str | None = None) -> App:
        """Install another app in the workspace; it has its own `token` and limit."""
        return self._apps.new(app_per_minute, version)

    # What to look at ------------------------------------------------------------------------

    @property
    def workspace(self) -> Workspace:
        """The records, for a test that wants to see or set them without HTTP."""
        return self._server.workspace

    def ledger(self) -> list[LedgerRow]:
        """Return what each token was served and refused in each window, oldest first."""
        return self._apps.ledger.rows()

    def status(self) -> Status:
        """Return how it stands: counts, and the limits at this moment."""
        now = self.clock.now()
        standings = [(app, self._apps.standing(app, now)) for app in self._apps.all()]
        return Status(
            url=self.url,
            token=self.token,
            now=now,
            requests=self.requests,
            statuses={str(key): count for key, count in sorted(self.statuses.items())},
            apps=tuple(
                AppStatus(
                    name=app.name,
                    token=app.token,
                    limit=standing.limit,
                    remaining=standing.remaining,
                    reset_at=standing.reset_at,
                )
                for app, standing in standings
            ),
            workspace_limit=self._apps.workspace.limit,
            workspace_used=self._apps.workspace.used(now),
            faults_struck=self.faults.struck(),
        )

    @property
    def requests(self) -> int:
        """Requests so far, whatever they were answered."""
        return self._server.requests

    @property
    def statuses(self) -> dict[int, int]:
        """Answers so far by status."""
        return dict(self._server.statuses)

    @property
    def latency_s(self) -> float:
        """Added to the time of every answer; may be set while it runs."""
        return self._server.latency_s

    @latency_s.setter
    def latency_s(self, seconds: float) -> None:
        self._server.latency_s = seconds

    # What to change while it runs -----------------------------------------------------------

    def set_limits(
        self,
        *,
        app_per_minute: float | None = None,
        workspace_per_minute: float | None = None,
        token: str | None = None,
    ) -> None:
        """Change limits from now on: of one app by its token, or of all."""
        if app_per_minute is not None:
            for app in self._apps.all():
                if token in (None, app.token):
                    app.quota.per_minute = app_per_minute
        if workspace_per_minute is not None:
            self._apps.workspace.per_minute = workspace_per_minute

    def neighbour(self, share: float) -> None:
        """Let somebody else's app spend this share of the workspace's limit in every window."""
        if not 0.0 <= share <= 1.0:
            raise ValueError("share must be between 0 and 1")
        self._apps.workspace.neighbour_share = share

    def reset(self) -> None:
        """Go back to the seeded data, an empty ledger, no faults and the machine's clock."""
        self.clock.reset()
        self.faults.clear()
        self._apps.reset()
        self._server.reset(self._new_workspace())
