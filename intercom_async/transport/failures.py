"""What an exception of aiohttp means for a request: was it sent, and may another attempt help?

aiohttp's own exceptions carry the request: the filled path, the headers, the token. None of them is
kept, as cause or as context; the cause of an error is a plain exception that says what happened.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from traceback import walk_tb
from types import FrameType

import aiohttp
import aiohttp.tracing

from intercom_async.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    IntercomError,
    RequestTimeoutError,
)
from .base import Request

_CHECK = "check the network and the address"
_UNKNOWN_HOST = {getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA")}
_MISMATCHES = {
    *("HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "NO_PROTOCOLS_AVAILABLE", "RECORD_LAYER_FAILURE"),
    *("TLSV1_ALERT_PROTOCOL_VERSION", "UNKNOWN_PROTOCOL", "UNSUPPORTED_PROTOCOL"),
    *("WRONG_SSL_VERSION", "WRONG_VERSION_NUMBER"),
}
"""What OpenSSL calls an answer in another protocol, such as HTTP without TLS, or none in common."""
_UNWRITTEN = "Cannot write to closing transport"
_SERVER_ERRORS_FROM = 500
"""Statuses of a proxy from here on may be gone with the next attempt."""


PROXY_PASSWORD_ASKED = 407
"""Status that proxies alone answer (RFC 9110, 15.5.8)."""


class NotSentError(Exception):
    """The connection was closed before the first byte of the request was written."""


class RefusedByProxyError(Exception):
    """A proxy asks for a password, so it has not passed the request on."""


class NotHttpError(ConnectionError):
    """The answer is no HTTP, such as that of a server for TLS."""


class TooLargeError(Exception):
    """The body is larger than its request allows."""


def to_failure(error: Exception, request: Request, *, is_sent: bool) -> IntercomError:
    """Return the error to raise in place of one of aiohttp's, with a cause of its own.

    Args:
        error: What was raised.
        request: The request it was raised for.
        is_sent: Whether the request was handed to a connection.
    """
    failure = (_sent if is_sent else _unsent)(error, request)
    failure.__cause__ = _plain(error)
    failure.__suppress_context__ = True
    return failure


def of_trace(error: Exception) -> Exception | None:
    """Return what a `TraceConfig` of the session raised, if that is behind an error."""
    for each in _chain(error):
        frames = (frame for frame, _ in walk_tb(each.__traceback__))
        if isinstance(each, Exception) and any(map(_is_trace, frames)):
            return each
    return None


def _is_trace(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == aiohttp.tracing.__name__


def _unsent(error: Exception, request: Request) -> IntercomError:
    """Say why a request did not reach a connection."""
    name = request.name
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _refused(error.status, name)
    if isinstance(error, aiohttp.ServerFingerprintMismatch) or _find(
        error, ssl.SSLCertVerificationError
    ):
        reason = _attribute(error, "verify_message") or "it is another one"
        return ConnectError(
            f"the certificate of {_host(error)} cannot be trusted ({reason}); give ssl=… with the "
            "authority that signed it",
            call=name,
            retryable=False,
        )
    if isinstance(error, TimeoutError):
        limit_s = min(request.timeout_s, request.connect_s)
        return ConnectError(f"no connection within {limit_s:g} s; {_CHECK}", call=name)
    unknown = _find(error, socket.gaierror)
    if unknown is not None:
        return ConnectError(
            f"the name of {_host(error)} cannot be resolved; {_CHECK}",
            call=name,
            retryable=unknown.errno not in _UNKNOWN_HOST,
        )
    if isinstance(error, OSError):
        return _unconnected(error, name)
    return _unready(error, name)


def _unconnected(error: OSError, name: str) -> ConnectError:
    """Say why no connection came about."""
    mismatch = _mismatch(error)
    if mismatch is None:
        return ConnectError(
            f"no connection to {_host(error)}: {_reason(error)}; {_CHECK}", call=name
        )
    return ConnectError(
        f"{_host(error)} does not speak TLS as it is asked to ({mismatch}): correct the port, or "
        "use http:// if that is what it speaks",
        call=name,
        retryable=False,
    )


def _refused(status: int, name: str) -> ConnectError:
    """Say that a proxy has not passed a request on."""
    return ConnectError(
        f"the proxy answered {status}; nothing was sent to the API",
        call=name,
        # An answer of 407 stays one; a proxy that does not reach the server may do so later.
        retryable=status >= _SERVER_ERRORS_FROM,
    )


def _unready(error: Exception, name: str) -> IntercomError:
    """Say why no connection was even tried."""
    if isinstance(error, RuntimeError) and "closed" in str(error):
        return ClosedError("the HTTP session is closed")
    if isinstance(error, ValueError):
        return ConfigError(f"{name}: the URL is not one that can be sent")
    return ConnectError(f"no connection: {_reason(error)}; {_CHECK}", call=name)


def _sent(error: Exception, request: Request) -> IntercomError:
    """Say why there is no complete reply to a request that was handed to a connection."""
    if isinstance(error, TooLargeError):
        return DecodeError(
            f"the answer is larger than {request.max_bytes} bytes", call=request.name
        )
    if isinstance(error, RefusedByProxyError):
        return _refused(PROXY_PASSWORD_ASKED, request.name)
    if is_unwritten(error):
        return ConnectError("the connection was closed before the request left", call=request.name)
    if isinstance(error, TimeoutError):
        return RequestTimeoutError(f"no answer within {request.timeout_s:g} s", call=request.name)
    if isinstance(error, aiohttp.ClientResponseError):
        return ConnectionLostError(
            "the answer is no HTTP that can be read: correct the port, or use https:// if that is "
            "what it speaks",
            call=request.name,
        )
    return ConnectionLostError(
        f"the connection ended before the answer was complete: {_reason(error)}", call=request.name
    )


def is_unwritten(error: Exception) -> bool:
    """Return whether a part of the request could not be written, so that nobody can act on it."""
    return any(
        isinstance(each, NotSentError)
        or (isinstance(each, ConnectionResetError) and _UNWRITTEN in str(each))
        for each in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what is behind it, wherever aiohttp keeps that."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            attributes = ("_os_error", "_certificate_error", "__cause__", "__context__")
            waiting += [getattr(each, name, None) for name in attributes]


def _find(error: Exception, kind: type[OSError]) -> OSError | None:
    return next((each for each in _chain(error) if isinstance(each, kind)), None)


def _attribute(error: Exception, name: str) -> str | None:
    """Return what OpenSSL says; aiohttp's own errors are of its classes too, and say nothing."""
    said = (getattr(each, name, None) for each in _chain(error) if isinstance(each, ssl.SSLError))
    return next(filter(None, said), None)


