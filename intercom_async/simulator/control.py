"""The control API under /_simulator, for clients that are not in this process.

It needs no token and counts against no limit. `GET /_simulator/openapi.json` describes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from .backend import Backend
from .faults import Fault
from .limits.windows import LedgerRow
from .messages import MAX_BODY_BYTES, Request, Response
from .quirks import Quirks
from .routes.call import JSON_TYPE
from .rows import BAD_JSON, Row, decode_json, encode_json
from .status import Status
from .webhooks.outbox import Delivery, DeliveryFaults, Subscription

CONTROL_PREFIX = "/_simulator"
"""Paths that begin so are about the simulator itself."""
RECORDING = re.compile(r"recordings/\d+\.mp3")
SILENCE = b"ID3\x03\x00\x00\x00\x00\x00\x00"
"""An MP3 file without a sound."""


class ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to do to the clock; what is left out stays as it is."""

    freeze: float | bool | None = None
    move_s: float = 0.0
    skew_s: float | None = None
    slew: float | None = None
    drift: float | None = None
    jitter_s: float | None = None
    thaw: bool = False


class LimitChange(msgspec.Struct, forbid_unknown_fields=True):
    """New limits; what is left out stays as it is."""

    app_per_minute: float | None = None
    workspace_per_minute: float | None = None
    token: str | None = None
    neighbour: float | None = None


class NewApp(msgspec.Struct, forbid_unknown_fields=True):
    """An app to install."""

    app_per_minute: float | None = None
    version: str | None = None


class NewSubscription(msgspec.Struct, forbid_unknown_fields=True):
    """An address that is told what changes."""

    url: str
    topics: list[str] = []
    secret: str | None = None
    retry_s: float = 60.0
    faults: DeliveryFaults = DeliveryFaults()


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """A subscription or delivery by its id."""

    id: str = ""


class Webhooks(msgspec.Struct):
    """What is told to whom, and how it went."""

    subscriptions: list[Subscription]
    deliveries: list[Delivery]


class _Action(NamedTuple):
    """One operation: what it does, and the types of its body and its answer."""

    summary: str
    act: Callable[[Any], Any]
    takes: Any = None
    gives: Any = Row


class Control:
    """Answers requests to the simulator itself."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._actions: dict[tuple[str, str], _Action] = {
            ("GET", "status"): _Action("Counts, and the limits now", self._status, gives=Status),
            ("GET", "ledger"): _Action(
                "Calls served and refused by token and window", self._ledger, gives=list[LedgerRow]
            ),
            ("POST", "reset"): _Action("Go back to the state of the start", self._reset),
            ("GET", "faults"): _Action("The faults in force", self._faults, gives=list[Fault]),
            ("POST", "faults"): _Action("Add a fault", self._add_fault, Fault, Fault),
            ("DELETE", "faults"): _Action("Remove all faults", self._clear_faults),
            ("GET", "quirks"): _Action("The quirks in force", self._quirks, gives=Quirks),
            ("POST", "quirks"): _Action("Replace the quirks", self._set_quirks, Quirks, Quirks),
            ("POST", "clock"): _Action("Stop, set or move the clock", self._clock, ClockChange),
            ("POST", "limits"): _Action("Change limits", self._limits, LimitChange),
            ("POST", "apps"): _Action("Install an app", self._app, NewApp),
            ("GET", "webhooks"): _Action(
                "Subscriptions and deliveries", self._webhooks, gives=Webhooks
            ),
            ("POST", "webhooks"): _Action(
                "Subscribe an address", self._subscribe, NewSubscription, Subscription
            ),
            ("DELETE", "webhooks"): _Action(
                "Remove a subscription, or all", self._unsubscribe, Named
            ),
            ("POST", "webhooks/resend"): _Action(
                "Deliver once more", self._resend, Named, Delivery
            ),
            ("POST", "webhooks/ping"): _Action("Ping every address", self._ping),
            ("GET", "openapi.json"): _Action("This description", self._describe),
        }

    def answer(self, request: Request) -> Response:
        """Answer one request; 404 for what is not there, 400 for what makes no sense."""
        name = request.path.removeprefix(CONTROL_PREFIX).strip("/")
        method = "GET" if request.method == "HEAD" else request.method
        if name == "snapshot" and method in ("GET", "PUT"):
            return self._snapshot(method, request)
        if method == "GET" and RECORDING.fullmatch(name):
            return Response(200, {"Content-Type": "audio/mpeg"}, SILENCE)
        action = self._actions.get((method, name))
        if action is None:
            error = f"{request.method} {CONTROL_PREFIX}/{name} is not known"
            return _response({"error": error}, 404)
        if request.is_too_large:
            return _response({"error": f"a body has at most {MAX_BODY_BYTES} bytes"}, 413)
        try:
            given: Any = decode_json(request.body) if request.body.strip() else {}
            if action.takes is not None:
                given = msgspec.convert(given, action.takes)
            return _response(action.act(given))
        except (*BAD_JSON, TypeError) as error:
            return _response({"error": str(error)}, 400)

    def _snapshot(self, method: str, request: Request) -> Response:
        """Answer the whole state, or have another one."""
        if method == "GET":
            return Response(200, {"Content-Type": JSON_TYPE}, self._backend.snapshot())
        try:
            self._backend.restore(request.body)
        except ValueError as error:
            return _response({"error": str(error)}, 400)
        return _response({"restored": True})

    def description(self) -> Row:
        """Return the OpenAPI description of the control API."""
        types = [
            one
            for action in self._actions.values()
            for one in (action.takes, action.gives)
            if one not in (None, Row)
        ]
        schemas, components = msgspec.json.schema_components(
            types, ref_template="#/components/schemas/{name}"
        )
        by_type = dict(zip(map(str, types), schemas, strict=True))
        paths: dict[str, Row] = {}
        for (method, name), action in self._actions.items():
            content = {"application/json": {"schema": by_type.get(str(action.gives), {})}}
            operation: Row = {
                "summary": action.summary,
                "operationId": f"{method.lower()}_{name.partition('.')[0]}",
                "responses": {"200": {"description": "Done", "content": content}},
            }
            if action.takes is not None:
                content = {"application/json": {"schema": by_type[str(action.takes)]}}
                operation["requestBody"] = {"content": content}
            paths.setdefault(f"{CONTROL_PREFIX}/{name}", {})[method.lower()] = operation
        return {
            "openapi": "3.1.0",
            "info": {"title": "Control of the local Intercom", "version": "1"},
            "servers": [{"url": self._backend.url}],
            "paths": paths,
            "components": {"schemas": components},
        }

    def _status(self, _: Any) -> Status:
        return self._backend.status()

    def _ledger(self, _: Any) -> list[LedgerRow]:
        return self._backend.apps.ledger.rows()

    def _reset(self, _: Any) -> Row:
        self._backend.reset()
        return {"reset": True}

    def _faults(self, _: Any) -> list[Fault]:
        return self._backend.faults.rules()

    def _quirks(self, _: Any) -> Quirks:
        return self._backend.workspace.quirks

    def _describe(self, _: Any) -> Row:
        return self.description()

    def _add_fault(self, given: Fault) -> Fault:
        return self._backend.faults.add(given)

    def _clear_faults(self, _: Any) -> Row:
        self._backend.faults.clear()
        return {"faults": 0}

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
        return {"changed": True}

    def _app(self, wanted: NewApp) -> Row:
        app = self._backend.apps.new(wanted.app_per_minute, wanted.version)
        return {"name": app.name, "token": app.token}


def _response(value: Any, status: int = 200) -> Response:
    return Response(status, {"Content-Type": JSON_TYPE}, encode_json(value))
