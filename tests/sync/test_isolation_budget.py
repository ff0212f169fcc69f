"""Pages that fail cost a run a bounded number of calls; what is not looked into is named."""

from __future__ import annotations

import re
from pathlib import Path

import anyio
import pytest

from intercom_async.simulator import Quirks
from intercom_async.simulator.quirks import PoisonKind
from intercom_async.sync import isolation_budget
from intercom_async.sync.isolation_budget import BUDGET_CALLS, IsolationBudget
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

LIMIT = 20


async def test_many_poison_rows_end_a_run_and_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation_budget, "BUDGET_CALLS", LIMIT)
    async with world(tmp_path, contacts=1) as one:
        sender = {"type": "user", "id": next(iter(await one.truth("contacts")))}
        for _ in range(300):
            one.simulator.call("POST", "/conversations", {"from": sender, "body": "one of a day"})
            await anyio.sleep(60)
        keys = list(await one.truth("conversations"))
        assert len(keys) == 300
        poison: dict[str, PoisonKind] = dict.fromkeys(keys[50::60], "error")
        one.simulator.quirks = Quirks(poison=poison)
        await anyio.sleep(DAY_S)
        report = await one.sync("conversations")
        first = set(keys) - one.rows("conversations").keys()
        assert report.exit_code == 3
        assert first > poison.keys()
        reasons = " ".join(failure.reason for failure in report.failures)
        spent = [int(found) for found in re.findall(r"(\d+) calls went to such pages", reasons)]
        assert LIMIT <= max(spent) < 2 * LIMIT

        # The next run goes on with what was left, however small.
        monkeypatch.setattr(isolation_budget, "BUDGET_CALLS", BUDGET_CALLS)
        await anyio.sleep(DAY_S)
        assert (await one.sync("conversations")).exit_code == 3
        assert poison.keys() <= set(keys) - one.rows("conversations").keys() < first

        one.simulator.quirks = Quirks()
        await anyio.sleep(DAY_S)
        assert (await one.sync("conversations")).is_complete
        assert await one.is_whole("conversations")


def test_a_large_run_may_spend_more() -> None:
    budget = IsolationBudget()
    found: list[bool] = []
    for pages, spent in ((1_000, BUDGET_CALLS), (20_000, BUDGET_CALLS), (20_000, 1_000)):
        budget.pages, budget.spent = pages, spent
        found.append(budget.is_spent)
    assert found == [True, False, True]
