"""An answer that is not success, as an error that says what, where and what to do.

Most bodies are an ``error.list``; some are not, and an edge in front of the API sends HTML. All of
them are read, none is trusted.
https://developers.intercom.com/docs/references/rest-api/errors/error-objects
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.errors import ErrorItem, RateLimitedError, ResponseError, error_class
from intercom_async.redaction import printable
from intercom_async.response import UNKNOWN, Window, header
from intercom_async.transport.base import FIRST_FAILURE, Reply
from .headers import parse_request_id
from .retry import TOO_MANY_REQUESTS

log: logging.Logger = logging.getLogger("intercom_async")

_ERROR_LIST = b'{"type":"error.list"'
_MAX_BODY = 1024 * 1024
"""Bytes of an error's body; a larger one is not Intercom's."""
_MAX_ITEMS = 20
"""Entries that are read of one error; a body that has more is no message for people."""
_MAX_MESSAGE = 2_000
"""Characters kept of one message (test_error_body.py::test_a_huge_error_is_bounded)."""
_MAX_DEPTH = 10
"""Levels of a message made of lists and objects that are read
(test_error_body.py::test_a_message_of_any_depth_is_read)."""
_MAX_NAME = 100
"""Characters kept of a code, a field and a request id."""


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


def is_error(reply: Reply) -> bool:
    """Return whether a reply is an error; an error list may come with a 2xx status."""
    return reply.status >= FIRST_FAILURE or reply.body.startswith(_ERROR_LIST)


def read_error_body(reply: Reply) -> ErrorBody:
    """Read an error's body, whatever shape it has."""
    if len(reply.body) > _MAX_BODY:
        return ErrorBody((), parse_request_id(reply.headers))
    body: Any = _decoded(reply.body)
    if isinstance(body, list | str):
        body = {"errors": body}  # pyright: ignore[reportUnknownVariableType] (any list of JSON)
    if not isinstance(body, dict):
        return ErrorBody((), parse_request_id(reply.headers))
    content = cast("dict[str, Any]", body)
    identity = _bounded(content.get("request_id"))
    return ErrorBody(_items(content), identity or parse_request_id(reply.headers))


def _decoded(body: bytes) -> object:
    """Read JSON, with what is no UTF-8 replaced: a broken letter takes no reason away."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


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
    if reply.status == TOO_MANY_REQUESTS:
        _log_refusal(name, reply, body.code, window)
    error = error_class(reply.status)(
        call=name,
        status=reply.status,
        errors=body.errors,
        request_id=body.request_id,
        window=window,
        headers=reply.headers,
        hint=_hint(reply.status, body.code),
        body=reply.body,
    )
    if isinstance(error, RateLimitedError):
        error.retry_after_s = retry_after_s
        error.reset_at = window.reset_at
    return error


def _log_refusal(name: str, reply: Reply, code: str | None, window: Window) -> None:
    """Write what came with a 429, for `intercom-async doctor --from-log`; no path, no id."""
    left_s = None if window.reset_at is None else round(window.reset_at - CLOCK.unix(), 2)
    log.info(
        "%s was turned away: 429 %s, limit %s, remaining %s, %s s before Reset, Retry-After %s",
        name,
        code,
        window.limit,
        window.remaining,
        left_s,
        header(reply.headers, "Retry-After"),
    )


def _items(body: dict[str, Any]) -> tuple[ErrorItem, ...]:
    """Read `errors`, which is a list of objects by the reference and anything else in fact."""
    errors: object = body.get("errors")
    found: tuple[ErrorItem, ...] = ()
    if isinstance(errors, list):
        entries = filter(None, cast("list[object]", errors)[:_MAX_ITEMS])
        found = tuple(map(_item, entries))
    elif isinstance(errors, dict):
        named = cast("dict[str, Any]", errors)
        if _ITEM_KEYS & named.keys():
            found = (_item(named),)
        else:
            # Some operations answer {"errors": {field: reason}}.
            found = tuple(
                ErrorItem(code="invalid", message=_text(reason), field=_bounded(field))
                for field, reason in list(named.items())[:_MAX_ITEMS]
            )
    elif errors:
        found = (_item(errors),)
    telling = tuple(filter(_says_something, found))
    return telling or _whole(body) or found


_UNKNOWN = "unknown"
_TEXTS = (
    *("message", "messages", "detail", "details", "error_description", "reason", "msg"),
    *("title", "description", "error"),
)
"""Names that a text for people has, the most telling first."""
_ITEM_KEYS = frozenset({"code", "field", "type", *_TEXTS} - {"reason", "title", "description"})
"""Names by which an object is one error; others may be those of fields, such as an article's."""


def _item(item: object) -> ErrorItem:
    if not isinstance(item, dict):
        return ErrorItem(message=_text(item))
    entry = cast("dict[str, Any]", item)
    found = ErrorItem(
        code=_bounded(entry.get("code")) or _bounded(entry.get("type")) or _UNKNOWN,
        message=_first_text(entry, _TEXTS),
        field=_bounded(entry.get("field")),
    )
    # Without any usual name it has names of fields.
    return found if _says_something(found) else ErrorItem(message=_text(entry))


def _says_something(item: ErrorItem) -> bool:
    return bool(item.message or item.code != _UNKNOWN or item.field)


def _whole(body: dict[str, Any]) -> tuple[ErrorItem, ...]:
    """Read an error that the body itself is, or has under `error`, without a list."""
    error: object = body.get("error")
    entries = cast("list[object]", error if isinstance(error, list) else [error])
    if isinstance(error, list | dict):
        found = next(filter(_says_something, map(_item, entries[:_MAX_ITEMS])), None)
        if found is not None:
            return (found,)
    keys = ("error_key", "code", "error")
    code = next(filter(None, (_bounded(body.get(key)) for key in keys)), None)
    message = _first_text(body, _TEXTS[:-1])
    if code is None and message is None:
        return ()
    return (ErrorItem(code=code or _UNKNOWN, message=message),)


def _first_text(entry: dict[str, Any], names: Iterable[str]) -> str | None:
    return next(filter(None, (_text(entry.get(name)) for name in names)), None)


def _text(value: object, depth: int = 0) -> str | None:
    """Read a message; several texts, or an object of them, become one."""
    if isinstance(value, str):
        return value[:_MAX_MESSAGE].strip() or None
    if depth == _MAX_DEPTH:
        return None
    if isinstance(value, list):
        entries = cast("list[object]", value)[:_MAX_ITEMS]
        each_text = [_text(each, depth + 1) for each in entries]
        return "; ".join(text for text in each_text if text)[:_MAX_MESSAGE] or None
    if isinstance(value, dict):
        named = list(cast("dict[str, object]", value).items())[:_MAX_ITEMS]
        texts = [
            f"{key[:_MAX_NAME]}: {text}" for key, each in named if (text := _text(each, depth + 1))
        ]
        return "; ".join(texts)[:_MAX_MESSAGE] or None
    return None


def _bounded(value: object) -> str | None:
    """Read a code, a field or an id: one line of bounded length."""
    return printable(value, limit=_MAX_NAME) or None if isinstance(value, str) else None


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
