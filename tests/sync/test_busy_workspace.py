"""Rows that change while their changes are read: a night costs about what a quiet one does."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async.clock import CLOCK
from intercom_async.simulator import Quirks
from intercom_async.sync import Report
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

COMPARES_DAYS = "2.14"
ROWS = 700
LAG_S = 8.0


async def two_nights(
    folder: Path, *, changes_every_s: float | None, apart_s: float, latency_s: float
) -> list[Report]:
    """Sync a workspace, change each row on the next day, and sync twice while rows change."""
    quirks = Quirks(search_lag_s=LAG_S)
    async with world(folder, contacts=ROWS, latency_s=latency_s, quirks=quirks) as one:
        one.intercom = one.intercom.with_options(version=COMPARES_DAYS)
        await one.sync("contacts")
        keys, dice = list(one.rows("contacts")), random.Random(3)

        def change(key: str, name: str) -> None:
            path = f"/contacts/{key}"
            one.simulator.call("PUT", path, {"name": name}, version=COMPARES_DAYS)

        async def go_on_changing(every_s: float) -> None:
            for number in range(10**6):
                await anyio.sleep(every_s)
                change(dice.choice(keys), f"changed {number}")

        await anyio.sleep(DAY_S / 3)
        for key in keys:
            await anyio.sleep(apart_s)
            change(key, "changed once")
        reports: list[Report] = []
        async with anyio.create_task_group() as group:
            if changes_every_s is not None:
                group.start_soon(go_on_changing, changes_every_s)
            for _ in range(2):
                await anyio.sleep(120)
                reports.append(await one.sync("contacts", reconcile="never"))
            group.cancel_scope.cancel()
        await anyio.sleep(2 * LAG_S)
        await one.sync("contacts", reconcile="never")
        assert await one.is_whole("contacts")
        return reports


@pytest.mark.parametrize(
    ("apart_s", "latency_s", "every_s"),
    [(20.0, 0.4, 0.3), (2.0, 4.0, 0.05)],
    ids=["over hours", "within the lookback"],
)
async def test_nights_of_a_busy_workspace_cost_little_more(
    apart_s: float, latency_s: float, every_s: float, tmp_path: Path
) -> None:
    """Changes within the lookback show no order: as many have to come as are counted."""
    for name in ("quiet", "busy"):
        (tmp_path / name).mkdir()
    times: dict[str, Any] = {"apart_s": apart_s, "latency_s": latency_s}
    quiet = await two_nights(tmp_path / "quiet", changes_every_s=None, **times)
    busy = await two_nights(tmp_path / "busy", changes_every_s=every_s, **times)

    assert [report.failures for report in busy] == [(), ()]
    calls = [report.calls for report in busy]
    assert max(calls) <= 3 * max(report.calls for report in quiet), calls


@pytest.mark.parametrize("version", [COMPARES_DAYS, "2.17"])
async def test_rows_that_go_all_the_time_cost_few_readings(version: str, tmp_path: Path) -> None:
    """Each of them may have moved another one to a page that was read already."""
    async with world(tmp_path, contacts=3_000, latency_s=0.5) as one:
        one.intercom = one.intercom.with_options(version=version)
        await one.sync("contacts")
        keys, dice = list(one.rows("contacts")), random.Random(3)
        await anyio.sleep(DAY_S)
        for key in keys:
            await anyio.sleep(1)
            one.simulator.workspace.contacts.change(key)["updated_at"] = int(CLOCK.unix())

        async def go_on() -> None:
            for number in range(10**6):
                await anyio.sleep(0.3)
                key = keys.pop(dice.randrange(len(keys)))
                if number % 10:
                    change = {"name": f"changed {number}"}
                    one.simulator.call("PUT", f"/contacts/{key}", change, version=version)
                    keys.append(key)
                else:
                    one.simulator.call("DELETE", f"/contacts/{key}")

        async with anyio.create_task_group() as group:
            group.start_soon(go_on)
            report = await one.sync("contacts", reconcile="never")
            assert report.failures == ()
            assert report.calls <= 160
            group.cancel_scope.cancel()


@pytest.mark.parametrize("latency_s", [0.1, 1.0])
async def test_hours_of_a_busy_workspace_cost_little_more(latency_s: float, tmp_path: Path) -> None:
    """A row a second comes or changes; of 3,600, and as many in the lookback, pages are read."""
    async with world(tmp_path, conversations=3_000, contacts=5, latency_s=latency_s) as one:
        await one.sync("conversations")
        keys, dice = list(one.rows("conversations")), random.Random(5)
        contact, *_ = await one.truth("contacts")
        sender = {"type": "user", "id": contact}

        async def go_on() -> None:
            while True:
                await anyio.sleep(1)
                if dice.random() < 0.5:
                    one.simulator.call("POST", "/conversations", {"from": sender, "body": "new"})
                else:
                    row = one.simulator.workspace.conversations.change(dice.choice(keys))
                    row["updated_at"] = int(CLOCK.unix())

        await anyio.sleep(DAY_S)
        await one.sync("conversations")
        async with anyio.create_task_group() as group:
            group.start_soon(go_on)
            for _ in range(4):
                await anyio.sleep(3_600)
                report = await one.sync("conversations")
                assert report.is_complete
                assert report.calls <= 80
            group.cancel_scope.cancel()
