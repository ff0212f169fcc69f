"""Notifications accepted once across processes, on a real Redis."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from intercom_async.webhooks import Claim, Notification, RedisSeen
from intercom_async.webhooks.intake import Intake, Outcome
from intercom_async.webhooks.parsing import parse_body
from intercom_async.webhooks.redis_seen import PREFIX
from intercom_async.webhooks.seen import CLAIM_S
from tests.support.notifications import notification
from .conftest import RedisServer

redis_client: Any = pytest.importorskip("redis.asyncio", reason="the extra redis is missing")

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Any]:
    async with redis_client.Redis.from_url(redis_server.url) as opened:
        yield opened


@pytest.fixture
async def seen(redis_server: RedisServer) -> AsyncIterator[RedisSeen]:
    async with RedisSeen.from_url(redis_server.url, remember_s=100) as opened:
        yield opened


async def test_a_key_is_claimed_by_one_process(redis_server: RedisServer, client: Any) -> None:
    async with redis_client.Redis.from_url(redis_server.url) as another:
        # Clients of their own: forty claims at once may take longer than a quarter of a second.
        seen, other = RedisSeen(client), RedisSeen(another)
        claims = await asyncio.gather(*(one.claim("k") for one in (seen, other) * 20))
        assert claims.count(Claim.CLAIMED) == 1
        assert claims.count(Claim.OPEN) == 39
        await seen.confirm("k")
        assert await other.claim("k") is Claim.DONE
        assert await seen.claim("k") is Claim.DONE


async def test_every_key_runs_out(seen: RedisSeen, client: Any) -> None:
    await seen.claim("k")
    assert 0 < await client.pttl(f"{PREFIX}k") <= CLAIM_S * 1000
    await seen.confirm("k")
    assert CLAIM_S * 1000 < await client.pttl(f"{PREFIX}k") <= 100_000
    assert await client.keys("*") == [f"{PREFIX}k".encode()]


async def test_only_the_own_claim_is_released(redis_server: RedisServer, seen: RedisSeen) -> None:
    async with RedisSeen.from_url(redis_server.url) as other:
        await seen.claim("k")
        await other.release("k")
        assert await other.claim("k") is Claim.OPEN
        await seen.release("k")
        assert await other.claim("k") is Claim.CLAIMED
        await other.confirm("k")
        await other.release("k")
        assert await seen.claim("k") is Claim.DONE


async def test_any_asyncio_client_will_do(client: Any) -> None:
    text = redis_client.Redis.from_url(
        f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0",
        decode_responses=True,
    )
    async with text:
        for one in (RedisSeen(client, prefix="a:"), RedisSeen(text, prefix="b:")):
            assert await one.claim("k") is Claim.CLAIMED
            assert await one.claim("k") is Claim.OPEN
            await one.release("k")
            assert await one.claim("k") is Claim.CLAIMED
            await one.confirm("k")
            assert await one.claim("k") is Claim.DONE


async def accept(intake: Intake, key: str) -> Outcome:
    return await intake.accept(parse_body(notification(id=key)))


async def test_a_stopped_server_is_noticed_in_time(
    redis_server: RedisServer, seen: RedisSeen, caplog: pytest.LogCaptureFixture
) -> None:
    got: list[str] = []

    async def queue(event: Notification[Any]) -> None:
        got.append(event.key)

    intake = Intake(queue, seen)
    assert await accept(intake, "a") is Outcome.ACCEPTED
    assert redis_server.process is not None
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        with anyio.fail_after(5):  # Intercom's patience
            assert await accept(intake, "b") is Outcome.ACCEPTED
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    redis_server.kill()
    with anyio.fail_after(5):
        assert await accept(intake, "c") is Outcome.ACCEPTED
    redis_server.start()
    with anyio.fail_after(30):
        while await accept(intake, "d") is not Outcome.DUPLICATE:  # noqa: ASYNC110 (another process decides)
            await anyio.sleep(0.05)
    assert got[:3] == ["a", "b", "c"]
    assert "unavailable" in caplog.text
