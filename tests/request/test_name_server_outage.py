"""A name server that fails: a host that has answered is waited for, an unknown one is not."""

from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from intercom_async import ConnectError, Intercom, RetryPolicy
from intercom_async.transport import MemoryTransport
from tests.support.loopback import serving
from tests.support.scripted_client import TOKEN, reply

pytestmark = pytest.mark.anyio

CODES = sorted({code for name, code in vars(socket).items() if name.startswith("EAI_")})
FOR_GOOD = {getattr(socket, name, None) for name in ("EAI_NONAME", "EAI_NODATA")}
"""What a name server says of a name that does not exist."""


class NameServer(AbstractResolver):
    """Resolves every name to loopback, but for the failures that are set."""

    def __init__(self) -> None:
        self.failures = 0
        self.code: int = 0
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise socket.gaierror(self.code, f"{host} cannot be resolved")
        found = ResolveResult(
            hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
        )
        return [found]

    async def close(self) -> None: ...


@asynccontextmanager
async def resolving() -> AsyncGenerator[tuple[Intercom, NameServer]]:
    """Yield a client whose server is found by a name server at each connection."""

    async def answer(_: web.Request) -> web.Response:
        reply = web.json_response({"type": "contact", "id": "7"})
        reply.force_close()
        return reply

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    names = NameServer()
    connector = aiohttp.TCPConnector(resolver=names, use_dns_cache=False)
    async with serving(app) as url, aiohttp.ClientSession(connector=connector) as session:
        address = f"http://api.example.test:{url.rpartition(':')[2]}"
        async with Intercom(TOKEN, base_url=address, allow_http=True, http=session) as intercom:
            yield intercom, names


async def test_a_name_that_was_resolved_before_is_waited_for() -> None:
    async def check(code: int) -> None:
        async with resolving() as (intercom, names):
            await intercom.contacts.get("7")
            names.code, names.failures = code, 2
            reads = [intercom.contacts.get("7") for _ in range(5)]
            creates = [intercom.contacts.create(email="a@example.com") for _ in range(5)]
            assert len(await asyncio.gather(*reads, *creates)) == 10
            assert names.failures == 0

    await asyncio.gather(*map(check, CODES))


@pytest.mark.parametrize("code", CODES)
async def test_a_name_that_was_never_resolved_fails_at_once_if_it_is_unknown(code: int) -> None:
    async with resolving() as (intercom, names):
        names.code, names.failures = code, 1
        if code in FOR_GOOD:
            with pytest.raises(ConnectError, match="cannot be resolved") as caught:
                await intercom.contacts.get("7")
            again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 (made here)
            assert repr(again.__cause__) == f"gaierror({code}, 'the name cannot be resolved')"
            assert not again.retryable
        else:
            assert (await intercom.contacts.get("7")).id == "7"
    assert names.asked == 1 + (code not in FOR_GOOD)


CONTACT = reply(200, {"type": "contact", "id": "7"})
ELSEWHERE = reply(302, Location="https://no-such-host.invalid/x")


def unresolved(code: int) -> ConnectError:
    error = ConnectError("the name cannot be resolved", retryable=code not in FOR_GOOD)
    error.__cause__ = socket.gaierror(code, "the name cannot be resolved")
    return error


@pytest.mark.parametrize("code", sorted(filter(None, FOR_GOOD)))
async def test_an_unknown_name_that_a_redirect_leads_to_fails_at_once(code: int) -> None:
    """The API has answered, but the host that the error is about has not."""
    memory = MemoryTransport([CONTACT, ELSEWHERE, unresolved(code), CONTACT])
    async with Intercom(TOKEN, transport=memory) as intercom:
        await intercom.contacts.get("7")
        with pytest.raises(ConnectError, match="cannot be resolved"):
            await intercom.contacts.get("7")
    assert len(memory.requests) == 3


@pytest.mark.parametrize("code", CODES)
async def test_the_api_is_waited_for_after_a_redirect_that_failed(code: int) -> None:
    memory = MemoryTransport([ELSEWHERE, reply(503), unresolved(code), CONTACT])
    policy = RetryPolicy(base_s=0.001)
    async with Intercom(TOKEN, transport=memory, retry=policy) as intercom:
        assert (await intercom.contacts.get("7")).id == "7"
    assert [request.url.partition("/x")[1] for request in memory.requests] == ["", "/x", "", ""]
