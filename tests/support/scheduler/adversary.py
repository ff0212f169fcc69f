"""Any demand in every lane before a strict server, and what must hold whatever the demand is.

A `Situation` is played on virtual time. What is looked at is what callers see: which lane goes
when, how long a call waits, what the server turns away. `play` returns what was broken.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import WaitTooLongError
from intercom_async.priority import Priority
from intercom_async.scheduler import Hooks, Permit, Scheduler, Throttle
from intercom_async.scheduler.registry import join_workspace
from tests.support.virtual_time import run_virtual
from .clients import TOO_MANY_REQUESTS
from .server import LostReplyError, Network, Record, Reply, Server

SLACK_S = dict(zip(Priority, (0.0, 0.5, 5.0, 60.0), strict=True))
MAX_PASSED = dict(zip(Priority, (math.inf, 11, 21, 41), strict=True))
"""Calls of other lanes that may go between two of a lane whose head is overdue."""
TOLERANCE_S = 0.5
"""How much later than it ends a window may be known to have ended."""
DOUBT_S = 1.5
"""The same where all calls of each window go at its beginning, so that no reply says when it ends:
`Date` counts whole seconds."""
LANES_OWED = 3
"""Lanes of each other app that may have been overtaken for longer."""
LOOK_S = 0.05
LOST_AFTER_S = 5.0
CALLS = 4000
"""Calls after which a situation ends, so that large limits cost no more than small ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What an adversary chooses."""

    demands: tuple[float, float, float, float]
    """Calls of each lane, in multiples of what the server allows."""
    beside: tuple[float, float, float, float] = (0, 0, 0, 0)
    """The same of another app of the workspace."""
    limit: int = 100
    window_s: float = 10.0
    workspace: int | None = None
    """Calls a window of the workspace; None for plenty."""
    places: int | None = None
    """`max_in_flight`; None for plenty."""
    costs: tuple[int, int, int, int] = (1, 1, 1, 1)
    together: int = 1
    """Calls that come at one moment."""
    answer_s: float = 0.1
    lost: float = 0.0
    """Share of the calls that are never answered."""
    overloaded: float = 0.0
    """Share of the calls that are answered 429 without a window."""
    cancelled: float = 0.0
    patience_s: float | None = None
    """`max_wait_s` of each call."""
    is_told: bool = True
    """Whether the settings say what the server allows."""
    are_apart: bool = False
    """Whether each app has a scheduler of its own, which knows of the others' workspace."""
    windows: float = 12.0
    """How long it lasts, unless `CALLS` end it before."""
    seed: int = 1

    @property
    def capacity(self) -> int:
        """Calls a window that the server allows."""
        return min(self.limit, self.workspace or self.limit)

    @property
    def apps(self) -> dict[str, tuple[float, float, float, float]]:
        """What is asked for, by app."""
        return {"": self.demands, "beside": self.beside} if any(self.beside) else {"": self.demands}

    @property
    def is_faultless(self) -> bool:
        return not self.lost and not self.overloaded

    @property
    def limits(self) -> Limits:
        per_minute = 60 / self.window_s
        places = {} if self.places is None else {"max_in_flight": self.places}
        if not self.is_told:
            return Limits(**places)
        return Limits(
            app_per_minute=math.ceil(self.limit * per_minute),
            workspace_per_minute=math.ceil((self.workspace or 10 * self.limit) * per_minute),
            window_s=self.window_s,
            **places,
        )


class Counting(Server):
    """A server that counts a call for as many as its client's name says."""

    def _take(self, record: Record, app: str, client: str) -> str | None:
        cost = int(client)
        limit = self.limit(app)
        for used, most in (record.used[app], limit), (record.used.total(), self.workspace):
            # What no window is large enough for is served alone.
            if used and used + cost > most:
                record.rejected[app, client] += cost
                return f"Exceeded rate limit of {most} in 10_seconds"
        record.used[app] += cost
        record.served[app, client] += cost
        return None


@dataclass(slots=True, eq=False)
class Waiting:
    """A call that has asked for a permit."""

    permit: Permit
    since: float
    overdue_at: float
    ahead: int
    """Calls of its lane that were before it."""
    is_gone: bool = False

    @property
    def is_queued(self) -> bool:
        return not self.is_gone and (self.permit.is_waiting or self.permit.is_granted)


