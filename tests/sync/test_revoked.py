"""A token that is revoked while a run reads, and one that may not read one stream."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path

import pytest

from intercom_async.errors import UnauthorizedError
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio
STREAMS = ("contacts", "conversations", "conversation_parts", "companies", "tags")
SIZES = {"contacts": 600, "conversations": 20, "companies": 90}
REFUSED = Reply(401, {}, b'{"type": "error.list", "errors": [{"code": "unauthorized"}]}')


@pytest.mark.parametrize("calls", [1, 2, 3, 5, 8, 13, 21, 34])
async def test_a_revoked_token_ends_the_run_and_loses_nothing(calls: int, tmp_path: Path) -> None:
    async with world(tmp_path, **SIZES) as one:
        one.change = lambda _, answer: answer if one.simulator.requests <= calls else REFUSED
        with pytest.raises(UnauthorizedError):
            await one.sync(*STREAMS)
        assert one.simulator.requests <= calls + 60
        assert not (tmp_path / "target" / "contacts.jsonl").exists()

        one.change = None
        assert (await one.sync(*STREAMS)).is_complete
        assert await one.is_whole("contacts", "companies")


@pytest.mark.parametrize(
    "path", ["/contacts/search", "/companies/list", "/conversations/", "/tags"]
)
async def test_a_token_that_may_not_read_one_stream_reads_the_others(
    path: str, tmp_path: Path
) -> None:
    def refuse(request: Request, answer: Answer) -> Answer:
        return REFUSED if path in request.url else answer

    async with world(tmp_path, **SIZES) as one:
        one.change = refuse
        report = await one.sync(*STREAMS)
        assert report.exit_code == 3
        lacking = {failure.stream for failure in report.failures}
        assert lacking
        assert await one.is_whole(*{"contacts", "companies"} - lacking)

        one.change = None
        assert (await one.sync(*STREAMS)).is_complete
        assert await one.is_whole("contacts", "companies")


async def test_a_doubtful_clock_is_named_and_not_a_look_that_was_made(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=20) as one:

        def ahead(_: Request, answer: Answer) -> Answer:
            assert isinstance(answer, Reply)
            now = one.simulator.clock.now() + 60 * DAY_S
            headers = {"Date": formatdate(now, usegmt=True)}
            return Reply(answer.status, headers, answer.body)

        one.change = ahead
        for _ in range(2):
            report = await one.sync("contacts", reconcile="now")
            reasons = [failure.reason for failure in report.failures]
            assert len(reasons) == 1
            assert "ahead of this machine's clock" in reasons[0]
            assert "--reconcile" not in reasons[0]