def _host(error: Exception) -> str:
    """Return host and port that an error is about, without anything else of the URL."""
    host, port = getattr(error, "host", None), getattr(error, "port", None)
    return f"{host}:{port}" if host else "the server"


def _reason(error: Exception) -> str:
    """Say what happened in the words of the system, never in those of an exception."""
    if _find(error, socket.gaierror) is not None:
        return "the name cannot be resolved"
    found = next((each for each in _chain(error) if isinstance(each, OSError) and each.errno), None)
    if isinstance(found, ssl.SSLError):
        return _attribute(error, "reason") or "TLS failed"
    return os.strerror(found.errno or 0) if found is not None else type(error).__name__


def _mismatch(error: Exception) -> str | None:
    """Return what OpenSSL says where the two ends do not speak the same protocol."""
    reason = _attribute(error, "reason")
    return reason if reason in _MISMATCHES else None


def _plain(error: Exception) -> Exception | None:
    """Return a cause without a request: an OSError where there is one, else its name only."""
    if isinstance(error, TimeoutError | TooLargeError):
        return None
    if isinstance(error, aiohttp.ClientResponseError):
        return NotHttpError("the answer is no HTTP")
    mismatch = _mismatch(error)
    if mismatch is not None:
        return ssl.SSLError(ssl.SSL_ERROR_SSL, mismatch)
    unknown = _find(error, socket.gaierror)
    if unknown is not None:
        return socket.gaierror(unknown.errno, _reason(error))
    system = (
        each.errno
        for each in _chain(error)
        if isinstance(each, OSError) and not isinstance(each, ssl.SSLError)
    )
    number = next(filter(None, system), 0)
    if number > 0:
        return OSError(number, os.strerror(number))
    return ConnectionError(_reason(error))
