"""A call that goes without being weighed is one that would have gone anyhow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from intercom_async.clock import CLOCK
from intercom_async.codec.coercion import is_array, is_object
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler.limits.app_limiter import AppLimiter
from intercom_async.scheduler.limits.leases import Leases, Want
from intercom_async.scheduler.limits.probes import MAX_PROBES
from intercom_async.scheduler.limits.window_budget import Charge, WindowBudget
from tests.support.thoroughness import some_of
from .conftest import MakeDesk

pytestmark = pytest.mark.anyio

LIMIT = 50
LOW = 3
"""Leased calls below which more come."""


def state_of(thing: Any, known: dict[int, int] | None = None) -> Any:
    """Return everything that an object holds, in values that compare; functions are left out."""
    known = {} if known is None else known
    if isinstance(thing, tuple):
        thing = list(thing)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] (any tuple)
    if is_array(thing):
        return [state_of(each, known) for each in thing]
    if is_object(thing):
        return {key: state_of(each, known) for key, each in thing.items()}
    if isinstance(thing, Random):
        return thing.getstate()
    if callable(thing) or not type(thing).__module__.startswith("intercom_async"):
        return None if callable(thing) else thing
    if id(thing) in known:
        return known[id(thing)]
    known[id(thing)] = len(known)
    names = getattr(thing, "__slots__", ()) or getattr(thing, "__struct_fields__", ())
    return {name: state_of(getattr(thing, name), known) for name in names}


def grant(app: AppLimiter, leases: Leases, count: int) -> None:
    """Lease some calls of each current window, if few are left, as a store would."""
    app.headroom.leases = app.pacer.leases = leases
    now = CLOCK.now()
    for budget in app.windows.candidates(now) if app.windows.is_known else ():
        if (leases.room(budget) or 0) < LOW:
            want = Want(budget.reset_ms, count, is_interactive=False)
            held = leases.held(budget)
            leases.granted(want, count, held=held, left=LIMIT // 2, kept=1, members=2, now=now)


async def keep_granting(apps: list[AppLimiter], leases: Leases, random: Random) -> None:
    while True:
        for app in apps:
            grant(app, leases, random.choice([1, 5, 20]))
        await CLOCK.sleep(random.choice([0.1, 0.4]))


@pytest.mark.parametrize("has_store", [False, True])
@pytest.mark.parametrize("seed", some_of(range(3), [0]))
async def test_what_goes_freely_would_go_anyhow(
    make_desk: MakeDesk,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    has_store: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    """Beside others, after 429s, at the ends of windows: both ways to decide agree, if both do."""
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT, seed=seed)
    random = Random(seed)
    agreed: list[bool] = []
    refusals: list[float] = []
    apps: list[AppLimiter] = []
    acquire_freely = AppLimiter.acquire_freely

    def checked(self: AppLimiter, now: float) -> Charge | None:
        self.windows.candidates(now)  # opens windows, by functions that a copy shares
        apps[:] = [self]
        other = deepcopy(self)
        charge = acquire_freely(self, now)
        if charge is None:
            refusals.append(now)
        else:
            other.note_arrival(Priority.NORMAL, now)
            weighed = other.try_acquire(now, priority=Priority.NORMAL, cost=1, backlog=0)
            agreed.append(state_of([weighed, other]) == state_of([charge, self]))
        return charge

    monkeypatch.setattr(AppLimiter, "acquire_freely", checked)
    granting: list[asyncio.Task[None]] = []
    if has_store:
        work = keep_granting(apps, Leases(lambda: None), random)
        granting.append(asyncio.get_running_loop().create_task(work))
    for number in range(400):
        # Alone for four windows, then beside others that may use the window up.
        is_alone = number < 200
        if not is_alone and random.random() < 0.01:
            desk.server.take(random.choice([1, 5, LIMIT]))
        urgent = number == 180 or (not is_alone and random.random() < 0.05)
        desk.start(priority=Priority.INTERACTIVE if urgent else Priority.NORMAL)
        await CLOCK.sleep(random.choice([0.0, 0.0, 0.05, 0.3, 0.8]))
    await desk.done()
    for task in granting:
        task.cancel()

    assert desk.is_quiet
    assert all(agreed)
    assert min(len(agreed), len(refusals)) > 20


def workspace_of(budget: WindowBudget) -> WindowBudget:
    assert budget.workspace is not None
    return budget.workspace


def leased_calls(app: AppLimiter, budget: WindowBudget, unused: int) -> Leases:
    leases = app.headroom.leases = Leases(lambda: None)
    want = Want(budget.reset_ms, unused, is_interactive=False)
    leases.granted(want, budget.charged + unused, held=0, left=1, kept=0, members=1, now=0.0)
    return leases


def lose_a_blind_call(app: AppLimiter, _own: WindowBudget, now: float) -> None:
    """Send a call as if no window were known, and lose it."""
    has_headers, app.windows.matcher.has_headers = app.windows.matcher.has_headers, False
    charge = app.try_acquire(now, priority=Priority.INTERACTIVE, cost=1, backlog=0)
    assert isinstance(charge, Charge)
    app.mark_unknown(charge)
    app.windows.matcher.has_headers = has_headers


HOLDS: dict[str, Callable[[AppLimiter, WindowBudget, float], object]] = {
    "calls of others": lambda _, own, __: setattr(own, "highest_used_seen", own.charged + 1),
    "others that come and go": lambda app, _, __: setattr(app.windows.external, "is_quiet", False),
    "a window that a 429 has closed": lambda _, own, __: own.reject(),
    "a workspace's window that one has closed": lambda _, own, __: workspace_of(own).reject(),
    "the last calls of a window": lambda _, own, __: setattr(
        own, "limit", own.charged + MAX_PROBES
    ),
    "the last calls of a workspace": lambda app, own, __: setattr(
        app.workspace, "limit", workspace_of(own).charged
    ),
    "a call that any window may have counted": lose_a_blind_call,
    "a share of the workspace": lambda app, _, __: setattr(app.workspace, "quota", 1_000.0),
    "single probes": lambda app, _, now: app.recovery.start(now),
    "interactive calls to come": lambda app, _, __: setattr(app.reserve, "arrivals_per_s", 0.1),
    "a store that has leased nothing yet": lambda app, _, __: setattr(
        app.headroom, "leases", Leases(lambda: None)
    ),
    "leased calls that are used": lambda app, own, __: leased_calls(app, own, 0),
    "a store that does not answer": lambda app, own, __: leased_calls(app, own, 9).mark_lost(
        own.reset_ms, 0.0
    ),
    "an unknown clock": lambda app, _, __: app.windows.clock.forget(),
    "stripped headers": lambda app, _, __: setattr(app.windows.matcher, "has_headers", False),
}


async def test_each_reason_to_hold_a_call_back_is_left_to_try_acquire(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT)
    acquire_freely = AppLimiter.acquire_freely
    found: list[tuple[AppLimiter, float]] = []

    def noted(self: AppLimiter, now: float) -> Charge | None:
        before = deepcopy(self)
        charge = acquire_freely(self, now)
        if charge is not None:
            found.append((before, now))
        return charge

    monkeypatch.setattr(AppLimiter, "acquire_freely", noted)
    for _ in range(60):
        desk.start()
        await CLOCK.sleep(0.7)
    await desk.done()

    free, now = found[-1]
    leased = deepcopy(free)
    leased_calls(leased, leased.windows.candidates(now)[0], 1)
    assert acquire_freely(leased, now) is not None
    assert acquire_freely(deepcopy(free), now) is not None
    went: list[str] = []
    for name, hold in HOLDS.items():
        app = deepcopy(free)
        hold(app, app.windows.candidates(now)[0], now)
        if acquire_freely(app, now) is not None:
            went.append(name)
    assert went == []
