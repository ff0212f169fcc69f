"""What spans and metrics of OpenTelemetry say of a call, prepared once for all calls of its kind.

An SDK copies and checks what it is given in any case; nothing but values that differ from call to
call is put together while a call is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from intercom_async.request.observer import Attempt, ObservedCall

FIRST_ERROR = 400
"""Statuses from this one on are errors."""


class CallAttributes:
    """What spans and metrics say of every call of one operation in one lane of one app.

    Args:
        call: One of these calls.
        operation: What metrics call the operation.
    """

    __slots__ = ("attempt", "attempt_name", "call", "call_name", "durations", "lane", "measured")

    def __init__(self, call: ObservedCall, operation: str) -> None:
        lane = call.priority.name.lower()
        self.call_name = f"intercom {call.operation}"
        self.call = {
            "intercom.operation": call.operation,
            "intercom.priority": lane,
            "intercom.app": call.app,
        }
        self.attempt_name = f"{call.method} {call.template}"
        self.attempt: dict[str, str | int] = {
            "http.request.method": call.method,
            **_server(call.origin),
            "url.full": f"{call.origin}{call.template}",
            "url.template": call.template,
        }
        self.lane = {"intercom.priority": lane}
        """Attributes of the metrics of a lane."""
        self.measured: dict[str | None, dict[str, str]] = {
            None: {"intercom.operation": operation, "intercom.priority": lane}
        }
        """Attributes of the metric of a call, by the class of its error."""
        self.durations: dict[tuple[int | None, str | None], dict[str, str | int]] = {}
        """Attributes of the metric of a request, by its status and the class of its error."""

    def measured_as(self, error: str | None) -> dict[str, str]:
        """Return the attributes of the metric of a call."""
        found = self.measured.get(error)
        if found is None:
            found = self.measured[error] = {**self.measured[None], "error.type": f"{error}"}
        return found

    def duration_of(self, attempt: Attempt) -> dict[str, str | int]:
        """Return the attributes of the metric of a request."""
        key = attempt.status, attempt.error
        found = self.durations.get(key)
        if found is None:
            found = self.durations[key] = {
                name: self.attempt[name]
                for name in ("http.request.method", "server.address", "server.port")
            }
            error = attempt.error
            if attempt.status is not None:
                found["http.response.status_code"] = attempt.status
                if error is None and attempt.status >= FIRST_ERROR:
                    error = str(attempt.status)
            if error is not None:
                found["error.type"] = error
        return found


def _server(origin: str) -> Mapping[str, str | int]:
    """Return the attributes of a server, which are the same for all of its requests."""
    parts = urlsplit(origin)
    return {
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
    }
