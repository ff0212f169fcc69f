"""How far a call has come, for the steps that send it and for the error that may end it."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from intercom_async.clock import CLOCK
from intercom_async.errors import IntercomError
from intercom_async.scheduler import Permit
from intercom_async.transport.base import Reply, Request
from .builder import RequestBuilder
from .error_body import ErrorBody
from .observer import Exchange, Observation
from .operation import Call
from .retry import Retry

T = TypeVar("T")


class CallState(Generic[T]):
    """A call under way: what is sent, and what has become of it."""

    __slots__ = (
        "answers",
        "attempts",
        "builder",
        "call",
        "error",
        "error_body",
        "exchange",
        "is_probe",
        "is_sent",
        "maybe_sent",
        "observation",
        "permit",
        "provider_error",
        "refusals",
        "reply",
        "request",
        "since",
        "spent",
        "started_s",
        "was_done",
    )

    request: Request
    """What an attempt sends; without a token where a provider has to be asked for it."""
    permit: Permit
    """Permit of the attempt under way."""
    reply: Reply
    """The last reply."""
    error_body: ErrorBody | None
    """The error that the last reply is; None if it is a success."""

    def __init__(self, call: Call[T], builder: RequestBuilder, exchange: Exchange) -> None:
        self.call: Call[T] = call
        self.builder: RequestBuilder = builder
        self.exchange: Exchange = exchange
        self.started_s: float = CLOCK.now()
        self.attempts: int = 0
        self.refusals: int = 0
        """429s because a window was full; the first of them cost no attempt."""
        self.since: float | None = None
        """When the call began to wait, if a full window has turned it away."""
        self.error: IntercomError | None = None
        """Why the last attempt failed."""
        self.provider_error: BaseException | None = None
        """What the token provider raised, which is passed on as it is."""
        self.answers: int = 0
        """Answers that the server had given to all calls when the attempt under way began."""
        self.observation: Observation | None = None
        """Tells an observer of the call; None where there is none."""
        self.is_probe: bool = False
        """Whether the attempt under way finds out for others if the server can be reached."""
        self.is_sent: bool = False
        """Whether the attempt under way has left."""
        self.maybe_sent: bool = False
        """Whether the server may have acted on an earlier attempt."""
        self.was_done: bool = False
        """Whether a redirect said that the work is done, and where to read what came of it."""
        self.spent: int = 0
        """Taken from the retry budget so far."""

    @property
    def may_repeat(self) -> bool:
        """Whether the call may be sent again although its work is done."""
        return not self.was_done or self.call.operation.repeat != "unsafe"

    def sent(self) -> None:
        """Note that the bytes leave now."""
        self.is_sent = True
        self.permit.sent()


class FailedAttempt(NamedTuple):
    """An attempt that did not succeed; `retry` is None where another one makes no sense."""

    error: IntercomError
    retry: Retry | None
