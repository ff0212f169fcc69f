"""Everything this package raises on purpose.

    IntercomError
    ├── ConfigError                  unusable settings or arguments; nothing was sent
    ├── ClosedError                  the client or scheduler is closed, or was never entered
    ├── QueryError                   a search that the API would refuse; nothing was sent
    ├── PaginationError              a list that goes in circles or cannot be followed
    ├── TransportError               no answer; `maybe_sent` says whether the server may have acted
    │   ├── ConnectError             nothing was sent: always safe to repeat
    │   ├── RequestTimeoutError      no answer within the time of one attempt
    │   └── ConnectionLostError      the connection ended before the answer was complete
    ├── ResponseError                an answer that is not success
    │   ├── BadRequestError          400
    │   ├── UnauthorizedError        401: token unknown, revoked, or without the scope
    │   ├── ForbiddenError           403
    │   ├── NotFoundError            404
    │   ├── ConflictError            409: exists already; repeating it never helps
    │   ├── GoneError                410: merged into another; `canonical_id` says which
    │   ├── UnprocessableError       422
    │   ├── RateLimitedError         429: `retry_after_s` and `reset_at` say when to come back
    │   └── ServerError              5xx
    ├── DecodeError                  the body is not what the operation promises
    ├── JobError                     work in the background, such as an export, that failed
    ├── WaitTooLongError             the queue is longer than the caller would wait
    ├── DeadlineError                the time for the whole call ran out
    ├── OAuthError                   an installation that failed; `code` is Intercom's reason
    │   └── StateError               a redirect that does not belong to this browser's login
    └── SignatureError               a request that Intercom did not sign

A message says call, status, code, reason and request id. It never has the filled path, a body or a
token: paths are shown as templates (``/contacts/{contact_id}``), so that no id ends up in a log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import msgspec

from intercom_async.redaction import printable, redact
from intercom_async.response import UNKNOWN, Headers, Window

E = TypeVar("E", bound=BaseException)

MAX_BODY = 64 * 1024
"""Bytes of an answer that its error keeps (test_error_body.py::test_an_error_keeps_its_body)."""

MAX_MESSAGE = 2_000
"""Characters of a message, so that no server or caller can flood a log through one
(test_errors.py::test_no_message_has_a_control_character_or_is_long)."""


class ErrorItem(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the error list in an answer."""

    code: str = "unknown"
    """What went wrong, for programs; new codes appear without notice."""
    message: str | None = None
    """What went wrong, for people; may name the caller's own data."""
    field: str | None = None
    """The field of the request that is meant, if one is."""

    def __repr__(self) -> str:
        """Show no message, which may name people."""
        return f"<ErrorItem {self.code}>"


class IntercomError(Exception):
    """Base of everything this package raises on purpose.

    Errors survive `pickle`, `copy` and `deepcopy` with all their attributes and with their causes:
    those that are of this package, and an `OSError`, which says what the system reported.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(str(message), limit=MAX_MESSAGE))

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from message and attributes: the arguments of a subclass are not kept.

        The causes are a flat list, so that no chain is too long for the depth of the stack.
        """
        causes = [(type(each), each.args, each.__dict__) for each in _causes(self)]
        return _rebuild, (type(self), self.args, *causes), self.__dict__ or None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what is behind an error, as far as it can be pickled, each once."""
    seen = {id(error)}
    while (cause := error.__cause__) is not None and id(cause) not in seen and _is_plain(cause):
        seen.add(id(cause))
        yield cause
        error = cause


def _is_plain(error: BaseException) -> bool:
    """Return whether an error is of this package, or of the system and holds no object."""
    is_of_system = isinstance(error, OSError) and type(error).__module__ in ("builtins", "socket")
    is_plain = is_of_system and all(isinstance(each, str | int) for each in error.args)
    return is_plain or isinstance(error, IntercomError)


def _rebuild(
    kind: type[BaseException], args: tuple[Any, ...], *causes: Any
) -> BaseException | None:
    cause: BaseException | None = None
    own: Any = (kind, args, {})
    for each, its_args, attributes in (*reversed(causes), own):
        error: BaseException = each.__new__(each, *its_args)
        error.__dict__.update(attributes)
        error.__cause__, cause = cause, error
    return cause


class ConfigError(IntercomError, ValueError):
    """Settings or arguments that cannot work; raised before anything is sent."""


class ClosedError(IntercomError):
    """The client or scheduler was closed, or the client was never entered."""

    maybe_sent: bool = False
    """Whether the server may have received the request that was under way, and acted on it."""


class QueryError(IntercomError, ValueError):
    """A search that the API would refuse; raised before anything is sent."""


class PaginationError(IntercomError):
    """A list that goes in circles, or whose continuation cannot be read."""

    def __init__(self, message: str, *, call: str = "") -> None:
        super().__init__(f"{call}: {message}" if call else message)
        self.call = call


class TransportError(IntercomError):
    """No answer came; the cause says what the system reported."""

    maybe_sent: ClassVar[bool] = True
    """Whether the server may have received the request and acted on it."""

    def __init__(self, message: str, *, call: str = "") -> None:
        super().__init__(f"{call}: {message}" if call else message)
        self.call = call
        self.reason = message
        """What happened, without the call."""


class ConnectError(TransportError):
    """No connection: nothing was sent, so repeating is always safe."""

    maybe_sent = False

    def __init__(self, message: str, *, call: str = "", retryable: bool = True) -> None:
        super().__init__(message, call=call)
        self.retryable = retryable
        """Whether another attempt may help at once: not for a host that is unknown or has no TLS
        (unless it answered before), a bad certificate, a proxy's refusal, or after `outage_s`."""


