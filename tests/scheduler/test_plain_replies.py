"""Replies that are booked in a few additions leave the limiter as the long way would."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from operator import attrgetter
from random import Random
from typing import Any

import pytest
from msgspec import structs

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.response import Window
from intercom_async.scheduler.limits.app_limiter import AppLimiter
from intercom_async.scheduler.limits.plain_replies import PlainReplies
from intercom_async.scheduler.limits.server_clock import FAST_DRIFT, ServerClock
from intercom_async.scheduler.limits.window_budget import Charge, WindowBudget
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import WorkspaceLimiter
from tests.support.scheduler.server import EPOCH
from tests.support.thoroughness import some_of
from .conftest import MakeDesk
from .test_app_limiter import state_of

pytestmark = pytest.mark.anyio

LIMIT = 50


def known_to(app: AppLimiter) -> object:
    """Return all that an app's limiter knows, but for which replies it takes for plain."""
    return [
        state_of([getattr(app, name)]) for name in AppLimiter.__slots__ if name != "plain_replies"
    ]


@pytest.mark.parametrize("seed", some_of(range(3), [0]))
async def test_plain_replies_are_booked_as_all_others_are(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Alone, beside others, after 429s and overtaken: both ways to learn teach the same."""
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT, seed=seed)
    random = Random(seed)
    agreed: list[bool] = []
    looked_at: list[float] = []
    apps: dict[PlainReplies, AppLimiter] = {}
    book, confirm = PlainReplies.book, AppLimiter.confirm

    def noted(self: AppLimiter, charge: Charge, *rest: object, **more: object) -> object:
        apps[self.plain_replies] = self
        return confirm(self, charge, *rest, **more)  # type: ignore[arg-type]

    def checked(
        self: PlainReplies, charge: Charge, reply: Window, sent: float, received: float
    ) -> bool:
        app = apps.get(self)
        if app is None:
            return book(self, charge, reply, sent, received)
        other, other_charge = deepcopy((app, charge))
        if not book(self, charge, reply, sent, received):
            looked_at.append(received)
            return False
        confirm(other, other_charge, reply, sent, received)
        agreed.append(known_to(other) == known_to(app))
        return True

    monkeypatch.setattr(AppLimiter, "confirm", noted)
    monkeypatch.setattr(PlainReplies, "book", checked)
    for number in range(400):
        is_alone = number < 250
        if not is_alone and random.random() < 0.02:
            desk.server.take(random.choice([1, 5, LIMIT]))
        desk.start(priority=random.choice([Priority.NORMAL, *Priority]))
        await CLOCK.sleep(random.choice([0.0, 0.0, 0.0, 0.02, 0.05, 0.3, 0.8]))
    await desk.done()

    assert desk.is_quiet
    assert all(agreed)
    assert min(len(agreed), len(looked_at)) > 20


class Told:
    """An app that has its windows to itself, and the next reply to it, which is plain."""

    def __init__(self) -> None:
        schedule = WindowSchedule(10.0)
        workspace = WorkspaceLimiter(10.0 * LIMIT, schedule)
        self.app = AppLimiter(LIMIT, workspace, schedule, ServerClock(), Random(1))
        self.windows = self.app.windows
        self.plain = self.app.plain_replies
        # Some windows, the last of them to its middle.
        for half in range(89):
            self.call(0.02 + 0.5 * half, half % 20 + 1, rtt_s=0.04)
            self.learn()
        self.call(44.08, 10)

    def call(self, sent: float, used: int, rtt_s: float = 0.05) -> None:
        """Send a call and have its reply."""
        self.sent, self.received = sent, sent + rtt_s
        self.charge = self.grant()
        self.reply = Window(LIMIT, LIMIT - used, EPOCH + 10.0 * (sent // 10.0 + 1.0))

    def grant(self) -> Charge:
        charge = self.app.try_acquire(self.sent, priority=Priority.NORMAL, cost=1, backlog=0)
        assert isinstance(charge, Charge)
        return charge

    def learn(self) -> None:
        """Learn from the reply, the slow way."""
        budget = self.app.confirm(self.charge, self.reply, self.sent, self.received)
        assert budget is not None
        self.plain.begin(budget, self.reply, self.received)

    @property
    def budget(self) -> WindowBudget:
        return self.charge.budgets[0]

    def is_booked(self) -> bool:
        """Return whether the reply is booked as plain; what is not must leave all as it was."""
        before = known_to(self.app)
        is_plain = self.plain.book(self.charge, self.reply, self.sent, self.received)
        assert is_plain or known_to(self.app) == before
        return is_plain

    def say(self, **other: Any) -> None:
        self.reply = structs.replace(self.reply, **other)

    def charge_other(self, **other: Any) -> None:
        self.charge = structs.replace(self.charge, **other)

    def come(self, **other: float) -> None:
        for name, moment in other.items():
            setattr(self, name, moment)


def be_one_of_the_last(told: Told) -> None:
    told.budget.limit = 11
    told.say(limit=11, remaining=1)


NOT_PLAIN: dict[str, Callable[[Told], object]] = {
    "the window may be over": lambda told: told.come(received=EPOCH),
    "another window": lambda told: told.say(reset_at=EPOCH + 60.0),
    "charged elsewhere": lambda told: told.charge_other(budgets=(told.budget,)),
    "no limit": lambda told: told.say(limit=None),
    "another limit": lambda told: told.say(limit=LIMIT + 1, remaining=LIMIT - 9),
    "no count": lambda told: told.say(remaining=None),
    "one of the last": be_one_of_the_last,
    "the clock has changed": lambda told: told.windows.clock.learn_drift(0.01),
    "the schedule has changed": lambda told: setattr(told.windows.schedule, "version", -7),
    "another window was named": lambda told: setattr(told.windows.schedule, "last_reset_ms", 1),
    "less than was used before": lambda told: told.charge_other(used_before=10),
    "calls of others": lambda told: told.say(remaining=LIMIT - 11),
    "more served than the limit": lambda told: setattr(told.budget, "confirmed", LIMIT),
    "quicker than any": lambda told: told.come(sent=told.received - 0.01),
    "others were seen": lambda told: setattr(told.budget, "external_seen", 1),
    "more than were charged by then": lambda told: told.charge_other(charge_seqs=(9,)),
}


async def test_a_reply_that_is_like_the_one_before_is_plain() -> None:
    told = Told()

    assert told.is_booked()
    assert told.budget.confirmed == told.budget.highest_used_seen == 10


async def test_a_reply_from_which_much_was_learned_makes_the_next_one_plain() -> None:
    told = Told()

    told.learn()

    told.call(44.1, 11)
    assert told.is_booked()


@pytest.mark.parametrize("name", NOT_PLAIN)
async def test_any_other_reply_is_left_to_the_slow_way(name: str) -> None:
    told = Told()

    NOT_PLAIN[name](told)

    assert not told.is_booked()


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        ("budget", "workspace", None),
        ("budget", "max_limit", 0),
        ("windows", "last_candidates", ()),
        ("windows", "last_candidates", (WindowBudget(0, LIMIT),)),
        ("windows", "limit", LIMIT + 1),
        ("windows", "remaining_includes_call", False),
        ("windows.matcher", "impossible", 1),
        ("windows.clock", "drift", 2 * FAST_DRIFT),
        ("windows.clock", "_low_at", -20_000.0),
        ("reply", "reset_at", None),
        ("", "received", EPOCH),
    ],
)
async def test_what_may_change_at_any_time_makes_no_reply_plain(
    owner: str, name: str, value: object
) -> None:
    told = Told()
    told.learn()
    told.plain.end()
    changed = attrgetter(owner)(told) if owner else told
    usual = getattr(changed, name)
    if owner == "reply":
        told.reply = Window(LIMIT, LIMIT - 10)
    else:
        setattr(changed, name, value)

    told.plain.begin(told.budget, told.reply, told.received)

    if owner != "reply":
        setattr(changed, name, usual)
    told.call(44.1, 11)
    assert not told.is_booked()


async def test_a_reply_that_names_another_window_than_was_charged_is_not_plain() -> None:
    told = Told()
    told.learn()
    told.plain.end()
    usual = told.windows.last_candidates
    told.windows.last_candidates = others = (WindowBudget(told.budget.reset_ms + 10_000, LIMIT),)

    told.plain.begin(told.budget, told.reply, told.received)

    told.windows.last_candidates = usual
    told.call(44.1, 11)
    told.charge_other(budgets=others)
    assert not told.is_booked()
