"""The control API under /_simulator, for clients that are not in this process.

It needs no token and counts against no limit. `GET status` and `GET ledger` look; `POST reset`,
`POST faults` (the fields of `Fault`), `DELETE faults`, `POST clock` (`freeze`, `move_s`, `skew_s`,
`thaw`), `POST limits` (`app_per_minute`, `workspace_per_minute`, `neighbour`) and `POST apps`
change.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .backend import Backend
from .faults import Fault
from .messages import MAX_BODY_BYTES, Request, Response
from .routes.call import JSON_TYPE
from .rows import BAD_JSON, Row, decode_json, encode_json
from .status import Status

CONTROL_PREFIX = "/_simulator"
"""Paths that begin so are about the simulator itself."""


class _ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    freeze: float | bool | None = None
    move_s: float = 0.0
    skew_s: float | None = None
    thaw: bool = False


class _LimitChange(msgspec.Struct, forbid_unknown_fields=True):
    app_per_minute: float | None = None
    workspace_per_minute: float | None = None
    token: str | None = None
    neighbour: float | None = None


class _NewApp(msgspec.Struct, forbid_unknown_fields=True):
    app_per_minute: float | None = None
    version: str | None = None


class Control:
    """Answers requests to the simulator itself."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def answer(self, request: Request) -> Response:
        """Answer one request; 404 for what is not there, 400 for what makes no sense."""
        name = request.path.removeprefix(CONTROL_PREFIX).strip("/")
        action = {
            ("GET", "status"): self._status,
            ("GET", "ledger"): self._ledger,
            ("POST", "reset"): self._reset,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "clock"): self._clock,
            ("POST", "limits"): self._limits,
            ("POST", "apps"): self._app,
        }.get((request.method, name))
        if action is None:
            return _response({"error": f"{request.method} /_simulator/{name} is not known"}, 404)
        if request.is_too_large:
            return _response({"error": f"a body has at most {MAX_BODY_BYTES} bytes"}, 413)
        try:
            given: Any = decode_json(request.body) if request.body.strip() else {}
            return _response(action(given))
        except (*BAD_JSON, TypeError) as error:
            return _response({"error": str(error)}, 400)

    def _status(self, _: Any) -> Status:
        return self._backend.status()

    def _ledger(self, _: Any) -> Any:
        return self._backend.apps.ledger.rows()

    def _reset(self, _: Any) -> Row:
        self._backend.reset()
        return {"reset": True}

    def _add_fault(self, given: Any) -> Fault:
        return self._backend.faults.add(msgspec.convert(given, Fault))

    def _clear_faults(self, _: Any) -> Row:
        self._backend.faults.clear()
        return {"faults": 0}

    def _clock(self, given: Any) -> Row:
        change, clock = msgspec.convert(given, _ClockChange), self._backend.clock
        if change.thaw:
            clock.thaw()
        if change.freeze is not None and change.freeze is not False:
            clock.freeze(None if change.freeze is True else float(change.freeze))
        if change.move_s:
            clock.move(change.move_s)
        if change.skew_s is not None:
            clock.skew_s = change.skew_s
        return {"now": clock.now(), "skew_s": clock.skew_s}

    def _limits(self, given: Any) -> Row:
        change = msgspec.convert(given, _LimitChange)
        self._backend.apps.set_limits(
            app_per_minute=change.app_per_minute,
            workspace_per_minute=change.workspace_per_minute,
            token=change.token,
        )
        if change.neighbour is not None:
            self._backend.apps.set_neighbour(change.neighbour)
        return {"changed": True}

    def _app(self, given: Any) -> Row:
        wanted = msgspec.convert(given, _NewApp)
        app = self._backend.apps.new(wanted.app_per_minute, wanted.version)
        return {"name": app.name, "token": app.token}


def _response(value: Any, status: int = 200) -> Response:
    return Response(status, {"Content-Type": JSON_TYPE}, encode_json(value))
