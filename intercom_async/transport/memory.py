"""A transport without a network, for tests of programs that use this package."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

from intercom_async.errors import ConfigError, TransportError
from .base import CHUNK_BYTES, FIRST_FAILURE, Reply, Request, StreamReply

Answer = Reply | TransportError
"""What a script may hold: an answer, or the error that came instead."""

Handler = Callable[[Request], Answer | Awaitable[Answer]]


class MemoryTransport:
    """Answers from a script or a function, and remembers what was sent.

    Args:
        answers: Either answers, given in order, or a function (sync or async) that makes each.

    Raises:
        ConfigError: They are neither.
    """

    def __init__(self, answers: Iterable[Answer] | Handler) -> None:
        given: Any = answers
        if not callable(given) and (
            isinstance(given, str | bytes) or not hasattr(given, "__iter__")
        ):
            raise ConfigError(f"answers must be a list or a function, not {type(answers).__name__}")
        self._handler = answers if callable(answers) else None
        self._script = iter(()) if callable(answers) else iter(answers)
        self.requests: list[Request] = []
        """Everything sent, in order."""
        self.is_open: bool = False

    async def open(self) -> None:
        """Make ready."""
        self.is_open = True

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Note the request and give the next answer."""
        self.requests.append(request)
        on_sent()
        answer = await self._answer(request)
        if isinstance(answer, TransportError):
            raise answer
        return answer

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Give the next answer; the body of a success in chunks of 64 KiB."""
        reply = await self.exchange(request, on_sent)
        if reply.status >= FIRST_FAILURE:
            return reply

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(reply.body), CHUNK_BYTES):
                yield reply.body[start : start + CHUNK_BYTES]

        return StreamReply(reply.status, reply.headers, chunks(), _nothing)

    async def close(self) -> None:
        """Forget nothing, so that a test can still look."""
        self.is_open = False

    async def _answer(self, request: Request) -> Answer:
        if self._handler is None:
            try:
                return next(self._script)
            except StopIteration:
                raise AssertionError(f"the script has no answer left for {request.name}") from None
        made = self._handler(request)
        return await made if isinstance(made, Awaitable) else made


def _nothing() -> None:
    """There is nothing to give back."""
