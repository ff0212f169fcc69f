"""A server that speaks another protocol is told with what to correct, and not waited for."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from intercom_async import ConnectError, Intercom, RetryPolicy
from intercom_async.errors import ConnectionLostError
from intercom_async.sync import JsonlSink, sync
from intercom_async.transport import MemoryTransport
from tests.support.connect_proxy import serving
from tests.support.scripted_client import reply

pytestmark = pytest.mark.anyio

HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.6\r\n"
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
SOON = RetryPolicy(base_s=0.001)


async def fails(scheme: str, answer: bytes, tmp_path: Path) -> tuple[Exception, int]:
    """Return what a sync of a server ends with that has one answer, and its connections."""
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read(1)
        writer.write(answer)
        await writer.drain()

    async with (
        serving(handle) as port,
        Intercom("t", base_url=f"{scheme}://127.0.0.1:{port}", retry=SOON) as intercom,
    ):
        with pytest.raises((ConnectError, ConnectionLostError)) as raised:
            await asyncio.wait_for(sync(intercom, ["tags"], sink=JsonlSink(tmp_path / "x")), 20)
    return raised.value, connections


@pytest.mark.parametrize("answer", [HTTP, SSH])
async def test_a_server_without_tls_is_told_at_once(answer: bytes, tmp_path: Path) -> None:
    error, connections = await fails("https", answer, tmp_path)

    assert "does not speak TLS" in str(error)
    assert "or use http://" in str(error)
    assert connections == 1
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 (a test's own folder)


@pytest.mark.parametrize("answer", [TLS_ALERT, SSH])
async def test_a_server_without_http_is_told_soon(answer: bytes, tmp_path: Path) -> None:
    error, connections = await fails("http", answer, tmp_path)

    assert "no HTTP that can be read: correct the port, or use https://" in str(error)
    assert connections <= SOON.max_attempts


async def test_a_server_that_has_answered_before_is_waited_for() -> None:
    """Something else may stand in front of it for a while."""
    mismatch = ConnectError("no TLS", retryable=False)
    mismatch.__cause__ = ssl.SSLError(1, "WRONG_VERSION_NUMBER")
    contact = reply(200, {"type": "contact", "id": "7"})
    memory = MemoryTransport([contact, mismatch, contact])
    async with Intercom("t", transport=memory, retry=SOON) as intercom:
        await intercom.contacts.get("7")
        assert (await intercom.contacts.get("7")).id == "7"
