"""What a reply becomes: an error's body, decoded data, a `Response`."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.codec import decode
from intercom_async.errors import DecodeError
from intercom_async.response import Headers, Response
from intercom_async.scheduler import Permit
from intercom_async.transport.base import FIRST_FAILURE, Reply
from .call_state import CallState
from .error_body import ErrorBody, read_error_body
from .headers import parse_request_id

log: logging.Logger = logging.getLogger("intercom_async")

_NO_BODY = type(None)
_NOT_FOUND = 404
_ERROR_LIST = b'{"type":"error.list"'


def error_body_of(reply: Reply) -> ErrorBody | None:
    """Return the error of a reply, if it is one; an error list may come with a 2xx status."""
    if reply.status >= FIRST_FAILURE or reply.body.startswith(_ERROR_LIST):
        return read_error_body(reply)
    return None


def decoded(body: bytes, model: Any, name: str, request_id: str | None) -> Any:
    """Decode a body into the type that the call asks for.

    Raises:
        DecodeError: The body is not what the operation promises.
    """
    if model is _NO_BODY or (model is Any and not body):
        return None
    if model is bytes:
        return body
    return decode(body, model, call=name, request_id=request_id)


def log_reply(state: CallState[Any], permit: Permit, reply: Reply) -> None:
    """Write the log line of one attempt; it has no path, no id and no header."""
    log.debug(
        "%s answered %d in %.0f ms (attempt %d, request %s)",
        state.call.name,
        reply.status,
        1000 * (CLOCK.now() - permit.sent_at),
        state.attempts,
        parse_request_id(reply.headers),
    )


def to_response(
    state: CallState[Any], permit: Permit, reply: Reply, data: Any, request_id: str | None
) -> Response[Any]:
    """Return the envelope of a success."""
    return Response(
        data=data,
        status=reply.status,
        headers=Headers(reply.headers),
        request_id=request_id,
        window=permit.window,
        attempts=state.attempts,
        elapsed_s=CLOCK.now() - state.started_s,
    )


def already_deleted(state: CallState[Any], permit: Permit, reply: Reply) -> Response[Any] | None:
    """Return the success of a DELETE whose earlier attempt may have done the work, else None.

    The lost answer is replaced by what the API answers otherwise: the id of what is gone.
    """
    call = state.call
    if reply.status != _NOT_FOUND or call.operation.method != "DELETE" or not state.maybe_sent:
        return None
    last = unquote(call.path.rpartition("/")[2]) if call.operation.names else None
    body = msgspec.json.encode({"id": last, "deleted": True})
    try:
        data = decoded(body, call.operation.model, call.name, None)
    except DecodeError:
        return None
    return to_response(state, permit, reply, data, parse_request_id(reply.headers))
