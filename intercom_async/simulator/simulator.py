"""The simulator as a whole: its life, and what a test or a program does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from .backend import Backend
from .clock import SimulatorClock
from .control import Control
from .faults import Faults
from .fixtures import load
from .http.canvas import CanvasAnswer, ask_canvas
from .http.server import Server
from .limits.apps import App
from .limits.windows import LedgerRow
from .oauth import OAuthPages
from .quirks import Quirks
from .settings import Settings, check_address
from .status import Status
from .store.workspace import Workspace
from .virtual import Answer, ClientRequest, exchange
from .webhooks.outbox import Outbox


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
        quirks: Peculiarities of the real API to switch on.
        data: JSON lines to create records of, beside the seeded ones: a file such as
            `people.jsonl`, or a folder of them.
        allow_hosts: Host names by which `/_simulator/` may be reached, beside `localhost` and IP
            addresses.

    Raises:
        ValueError: A setting is invalid.
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
        quirks: Quirks | None = None,
        data: str | PathLike[str] | None = None,
        allow_hosts: Sequence[str] = (),
    ) -> None:
        settings = Settings.of(
            contacts=contacts,
            conversations=conversations,
            companies=companies,
            tickets=tickets,
            seed=seed,
            app_per_minute=app_per_minute,
            workspace_per_minute=workspace_per_minute,
            window_s=window_s,
            latency_s=latency_s,
            version=version,
            timezone=timezone,
            settle_s=settle_s,
            index_s=index_s,
            remaining=remaining,
            quirks=Quirks() if quirks is None else quirks,
        )
        check_address(host, port)
        self._backend = Backend(settings)
        self._control = Control(self._backend, allow_hosts, host)
        self._server = Server(self._backend, self._control)
        self._host, self._port = host, port
        self._is_running = False
        if data is not None:
            self.load(data)
            self._backend.begin_here()

    # Its life -------------------------------------------------------------------------------

    async def start(self) -> Self:
        """Listen; `async with` does this."""
        if self._is_running:
            raise RuntimeError("the simulator is running already")
        self._port = await self._server.start(self._host, self._port)
        self._backend.url = self.url
        self._is_running = True
        return self

    async def close(self) -> None:
        """Stop listening and close all connections."""
        self._is_running = False
        await self._server.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def answer(self, request: ClientRequest) -> Answer:
        """Answer one request without a socket: `MemoryTransport(simulator.answer)`.

        The simulator need not be started for it. On a `VirtualLoop` its windows, latency and
        faults take virtual time.

        Raises:
            DecodeError: The body is longer than the request allows.
        """
        return await exchange(self._backend, self._control, request)

    # What to connect with -------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it listens, as a base URL."""
        anywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared)
        host = anywhere.get(self._host, self._host)
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def console_url(self) -> str:
        """Address of the page that shows what it does and holds."""
        return f"{self.url}/_simulator/"

    @property
    def token(self) -> str:
        """The access token of the first app."""
        return self._backend.app.token

    def new_app(self, *, app_per_minute: float | None = None, version: str | None = None) -> App:
        """Install another app in the workspace; it has its own `token` and limit."""
        return self._backend.apps.new(app_per_minute, version)

    # What to look at ------------------------------------------------------------------------

    @property
    def clock(self) -> SimulatorClock:
        """Its time, which a test can stop, set and move."""
        return self._backend.clock

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self._backend.faults

    @property
    def workspace(self) -> Workspace:
        """The records, for a test that wants to see or set them without HTTP."""
        return self._backend.workspace

    def ledger(self) -> list[LedgerRow]:
        """Return what each token was served and refused in each window, oldest first."""
        return self._backend.apps.ledger.rows()

    def status(self) -> Status:
        """Return how it stands: counts, and the limits at this moment."""
        return self._backend.status()

    @property
    def requests(self) -> int:
        """Requests so far, whatever they were answered."""
        return self._backend.requests

    @property
    def statuses(self) -> dict[int, int]:
        """Answers so far by status."""
        return dict(self._backend.statuses)

    @property
    def latency_s(self) -> float:
        """Seconds added to the time of every answer; may be set while it runs."""
        return self._backend.latency_s

    @latency_s.setter
    def latency_s(self, seconds: float) -> None:
        self._backend.latency_s = seconds

    # What to change while it runs -----------------------------------------------------------

    def set_limits(
        self,
        *,
        app_per_minute: float | None = None,
        workspace_per_minute: float | None = None,
        token: str | None = None,
    ) -> None:
        """Change limits from now on: of one app by its token, or of all."""
        self._backend.apps.set_limits(
            app_per_minute=app_per_minute,
            workspace_per_minute=workspace_per_minute,
            token=token,
        )

    @property
    def quirks(self) -> Quirks:
        """Peculiarities of the real API that are switched on; may be set while it runs."""
        return self._backend.workspace.quirks

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        self._backend.workspace.set_quirks(quirks)

    def on_call(
        self,
        act: Callable[[], object],
        *,
        n: int = 1,
        method: str | None = None,
        path: str = "",
        when: Literal["before", "after"] = "before",
    ) -> None:
        """Call `act` once, while the n-th request of a method and path is served.

        `"before"` calls it after the request was counted and before its work is done, `"after"`
        when the answer is made and not yet sent. `simulator.call` is what `act` changes the
        workspace with.
        """
        self._backend.hooks.add(act, n=n, method=method, path=path, when=when)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        version: str | None = None,
    ) -> Any:
        """Make a call past all limits, faults and quirks, and return its decoded answer.

        It needs no connection: a test changes the workspace with it as another client would.
        ValueError where the call is refused.
        """
        return self._backend.call(method, path, body, query=query, version=version)

    def load(self, path: str | PathLike[str]) -> dict[str, int]:
        """Create the records of a file of JSON lines, or of a folder of them; return the counts.

        The file's name says the kind: `people.jsonl`, `companies.jsonl`, `conversations.jsonl`,
        `tickets.jsonl`, `articles.jsonl`, `events.jsonl`. A line is the body of the call that
        creates one.

        Raises:
            ValueError: A name or a line makes no sense; names the file and the line.
        """
        given: Any = path
        if not isinstance(given, str | PathLike):
            kind = type(given).__name__
            raise ValueError(f"data must be a path, not {kind}")  # noqa: TRY004 (as every setting)
        return load(self._backend, Path(path))

    def save(self, path: str | PathLike[str]) -> None:
        """Write a snapshot of settings and records to a file."""
        Path(path).write_bytes(self._backend.snapshot())

    def restore(self, path: str | PathLike[str], *, is_start: bool = False) -> None:
        """Restore the settings and records of a snapshot; URL, tokens and limits stay as they are.

        Args:
            path: The file that `save` wrote.
            is_start: Whether `reset` comes back to this state instead of the first one.

        Raises:
            ValueError: The file is no snapshot, or one of another release.
        """
        saved = Path(path).read_bytes()
        self._backend.restore(saved)
        if is_start:
            self._backend.begin_here(saved)

    # What it sends ----------------------------------------------------------------------------

    @property
    def client_id(self) -> str:
        """The client id of the public app that its OAuth pages install."""
        return self._backend.oauth.client_id

    @property
    def client_secret(self) -> str:
        """The client secret: of OAuth, and what webhooks and Canvas Kit are signed with."""
        return self._backend.oauth.client_secret

    @property
    def oauth(self) -> OAuthPages:
        """The OAuth pages; ``simulator.oauth.refuses = True`` does not agree."""
        return self._backend.oauth

    @property
    def webhooks(self) -> Outbox:
        """Subscriptions and deliveries: ``simulator.webhooks.subscribe(url, topics=[…])``."""
        return self._backend.outbox

    async def ask_canvas(self, url: str, **fields: Any) -> CanvasAnswer:
        """Make a signed Canvas Kit request to an app's address, as the Messenger does.

        Args:
            url: Such as ``http://127.0.0.1:8000/canvas/initialize``.
            fields: Of the request beside the workspace: ``component_id``, ``input_values``, ….
        """
        body = {"workspace_id": self.workspace.id_code, "workspace_region": "US", **fields}
        return await ask_canvas(url, body, self.client_secret)

    def neighbour(self, share: float) -> None:
        """Let another app spend this share of the workspace's limit in every window."""
        self._backend.apps.set_neighbour(share)

    def reset(self) -> None:
        """Go back to the state of the start: data, ledger, limits, faults, hooks, quirks, clock."""
        self._backend.reset()
