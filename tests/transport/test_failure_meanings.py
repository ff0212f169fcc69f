"""What each failure of a request means: class, words, cause, and whether another try may help."""

from __future__ import annotations

import socket
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from intercom_async.errors import (
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    IntercomError,
    RequestTimeoutError,
)
from intercom_async.transport.base import Request
from intercom_async.transport.failures import (
    NotHttpError,
    NotSentError,
    RefusedByProxyError,
    TooLargeError,
    to_failure,
)

HOST = "api.intercom.io:443"
KEY = ConnectionKey("api.intercom.io", 443, True, True, None, None, None)
INFO = RequestInfo(
    URL("https://api.intercom.io"), "GET", CIMultiDictProxy(CIMultiDict[str]()), URL("https://x")
)
REFUSED = ConnectionRefusedError(111, "secret")
UNKNOWN, LATER = (
    socket.gaierror(getattr(socket, name), "secret") for name in ("EAI_NONAME", "EAI_AGAIN")
)


def proxy(status: int) -> aiohttp.ClientHttpProxyError:
    return aiohttp.ClientHttpProxyError(INFO, (), status=status)


def certificate(message: str = "") -> aiohttp.ClientConnectorCertificateError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    if message:
        error.verify_message = message
    return aiohttp.ClientConnectorCertificateError(KEY, error)


def tls(reason: str | None) -> aiohttp.ClientConnectorSSLError:
    error = ssl.SSLError(1, "secret")
    if reason is not None:
        error.reason = reason
    return aiohttp.ClientConnectorSSLError(KEY, error)