class RequestTimeoutError(TransportError):
    """No answer within the time allowed for one attempt."""


class ConnectionLostError(TransportError):
    """The connection ended before the answer was complete."""


class ResponseError(IntercomError):
    """An answer that is not success."""

    def __init__(
        self,
        *,
        call: str,
        status: int,
        errors: tuple[ErrorItem, ...] = (),
        request_id: str | None = None,
        window: Window = UNKNOWN,
        headers: Mapping[str, str] | None = None,
        hint: str | None = None,
        body: bytes = b"",
    ) -> None:
        self.call = call
        """Method and path template."""
        self.status = status
        self.errors = errors
        self.request_id = request_id
        """What Intercom's support asks for."""
        self.window = window
        """The rate-limit window of this answer."""
        self.headers: Mapping[str, str] = Headers({} if headers is None else headers)
        """Headers of the answer, looked up without regard to case."""
        self.body: bytes = bytes(body[:MAX_BODY])
        """The answer's first 64 KiB as they came; may hold personal data, is in no message or
        repr."""
        first = errors[0] if errors else None
        self.code: str | None = first.code if first else None
        """The first entry's code."""
        reason = f" {redact(first.code, limit=100)}" if first else ""
        if first and first.message:
            reason = f"{reason}: {redact(first.message)}"
        if first and first.field:
            reason = f"{reason} (field {redact(first.field, limit=100)})"
        identity = f" (request {printable(request_id, limit=100)})" if request_id else ""
        advice = f"; {hint}" if hint else ""
        super().__init__(f"{call} answered {status}{reason}{identity}{advice}")


class BadRequestError(ResponseError):
    """400: the request cannot be understood or is not allowed as it stands."""


class UnauthorizedError(ResponseError):
    """401: the token is unknown or revoked, or lacks the scope for this call."""


class ForbiddenError(ResponseError):
    """403: the workspace's plan or settings do not allow it."""


class NotFoundError(ResponseError):
    """404: no such object, or no such path in this API version."""


class ConflictError(ResponseError):
    """409: it exists already or is being changed; repeating it does not help."""

    existing_ids: tuple[str, ...] = ()
    """The ids of the objects that an upsert is in conflict with."""

    @property
    def existing_id(self) -> str | None:
        """The id of the object that is in the way, where the message says it."""
        found = re.search(r"\bid=(\w+)", self.errors[0].message or "") if self.errors else None
        return found.group(1) if found else None


class GoneError(ResponseError):
    """410: the object was merged into another one."""

    @property
    def canonical_id(self) -> str | None:
        """The id of the object that took its place, from the Link header."""
        link = self.headers.get("Link", "")
        found = re.search(r'<[^>]*/([^/>]+)>\s*;[^,]*\brel="?canonical"?', link)
        return found.group(1) if found else None


class UnprocessableError(ResponseError):
    """422: understood, but a value is not acceptable."""


