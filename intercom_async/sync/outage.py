"""One gate for all calls of a run, which closes while the server does not answer.

A call that has failed with all its retries is either poison, its own fault, or part of an outage. A
control call tells them apart: `/me` answers, or it does not. While it does not, every call of the
run waits here without holding a permit, and one probe is sent after 1, 2, 4 … 30 seconds. When it
answers, half of the calls go at once and the others a little later: a server that has just come
back does not get all of them in one moment.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import TypeVar

import anyio
import msgspec
from anyio.abc import TaskGroup

from intercom_async.clock import CLOCK
from intercom_async.errors import IntercomError, RateLimitedError, UnauthorizedError
from .errors import SyncError
from .ungrouped import ungrouped

FIRST_PAUSE_S, MAX_PAUSE_S = 1.0, 30.0
"""Between two probes, doubled each time (test_outage.py::test_probes_are_spaced)."""
JITTER = 0.2
"""Part of a pause that chance decides, so that two runs do not probe in step."""
SECOND_HALF_S = 1.0
"""Seconds after which the second half of the calls goes
(test_outage.py::test_it_opens_at_half_width)."""
GOOD_FOR_S = 30.0
"""Seconds for which a probe that the token passed answers for the calls begun meanwhile that are
refused: 1,300 refused calls cost a few probes, and a token that is revoked ends the run so much
later (test_outage.py::test_many_refused_calls_cost_few_probes)."""
TOTAL_TIMES = 6
"""All outages of a run together may take so many times the patience for one."""

NO_ANSWER, NOT_ACCEPTED = "the server does not answer", "the token is no longer accepted"
TURNED_AWAY = "the server turns all calls away"

T = TypeVar("T")


class StoppedError(SyncError):
    """The run was asked to stop while a call waited for the server."""


class OutageError(SyncError):
    """The server did not answer for longer than the run's patience."""


@asynccontextmanager
async def reading_group() -> AsyncGenerator[TaskGroup, None]:
    """Run calls side by side; what ends one of them is raised as it is, and not in a group."""
    with ungrouped():
        async with anyio.create_task_group() as group:
            yield group


class Outage(msgspec.Struct, kw_only=True):
    """A time in which the server did not answer, on this machine's clock."""

    began: int
    ended: int | None = None
    """None of one that had not ended with the run."""
    error: str = ""


