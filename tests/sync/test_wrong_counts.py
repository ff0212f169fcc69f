"""A count that is wrong in each answer costs few calls, and what it casts doubt on has a name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.simulator import Quirks
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def one_too_many(body: dict[str, Any]) -> None:
    body["total_count"] += 1


def one_twice(body: dict[str, Any]) -> None:
    """List the first row once more at the end, and count it."""
    body["data"] += body["data"][:1]
    body["total_count"] += 1


@pytest.mark.parametrize("change", [one_too_many, one_twice])
async def test_a_count_that_is_always_wrong(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    """The doubt is one row of the list: it can be accepted, and a right count ends it."""
    asked = 0

    def changed(request: Request, answer: Answer) -> Answer:
        nonlocal asked
        if not isinstance(answer, Reply) or "/companies/list" not in request.url:
            return answer
        asked += 1
        body = msgspec.json.decode(answer.body)
        change(body)
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path, contacts=200, companies=40) as one:
        one.change = changed
        for _ in range(2):
            asked = 0
            report = await one.sync("companies")
            (failure,) = report.failures
            assert failure.what == "1 row of the list"
            assert failure.reason == "each of 3 readings counts 41 rows, and 40 come"
            assert asked == 3
            assert len(one.rows("companies")) == 40
            await anyio.sleep(DAY_S)
        one.change = None
        assert (await one.sync("companies")).is_complete


async def test_a_row_that_breaks_its_page_and_one_that_never_comes(tmp_path: Path) -> None:
    """Two are missing: a name for one of them would accept both."""
    async with world(tmp_path, contacts=200, companies=50) as one:
        keys = list(await one.truth("companies"))

        def change(request: Request, answer: Answer) -> Answer:
            if "/companies/list" not in request.url or not isinstance(answer, Reply):
                return answer
            body = msgspec.json.decode(answer.body)
            body["data"] = [row for row in body.get("data", ()) if row["id"] != keys[3]]
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        one.simulator.quirks = Quirks(poison={keys[-2]: "error"})
        report = await one.sync("companies")

        assert set(keys) - one.rows("companies").keys() == {keys[3], keys[-2]}
        assert [failure.what for failure in report.failures] == ["2 rows of the list"]
