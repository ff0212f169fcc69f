"""The plan says what lists inside rows cost, as an estimate that a full run is near to."""

from __future__ import annotations

from pathlib import Path

import pytest

from intercom_async.sync import plan
from intercom_async.sync.list_price import ListSample
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


async def test_the_price_is_an_estimate(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=30) as one:
        without = await plan(one.intercom, ["contacts"])
        keys = list(await one.truth("contacts"))[:6]
        tags = [await one.intercom.tags.create(name=f"tag {number}") for number in range(12)]
        for key in keys:
            for tag in tags:
                await one.intercom.contacts.attach_tag(key, tag.id)
        found = await plan(one.intercom, ["contacts"], since=1)
        before = one.simulator.requests
        report = await one.sync("contacts")
        spent = one.simulator.requests - before

        assert report.is_complete
        # Each of them costs one call for the list, and one that reads the row again.
        assert found.list_calls - without.list_calls == 2 * len(keys)
        (contacts,) = found.streams
        assert contacts.changed_rows
        sample = ListSample(30, found.list_calls)
        assert contacts.changed_list_calls == sample.calls_of(contacts.changed_rows)
        assert found.changed_calls > (contacts.changed_calls or 0)
        assert 0 < found.calls <= spent + 1
        assert found.list_calls < spent


async def test_a_sample_that_cannot_be_had_is_not_known(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=30) as one:

        def refuse(request: Request, answer: Answer) -> Answer:
            is_sample = b'"per_page":150' in (request.body or b"").replace(b" ", b"")
            return Reply(403, {}, b"{}") if is_sample else answer

        one.change = refuse
        (contacts,) = (await plan(one.intercom, ["contacts"])).streams
        assert contacts.rows == 30
        assert contacts.list_calls is None


@pytest.mark.parametrize(
    ("sample", "rows", "calls"),
    [
        (ListSample(150, 3), 1_000, 20),
        (ListSample(150, 0), 1_000, 0),
        (ListSample(0, 0), 0, 0),
        (ListSample(0, 0), 10, None),
        (ListSample(10, 1), None, None),
        (ListSample(150, 1), 1, 1),
    ],
)
def test_rows_cost_what_those_of_the_sample_do(
    sample: ListSample, rows: int | None, calls: int | None
) -> None:
    assert sample.calls_of(rows) == calls
