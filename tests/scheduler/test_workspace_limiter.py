"""The limit of a whole workspace, which no header shows: learned from 429s, kept for all apps."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler, Throttle
from intercom_async.scheduler.limits.window_budget import WindowBudget
from intercom_async.scheduler.limits.window_schedule import WindowSchedule
from intercom_async.scheduler.limits.workspace_limiter import (
    MAX_CUT,
    PACED_SHARE,
    PROBE_DIVISOR,
    WorkspaceLimiter,
)
from .conftest import MakeDesk
from .test_throttling import WINDOW, L, headers

LIMIT = 1000


@pytest.fixture
def workspace() -> WorkspaceLimiter:
    return WorkspaceLimiter(LIMIT / 10, WindowSchedule(10.0))


def serve(workspace: WorkspaceLimiter, window: int, calls: int) -> WindowBudget:
    """Let calls of ours be counted in a window."""
    budget = workspace.budget(window * 10_000)
    assert budget is not None
    budget.charge(calls)
    budget.confirm(calls)
    return budget


@pytest.mark.parametrize(
    ("served", "elapsed", "quota"),
    [
        (900, 1.0, 899),  # nearly all of the window, which is over
        (500, 1.0, 499),
        (500, 0.8, 373),  # others go on as fast as until now
        (500, 0.5, int(MAX_CUT * 499)),  # but one rejection takes no more than this
        (1, 0.0, 1),
        (500, 2.0, 499),  # the 429 came late
    ],
)
def test_a_rejection_leaves_what_others_will_not_use(
    served: int, elapsed: float, quota: int, workspace: WorkspaceLimiter
) -> None:
    workspace.reject(serve(workspace, 1, served), named=None, elapsed=elapsed)

    assert workspace.quota == quota


def test_a_rejection_may_name_the_limit(workspace: WorkspaceLimiter) -> None:
    workspace.reject(serve(workspace, 1, 300), named=400, elapsed=1.0)

    assert workspace.limit == 400
    assert workspace.quota == 299


def test_the_quota_is_spread_over_the_larger_part_of_a_window(workspace: WorkspaceLimiter) -> None:
    budget = serve(workspace, 1, 50)
    workspace.quota = 100

    def may_charge(elapsed: float, *, is_paced: bool = True) -> bool | None:
        return workspace.may_charge(budget, 1, blind=0, elapsed=elapsed, is_paced=is_paced)

    assert may_charge(0.0) is None
    assert may_charge(PACED_SHARE / 2) is True
    assert may_charge(0.0, is_paced=False) is True


def test_after_a_rejection_a_window_passes_without_a_probe(workspace: WorkspaceLimiter) -> None:
    workspace.reject(serve(workspace, 1, 100), named=None, elapsed=1.0)
    quota = workspace.quota
    assert quota is not None

    budget = serve(workspace, 2, quota)

    assert workspace.may_charge(budget, 1, blind=0, elapsed=1.0, is_paced=True) is False


def test_probes_that_are_served_raise_the_quota_in_larger_steps(
    workspace: WorkspaceLimiter,
) -> None:
    workspace.reject(serve(workspace, 1, 100), named=None, elapsed=1.0)
    quota = workspace.quota
    assert quota is not None
    serve(workspace, 2, quota)
    steps: list[int] = []
    for window in range(3, 6):
        budget = serve(workspace, window, quota + PROBE_DIVISOR)
        while workspace.may_charge(budget, 1, blind=0, elapsed=1.0, is_paced=True):
            budget.charge(1)
        steps.append(budget.reserved)
        budget.confirm(budget.reserved)
        quota = budget.confirmed
    serve(workspace, 6, 0)

    assert steps == [1, 2, 3]
    assert workspace.quota == quota


def test_a_quota_that_reaches_the_limit_is_none(workspace: WorkspaceLimiter) -> None:
    workspace.reject(serve(workspace, 1, 900), named=None, elapsed=1.0)
    serve(workspace, 2, 0)
    serve(workspace, 3, LIMIT)
    serve(workspace, 4, 0)

    assert workspace.quota is None


@pytest.mark.parametrize(
    ("own", "others", "quota"),
    [(300, None, 340), (None, 300, 340), (300, 200, 500), (300, 700, None), (None, None, None)],
)
def test_what_two_limiters_of_a_workspace_have_learned_adds_up(
    own: int | None, others: int | None, quota: int | None, workspace: WorkspaceLimiter
) -> None:
    other = WorkspaceLimiter(LIMIT / 10, WindowSchedule(10.0))
    for each, learned in ((workspace, own), (other, others)):
        serve(each, 1, 40)
        each.quota = learned

    workspace.learn_from(other)

    assert workspace.quota == quota


def test_a_full_window_and_a_limit_that_a_429_has_named_are_taken_over(
    workspace: WorkspaceLimiter,
) -> None:
    other = WorkspaceLimiter(LIMIT / 10, WindowSchedule(10.0))
    other.reject(serve(other, 1, 300), named=400, elapsed=1.0)

    workspace.learn_from(other)

    assert (workspace.limit, workspace.quota) == (400, 299)
    budget = serve(workspace, 1, 0)
    assert budget.is_exhausted
    assert budget.rejected == 1
    after = serve(workspace, 2, 299)
    assert workspace.may_charge(after, 1, blind=0, elapsed=1.0, is_paced=False) is False  # no probe


def test_a_limit_is_scaled_with_the_window_until_a_429_names_it() -> None:
    schedule = WindowSchedule(10.0)
    workspace = WorkspaceLimiter(LIMIT / 10, schedule)
    tiny = WorkspaceLimiter(0.01, schedule)
    assert tiny.limit == 1
    schedule.adopt(5_000)
    assert (workspace.limit, tiny.limit) == (LIMIT // 2, 1)

    workspace.reject(serve(workspace, 1, 300), named=400, elapsed=1.0)
    schedule.adopt(10_000)

    assert workspace.limit == 400


def test_a_quota_outlives_the_first_window(workspace: WorkspaceLimiter) -> None:
    workspace.quota = 5

    assert workspace.budget(10_000) is not None
    assert workspace.quota == 5


def test_a_window_that_a_429_has_closed_takes_no_call(workspace: WorkspaceLimiter) -> None:
    budget = serve(workspace, 1, 100)
    assert workspace.may_charge(budget, 1, blind=0, elapsed=0.5, is_paced=False) is True

    budget.is_exhausted = True

    assert workspace.may_charge(budget, 1, blind=0, elapsed=0.5, is_paced=False) is False


def test_no_more_than_the_limit_is_ours_though_more_was_served(
    workspace: WorkspaceLimiter,
) -> None:
    workspace.reject(serve(workspace, 1, 1200), named=LIMIT, elapsed=1.0)

    assert workspace.quota == LIMIT


def test_calls_without_an_answer_leave_room_for_a_probe(workspace: WorkspaceLimiter) -> None:
    workspace.reject(serve(workspace, 1, 100), named=None, elapsed=1.0)
    quota = workspace.quota
    assert quota is not None
    serve(workspace, 2, quota)
    serve(workspace, 3, quota + 1)
    budget = workspace.budget(40_000)
    assert budget is not None
    budget.charge(quota + 1)
    budget.mark_unknown(quota + 1)

    assert workspace.may_charge(budget, 1, blind=0, elapsed=1.0, is_paced=True) is True


def may_charge(workspace: WorkspaceLimiter, budget: WindowBudget) -> bool | None:
    return workspace.may_charge(budget, 1, blind=0, elapsed=0.5, is_paced=False)


def test_a_window_that_has_run_out_makes_the_next_one_short(workspace: WorkspaceLimiter) -> None:
    may_charge(workspace, serve(workspace, 1, LIMIT - 1))
    assert not workspace.is_short

    may_charge(workspace, serve(workspace, 1, 1))
    seen = [workspace.is_short]
    for window in (2, 3):
        serve(workspace, window, 1)
        seen.append(workspace.is_short)

    assert seen == [True, True, False]


def test_an_older_window_that_has_run_out_does_not_hide_a_newer_one(
    workspace: WorkspaceLimiter,
) -> None:
    older, newer = serve(workspace, 1, LIMIT), serve(workspace, 2, LIMIT)
    may_charge(workspace, newer)
    may_charge(workspace, older)

    serve(workspace, 3, 1)

    assert workspace.is_short


def test_rejections_after_few_calls_are_doubted_once(
    workspace: WorkspaceLimiter,
) -> None:
    probed: list[bool | None] = []

    def reject(windows: range) -> None:
        for window in windows:
            budget = serve(workspace, window, 1)
            probed.append(may_charge(workspace, budget))
            workspace.reject(budget, named=None, elapsed=0.5)

    reject(range(1, 6))
    assert probed[1:] == [True, False, False, False]
    serve(workspace, 6, 1)
    serve(workspace, 7, 5)  # there is room, so that the next rejection is doubted
    reject(range(8, 12))

    assert probed[-3:] == [True, False, False]


# Before a server ------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_the_workspace_stops_all_apps(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=1000, workspace=500)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    await desk.call(app="a")
    await desk.call(app="b")
    desk.server.take(500, "c")
    permit = await desk.call(app="a", priority=Priority.INTERACTIVE)
    assert permit.throttle is Throttle.WORKSPACE
    ends_s, begun = desk.server.ends_in_s(), CLOCK.now()

    await desk.call(app="b", priority=Priority.INTERACTIVE)

    assert CLOCK.now() - begun >= ends_s
    assert desk.server.turned_away == 1
    assert desk.scheduler.statistics("b").workspace.limit == 500
    assert desk.scheduler.statistics("b").app.limit == 1000


@pytest.mark.anyio
async def test_a_rejection_after_a_single_call_is_doubted(make_desk: MakeDesk) -> None:
    limits = Limits(app_per_minute=6000, workspace_per_minute=6000)
    desk = make_desk(limits, limit=1000, workspace=1000)
    await CLOCK.sleep(desk.server.ends_in_s() + 1.0)
    await desk.call()
    desk.server.take(1000, "other")
    await desk.call()
    await CLOCK.sleep(desk.server.ends_in_s())

    begun = desk.server.index()
    for _ in range(1000):
        desk.start(priority=Priority.BULK)
    await CLOCK.sleep(desk.server.ends_in_s() - 0.01)

    # The other one sends no more: what was left to us once says nothing of it.
    assert desk.server.records[begun].used[""] >= 500
    assert desk.server.turned_away == 1
    desk.scheduler.close()
    await desk.done()


@pytest.mark.anyio
async def test_a_very_late_reply_leaves_the_workspaces_window_as_it_is(make_desk: MakeDesk) -> None:
    desk = make_desk()
    await CLOCK.sleep(desk.server.ends_in_s() + 0.5)
    await desk.call()
    async with desk.scheduler.admit() as late:
        reply = await desk.exchange()
        for _ in range(4):
            await CLOCK.sleep(10.0)
            await desk.call()
        used = desk.scheduler.statistics().workspace.used
        late.observe(status=reply.status, headers=reply.headers)

    assert desk.scheduler.statistics().workspace.used == used > 0


@pytest.mark.anyio
async def test_numbers_of_the_workspace_are_not_the_apps() -> None:
    scheduler = Scheduler()
    async with scheduler.admit() as permit:
        permit.observe(status=200, headers=headers(remaining=L - 5))
    async with scheduler.admit() as permit:
        said = headers(limit=4167, remaining=0)
        permit.observe(status=429, headers=said, message=WINDOW.format(4167))

    assert scheduler.statistics().app.limit == L
    assert scheduler.statistics().app.used < 10


@pytest.mark.anyio
async def test_apps_of_a_workspace_share_its_window_fairly(make_desk: MakeDesk) -> None:
    limits = Limits(app_per_minute=6000, workspace_per_minute=9000)
    desk = make_desk(limits, limit=1000, workspace=1500)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.1)
    for app in ("a", "b", "c"):
        for _ in range(2000):
            desk.start(app, app=app, priority=Priority.BULK)
    await CLOCK.sleep(desk.server.ends_in_s() + 20.0)

    assert desk.server.turned_away == 0
    last = desk.server.records[max(desk.server.records) - 1]
    assert last.used.total() >= 1490
    assert min(last.used.values()) > 450
    desk.scheduler.close()
    await desk.done()


@pytest.mark.anyio
@pytest.mark.parametrize("lane", Priority)
async def test_a_call_that_no_window_is_large_enough_for_has_one_alone(
    make_desk: MakeDesk, lane: Priority
) -> None:
    desk = make_desk(Limits(app_per_minute=600, workspace_per_minute=18), limit=100, workspace=3)
    await desk.call()

    await asyncio.wait_for(desk.call(priority=lane, cost=4), 30.0)