def behind(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def fail(error: Exception, *, is_sent: bool = False, **options: float) -> IntercomError:
    request = Request(method="GET", url="https://x", name="GET /me", headers={}, max_bytes=9)
    for name, value in options.items():
        setattr(request, name, value)
    return to_failure(error, request, is_sent=is_sent)


UNSENT: dict[str, tuple[Exception, type[IntercomError], str, bool | None]] = {
    "proxy asks for a password": (proxy(407), ConnectError, "the proxy answered 407", False),
    "proxy refuses": (proxy(499), ConnectError, "the proxy answered 499", False),
    "proxy fails": (proxy(500), ConnectError, "the proxy answered 500", True),
    "certificate": (certificate("self-signed"), ConnectError, f"{HOST} cannot be trusted", False),
    "why it is not trusted": (certificate("self-signed"), ConnectError, "(self-signed)", False),
    "certificate without reason": (certificate(), ConnectError, "(it is another one)", False),
    "fingerprint": (
        aiohttp.ServerFingerprintMismatch(b"a", b"b", "api.intercom.io", 443),
        ConnectError,
        f"{HOST} cannot be trusted (it is another one)",
        False,
    ),
    "timeout": (TimeoutError(), ConnectError, "no connection within", True),
    "unknown host": (
        aiohttp.ClientConnectorDNSError(KEY, UNKNOWN),
        ConnectError,
        f"the name of {HOST} cannot be resolved",
        False,
    ),
    "no name server": (
        aiohttp.ClientConnectorDNSError(KEY, LATER), ConnectError, "cannot be resolved", True,
    ),
    "refused": (
        aiohttp.ClientConnectorError(KEY, REFUSED),
        ConnectError,
        f"no connection to {HOST}: Connection refused",
        True,
    ),
    "TLS": (tls("TLSV1_ALERT_DECODE_ERROR"), ConnectError, ": TLSV1_ALERT_DECODE_ERROR", True),
    "no TLS": (
        tls("WRONG_VERSION_NUMBER"),
        ConnectError,
        f"{HOST} does not speak TLS as it is asked to (WRONG_VERSION_NUMBER): correct the port",
        False,
    ),
    "TLS without reason": (tls(None), ConnectError, f"{HOST}: TLS failed", True),
    "no host": (REFUSED, ConnectError, "no connection to the server: Connection refused", True),
    "session closed": (RuntimeError("Session is closed"), ClosedError, "session is closed", None),
    "another state": (RuntimeError("secret"), ConnectError, "no connection: RuntimeError", True),
    "something is closed": (KeyError("closed"), ConnectError, "no connection: KeyError", True),
    "no URL": (aiohttp.InvalidURL("secret"), ConfigError, "GET /me: the URL", None),
}  # fmt: skip
SENT: dict[str, tuple[Exception, type[IntercomError], str]] = {
    "too large": (TooLargeError(), DecodeError, "larger than 9 bytes"),
    "proxy": (RefusedByProxyError(), ConnectError, "the proxy answered 407"),
    "not written": (NotSentError(), ConnectError, "before the request left"),
    "closing": (
        ConnectionResetError("Cannot write to closing transport"),
        ConnectError,
        "before the request left",
    ),
    "closing, behind another": (
        behind(
            aiohttp.ClientOSError("secret"),
            ConnectionResetError("Cannot write to closing transport"),
        ),
        ConnectError,
        "before the request left",
    ),
    "reset": (ConnectionResetError("secret"), ConnectionLostError, "before the answer"),
    "says so, but is another": (
        RuntimeError("Cannot write to closing transport"), ConnectionLostError, "RuntimeError",
    ),
    "timeout": (TimeoutError(), RequestTimeoutError, "no answer within 60 s"),
    "no HTTP": (
        aiohttp.ClientResponseError(INFO, (), message="secret"),
        ConnectionLostError,
        "no HTTP that can be read: correct the port, or use https://",
    ),
    "lost": (aiohttp.ServerDisconnectedError(), ConnectionLostError, "ServerDisconnectedError"),
    "system": (
        behind(aiohttp.ClientPayloadError("secret"), ConnectionResetError(104, "secret")),
        ConnectionLostError,
        "complete: Connection reset by peer",
    ),
    "no name, behind another": (
        behind(aiohttp.ClientOSError("secret"), socket.gaierror(socket.EAI_AGAIN, "secret")),
        ConnectionLostError,
        "the name cannot be resolved",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSENT.values(), ids=UNSENT)
def test_why_a_request_reached_no_connection(
    case: tuple[Exception, type[IntercomError], str, bool | None],
) -> None:
    error, kind, says, is_retryable = case

    failure = fail(error)

    assert type(failure) is kind
    assert says in str(failure)
    assert "secret" not in str(failure)
    if isinstance(failure, ConnectError):
        assert failure.retryable is is_retryable


@pytest.mark.parametrize("case", SENT.values(), ids=SENT)
def test_why_there_is_no_whole_reply(case: tuple[Exception, type[IntercomError], str]) -> None:
    error, kind, says = case

    failure = fail(error, is_sent=True)

    assert type(failure) is kind
    assert says in str(failure)
    assert "secret" not in str(failure)


@pytest.mark.parametrize(("timeout_s", "connect_s"), [(3.0, 5.0), (5.0, 3.0)])
def test_the_shorter_of_two_limits_is_the_one_that_ended_it(
    timeout_s: float, connect_s: float
) -> None:
    assert "within 3 s" in str(fail(TimeoutError(), timeout_s=timeout_s, connect_s=connect_s))


CAUSES: dict[str, tuple[Exception, Exception | None]] = {
    "timeout": (TimeoutError(110, "secret"), None),
    "too large": (TooLargeError(), None),
    "name": (
        aiohttp.ClientConnectorDNSError(KEY, UNKNOWN),
        socket.gaierror(socket.EAI_NONAME, "the name cannot be resolved"),
    ),
    "system": (aiohttp.ClientConnectorError(KEY, REFUSED), OSError(111, "Connection refused")),
    "system behind TLS": (
        behind(tls("EOF"), ConnectionResetError(104, "secret")),
        OSError(104, "Connection reset by peer"),
    ),
    "TLS": (tls("BAD_RECORD_TYPE"), ConnectionError("BAD_RECORD_TYPE")),
    "no TLS": (
        tls("WRONG_VERSION_NUMBER"),
        ssl.SSLError(ssl.SSL_ERROR_SSL, "WRONG_VERSION_NUMBER"),
    ),
    "no HTTP": (
        aiohttp.ClientResponseError(INFO, (), message="secret"),
        NotHttpError("the answer is no HTTP"),
    ),
    "no number of the system": (OSError(-3, "secret"), ConnectionError("Unknown error -3")),
    "another": (aiohttp.ServerDisconnectedError(), ConnectionError("ServerDisconnectedError")),
}


@pytest.mark.parametrize("case", CAUSES.values(), ids=CAUSES)
def test_a_cause_says_what_the_system_said(case: tuple[Exception, Exception | None]) -> None:
    error, cause = case

    failure = fail(error, is_sent=True)

    assert repr(failure.__cause__) == repr(cause)
    assert failure.__suppress_context__


def test_errors_that_are_behind_each_other_are_looked_at_once() -> None:
    first, second = aiohttp.ClientPayloadError(), ConnectionResetError(104, "secret")
    first.__cause__, second.__context__ = second, first

    assert "Connection reset by peer" in str(fail(first, is_sent=True))