@dataclass(slots=True)
class Line:
    """One lane as its callers see it."""

    repeats: deque[Waiting] = field(default_factory=deque[Waiting])
    first: deque[Waiting] = field(default_factory=deque[Waiting])
    passed: int = 0
    """Calls of other lanes that went while the head was overdue."""

    def __iter__(self) -> Iterator[Waiting]:
        for waiting in (*self.repeats, *self.first):
            if waiting.is_queued:
                yield waiting

    def head(self) -> Waiting | None:
        for line in (self.repeats, self.first):
            while line and not line[0].is_queued:
                line.popleft()
            if line:
                return line[0]
        return None


class Play(Hooks):
    """One situation under way."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.broken: list[str] = []
        self.random = random = Random(situation.seed)
        self.server = Counting(
            random,
            Network(
                0.02,
                max(0.01, situation.answer_s - 0.04),
                0.02,
                spread=0.0 if situation.places else 0.3,
                lost=situation.lost,
                lost_after_s=LOST_AFTER_S,
            ),
            limit=situation.limit,
            workspace=situation.workspace or 10 * situation.limit,
            window_s=situation.window_s,
        )
        schedulers = [
            Scheduler(situation.limits, hooks=self, random=random)
            for _ in (situation.apps if situation.are_apart else [""])
        ]
        self.schedulers = dict(zip(situation.apps, schedulers * len(situation.apps), strict=False))
        self.lines = {app: {lane: Line() for lane in Priority} for app in situation.apps}
        self.tasks: set[asyncio.Task[None]] = set()
        self.begun = 0
        self.answered_at = math.inf
        self.turned_away_apart = 0
        """Calls turned away before schedulers of one workspace knew of each other."""
        self.blocked_since = dict.fromkeys(situation.apps, math.inf)

    # What is seen ----------------------------------------------------------------------------

    def granted(self, priority: Priority, waited_s: float) -> None:
        now = CLOCK.now()
        heads = {app: lines[priority].head() for app, lines in self.lines.items()}
        gone = {app: head for app, head in heads.items() if head and head.permit.is_granted}
        if not gone:
            self.broken.append(f"{now:.2f} {priority.name}: not the first one went")
            return
        app = min(gone, key=lambda app: abs(now - gone[app].permit.since - waited_s))
        head, lines = gone[app], self.lines[app]
        line = lines[priority]
        head.is_gone = True
        line.passed = 0
        self.check_wait(priority, head, now)
        for lane, other in lines.items():
            first = other.head()
            if lane is not priority and first is not None and first.overdue_at <= now:
                other.passed += 1
                if other.passed > MAX_PASSED[lane]:
                    self.broken.append(f"{now:.2f} {lane.name}: passed {other.passed} times")

    def check_wait(self, lane: Priority, waiting: Waiting, now: float) -> None:
        wait_s, most_s = now - waiting.since, self.longest_wait_s(lane, waiting.ahead)
        is_bound = self.situation.is_faultless and self.situation.is_told
        if wait_s > most_s and is_bound:
            self.broken.append(
                f"{now:.2f} {lane.name}: waited {wait_s:.2f} s behind {waiting.ahead}, not {most_s}"
            )

    def longest_wait_s(self, lane: Priority, ahead: int) -> float:
        """Return how long a call may wait behind so many of its lane."""
        situation = self.situation
        if lane is Priority.INTERACTIVE:
            return math.inf
        turns = (ahead + 1) * (MAX_PASSED[lane] + 1 + LANES_OWED * (len(self.lines) - 1))
        window_s = situation.window_s
        # Heavy calls count for several, and one that does not fit leaves room at the end.
        heaviest = max(situation.costs)
        windows = math.ceil(turns / max(1, situation.capacity // heaviest))
        wait_s = SLACK_S[lane] + windows * window_s + TOLERANCE_S
        places = situation.places or 500
        wait_s += turns * (situation.answer_s + 0.1) / places
        # Until the first answer has come, windows are not known; and nor is, for as long as
        # answers take, when one has ended.
        return wait_s + 2 * situation.answer_s

    def look(self, app: str, now: float) -> None:
        """Look whether an interactive call waits although there is room."""
        server, situation = self.server, self.situation
        head = self.lines[app][Priority.INTERACTIVE].head()
        heaviest = max(situation.costs)
        has_room = (
            head is not None
            and server.remaining(app) - server.coming * heaviest >= heaviest
            and self.schedulers[app].statistics().in_flight < situation.limits.max_in_flight
            and now > self.answered_at + 2 * situation.window_s
            and server.turned_away == self.turned_away_apart
            and situation.is_faultless
            and situation.answer_s <= 1.0
        )
        if not has_room:
            self.blocked_since[app] = math.inf
            return
        self.blocked_since[app] = min(self.blocked_since[app], now)
        if now - self.blocked_since[app] > DOUBT_S:
            self.broken.append(f"{now:.2f} INTERACTIVE: waits though the window has room")
            self.blocked_since[app] = math.inf

    # What is done ----------------------------------------------------------------------------

    async def call(self, app: str, lane: Priority) -> None:
        cost = self.situation.costs[lane]
        since: float | None = None
        is_repeat = False
        while True:
            permit = self.schedulers[app].admit(
                app=app,
                priority=lane,
                cost=cost,
                max_wait_s=self.situation.patience_s,
                is_repeat=is_repeat,
                since=since,
            )
            self.line_up(self.lines[app][lane], permit, since, is_repeat=is_repeat)
            async with permit:
                permit.sent()
                reply = await self.exchange(app, cost)
                if reply is None:
                    return
                self.answered_at = min(self.answered_at, CLOCK.now())
                permit.observe(status=reply.status, headers=reply.headers, message=reply.message)
            if reply.status != TOO_MANY_REQUESTS:
                return
            if permit.throttle is Throttle.EDGE:
                since = None
                await CLOCK.sleep(self.random.uniform(0.1, 1.0))
            else:
                since = permit.since
            is_repeat = True

    async def exchange(self, app: str, cost: int) -> Reply | None:
        if self.random.random() < self.situation.overloaded:
            await CLOCK.sleep(self.situation.answer_s)
            return Reply(TOO_MANY_REQUESTS, {}, None)
        try:
            return await self.server.exchange(app=app, client=str(cost))
        except LostReplyError:
            return None

    def line_up(self, line: Line, permit: Permit, since: float | None, *, is_repeat: bool) -> None:
        now = CLOCK.now()
        ahead = 0 if is_repeat else sum(1 for _ in line)
        overdue_at = max(now, (since or now) + SLACK_S[permit.priority])
        waiting = Waiting(permit, now, overdue_at, ahead)
        (line.repeats if is_repeat else line.first).append(waiting)

    async def ask(self, app: str, lane: Priority) -> None:
        situation, random = self.situation, self.random
        per_s = situation.apps[app][lane] * situation.capacity / situation.window_s
        per_s /= situation.costs[lane] * situation.together
        while per_s:
            await CLOCK.sleep(random.expovariate(per_s))
            for _ in range(situation.together):
                self.start(app, lane)

    def start(self, app: str, lane: Priority) -> None:
        self.begun += 1
        task = asyncio.get_running_loop().create_task(self.attempt(app, lane))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        if self.random.random() < self.situation.cancelled:
            delay_s = self.random.expovariate(1 / self.situation.window_s)
            CLOCK.call_at(CLOCK.now() + delay_s, task.cancel)

    async def attempt(self, app: str, lane: Priority) -> None:
        with suppress(WaitTooLongError):
            await self.call(app, lane)

    async def join(self) -> None:
        """Let the schedulers learn, by a call each, which workspace they belong to.

        Until then they know nothing of each other, and what is turned away is no fault of theirs.
        """
        for app, scheduler in self.schedulers.items():
            await self.attempt(app, Priority.NORMAL)
            join_workspace("https://server", "workspace", scheduler)
        self.turned_away_apart = self.server.turned_away

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        if self.situation.are_apart:
            await self.join()
        lanes = [(app, lane) for app in self.lines for lane in Priority]
        asking = [loop.create_task(self.ask(*lane)) for lane in lanes]
        ends_at = CLOCK.now() + self.situation.windows * self.situation.window_s
        while CLOCK.now() < ends_at and self.begun < CALLS:
            await CLOCK.sleep(LOOK_S)
            for app in self.lines:
                self.look(app, CLOCK.now())
        for task in asking:
            task.cancel()
        self.check_end()
        for task in tuple(self.tasks):
            task.cancel()
        await asyncio.gather(*asking, *self.tasks, return_exceptions=True)
        for scheduler in self.schedulers.values():
            seen = scheduler.statistics()
            if seen.in_flight or any(seen.queued.values()):
                self.broken.append("something is left")
            scheduler.close()

    def check_end(self) -> None:
        now = CLOCK.now()
        for lines in self.lines.values():
            for lane, line in lines.items():
                for waiting in line:
                    self.check_wait(lane, waiting, now)
        is_alone = self.situation.is_told and self.situation.is_faultless
        if is_alone and self.server.turned_away > self.turned_away_apart:
            self.broken.append(f"{self.server.turned_away} of {self.server.sends} turned away")


def play(situation: Situation) -> list[str]:
    """Return what a situation has broken, by the moment."""

    async def main() -> list[str]:
        game = Play(situation)
        await game.run()
        return game.broken

    return run_virtual(main())
