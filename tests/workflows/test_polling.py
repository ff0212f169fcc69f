"""Jobs that go on after the answer: exports, from nothing to rows."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

from intercom_async import (
    ConfigError,
    ConnectionLostError,
    DeadlineError,
    DecodeError,
    JobError,
    RateLimitedError,
)
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio

BUSY = failure(
    429, "rate_limit_exceeded", "Exceeded rate limit of 1 pending message data export jobs"
)
CSV = gzip.compress(b"user_id,name\n1,Ann\n2,Bo\n", mtime=0)


def job(status: str) -> Reply:
    return reply(200, {"job_identifier": "j1", "status": status})


async def test_an_export_goes_from_nothing_to_rows(client: Client) -> None:
    script = [job("pending"), job("pending"), job("in_progress"), job("completed"), reply(200, CSV)]
    memory = MemoryTransport(script)
    async with client(transport=memory) as intercom:
        export = intercom.data_exports.rows(created_at_after=1, created_at_before=2)
        rows = [row async for row in export]
    assert rows == [{"user_id": "1", "name": "Ann"}, {"user_id": "2", "name": "Bo"}]
    assert memory.requests[-1].headers["Accept"] == "application/octet-stream"
    assert [request.name for request in memory.requests].count(
        "GET /export/content/data/{job_identifier}"
    ) == 3


async def test_an_export_can_be_waited_for_by_another_process(client: Client) -> None:
    async with client(job("completed"), reply(200, CSV)) as intercom:
        rows = [row async for row in intercom.data_exports.rows(job_identifier="j1")]
    assert len(rows) == 2


async def test_an_export_of_nothing_has_no_rows(client: Client) -> None:
    async with client(job("pending"), job("no_data")) as intercom:
        export = intercom.data_exports.rows(created_at_after=1, created_at_before=2)
        assert [row async for row in export] == []


async def test_an_export_that_is_in_the_way_is_said_at_once(client: Client) -> None:
    async with client(BUSY) as intercom:
        with pytest.raises(RateLimitedError, match="pending message data export"):
            await anext(intercom.data_exports.rows(created_at_after=1, created_at_before=2))


async def test_an_export_that_is_in_the_way_is_waited_for_if_wanted(client: Client) -> None:
    script = [BUSY, BUSY, job("pending"), job("completed"), reply(200, CSV)]
    async with client(*script) as intercom:
        export = intercom.data_exports.rows(created_at_after=1, created_at_before=2, busy_s=300)
        assert len([row async for row in export]) == 2
    assert asyncio.get_running_loop().time() > 50


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_an_export_that_fails_is_an_error(client: Client, status: str) -> None:
    async with client(job("pending"), job(status)) as intercom:
        with pytest.raises(JobError, match=status):
            await intercom.data_exports.wait("j1")


async def test_waiting_for_an_export_ends(client: Client) -> None:
    async with client(lambda _: job("in_progress")) as intercom:
        with pytest.raises(DeadlineError):
            await intercom.data_exports.wait("j1", timeout_s=60)
        assert 30 < asyncio.get_running_loop().time() <= 61


async def test_an_export_needs_two_moments_or_a_job(client: Client) -> None:
    async with client() as intercom:
        with pytest.raises(ConfigError, match="created_at_before"):
            await anext(intercom.data_exports.rows(created_at_after=1))


async def test_a_reporting_export_and_a_ticket_are_jobs_too(client: Client) -> None:
    done = reply(200, {"job_identifier": "r1", "status": "complete"})
    ticket = reply(200, {"id": "5", "type": "job", "status": "success", "resource_id": "9"})
    async with client(job("pending"), done, ticket) as intercom:
        assert (await intercom.reporting_exports.wait("r1")).status == "complete"
        assert (await intercom.jobs.wait("5")).resource_id == "9"


async def test_a_download_comes_chunk_by_chunk(client: Client, tmp_path: Any) -> None:
    body = bytes(200_000)
    async with client(reply(200, body), reply(200, body), reply(200, body)) as intercom:
        async with intercom.data_exports.download("j1") as stream:
            chunks = [chunk async for chunk in stream]
        async with intercom.data_exports.download("j1") as stream:
            assert await stream.save(tmp_path / "export.gz") == len(body)
        async with intercom.data_exports.download("j1") as stream:
            assert await stream.read() == body
    assert max(map(len, chunks)) <= 65_536
    assert b"".join(chunks) == body
    assert [path.name for path in tmp_path.iterdir()] == ["export.gz"]


@pytest.mark.parametrize("body", [CSV[:-12], b"\x1f\x8bnonsense"])
async def test_a_download_that_is_damaged_is_said(client: Client, body: bytes) -> None:
    async with (
        client(reply(200, body)) as intercom,
        intercom.data_exports.download("j1") as stream,
    ):
        with pytest.raises(DecodeError):
            b"".join([part async for part in stream.unzipped()])


async def test_a_recording_comes_from_elsewhere_without_the_token(client: Client) -> None:
    def answer(request: Request) -> Any:
        if "recording" in request.url:
            return reply(302, Location="https://storage.example/signed")
        assert "Authorization" not in request.headers
        return reply(200, b"sound")

    async with client(answer) as intercom, intercom.calls.recording("1") as stream:
        assert await stream.read() == b"sound"


async def test_a_download_is_begun_again_and_a_missing_one_is_an_error(client: Client) -> None:
    cut = ConnectionLostError("cut")
    async with client(cut, reply(200, CSV), failure(404, "not_found")) as intercom:
        async with intercom.data_exports.download("j1") as stream:
            assert await stream.read() == CSV
        with pytest.raises(Exception, match="404"):
            async with intercom.data_exports.download("j1"):
                pass
