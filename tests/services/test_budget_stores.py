"""The accounts of a budget are the same in every store, on the real servers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from secrets import token_hex
from typing import Any

import anyio.lowlevel
import pytest

from intercom_async import Intercom, Limits, Priority
from intercom_async.errors import ClosedError, ConfigError
from intercom_async.scheduler import Scheduler
from intercom_async.scheduler.stores import PostgresStore, RedisStore
from intercom_async.scheduler.stores.base import (
    INTERACTIVE_SHARE,
    MAX_BURST_SHARE,
    kept_for_interactive,
)
from intercom_async.simulator import Simulator
from .budgets import RESET_MS, Budget

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["redis", "postgres"])
def budget(request: pytest.FixtureRequest) -> Budget:
    make: Any
    if request.param == "redis":
        pytest.importorskip("redis", reason="the extra redis is not installed")
        make = partial(RedisStore.from_url, request.getfixturevalue("redis_server").url)
    else:
        pytest.importorskip("psycopg", reason="the extra postgres is not installed")
        make = partial(PostgresStore, request.getfixturevalue("postgres_server").url)
    # Servers are shared by all that runs here: an answer may take longer than in production.
    return Budget(f"budget-{token_hex(4)}", partial(make, answer_within_s=5.0))


async def test_processes_that_race_are_granted_the_limit_exactly(budget: Budget) -> None:
    stores = [budget.open() for _ in range(8)]

    totals = await asyncio.gather(*map(budget.drain, stores))

    assert sum(totals) == 1667
    assert min(totals) > 0
    for store in stores:
        await store.aclose()


async def test_a_lease_is_guided_by_what_is_left_and_by_how_many_share_it(budget: Budget) -> None:
    async with budget.open() as one:
        assert await budget.leased(one, 5000) == 834  # half of all: nobody else is there
        async with budget.open() as two:
            lease = await budget.lease(two, 5000)
            # Half of an equal part of 833.
            assert (lease.count, lease.members) == (209, 2)
        assert (await budget.lease(one, 1)).members == 1


async def test_what_is_given_back_can_be_leased_again(budget: Budget) -> None:
    async with budget.open() as store:
        assert await budget.drain(store, limit=100) == 100

        await budget.give_back(store, 40, limit=100)

        assert await budget.drain(store, limit=100) == 40
        assert store.statistics.returned == 40


async def test_a_lease_does_not_outlive_its_window(budget: Budget) -> None:
    async with budget.open() as store:
        assert await budget.drain(store, limit=100) == 100
        assert await budget.drain(store, limit=100, reset_at_ms=RESET_MS + 10_000) == 100
        # A process that was paused gives back to the window that it had leased from.
        await budget.give_back(store, 50, limit=100)
        assert await budget.leased(store, 9, limit=100, reset_at_ms=RESET_MS + 10_000) == 0


async def test_the_interactive_share_is_kept_until_shortly_before_the_end(budget: Budget) -> None:
    limits = {"limit": 1000, "workspace_limit": 100_000}
    kept = int(INTERACTIVE_SHARE * 1000)
    async with budget.open() as store:
        assert await budget.drain(store, left_s=5.0, **limits) == 1000 - kept
        lease = await budget.lease(store, 1, left_s=5.0, **limits)
        assert (lease.count, lease.left, lease.kept) == (0, kept, kept)
        # Half of it is released in the middle of the last 1.5 seconds, and all of it by the end.
        half = await budget.drain(store, left_s=0.75, **limits)
        assert half == kept - int(kept / 2)
        assert await budget.drain(store, left_s=5.0, is_interactive=True, **limits) == kept - half


async def test_what_is_kept_grows_with_the_interactive_calls_of_all(budget: Budget) -> None:
    limits = {"limit": 1000, "workspace_limit": 100_000}
    async with budget.open() as one, budget.open() as two:
        await one.lease(budget.ask(0, interactive_per_s=3.0, left_s=4.0, **limits))
        await two.lease(budget.ask(0, interactive_per_s=6.0, left_s=4.0, **limits))
        lease = await one.lease(budget.ask(0, interactive_per_s=3.0, left_s=4.0, **limits))
        assert lease.kept == 36 + 12  # 36 are expected, and twice the square root of that
        lease = await two.lease(budget.ask(0, interactive_burst=30, left_s=4.0, **limits))
        assert lease.kept == 30
        lease = await two.lease(budget.ask(0, interactive_burst=400, left_s=4.0, **limits))
        assert lease.kept == int(MAX_BURST_SHARE * 1000)
        lease = await two.lease(budget.ask(0, left_s=4.0, **limits))
        assert lease.kept == int(12 + 2 * math.sqrt(12))


@pytest.mark.parametrize("doubt_s", [0.0, 0.4])
@pytest.mark.parametrize("left_s", [-1.0, 0.0, 0.3, 1.5, 4.0, 10.0, math.inf])
async def test_what_is_kept_is_the_same_in_every_store(
    budget: Budget, left_s: float, doubt_s: float
) -> None:
    async with budget.open() as store:
        for per_s, burst in ((0.0, 0), (2.5, 0), (2.5, 40), (40.0, 10)):
            lease = await store.lease(
                budget.ask(
                    0,
                    left_s=left_s,
                    doubt_s=doubt_s,
                    interactive_per_s=per_s,
                    interactive_burst=burst,
                )
            )
            expected = kept_for_interactive(
                1667, left_s=left_s, doubt_s=doubt_s, window_s=10.0, per_s=per_s, burst=burst
            )
            assert lease.kept == expected


async def test_calls_of_others_outside_the_store_are_left_to_them(budget: Budget) -> None:
    async with budget.open() as store:
        first = await budget.leased(store, 100)

        assert await budget.drain(store, used=first + 300) == 1667 - first - 300
        # What others have used is not forgotten as more is granted.
        assert await budget.leased(store, 1, used=1667) == 0


async def test_the_apps_of_a_workspace_share_its_limit(budget: Budget) -> None:
    async with budget.open() as store:
        apps = [
            await budget.drain(store, app=f"app-{number}", workspace_limit=2500)
            for number in range(3)
        ]
    assert sum(apps) == 2500
    assert max(apps) == 1667


async def test_a_429_closes_the_window_for_all(budget: Budget) -> None:
    async with budget.open() as one, budget.open() as two:
        await budget.leased(one)
        await one.freeze(budget.ask(0))

        lease = await two.lease(budget.ask())

        assert lease.is_frozen
        assert lease.count == 0
        assert await budget.leased(two, reset_at_ms=RESET_MS + 10_000) == 10


async def test_a_process_that_begins_learns_limit_and_clock(budget: Budget) -> None:
    loop = asyncio.get_running_loop()
    clock = (1000.0 - loop.time() - 0.01, 1000.0 - loop.time() + 0.01)
    async with budget.open() as one, budget.open() as two:
        assert await two.join(budget=budget.name, app="app") is None
        await budget.leased(one)
        await budget.leased(one, clock=clock, limit=300)

        known = await two.join(budget=budget.name, app="app")

        assert known is not None
        assert known.limit == 300
        assert known.window_ms == 10_000
        assert known.clock[0] <= clock[0] <= clock[1] <= known.clock[1]
        assert known.clock[1] - known.clock[0] < 10.0


async def test_a_process_learns_the_clock_of_the_others_with_each_lease(budget: Budget) -> None:
    loop = asyncio.get_running_loop()
    clock = (1000.0 - loop.time() - 0.01, 1000.0 - loop.time() + 0.01)
    async with budget.open() as one, budget.open() as two:
        first = await two.lease(budget.ask())
        assert first.clock is None
        await budget.leased(one)
        await budget.leased(one, clock=clock)

        told = [(await two.lease(budget.ask())).clock for _ in range(2)]

        for low, high in told:
            assert low <= clock[0] <= clock[1] <= high
            assert high - low < 10.0
        # Both clocks may drift while nobody tells anything new.
        assert told[1][1] - told[1][0] > 0.02


async def test_what_several_processes_tell_of_the_clock_is_put_together(budget: Budget) -> None:
    now = asyncio.get_running_loop().time()

    def around(low: float, high: float) -> tuple[float, float]:
        return 1000.0 - now + low, 1000.0 - now + high

    async with budget.open() as one, budget.open() as two:
        await budget.leased(one)
        await budget.leased(two)
        await budget.leased(one, clock=around(-10.0, 500.0))
        await budget.leased(two, clock=around(-500.0, 10.0))
        low, high = (await one.lease(budget.ask())).clock
        assert 15.0 < high - low < 60.0
        # A clock that was set is another one.
        await budget.leased(two, clock=around(200.0, 201.0))
        low, _ = (await one.lease(budget.ask())).clock
        assert low > around(150.0, 0.0)[0]


async def test_what_processes_had_leased_is_counted_again_after_a_loss(budget: Budget) -> None:
    async with budget.open() as one, budget.open() as two:
        # Nothing is known, as after a failover, and both had leased 60 calls of this window.
        first = await one.lease(budget.ask(0, leased=60, used=100))
        assert first.left == 1667 - 100  # 40 calls may be those of others
        assert (await two.lease(budget.ask(0, leased=60, used=100))).left == 1667 - 120
        # Each is counted once, and what goes beyond was sent by others.
        assert (await one.lease(budget.ask(0, leased=60, used=150))).left == 1667 - 150


async def test_an_answer_that_did_not_arrive_strands_no_call(budget: Budget) -> None:
    async with budget.open() as one, budget.open() as two:
        assert (await one.lease(budget.ask(500))).count == 500
        # The process has heard nothing of that, and asks again as if nothing had been.
        assert await budget.leased(one, 5) == 5
        assert await budget.drain(one) + await budget.drain(two) == 1667 - 5


async def test_what_was_sent_without_leases_is_leased_to_nobody_else(budget: Budget) -> None:
    async with budget.open() as one, budget.open() as two:
        await budget.leased(one, 100)
        # It has sent 300 calls while the store was away, before any reply has named them.
        lease = await one.lease(budget.ask(0, leased=400))
        assert lease.left == 1667 - 400
        assert await budget.drain(two) == 1667 - 400


async def test_schedulers_of_one_process_have_accounts_of_their_own(budget: Budget) -> None:
    async with budget.open() as store:
        for holder in ("one", "two"):
            await store.lease(budget.ask(0, leased=100, holder=holder))
        lease = await store.lease(budget.ask(0, leased=60, holder="one"))
        assert lease.left == 1667 - 160


async def test_a_cancelled_caller_leaves_no_answer_to_the_next(budget: Budget) -> None:
    async with budget.open() as store:
        for want in range(1, 40):
            call = asyncio.ensure_future(store.lease(budget.ask(want)))
            for _ in range(want % 7):
                await anyio.lowlevel.checkpoint()
            call.cancel()
            await asyncio.wait([call])
            assert await budget.leased(store, 1) == 1


async def test_a_closed_store_says_so(budget: Budget) -> None:
    async with budget.open() as store:
        await budget.leased(store)
    with pytest.raises(ClosedError, match="closed"):
        await store.lease(budget.ask())


async def test_statistics_count_what_was_leased_and_answered(budget: Budget) -> None:
    async with budget.open() as store:
        await budget.leased(store, 10)
        await budget.leased(store, 5)
        found = store.statistics
        assert (found.leased, found.requests, found.members) == (15, 2, 1)
        assert (found.left, found.is_available) == (1652, True)
        assert found.unavailable_s == 0.0
        assert "available" in repr(store)


UNREACHABLE: dict[str, Callable[..., Any]] = {
    "redis": partial(RedisStore.from_url, "redis://127.0.0.1:1/0"),
    "postgres": partial(PostgresStore, "postgresql://user:secret@127.0.0.1:1/none"),
}


@pytest.mark.parametrize("name", UNREACHABLE)
async def test_only_a_required_store_refuses_to_start_without_its_server(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip({"redis": "redis", "postgres": "psycopg"}[name])
    async with UNREACHABLE[name](required=True) as store:
        with pytest.raises(ConfigError, match="required"):
            await store.join(budget="b", app="app")
    async with UNREACHABLE[name]() as store:
        assert await store.join(budget="b", app="app") is None
        assert not store.statistics.is_available
    assert "cannot be used" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("within_s", [0, -1, "1", None, math.nan, math.inf, 61])
@pytest.mark.parametrize("name", UNREACHABLE)
async def test_a_bound_that_is_no_number_of_seconds_is_refused(name: str, within_s: Any) -> None:
    pytest.importorskip({"redis": "redis", "postgres": "psycopg"}[name])
    with pytest.raises(ConfigError, match="answer_within_s"):
        UNREACHABLE[name](answer_within_s=within_s)


async def test_clients_of_one_token_share_a_window_without_a_429(budget: Budget) -> None:
    """Three clients, each with a store of its own as in another process, over real HTTP."""
    settings: dict[str, Any] = {"app_per_minute": 1200, "window_s": 2.0, "contacts": 3}
    async with Simulator(**settings) as simulator, AsyncExitStack() as stack:
        clients: list[Intercom] = []
        for _ in range(3):
            store = await stack.enter_async_context(budget.open())
            # A scheduler of its own, as another process has.
            scheduler = Scheduler(simulator_limits(settings), store=store, budget_key=budget.name)
            client = Intercom(simulator.token, base_url=simulator.url, scheduler=scheduler)
            clients.append(await stack.enter_async_context(client))

        async def work(intercom: Intercom) -> None:
            bulk = intercom.with_options(priority=Priority.BULK)
            for _ in range(8):
                await bulk.admins.me()

        await asyncio.gather(*(work(client) for client in clients for _ in range(5)))

        shared = [client.statistics() for client in clients]
    served = sum(window.served for window in simulator.ledger())
    rejected = sum(window.rejected for window in simulator.ledger())
    assert (served, rejected) == (120, 0)
    assert all(found.store is not None and found.store.leased > 0 for found in shared)


async def test_a_client_opens_with_a_store_and_gives_back_what_it_did_not_use(
    budget: Budget,
) -> None:
    # Nothing is given back of a window that has ended, so only one window is looked at.
    kept, is_one_window = 0, False
    for attempt in range(3):
        if is_one_window:
            break
        async with Simulator(contacts=3) as simulator, budget.open() as store:
            async with Intercom(
                simulator.token,
                base_url=simulator.url,
                store=store,
                budget_key=f"{budget.name}-{attempt}",
            ) as intercom:
                for _ in range(5):
                    await intercom.admins.me()
                found = intercom.statistics().store
                assert found is not None
                assert found.is_available
            kept = store.statistics.leased - store.statistics.returned
            is_one_window = simulator.clock.now() < simulator.ledger()[0].window_at + 10
    assert is_one_window
    assert kept <= 5


def simulator_limits(settings: dict[str, Any]) -> Limits:
    return Limits(app_per_minute=settings["app_per_minute"], window_s=settings["window_s"])
