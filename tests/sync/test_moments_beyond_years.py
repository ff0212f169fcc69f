"""A row with a time in no year from 1 to 9999 is read, and what is missing beside it has a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.simulator import Quirks
from intercom_async.sync.holes import Hole
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

MOMENTS = {
    "no datetime": b"1" + b"0" * 20,
    "no float": b"1" + b"0" * 400,
    "long before": b"-99999999999999",
    "its zone leads before the year 1": b'"0001-01-01T00:00:00+14:00"',
    "its zone leads behind 9999": b'"9999-12-31T23:59:59-14:00"',
}


def let_tell(one: World, moment: bytes, *, without_key: bool) -> None:
    """Let the fourth row of each page say when it was made and changed; the sixth has no id."""

    def change(request: Request, answer: Answer) -> Answer:
        is_search = request.url.endswith("/search")
        if not isinstance(answer, Reply) or answer.status != 200 or not is_search:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        (name,) = {"data", "conversations"} & body.keys()
        if len(body[name]) > 6:
            body[name][3] |= {"created_at": "TOLD", "updated_at": "TOLD"}
            if without_key:
                del body[name][5]["id"]
        raw = msgspec.json.encode(body).replace(b'"TOLD"', moment)
        return Reply(answer.status, answer.headers, raw)

    one.change = change


@pytest.mark.parametrize("stream", ["contacts", "conversations"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_such_a_row_ends_no_run(moment: str, stream: str, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=20, conversations=20) as one:
        let_tell(one, MOMENTS[moment], without_key=False)
        report = await one.sync(stream)
        assert report.exit_code in {0, 3}
        assert one.rows(stream).keys() == {*await one.truth(stream)}


@pytest.mark.parametrize("breaks", ["its id", "a page"])
@pytest.mark.parametrize("stream", ["contacts", "conversations"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_what_is_missing_beside_such_a_row_is_named(
    moment: str, stream: str, breaks: str, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=20, conversations=20) as one:
        keys = [*await one.truth(stream)]
        if breaks == "a page":
            one.simulator.quirks = Quirks(poison={keys[12]: "error"})
        let_tell(one, MOMENTS[moment], without_key=breaks == "its id")
        report = await one.sync(stream)
        assert report.exit_code == 3
        assert all(failure.what for failure in report.failures)

        one.change, one.simulator.quirks = None, Quirks()
        assert (await one.sync(stream, full=True)).is_complete
        assert one.rows(stream).keys() == {*keys}


def test_a_hole_that_an_earlier_version_kept_has_a_name() -> None:
    hole = Hole(kind="span", field="created_at", low=0, high=10**17)
    assert hole.what == f"created_at from 1970-01-01T00:00:00Z to {10**17}"
