"""The control API under /_simulator, for clients that are not in this process.

It needs no token and counts against no limit. `GET /_simulator/openapi.json` describes it, `guard`
says who may use it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import Any

import msgspec

from .backend import Backend
from .console.lines import RequestDetail, RequestLine, detail_of, lines_since
from .console.live import Live, live
from .console.pages import PRIVATE, console_file
from .console.records import RecordPage, record, records
from .control_bodies import (
    After,
    ClockChange,
    Kind,
    LimitChange,
    Named,
    NewApp,
    NewSubscription,
    Numbered,
    OfKind,
    Webhooks,
)
from .control_description import LINES, Action, describe
from .faults import Fault
from .guard import Guard
from .journal import KEPT_REQUESTS
from .limits.windows import LedgerRow
from .messages import Request, Response, max_body_bytes
from .quirks import Quirks
from .routes.call import JSON_TYPE
from .rows import BAD_JSON, Row, decode_json, encode_json
from .status import Status
from .store.steps import finished
from .webhooks.outbox import Delivery, Subscription

CONTROL_PREFIX = "/_simulator"
"""Paths that begin so are about the simulator itself."""
RECORDING = re.compile(r"recordings/\d+\.mp3")
SILENCE = b"ID3\x03\x00\x00\x00\x00\x00\x00"
"""An MP3 file without a sound."""


class Control:
    """Answers requests to the simulator itself.

    Args:
        backend: What it is about.
        allow_hosts: Names by which it may be reached, beside `localhost` and IP addresses.
        host: Where it listens.
    """

    def __init__(self, backend: Backend, allow_hosts: Iterable[str] = (), host: str = "") -> None:
        self._backend = backend
        self._guard = Guard(allow_hosts, host)
        self._actions: dict[tuple[str, str], Action] = {
            ("GET", "status"): Action("Counts, and the limits now", self._status, gives=Status),
            ("GET", "ledger"): Action(
                "Calls served and refused by token and window", self._ledger, gives=list[LedgerRow]
            ),
            ("GET", "faults"): Action("The faults in force", self._faults, gives=list[Fault]),
            ("POST", "faults"): Action("Add a fault", self._add_fault, Fault, Fault),
            ("DELETE", "faults"): Action(
                "Remove the fault of these fields; without a body all", self._remove_faults
            ),
            ("GET", "quirks"): Action("The quirks in force", self._quirks, gives=Quirks),
            ("POST", "quirks"): Action("Replace the quirks", self._set_quirks, Quirks, Quirks),
            ("POST", "clock"): Action("Stop, set or move the clock", self._clock, ClockChange),
            ("POST", "limits"): Action("Change limits", self._limits, LimitChange),
            ("POST", "apps"): Action("Install an app", self._app, NewApp),
            ("GET", "webhooks"): Action(
                "Subscriptions and deliveries", self._webhooks, gives=Webhooks
            ),
            ("POST", "webhooks"): Action(
                "Subscribe an address", self._subscribe, NewSubscription, Subscription
            ),
            ("DELETE", "webhooks"): Action(
                "Remove a subscription, or all", self._unsubscribe, Named
            ),
            ("POST", "webhooks/resend"): Action("Deliver once more", self._resend, Named, Delivery),
            ("POST", "webhooks/ping"): Action("Ping every address", self._ping),
            ("GET", "live"): Action("What the console shows now", self._live, gives=Live),
            ("GET", "requests"): Action(
                "The newest requests, oldest first",
                self._requests,
                gives=list[RequestLine],
                asks=After,
            ),
            ("GET", "request"): Action(
                "One request with its answer, as curl and as Python",
                self._request,
                gives=RequestDetail,
                asks=Numbered,
            ),
            ("GET", "records"): Action(
                "A page of records", self._records, gives=RecordPage, asks=Kind
            ),
            ("GET", "record"): Action("One record", self._record, asks=OfKind),
            ("GET", "openapi.json"): Action("This description", self._describe),
        }

        self._in_steps = {
            ("GET", "snapshot"): self._take_snapshot,
            ("PUT", "snapshot"): self._restore_snapshot,
            ("POST", "reset"): self._reset,
        }
        """Operations on the whole state: other requests are answered between their steps."""

    def answer(self, request: Request) -> Response:
        """Answer one request in one go."""
        return finished(self.answer_in_steps(request))

    def answer_in_steps(self, request: Request) -> Generator[None, None, Response]:
        """Answer one request; 404 for what is not there, 400 for what makes no sense."""
        refused = self.refused(request)
        if refused is not None:
            return refused
        name = request.path.removeprefix(CONTROL_PREFIX).strip("/")
        method = "GET" if request.method == "HEAD" else request.method
        if request.is_too_large:
            most = max_body_bytes(request.path)
            return _response({"error": f"a body has at most {most} bytes"}, 413)
        act = self._in_steps.get((method, name))
        if act is not None:
            return (yield from act(request))
        held = self._held(method, name)
        return self._act(method, name, request) if held is None else held

    def _held(self, method: str, name: str) -> Response | None:
        """Return what is no JSON of an operation: recordings, and the console's files."""
        if method != "GET":
            return None
        if RECORDING.fullmatch(name):
            return Response(200, {"Content-Type": "audio/mpeg"}, SILENCE)
        return console_file(name)

    def _act(self, method: str, name: str, request: Request) -> Response:
        action = self._actions.get((method, name))
        if action is None:
            error = f"{request.method} {CONTROL_PREFIX}/{name} is not known"
            return _response({"error": error}, 404)
        try:
            return _response(action.act(_given(action, request)))
        except (*BAD_JSON, TypeError) as error:
            return _response({"error": str(error)}, 400)

    def refused(self, request: Request) -> Response | None:
        """Return the answer to a request of somebody who must not make it; None for others."""
        refusal = self._guard.refusal(request)
        return None if refusal is None else _response({"error": refusal.message}, refusal.status)

    def _take_snapshot(self, _: Request) -> Generator[None, None, Response]:
        lines = yield from self._backend.snapshot_in_steps()
        return Response(200, {"Content-Type": LINES, **PRIVATE}, b"", parts=lines)

    def _restore_snapshot(self, request: Request) -> Generator[None, None, Response]:
        try:
            before = yield from self._backend.restore_in_steps(request.parts or (request.body,))
        except ValueError as error:
            return _response({"error": str(error)}, 400)
        yield from before.discarded()
        return _response({"restored": True})

    def _reset(self, _: Request) -> Generator[None, None, Response]:
        before = yield from self._backend.reset_in_steps()
        yield from before.discarded()
        return _response({"reset": True})

    def description(self) -> Row:
        """Return the OpenAPI description of the control API."""
        return describe(CONTROL_PREFIX, self._actions, self._backend.url)

    def _status(self, _: Any) -> Status:
        return self._backend.status()

    def _ledger(self, _: Any) -> list[LedgerRow]:
        return self._backend.apps.ledger.rows()

    def _faults(self, _: Any) -> list[Fault]:
        return self._backend.faults.rules()

    def _quirks(self, _: Any) -> Quirks:
        return self._backend.workspace.quirks

    def _describe(self, _: Any) -> Row:
        return self.description()

    def _add_fault(self, given: Fault) -> Fault:
        return self._backend.faults.add(given)

    def _remove_faults(self, given: Any) -> Row:
        faults = self._backend.faults
        if given:
            faults.remove(msgspec.convert(given, Fault))
        else:
            faults.clear()
        return {"faults": len(faults.rules())}

    def _live(self, _: Any) -> Live:
        return live(self._backend)

    def _requests(self, given: After) -> list[RequestLine]:
        return lines_since(self._backend, given.after, most=KEPT_REQUESTS)

    def _request(self, given: Numbered) -> RequestDetail:
        return detail_of(self._backend, given.number)

    def _records(self, given: Kind) -> RecordPage:
        return records(self._backend, given.kind, given.after)

    def _record(self, given: OfKind) -> Row:
        return record(self._backend, given.kind, given.id)

    def _set_quirks(self, given: Quirks) -> Quirks:
        self._backend.workspace.set_quirks(given)
        return given

    def _webhooks(self, _: Any) -> Webhooks:
        outbox = self._backend.outbox
        return Webhooks(outbox.subscriptions(), outbox.deliveries())

    def _subscribe(self, given: NewSubscription) -> Subscription:
        return self._backend.outbox.subscribe(
            given.url,
            topics=given.topics,
            secret=given.secret,
            retry_s=given.retry_s,
            faults=given.faults,
        )

    def _unsubscribe(self, given: Named) -> Row:
        outbox = self._backend.outbox
        ids = [given.id] if given.id else [one.id for one in outbox.subscriptions()]
        return {"removed": sum(outbox.unsubscribe(one) for one in ids)}

    def _resend(self, given: Named) -> Delivery:
        return self._backend.outbox.resend(given.id, self._backend.clock.now())

    def _ping(self, _: Any) -> Row:
        item = {"type": "ping", "message": "something"}
        self._backend.outbox.notify("ping", item, self._backend.clock.now())
        return {"pinged": len(self._backend.outbox.subscriptions())}

    def _clock(self, change: ClockChange) -> Row:
        clock = self._backend.clock
        if change.thaw:
            clock.thaw()
        if change.freeze is not None and change.freeze is not False:
            clock.freeze(None if change.freeze is True else float(change.freeze))
        if change.move_s:
            clock.move(change.move_s)
        if change.slew is not None:
            clock.slew(change.slew)
        for name in ("skew_s", "drift", "jitter_s"):
            value = getattr(change, name)
            if value is not None:
                setattr(clock, name, value)
        return {"now": clock.now(), "skew_s": clock.skew_s}

    def _limits(self, change: LimitChange) -> Row:
        self._backend.apps.set_limits(
            app_per_minute=change.app_per_minute,
            workspace_per_minute=change.workspace_per_minute,
            token=change.token,
        )
        if change.neighbour is not None:
            self._backend.apps.set_neighbour(change.neighbour)
        if change.latency_s is not None:
            self._backend.latency_s = change.latency_s
        return {"changed": True}

    def _app(self, wanted: NewApp) -> Row:
        app = self._backend.apps.new(wanted.app_per_minute, wanted.version)
        return {"name": app.name, "token": app.token}


def _given(action: Action, request: Request) -> Any:
    """Return what an operation is given: its query, or its body."""
    if action.asks is not None:
        return msgspec.convert(dict(request.query), action.asks, strict=False)
    given: Any = decode_json(request.body) if request.body.strip() else {}
    return given if action.takes is None else msgspec.convert(given, action.takes)


def _response(value: Any, status: int = 200) -> Response:
    return Response(status, {"Content-Type": JSON_TYPE, **PRIVATE}, encode_json(value))
