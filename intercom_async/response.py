"""An answer with everything around it, for those who want more than the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from intercom_async.window import Window

T = TypeVar("T")


class Response(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A successful answer; its repr shows no header and no body."""

    data: T
    """The decoded body."""
    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    request_id: str | None
    """What Intercom's support asks for."""
    window: Window
    """The rate-limit window of this answer: limit, remaining, reset_at."""
    attempts: int
    """How often it was sent, the successful time included."""
    elapsed_s: float
    """Seconds from the call to the decoded answer, waiting included."""

    def __repr__(self) -> str:
        name = type(self.data).__name__
        return f"<Response {self.status}, {name}, {self.attempts} attempts, {self.elapsed_s:.3f} s>"
