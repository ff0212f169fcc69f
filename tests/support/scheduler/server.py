"""A strict server for the scheduler's tests: windows, two tiers, and a network in between.

It knows nothing of the package and nothing of the simulator: what is allowed is decided here once
more, by the moment at which a request arrives. Way there, service and way back are drawn one by
one, so replies overtake each other as they do in life.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from functools import partial
from random import Random
from typing import NamedTuple

EPOCH = 1_700_000_000.0
NEIGHBOUR = "neighbour"
"""The client to whom everything is booked that others use."""

Headers = dict[str, str]


class LostReplyError(Exception):
    """The request was counted, and its reply never came."""


class Reply(NamedTuple):
    status: int
    headers: Headers
    message: str | None


class Storm(Enum):
    """Ways in which a server turns everything away for a while."""

    WINDOW = "each call is told that its window is full"
    EDGE = "each call is told nothing but the status"


@dataclass(frozen=True, slots=True)
class Network:
    """Median seconds of each leg, and how far a single one strays (log-normal)."""

    up_s: float = 0.02
    service_s: float = 0.08
    down_s: float = 0.02
    spread: float = 0.5
    lost: float = 0.0
    """Share of the replies that never come."""
    lost_after_s: float = 5.0
    """When a client gives a lost reply up."""
    late: float = 0.0
    """Share of the replies that come `late_s` later."""
    late_s: float = 30.0


USUAL = Network()


@dataclass(slots=True)
class Record:
    """What one window has seen; the keys are (app, client)."""

    limit: int
    limits: dict[str, int]
    """The limits of apps that have one of their own."""
    workspace: int
    served: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    used: Counter[str] = field(default_factory=Counter[str])
    """Calls served, by app."""

    def external(self, app: str) -> int:
        return self.served[app, NEIGHBOUR]

    def ours(self, app: str) -> int:
        return self.used[app] - self.external(app)


class Server:
    """Counts requests of several apps at the moment they arrive.

    Args:
        random: Draws every leg of every request, and where in a window the test begins.
        network: How long the legs take.
        limit: Calls a window of each app.
        limits: The same for apps that differ.
        workspace: Calls a window of all apps together.
        window_s: Length of a window.
        phase_s: What windows end at multiples of, shifted by so much.
        counts_itself: Whether Remaining is lower by the very call that it answers.
        date_skew_s: How far the Date header is from the clock that windows go by; None sends none.
        drift: Seconds a second by which the server's clock runs faster than the loop's.
        garble: Changes the headers of a reply, for instance into none.
    """

    def __init__(  # noqa: PLR0913 (one keyword a whim of servers)
        self,
        random: Random,
        network: Network = USUAL,
        *,
        limit: int = 1667,
        limits: dict[str, int] | None = None,
        workspace: int = 4167,
        window_s: float = 10.0,
        phase_s: float = 0.0,
        counts_itself: bool = True,
        date_skew_s: float | None = 0.0,
        drift: float = 0.0,
        garble: Callable[[Headers], Headers] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._random = random
        self._network = network
        self._limit = limit
        self._limits = dict(limits or {})
        self.workspace = workspace
        self.window_s = window_s
        self._phase_s = phase_s
        self._counts_itself = counts_itself
        self._date_skew_s = date_skew_s
        self._drift = drift
        self._garble = garble
        self._epoch = EPOCH + random.uniform(0.0, 60 * window_s)
        self.storm: Storm | None = None
        self.resource_share = 0.0
        """Share of the calls that are turned away for a reason of their own."""
        self.pause_s = 0.0
        """Added to the service of every request."""
        self.records: dict[int, Record] = {}
        self.sends = 0
        """Requests of clients that arrived."""
        self.turned_away = 0
        """Those of them that were answered 429 for a window or in a storm."""
        self.coming = 0
        """Requests of clients that have not arrived."""
        self.present = 0
        self.most_present = 0
        """The most requests of clients that were under way at once."""
        self.silence_s = 0.0
        """The longest time with room and without an arrival since `watch_silence`."""
        self._arrived_at = self._loop.time()

    # Time --------------------------------------------------------------------------------------

    def time(self) -> float:
        """Return UNIX seconds by the server's clock."""
        return self._epoch + self._loop.time() * (1.0 + self._drift)

    def step(self, seconds: float) -> None:
        """Set the server's clock."""
        self._epoch += seconds

    def slew(self, drift: float) -> None:
        """Let the server's clock run faster by so many seconds a second from now on."""
        self._epoch += self._loop.time() * (self._drift - drift)
        self._drift = drift

    def index(self) -> int:
        return math.floor((self.time() - self._phase_s) / self.window_s)

    def ends_in_s(self) -> float:
        """Return how long the present window still lasts."""
        return self._phase_s + (self.index() + 1) * self.window_s - self.time()

    def watch_silence(self) -> None:
        """Measure silence from now on."""
        self.silence_s, self._arrived_at = 0.0, self._loop.time()

    # Limits ------------------------------------------------------------------------------------

    def limit(self, app: str = "") -> int:
        return self._limits.get(app, self._limit)

    def set_limit(self, limit: int, app: str = "") -> None:
        """Change an app's limit, at once and for the present window, too.

        A window in which it was raised is taken to allow the greater number for the rest only.
        """
        record, before = self.record(), self.limit(app)
        self._limits[app] = limit
        left = self.ends_in_s() / self.window_s
        record.limits[app] = min(limit, before + round((limit - before) * left))

    def record(self) -> Record:
        """Return the present window's record."""
        index = self.index()
        found = self.records.get(index)
        if found is None:
            found = self.records[index] = Record(self._limit, dict(self._limits), self.workspace)
        return found

    def remaining(self, app: str = "") -> int:
        """Return what an app could still send in the present window."""
        record = self.record()
        return min(self.limit(app) - record.used[app], self.workspace - record.used.total())

    def _take(self, record: Record, app: str, client: str) -> str | None:
        """Count one call; return why it is turned away, or None if it is served."""
        limit = self.limit(app)
        if self.storm is not None:
            reason: str | None = f"Exceeded rate limit of {limit} in 10_seconds"
        elif record.used[app] >= limit:
            reason = f"Exceeded rate limit of {limit} in 10_seconds"
        elif record.used.total() >= self.workspace:
            reason = f"Exceeded rate limit of {self.workspace} in 10_seconds"
        else:
            record.used[app] += 1
            record.served[app, client] += 1
            return None
        record.rejected[app, client] += 1
        return reason

    def take(self, count: int, app: str = "") -> int:
        """Let a neighbour send so many calls now; return how many were served."""
        record = self.record()
        return sum(self._take(record, app, NEIGHBOUR) is None for _ in range(count))

    # Requests ----------------------------------------------------------------------------------

    async def exchange(self, *, app: str = "", client: str = "client") -> Reply:
        """Send one request over the network.

        Raises:
            LostReplyError: No reply came.
        """
        self.coming += 1
        self.present += 1
        self.most_present = max(self.most_present, self.present)
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._loop.call_later(
            self._draw(self._network.up_s), partial(self._arrive, future, app, client)
        )
        try:
            return await future
        finally:
            self.present -= 1

    def _draw(self, median_s: float) -> float:
        return median_s * self._random.lognormvariate(0.0, self._network.spread)

    def _arrive(self, future: asyncio.Future[Reply], app: str, client: str) -> None:
        network, random = self._network, self._random
        self.coming -= 1
        self.sends += 1
        reply = self._answer(app, client)
        self._note_arrival(app)
        delay_s = self._draw(network.service_s) + self._draw(network.down_s) + self.pause_s
        if network.lost and random.random() < network.lost:
            self._loop.call_later(network.lost_after_s, _fail, future)
            return
        if network.late and random.random() < network.late:
            delay_s += network.late_s
        self._loop.call_later(delay_s, _resolve, future, reply)

    def _note_arrival(self, app: str) -> None:
        now = self._loop.time()
        self.silence_s, self._arrived_at = max(self.silence_s, now - self._arrived_at), now
        if self.remaining(app) <= 0:
            # Until the window ends, nobody could be served: that is no silence.
            self._arrived_at += self.ends_in_s()

    def _answer(self, app: str, client: str) -> Reply:
        record = self.record()
        reason = self._take(record, app, client)
        status = 200
        if reason is not None:
            status = 429
            self.turned_away += 1
        elif self.resource_share and self._random.random() < self.resource_share:
            status, reason = 429, "Exceeded rate limit of 1 pending message data export jobs"
        if self.storm is Storm.EDGE:
            return Reply(429, {}, None)
        headers = self._headers(app, record)
        return Reply(status, self._garble(headers) if self._garble else headers, reason)

    def _headers(self, app: str, record: Record) -> Headers:
        limit = self.limit(app)
        used = record.used[app] - (0 if self._counts_itself else 1)
        end = self._phase_s + (self.index() + 1) * self.window_s
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(0 if self.storm else max(0, limit - used)),
            "X-RateLimit-Reset": f"{end:.3f}" if end % 1 else str(int(end)),
        }
        if self._date_skew_s is not None:
            headers["Date"] = formatdate(math.floor(self.time() + self._date_skew_s), usegmt=True)
        return headers


def _resolve(future: asyncio.Future[Reply], reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)


def _fail(future: asyncio.Future[Reply]) -> None:
    if not future.done():
        future.set_exception(LostReplyError())
