"""A TLS tunnel through a CONNECT proxy: what the proxy sees of a call, and what it does not."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import run
from typing import Any, NamedTuple

import pytest

from intercom_async import ConnectError, Intercom, RetryPolicy
from tests.support.connect_proxy import TunnellingProxy, serving, tunnelling_proxy

pytestmark = pytest.mark.anyio

TOKEN = "secret-token"
BODY = b'{"type":"contact","id":"7"}'
SOON = RetryPolicy(base_s=0.001)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate of localhost that is signed by itself."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("there is no openssl here")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "made.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    run(
        [program, "req", "-x509", *kind, "-keyout", key, "-out", made, *subject],
        check=True,
        capture_output=True,
    )
    return made, key


@asynccontextmanager
async def tls_server(certificate: tuple[Path, Path]) -> AsyncGenerator[tuple[int, list[str]]]:
    """Answer every request with a contact; yield the port and the heads of the requests."""
    heads: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context)
        while True:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
            await writer.drain()

    async with serving(handle) as port:
        yield port, heads


class Way(NamedTuple):
    """A client, the proxy it goes through, and what reached the server behind it."""

    intercom: Intercom
    proxy: TunnellingProxy
    port: int
    heads: list[str]


@asynccontextmanager
async def tunnel(certificate: tuple[Path, Path], **settings: Any) -> AsyncGenerator[Way]:
    """Yield a client of a server that is reached by a proxy's tunnel only."""
    async with (
        tls_server(certificate) as (port, heads),
        tunnelling_proxy() as proxy,
        Intercom(
            TOKEN,
            base_url=f"https://localhost:{port}",
            proxy=f"http://user:word@{proxy.address}",
            **settings,
        ) as intercom,
    ):
        yield Way(intercom, proxy, port, heads)


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0])


async def test_calls_go_through_the_tunnel_and_the_proxy_sees_none(
    certificate: tuple[Path, Path],
) -> None:
    async with tunnel(certificate, ssl=trusting(certificate)) as way:
        for _ in range(3):
            assert (await way.intercom.contacts.get("7")).id == "7"
    assert len(way.proxy.heads) == 1, "the tunnel is not kept for the next call"
    assert way.proxy.heads[0].startswith(f"CONNECT localhost:{way.port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic" in way.proxy.heads[0]
    assert TOKEN not in way.proxy.heads[0]
    assert len(way.heads) == 3
    for head in way.heads:
        assert head.startswith("GET /contacts/7 HTTP/1.1\r\n")
        assert f"Authorization: Bearer {TOKEN}\r\n" in head
        assert "Proxy-Authorization" not in head


async def test_a_certificate_behind_the_tunnel_that_is_not_trusted_is_named(
    certificate: tuple[Path, Path],
) -> None:
    async with tunnel(certificate) as way:
        with pytest.raises(ConnectError, match=r"certificate.*ssl=") as caught:
            await way.intercom.contacts.get("7")
    assert not caught.value.maybe_sent
    assert not caught.value.retryable
    assert "word" not in repr(caught.value.__cause__)
    assert len(way.proxy.heads) == 1
    assert way.heads == []


async def test_another_tunnel_is_opened_for_one_that_was_cut_off(
    certificate: tuple[Path, Path],
) -> None:
    async with tunnel(certificate, ssl=trusting(certificate), retry=SOON) as way:
        assert (await way.intercom.contacts.get("7")).id == "7"
        way.proxy.cut()
        assert (await way.intercom.contacts.get("7")).id == "7"
    assert len(way.proxy.heads) == 2