class RateLimitedError(ResponseError):
    """429: a limit is reached, and waiting for it was not allowed or would not help."""

    retry_after_s: float | None = None
    """Seconds from the answer until a repetition makes sense; None if nothing says so."""
    reset_at: float | None = None
    """End of the full window, UNIX seconds on the server's clock; None for limits that are not
    windows."""


class ServerError(ResponseError):
    """5xx: the server failed, or something in front of it did."""


class DecodeError(IntercomError):
    """The body is not what the operation promises.

    After a call that changes something, the change was made all the same: do not repeat it blindly.
    """

    def __init__(
        self,
        message: str,
        *,
        call: str = "",
        path: str = "",
        body: bytes = b"",
        request_id: str | None = None,
    ) -> None:
        self.call = call
        self.path = path
        """Where in the body, such as ``$.data[3].id``."""
        self.body: bytes = bytes(body[:2048])
        """The first 2 KiB, for a debugger; it may hold personal data and is in no message or
        repr."""
        self.request_id = request_id
        where = f" at {path}" if path else ""
        identity = f" (request {printable(request_id, limit=100)})" if request_id else ""
        super().__init__(f"{call}: {message}{where}{identity}" if call else f"{message}{where}")


class JobError(IntercomError):
    """Work that went on after the answer, such as an export, failed or was given up."""


class WaitTooLongError(IntercomError):
    """The call would wait longer than allowed before it could be sent, or sent again.

    The error of an earlier attempt, if there was one, is the cause.
    """

    maybe_sent: bool = False
    """Whether an earlier attempt may have reached the server, which may have acted on it."""

    def __init__(
        self,
        *,
        wait_s: float,
        limit_s: float,
        reset_at: float | None = None,
        call: str = "",
    ) -> None:
        self.wait_s = wait_s
        """Estimated wait in seconds."""
        self.limit_s = limit_s
        """What the caller allowed, in seconds."""
        self.retry_after_s = wait_s
        """The same estimate under the name that job queues look for; it may be near 0."""
        self.reset_at = reset_at
        """End of the present window, UNIX seconds; None while it is unknown."""
        self.call = call
        what = f"{call}: " if call else ""
        if wait_s > limit_s:
            told = f"would wait about {wait_s:.1f} s for its turn, {limit_s:.3g} s are allowed"
        else:
            told = f"has waited for its turn the {limit_s:.3g} s that are allowed"
        super().__init__(what + told)


class DeadlineError(IntercomError):
    """The time for the whole call, waiting and retries included, ran out."""

    def __init__(
        self, *, deadline_s: float, attempts: int, maybe_sent: bool, call: str = ""
    ) -> None:
        self.deadline_s = deadline_s
        self.attempts = attempts
        """Attempts that were begun."""
        self.maybe_sent = maybe_sent
        """Whether the server may have received the request and acted on it."""
        self.call = call
        what = f"{call}: " if call else ""
        super().__init__(f"{what}not done within {deadline_s:g} s ({attempts} attempts begun)")


class OAuthError(IntercomError):
    """An OAuth installation that failed; the message has neither secret, code nor token."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.code = code
        """Intercom's reason, such as ``access_denied``; empty if it gave none."""


class StateError(OAuthError):
    """The state of a redirect is not the one its login began with: forged, replayed or too old."""


class SignatureError(IntercomError):
    """A webhook or Canvas Kit request whose signature is missing or wrong."""


ERROR_BY_STATUS: dict[int, type[ResponseError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: UnprocessableError,
    429: RateLimitedError,
}


def error_class(status: int) -> type[ResponseError]:
    """Return the class for a status; an unknown 4xx is a plain `ResponseError`."""
    if status >= 500:  # noqa: PLR2004 (the first server error)
        return ServerError
    return ERROR_BY_STATUS.get(status, ResponseError)


def first_error(error: BaseException, kind: type[E]) -> E | None:
    """Return the first error of a class in an exception group, however deep, or None.

    Args:
        error: A group, or a single error, which is its own first.
        kind: The class looked for.
    """
    if isinstance(error, BaseExceptionGroup):
        members: Any = error.exceptions  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        found = (first_error(each, kind) for each in members)
        return next((each for each in found if each is not None), None)
    return error if isinstance(error, kind) else None
