"""One Intercom without a socket: a request goes in, a response comes out.

`receive` admits a request and says how long it takes; `respond` does its work. Between the two the
transport waits `Exchange.delay_s`: the HTTP server in real time, a virtual transport on its own
clock. Nothing here waits or does I/O, and the same requests at the same times get the same bytes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from typing import Any

from .answer_headers import AnswerHeaders
from .clock import SimulatorClock
from .damage import damaged, miscounted, poisoned
from .errors import ApiError, not_found
from .exchange import Exchange
from .faults import Faults
from .hooks import Hooks
from .journal import Journal
from .limits.apps import App, Apps
from .messages import Request, Response
from .oauth import PUBLIC, UNINSTALL, OAuthPages
from .request_form import body_of, check_accept
from .routes.all import router
from .routes.call import PUBLIC_ORIGIN, Call, Reply
from .rows import decode_json, encode_json
from .seed.draw import mix
from .settings import Settings
from .snapshots import Snapshots, restored
from .status import AppStatus, Status
from .store.steps import IndexMissing, finished
from .store.workspace import Workspace
from .versions import known_version
from .webhooks.outbox import Outbox
from .webhooks.topics import events_of

logger: logging.Logger = logging.getLogger(__name__)

LETTERS = "abcdefghijklmnopqrstuv0123456789"
"""What request ids are written with."""
READING = ("/search", "/list")
"""Ends of the paths of a POST that only reads."""
READING_FIRST = "/conversations/last/reply"
"""End of a path that writes to what it has searched for: until then it may be called again."""
MAX_SCANS = 20
"""Scans in steps for one answer; later ones are done in one go, so that writes which overtake them
again and again cannot keep it waiting (`test_load.py`)."""


class Backend:
    """One workspace, its apps and limits, behind Intercom's API."""

    def __init__(self, settings: Settings, clock: SimulatorClock | None = None) -> None:
        self.settings: Settings = settings
        self.clock: SimulatorClock = SimulatorClock() if clock is None else clock
        self.url: str = "https://api.intercom.io"
        """Where it is reached."""
        self.latency_s: float = settings.latency_s
        self.apps: Apps = Apps(
            seed=settings.seed,
            app_per_minute=settings.app_per_minute,
            workspace_per_minute=settings.workspace_per_minute,
            window_s=settings.window_s,
            version=settings.version,
            remaining=settings.remaining,
        )
        self.app: App = self.apps.new()
        """The app that is there from the start."""
        self.faults: Faults = Faults(settings.seed)
        self.hooks: Hooks = Hooks()
        self.snapshots: Snapshots = Snapshots()
        self._first: tuple[Settings, bytes | None] = settings, None
        """What `reset` comes back to: settings, and a snapshot where records were written."""
        self.requests: int = 0
        """Requests so far, whatever they were answered."""
        self.statuses: Counter[int] = Counter()
        """Responses so far by status."""
        self.journal: Journal = Journal()
        """The newest requests."""
        self.workspace: Workspace = self._new_workspace(settings)
        self.oauth: OAuthPages = OAuthPages(self.apps, settings.seed)
        self.outbox: Outbox = Outbox(
            app_id=self.workspace.id_code, secret=self.oauth.client_secret, seed=settings.seed
        )
        self._router = router()
        self._headers = AnswerHeaders(self.clock)

    def _new_workspace(self, settings: Settings) -> Workspace:
        return Workspace(
            contacts=settings.contacts,
            conversations=settings.conversations,
            companies=settings.companies,
            tickets=settings.tickets,
            seed=settings.seed,
            timezone=settings.timezone,
            settle_s=settings.settle_s,
            index_s=settings.settle_s if settings.index_s is None else settings.index_s,
            now=self.clock.now,
            quirks=settings.quirks,
        )

    def status(self) -> Status:
        """Return how it stands: counts, and the limits at this moment."""
        now = self.clock.now()
        limits = [(app, self.apps.rate_limit_of(app, now)) for app in self.apps.all()]
        return Status(
            url=self.url,
            token=self.app.token,
            now=now,
            requests=self.requests,
            statuses={str(key): count for key, count in sorted(self.statuses.items())},
            apps=tuple(
                AppStatus(
                    name=app.name,
                    token=app.token,
                    limit=limit.limit,
                    remaining=limit.remaining,
                    reset_at=limit.reset_at,
                )
                for app, limit in limits
            ),
            workspace_limit=self.apps.workspace.limit,
            workspace_used=self.apps.workspace.used(now),
            faults_struck=self.faults.struck(),
        )

    # One request ----------------------------------------------------------------------------

    def answer(self, request: Request) -> Response:
        """Receive a request and respond at once, without its delay."""
        return self.respond(self.receive(request))

    def receive(self, request: Request) -> Exchange:
        """Count a request against its limits and draw its fault."""
        self.requests += 1
        if request.method == "HEAD":
            # Answered as GET; the transport leaves out the body.
            request.method = "GET"
        exchange = Exchange(request, self._request_id(), self.latency_s)
        exchange.received_at = self.clock.now()
        if request.path in PUBLIC:
            return exchange
        exchange.app = app = self.apps.find(request.headers.get("Authorization", ""))
        if app is None:
            exchange.error = ApiError(401, "unauthorized", "Access Token Invalid")
            exchange.delay_s = 0.0
            return exchange
        exchange.rate_limit, exchange.error = self.apps.admit(app, exchange.received_at)
        if self.faults:
            exchange.fault = fault = self.faults.draw(request.method, request.path)
            exchange.delay_s += fault.delay_s if fault else 0.0
        return exchange

    def respond(self, exchange: Exchange) -> Response:
        """Do the work of a request that was received, in one go."""
        return finished(self.respond_in_steps(exchange))

    def respond_in_steps(self, exchange: Exchange) -> Generator[None, None, Response]:
        """Do the work of a request that was received; whatever happens, the form is Intercom's.

        Yields between the steps of a long scan, so that an event loop can do other work.
        """
        request = exchange.request
        if self.hooks:
            self.hooks.run("before", request.method, request.path)
        scans = 0
        while True:
            if self._waits_for_snapshots(request):
                yield from self.snapshots.until_taken()
            try:
                reply = self._reply(exchange, may_interrupt=scans < MAX_SCANS)
            except IndexMissing as missing:
                scans += 1
                for _ in missing.steps:
                    yield
                continue
            break
        response = Response(
            reply.status, self._headers.of(reply, exchange, self.workspace), reply.encoded()
        )
        if self.hooks:
            self.hooks.run("after", request.method, request.path)
        response = self._with_quirks(response, exchange.request_id)
        self.statuses[response.status] += 1
        if exchange.fault is not None:
            response = damaged(response, exchange.fault)
        self.journal.keep(exchange, response)
        return response

    def _with_quirks(self, response: Response, request_id: str) -> Response:
        """Apply the quirks that concern whole answers."""
        quirks = self.workspace.quirks
        for record_id, kind in quirks.poison.items():
            if b'"%b"' % record_id.encode() in response.body:
                return poisoned(response, kind, request_id)
        if quirks.lying_counts:
            bits = mix(self.workspace.seed, self.requests, 0x11E)
            if (bits >> 32) / 2**32 < quirks.lying_counts:
                by = 1 + bits % 5
                response.body = miscounted(response.body, by if bits & 8 else -by)
        return response

    def _waits_for_snapshots(self, request: Request) -> bool:
        """Tell whether a request may change what there is; lists do where their orders move."""
        return _writes(request) or bool(self.workspace.quirks.moving_orders)

    def _reply(self, exchange: Exchange, *, may_interrupt: bool) -> Reply:
        request = exchange.request
        self.workspace.steps.may_interrupt = may_interrupt
        try:
            return self._work(exchange)
        except IndexMissing:
            raise
        except ApiError as error:
            return Reply(error.encoded(exchange.request_id), error.status, error.headers)
        except Exception:
            logger.exception("%s %s failed inside the simulator", request.method, request.path)
            broken = ApiError(500, "server_error", "Something went wrong")
            return Reply(broken.encoded(exchange.request_id), broken.status)
        finally:
            self.workspace.steps.may_interrupt = False

    def _work(self, exchange: Exchange) -> Reply:
        if exchange.error is not None:
            raise exchange.error
        fault = exchange.fault
        if fault is not None and (fault.status is not None or fault.drop == "before"):
            raise fault.error()
        if exchange.request.path in PUBLIC:
            answer = self.oauth.answer(exchange.request, self.clock.now())
            kind = answer.headers.pop("Content-Type", "text/plain")
            return Reply(answer.body, answer.status, answer.headers, kind)
        if exchange.app is not None and exchange.request.path == UNINSTALL:
            return Reply(self.oauth.uninstall(exchange.app))
        return self._call(exchange)

    def _call(self, exchange: Exchange, at: int | None = None) -> Reply:
        """Find the handler of a request and call it."""
        request, app = exchange.request, exchange.app
        if app is None:
            raise TypeError("an exchange without an error has an app")
        check_accept(request)
        body = body_of(request)
        version = known_version(request.headers.get("Intercom-Version"), app.version)
        found = self._router.find(request.method, request.path)
        if found is None:
            raise not_found()
        handler, ids = found
        with self.workspace.steps.uninterrupted():
            self.workspace.run_due()
        if _writes(request):
            self.workspace.catch_up()
            if not request.path.endswith(READING_FIRST):
                self.workspace.steps.has_written()
        answer = handler(
            Call(
                workspace=self.workspace,
                app=app,
                method=request.method,
                path=request.path,
                ids=ids,
                query=request.query,
                body=body,
                version=version,
                now_at=int(self.clock.now()) if at is None else at,
                origin=self._origin(request),
            )
        )
        exchange.version = version
        if self.outbox and request.method != "GET":
            self._notify(request, body, answer)
        return answer if isinstance(answer, Reply) else Reply(answer)

    def operation(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the template of a request's path and the ids in it; None where there is none."""
        return self._router.template(method, path)

    def _notify(self, request: Request, body: Any, answer: Any) -> None:
        """Tell subscribers what a request changed."""
        told = answer.body if isinstance(answer, Reply) else answer
        try:
            events = events_of(
                request.method, request.path, body, told, lambda path: self.call("GET", path)
            )
        except ValueError:  # what was changed cannot be read any more
            return
        for topic, item in events:
            self.outbox.notify(topic, item, self.clock.now())

    def _origin(self, request: Request) -> str:
        """Return where links point to: to this server under the name that the client knows."""
        if not self.workspace.quirks.own_links:
            return PUBLIC_ORIGIN
        host = request.headers.get("Host")
        return f"http://{host}" if host else self.url

    # Its whole state ------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Return the whole state: settings, and what was written to the workspace."""
        return b"".join(finished(self.snapshot_in_steps()))

    def snapshot_in_steps(self) -> Generator[None, None, list[bytes]]:
        """Return the lines of a snapshot; writes wait until it is taken."""
        yield from self.snapshots.until_taken()
        # The workspace of this moment: the one of the call may have been replaced meanwhile.
        return (yield from self.snapshots.take(self.settings, self.workspace))

    def restore(self, saved: bytes) -> None:
        """Restore the state of a snapshot; URL, tokens and limits stay as they are.

        Raises:
            ValueError: The bytes are no snapshot, or one of another release.
        """
        finished(self.restore_in_steps((saved,)))

    def restore_in_steps(self, saved: Iterable[bytes]) -> Generator[None, None, Workspace]:
        """Restore a snapshot as `restore` does, at the last step; return the workspace before."""
        made = yield from restored(saved, self._new_workspace)
        yield from self.snapshots.until_taken()
        before = self.workspace
        self.settings, self.workspace = made
        return before

    def begin_here(self, saved: bytes | None = None) -> None:
        """Let `reset` come back to the state as it is now; `saved` is its snapshot, if at hand."""
        self._first = self.settings, self.snapshot() if saved is None else saved

    def reset(self) -> None:
        """Go back to the state of the start: data, ledger, limits, faults, hooks, quirks, clock."""
        finished(self.reset_in_steps())

    def reset_in_steps(self) -> Generator[None, None, Workspace]:
        """Reset as `reset` does, at the last step; return the workspace before."""
        settings, saved = self._first
        if saved is None:
            made = settings, self._new_workspace(settings)
        else:
            made = yield from restored((saved,), self._new_workspace)
        yield from self.snapshots.until_taken()
        before = self.workspace
        self.settings, self.workspace = made
        self.clock.reset()
        self.faults.clear()
        self.hooks.clear()
        self.apps.reset()
        self.oauth.clear()
        self.outbox.clear()
        self.requests = 0
        self.statuses.clear()
        self.journal.clear()
        return before

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        version: str | None = None,
        at: int | None = None,
    ) -> Any:
        """Make a call past all limits, faults, hooks and quirks, and return its decoded answer.

        For tests that change the workspace as another client would. `at` is the time of the call
        in UNIX seconds, by default now. ValueError where the call is refused.
        """
        headers = {"Accept": "application/json, application/octet-stream"}
        if version is not None:
            headers["Intercom-Version"] = version
        raw = b"" if body is None else encode_json(body)
        request = Request(method.upper(), path, query or {}, headers, raw)
        if _writes(request):
            for _ in self.snapshots.until_taken():
                pass
        try:
            reply = self._call(Exchange(request, "call", app=self.app), at)
        except ApiError as error:
            raise ValueError(f"{method} {path}: {error.status} {error.code}: {error}") from error
        encoded = reply.encoded()
        is_json = bool(encoded) and "json" in reply.content_type
        return decode_json(encoded) if is_json else encoded

    def _request_id(self) -> str:
        """Return twenty letters and digits, as the real ones are: no UUID."""
        bits = mix(self.workspace.seed, self.requests, 0x1D)
        bits = bits << 64 | mix(self.workspace.seed, self.requests, 0x1E)
        return "".join(LETTERS[bits >> 5 * place & 31] for place in range(20))


def _writes(request: Request) -> bool:
    """Tell whether a request may change what there is."""
    return request.method != "GET" and not request.path.endswith(READING)
