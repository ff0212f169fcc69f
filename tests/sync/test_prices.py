"""Each stream costs what the plan says: in a first run, and in nights with and without news."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from intercom_async.clock import CLOCK
from intercom_async.sync import STREAMS, Listing, Plan, Report, StreamPlan, plan
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

NAMES = tuple(stream.name for stream in STREAMS)
LISTS = {stream.name for stream in STREAMS if isinstance(stream.source, Listing)}
UNCOUNTED = {"activity_logs"}
"""Streams of which the server counts no rows: the plan has no price, a quiet night reads a page."""
SIZES = {"contacts": 1_500, "conversations": 200, "companies": 200, "tickets": 40}


def of_a_night(stream: StreamPlan) -> int:
    """Return what a nightly run costs of a stream."""
    prices = (
        stream.changed_calls,
        stream.deletion_calls,
        stream.departed_calls,
        stream.sweep_calls,
    )
    return sum(price or 0 for price in prices)


def check_night(report: Report, planned: Plan) -> None:
    assert report.is_complete
    prices = {one.name: of_a_night(one) for one in planned.streams} | dict.fromkeys(UNCOUNTED, 1)
    assert {one.name: one.calls for one in report.streams} == prices
    assert report.calls == 1 + sum(prices.values())
    uncounted = len(UNCOUNTED)
    assert report.calls == 1 + uncounted + planned.changed_calls + planned.sweep_calls


def refuse_deletions(request: Request, answer: Answer) -> Answer:
    return Reply(404, {}, b"{}") if request.url.split("?")[0].endswith("/deleted") else answer


async def change(one: World) -> None:
    """Change 1 % of what is large."""
    for key in list(await one.truth("contacts"))[::100]:
        await one.intercom.contacts.update(key, name=f"changed {key}")
    for key in list(await one.truth("conversations"))[::100]:
        one.simulator.call("PUT", f"/conversations/{key}", {"title": "changed"})


@pytest.mark.parametrize("lists", ["given", "refused"])
async def test_a_run_costs_what_the_plan_says(lists: str, tmp_path: Path) -> None:
    async with world(tmp_path, **SIZES) as one:
        one.change = None if lists == "given" else refuse_deletions
        planned = await plan(one.intercom, NAMES)
        first = await one.sync(*NAMES)
        prices = {one.name: one.calls for one in planned.streams}
        for stream in first.streams:
            # A list is read a second time, to see that nothing has moved.
            if stream.name not in LISTS | UNCOUNTED:
                assert stream.calls == prices[stream.name], stream.name
        swept = {one.name for one in planned.streams if one.sweep_calls}
        assert swept == (
            {"tickets"} | (set() if lists == "given" else {"contacts", "conversations"})
        )

        await anyio.sleep(DAY_S)
        planned = await plan(one.intercom, NAMES)
        report = await one.sync(*NAMES)
        check_night(report, planned)
        assert report.rows == 0

        await change(one)
        await anyio.sleep(2 * 3_600)
        planned = await plan(one.intercom, NAMES)
        changed = await one.sync(*NAMES)
        check_night(changed, planned)
        # The changed rows' pages, one each, and the parts of two conversations; what changes shows
        # that a search finds conversations, which the quiet night has spent a call on.
        assert changed.calls == report.calls + 2 - (lists == "given")
        assert changed.rows > 15


@pytest.mark.parametrize("stream", ["contacts", "conversations"])
async def test_a_night_after_rows_have_gone_costs_what_the_plan_says(
    stream: str, tmp_path: Path
) -> None:
    """Before they go and in the nights after, a search asks for them: of undated ones at most."""
    async with world(tmp_path, contacts=200, conversations=200) as one:
        await one.sync(stream)
        await anyio.sleep(DAY_S)
        for key in list(await one.truth(stream))[:20]:
            one.simulator.call("DELETE", f"/{stream}/{key}")
        for _ in range(2):
            await anyio.sleep(DAY_S - 3_600)
            planned = await plan(one.intercom, [stream])
            report = await one.sync(stream)
            is_dated = stream == "conversations"
            assert report.streams[0].calls == of_a_night(planned.streams[0]) - (not is_dated)
            assert report.calls == 1 + planned.changed_calls - (not is_dated)


@pytest.mark.parametrize("changes", [100, 150, 151, 450, 1_000])
@pytest.mark.parametrize("stream", ["conversations", "contacts"])
async def test_a_night_of_many_changes_costs_what_the_plan_says(
    stream: str, changes: int, tmp_path: Path
) -> None:
    """Pages of changes overlap by a row, and three calls show that all of them came."""
    async with world(tmp_path, contacts=1_100, conversations=1_100) as one:
        if stream == "contacts":
            one.intercom = one.intercom.with_options(version="2.17")
        keys = [*await one.truth(stream)]
        await one.sync(stream)
        await anyio.sleep(DAY_S)
        for key in keys[:changes]:
            row = getattr(one.simulator.workspace, stream).change(key)
            row["updated_at"] = int(CLOCK.unix())
            await anyio.sleep(2)
        await anyio.sleep(2 * 3_600)
        planned = await plan(one.intercom, [stream])
        report = await one.sync(stream)
        assert report.streams[0].calls == of_a_night(planned.streams[0])
