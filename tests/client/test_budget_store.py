"""A client with a budget store that refuses is not open, and leaves nothing open."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from intercom_async import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import ClosedError, ConfigError
from intercom_async.scheduler.stores._reasons import reason_of
from intercom_async.scheduler.stores._requests import StoreRequests
from intercom_async.transport import MemoryTransport, Reply, Request

pytestmark = pytest.mark.anyio


class Required:
    """A store that has to answer and does not, for the first time."""

    def __init__(self) -> None:
        self.joined = 0
        self.statistics = None

    async def join(self, *, budget: str, app: str) -> None:
        del budget, app
        self.joined += 1
        raise ConfigError("the budget store is required and cannot be used")

    async def lease(self, _: Any) -> None:
        """Grant nothing."""

    async def aclose(self) -> None:
        """Do nothing."""


class Watched(MemoryTransport):
    """A transport that notes whether it is open."""

    is_open = False

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False


def answer(_: Request) -> Reply:
    return Reply(200, {}, b"{}")


async def test_a_client_whose_session_is_closed_refuses_to_open_each_time() -> None:
    async with aiohttp.ClientSession() as session:
        pass
    intercom = Intercom("token", http=session)
    for _ in range(2):
        with pytest.raises(ClosedError):
            await intercom.open()


async def test_a_store_that_was_closed_is_not_lost() -> None:
    requests = StoreRequests(1.0)

    async def answer_at_once() -> int:
        return 7

    assert await requests.send(answer_at_once) == 7
    assert requests.is_available
    await requests.aclose()
    await CLOCK.sleep(0.002)
    assert (requests.is_available, requests.unavailable_s) == (False, 0.0)


async def test_a_client_whose_store_refuses_leaves_no_transport_open() -> None:
    transport, store = Watched(answer), Required()
    offered: Any = store
    intercom = Intercom("token", transport=transport, store=offered)

    with pytest.raises(ConfigError, match="is required"):
        async with intercom:
            raise AssertionError("it is open")

    assert store.joined == 1
    assert not transport.is_open


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ClosedError("x"), "ClosedError: it was closed"),
        (RuntimeError("WRONGTYPE at redis://me:secret@host"), "RuntimeError WRONGTYPE: one of its"),
        (RuntimeError("secret"), "RuntimeError"),
        (TimeoutError("secret"), "TimeoutError: no answer in time"),
    ],
)
def test_the_reason_of_a_store_repeats_nothing_that_its_client_said(
    error: Exception, told: str
) -> None:
    assert reason_of(error).startswith(told)
    assert "secret" not in reason_of(error)