class OutageGate:
    """Lets calls pass while the server answers.

    Args:
        probe: Sends the control call.
        stop: Set when the run is to end.
        patience_s: Seconds that one outage may take.
    """

    def __init__(
        self, probe: Callable[[], Awaitable[object]], stop: anyio.Event, patience_s: float
    ) -> None:
        self._probe = probe
        self._stop = stop
        self._patience_s = patience_s
        self._waited_s = 0.0
        self._open = anyio.Event()
        self._open.set()
        self._control = anyio.Lock()
        self._checked_s = -1.0
        self._good_s: float | None = None
        self._released = 0
        self._answered = 0
        self._under_way: set[anyio.CancelScope] = set()
        self._jitter = Random(0)  # noqa: S311 (spreads probes, guards nothing)
        self.outages: list[Outage] = []
        self.is_exhausted: bool = False
        """Whether patience has run out: the run ends with what it has."""
        self.refusal: UnauthorizedError | None = None
        """What says that the token is no longer accepted, where it is not."""

    async def wait(self) -> None:
        """Wait until the server answers.

        Raises:
            StoppedError: The run is to end.
            OutageError: It took too long.
        """
        if self._stop.is_set():
            raise StoppedError("the run was asked to stop")
        if self.is_exhausted:
            raise OutageError(NOT_ACCEPTED if self.refusal is not None else NO_ANSWER)
        if not self._open.is_set():
            await self._open.wait()
            await self._take_turn()
            await self.wait()

    async def is_outage(self, begun_s: float, error: IntercomError) -> bool:
        """Say whether a call that failed shared its failure with others; wait until it is over.

        Args:
            begun_s: When the call was begun, in the loop's time.
            error: What it failed with.

        Raises:
            StoppedError: The run is to end.
            OutageError: It took too long.
            UnauthorizedError: The token is no longer good.
        """
        async with self._control:
            await self.wait()
            is_known = bool(self.outages) and self._checked_s >= begun_s
            if not is_known and await self._answers():
                return False
            if not is_known:
                await self._wait_out(error)
        if is_known:
            # An outage that was waited out since then has failed this call, too.
            await self._take_turn()
        return True

    async def let_pass(self, send: Callable[[], Awaitable[T]]) -> T:
        """Send a call; cancel it once the run's calls are turned away for too long.

        Raises:
            OutageError: That was so.
        """
        with anyio.CancelScope() as scope:
            self._under_way.add(scope)
            try:
                answer = await send()
                self._answered += 1
                return answer
            finally:
                self._under_way.discard(scope)
        raise OutageError(TURNED_AWAY)

    async def watch(
        self, work: Callable[[], Awaitable[object]], throttled: Callable[[], int]
    ) -> None:
        """Do some work; end it once all its calls are turned away for as long as patience lasts.

        Calls that are turned away try again, each in its turn: with many of them that takes hours.

        Args:
            work: What sends the calls.
            throttled: Returns how many calls were answered with 429 so far.
        """
        async with reading_group() as group:
            group.start_soon(self._watch, throttled)
            await work()
            group.cancel_scope.cancel()

    async def _watch(self, throttled: Callable[[], int]) -> None:
        before, since_s = (-1, 0), CLOCK.now()
        while not self.is_exhausted:
            seen = self._answered, throttled()
            if seen[0] != before[0] or seen[1] == before[1] or not self._under_way:
                before, since_s = seen, CLOCK.now()
            elif CLOCK.now() - since_s >= self._patience_s:
                self._give_up(since_s)
                return
            await CLOCK.sleep(1.0)

    def check_patience(self, since_s: float) -> None:
        """Return if a call may be sent again that the server turns away, though it answers others.

        Args:
            since_s: Since when it is turned away, in the loop's time.

        Raises:
            OutageError: That took too long: no further call is sent, for any stream.
        """
        if CLOCK.now() - since_s >= self._patience_s:
            self._give_up(since_s)
            raise OutageError(TURNED_AWAY)

    def _give_up(self, since_s: float) -> None:
        began = int(CLOCK.unix() - (CLOCK.now() - since_s))
        self.outages.append(Outage(began=began, error=RateLimitedError.__name__))
        self.is_exhausted = True
        for scope in self._under_way:
            scope.cancel()

    async def check_token(self, begun_s: float, error: UnauthorizedError) -> None:
        """Return if only this call was refused: the token is good for others.

        Args:
            begun_s: When the call was begun, in the loop's time.
            error: What it was refused with.

        Raises:
            StoppedError: The run is to end, and asks nothing more.
            OutageError: No call is accepted any more, and the run is to end.
        """
        async with self._control:
            await self.wait()
            if self._good_s is not None and begun_s < self._good_s + GOOD_FOR_S:
                return
            at_s = CLOCK.now()
            try:
                await self._probe()
            except UnauthorizedError as refused:
                self.refusal, self.is_exhausted = refused, True
                raise OutageError(NOT_ACCEPTED) from error
            except IntercomError:
                return
            self._good_s = at_s

    async def _answers(self) -> bool:
        try:
            await self.let_pass(self._probe)
        except (OutageError, UnauthorizedError):
            raise
        except IntercomError:
            return False
        return True

    async def _wait_out(self, error: IntercomError) -> None:
        outage = Outage(began=int(CLOCK.unix()), error=type(error).__name__)
        self.outages.append(outage)
        self._open = anyio.Event()
        begun_s, pause_s = CLOCK.now(), FIRST_PAUSE_S
        try:
            while True:
                await self._pause(pause_s * (1 + JITTER * self._jitter.uniform(-1, 1)))
                if self._stop.is_set():
                    raise StoppedError("the run was asked to stop")
                if await self._answers():
                    outage.ended = int(CLOCK.unix())
                    self._checked_s = CLOCK.now()
                    return
                waited_s = CLOCK.now() - begun_s
                total_s = self._waited_s + waited_s
                if waited_s >= self._patience_s or total_s >= TOTAL_TIMES * self._patience_s:
                    self.is_exhausted = True
                    raise OutageError(NO_ANSWER) from error
                pause_s = min(MAX_PAUSE_S, 2 * pause_s)
        finally:
            self._waited_s += CLOCK.now() - begun_s
            self._open.set()

    async def _take_turn(self) -> None:
        """Let every second call that waited go later."""
        self._released += 1
        if self._released % 2 == 0:
            await self._pause(SECOND_HALF_S)

    async def _pause(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._stop.wait()
