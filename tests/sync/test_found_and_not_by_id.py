"""A row that a search finds and that its id does not give is doubtful, and not gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_returned_rows import let_go_wrongly
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

NOT_FOUND = b'{"type":"error.list","errors":[{"code":"not_found","message":"x"}]}'


def without_id(path: str) -> Callable[[Request, Answer], Answer]:
    """Return what lets a row not be found by its id."""

    def change(request: Request, answer: Answer) -> Answer:
        is_it = request.method == "GET" and request.url.partition("?")[0].endswith(path)
        return Reply(404, {}, NOT_FOUND) if is_it else answer

    return change


async def test_a_contact_with_a_cut_list_stays(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=6) as one:
        key = sorted(await one.truth("contacts"))[2]
        for number in range(12):
            tag = one.simulator.call("POST", "/tags", {"name": f"t{number}"})
            one.simulator.call("POST", f"/contacts/{key}/tags", {"id": tag["id"]})
        await anyio.sleep(2 * DAY_S)
        assert (await one.sync("contacts")).is_complete
        await anyio.sleep(DAY_S)
        one.change = without_id(f"/contacts/{key}")
        report = await one.sync("contacts", reconcile="now")
        assert key in one.rows("contacts")
        assert [failure.what for failure in report.failures] == [key]
        one.change = None
        assert (await one.sync("contacts")).is_complete


@pytest.mark.parametrize("stream", ["conversations", "tickets"])
async def test_a_row_that_does_not_say_when_it_changed_stays(tmp_path: Path, stream: str) -> None:
    async with world(tmp_path, contacts=6, conversations=6, tickets=6) as one:
        await anyio.sleep(2 * DAY_S)
        assert (await one.sync(stream)).is_complete
        key = sorted(one.rows(stream))[2]
        missing = without_id(f"/{stream}/{key}")

        def change(request: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply) or not request.url.endswith(f"/{stream}/search"):
                return missing(request, answer)
            body = msgspec.json.decode(answer.body)
            for row in body[stream]:
                if row["id"] == key:
                    del row["updated_at"]
                    row["another"] = 1
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        await anyio.sleep(DAY_S)
        report = await one.sync(stream, reconcile="now")
        assert key in one.rows(stream)
        assert not report.is_complete


async def test_one_that_went_wrongly_is_named(tmp_path: Path) -> None:
    async with world(tmp_path, conversations=6) as one:
        wrong, _ = await let_go_wrongly(one)
        one.change = without_id(f"/conversations/{wrong}")
        await anyio.sleep(DAY_S)
        report = await one.sync("conversations")
        assert [failure.what for failure in report.failures] == [wrong]
