"""How far a call has come, for the steps that send it and for the error that may end it."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from intercom_async.errors import IntercomError
from intercom_async.scheduler import Permit
from intercom_async.transport.base import Reply, Request
from .builder import RequestBuilder
from .error_body import ErrorBody
from .observer import Exchange, Observation
from .operation import Call
from .retry import Retry

T = TypeVar("T")


_LATER: Any = None
"""Stands for what an attempt sets before anything asks for it."""


class CallState(msgspec.Struct, Generic[T], eq=False):
    """A call under way: what is sent, and what has become of it.

    A struct, since one is made for each call and msgspec fills the defaults in without Python.
    """

    call: Call[T]
    builder: RequestBuilder
    exchange: Exchange
    started_s: float = 0.0
    """Loop time of the call; 0 where neither a deadline nor an envelope asks for it."""
    request: Request = _LATER
    """What an attempt sends; without a token where a provider has to be asked for it."""
    permit: Permit = _LATER
    """Permit of the attempt under way."""
    reply: Reply = _LATER
    """The last reply."""
    error_body: ErrorBody | None = None
    """The error that the last reply is; None if it is a success."""
    attempts: int = 0
    refusals: int = 0
    """429s because a window was full or without a window; the first of them cost no attempt."""
    since: float | None = None
    """When the call began to wait, if a 429 has turned it away."""
    error: IntercomError | None = None
    """Why the last attempt failed."""
    provider_error: BaseException | None = None
    """What the token provider raised, which is passed on as it is."""
    answers: int = 0
    """Answers that the server had given to all calls when the attempt under way began."""
    observation: Observation | None = None
    """Tells an observer of the call; None where there is none."""
    is_probe: bool = False
    """Whether the attempt under way finds out for others if the server can be reached."""
    is_sent: bool = False
    """Whether the attempt under way has left."""
    is_at_origin: bool = True
    """Whether its last request goes to the API's own host, not where a redirect has led."""
    maybe_sent: bool = False
    """Whether the server may have acted on an earlier attempt."""
    was_done: bool = False
    """Whether a redirect said that the work is done, and where to read what came of it."""
    spent: int = 0
    """Taken from the retry budget so far."""

    def __repr__(self) -> str:
        return f"<CallState {self.call.name}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show what the repr does: neither request nor reply."""
        return [("call", self.call.name)]

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
