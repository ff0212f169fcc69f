"""An answer that is not success, as an error that says what, where and what to do.

Most bodies are an ``error.list``; some are not, and an edge in front of the API sends HTML. All of
them are read, none is trusted.
https://developers.intercom.com/docs/references/rest-api/errors/error-objects
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from intercom_async.errors import ErrorItem, RateLimitedError, ResponseError, error_class
from intercom_async.response import UNKNOWN, Window
from intercom_async.transport.base import Reply
from .headers import parse_request_id

_MAX_ITEMS = 20


class ErrorBody(msgspec.Struct, frozen=True):
    """What the body of an error says."""

    errors: tuple[ErrorItem, ...] = ()
    request_id: str | None = None

    @property
    def code(self) -> str | None:
        """The first entry's code."""
        return self.errors[0].code if self.errors else None

    @property
    def message(self) -> str | None:
        """The first entry's message."""
        return self.errors[0].message if self.errors else None


def read_error_body(reply: Reply) -> ErrorBody:
    """Read an error's body, whatever shape it has."""
    try:
        body = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return ErrorBody((), parse_request_id(reply.headers))
    content = cast("dict[str, Any]", body)
    identity = content.get("request_id")
    return ErrorBody(
        _items(content),
        identity if isinstance(identity, str) else parse_request_id(reply.headers),
    )


def to_error(
    name: str,
    reply: Reply,
    body: ErrorBody,
    *,
    window: Window = UNKNOWN,
    retry_after_s: float | None = None,
) -> ResponseError:
    """Make the error to raise.

    Args:
        name: Method and path template of the call.
        reply: The answer.
        body: What its body says.
        window: The rate-limit window it was counted in.
        retry_after_s: For a 429: seconds until a repetition makes sense.
    """
    error = error_class(reply.status)(
        call=name,
        status=reply.status,
        errors=body.errors,
        request_id=body.request_id,
        window=window,
        headers=reply.headers,
        hint=_hint(reply.status, body.code),
    )
    if isinstance(error, RateLimitedError):
        error.retry_after_s = retry_after_s
        error.reset_at = window.reset_at
    return error


def _items(body: dict[str, Any]) -> tuple[ErrorItem, ...]:
    errors: object = body.get("errors")
    if isinstance(errors, list):
        found = cast("list[object]", errors)[:_MAX_ITEMS]
        return tuple(
            _item(cast("dict[str, Any]", item)) for item in found if isinstance(item, dict)
        )
    if isinstance(errors, dict):
        # Some operations answer {"errors": {field: reason}}.
        named = list(cast("dict[str, Any]", errors).items())[:_MAX_ITEMS]
        return tuple(ErrorItem(code="invalid", message=_text(v), field=k) for k, v in named)
    code = body.get("error_key") or body.get("code") or body.get("error")
    message = _text(body.get("message"))
    if isinstance(code, str) or message:
        return (ErrorItem(code=code if isinstance(code, str) else "unknown", message=message),)
    return ()


def _item(item: dict[str, Any]) -> ErrorItem:
    code = item.get("code") or item.get("type")
    return ErrorItem(
        code=code if isinstance(code, str) else "unknown",
        message=_text(item.get("message")),
        field=_text(item.get("field")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _hint(status: int, code: str | None) -> str | None:
    """Say what to do, where a user can do something."""
    if code in ("token_unauthorized", "forbidden_scope"):
        return "the token lacks the permission for this call; add it to the app and reinstall"
    if status == 401:  # noqa: PLR2004 (one place, one meaning)
        return "check the access token and the region it belongs to"
    if code == "intercom_version_invalid":
        return "check the client's version"
    if code == "api_plan_restricted":
        return "the workspace's plan does not include it"
    if status == 403:  # noqa: PLR2004 (as above)
        return "look at the permissions of the app, and at what the workspace allows"
    return None
