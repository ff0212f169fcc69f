"""What a reply becomes: decoded data, a `Response`, a line in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import NoneType
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec

from intercom_async.clock import CLOCK
from intercom_async.codec import UNREAD, decode, decoder
from intercom_async.codec.pieces import decode_in_pieces
from intercom_async.errors import DecodeError
from intercom_async.response import Headers, Response
from intercom_async.transport.base import Reply, StreamReply
from .call_state import CallState
from .headers import parse_request_id
from .operation import Call

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")

_NOT_FOUND = 404


def decoded(reply: Reply, call: Call[T]) -> T:
    """Decode the reply to a call into the type that its operation names.

    Raises:
        DecodeError: The body is not what the operation promises.
    """
    operation = call.operation
    read = operation.decoder or _bind(call)
    value: Any = reply if isinstance(reply, StreamReply) else read(reply.body)
    result: T = repaired(reply, call) if value is UNREAD else value
    return result


def repaired(reply: Reply, call: Call[T]) -> T:
    """Decode a reply that cannot be decoded as it stands.

    Raises:
        DecodeError: As `decoded`.
    """
    identity = parse_request_id(reply.headers)
    result: T = decode(reply.body, call.operation.model, call=call.name, request_id=identity)
    return result


async def decoded_in_pieces(reply: Reply, call: Call[T]) -> T:
    """Decode a large reply as `decoded` does; a page of rows in several turns of the loop.

    Raises:
        DecodeError: The body is not what the operation promises.
    """
    identity = parse_request_id(reply.headers)
    value: Any = await decode_in_pieces(
        reply.body, call.operation.model, call=call.name, request_id=identity
    )
    result: T = decoded(reply, call) if value is UNREAD else value
    return result


def _bind(call: Call[Any]) -> Callable[[bytes], Any]:
    """Choose what decodes the replies of an operation, once for all of its calls."""
    model: Any = call.operation.model
    special: dict[Any, Callable[[bytes], Any]] = {NoneType: _nothing, bytes: _whole, Any: _anything}
    found = call.operation.decoder = special.get(model) or decoder(model)
    return found


def _nothing(_: bytes) -> None:
    return None


def _whole(body: bytes) -> bytes:
    return body


def _anything(body: bytes) -> Any:
    return decoder(Any)(body) if body else None


def log_reply(state: CallState[Any]) -> None:
    """Write the log line of one attempt; it has no path, no id and no header."""
    log.debug(
        "%s answered %d in %.0f ms (attempt %d, request %s)",
        state.call.name,
        state.reply.status,
        1000 * (CLOCK.now() - state.permit.sent_at),
        state.attempts,
        parse_request_id(state.reply.headers),
    )


def to_response(state: CallState[T], data: T) -> Response[T]:
    """Return a success with its envelope."""
    reply = state.reply
    return Response(
        data=data,
        status=reply.status,
        headers=Headers(reply.headers),
        request_id=parse_request_id(reply.headers),
        window=state.permit.window,
        attempts=state.attempts,
        elapsed_s=CLOCK.now() - state.started_s,
    )


def already_deleted(state: CallState[T]) -> tuple[T] | None:
    """Return the success of a DELETE whose earlier attempt may have done the work, else None.

    The lost answer is replaced by what the API answers otherwise: the id of what is gone.
    """
    call, status = state.call, state.reply.status
    if status != _NOT_FOUND or call.operation.method != "DELETE" or not state.maybe_sent:
        return None
    last = unquote(call.path.rpartition("/")[2]) if call.operation.names else None
    body = msgspec.json.encode({"id": last, "deleted": True})
    try:
        return (decoded(Reply(status, {}, body), call),)
    except DecodeError:
        return None
