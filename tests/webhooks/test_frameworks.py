"""The receivers inside frameworks, over loopback where there is a server."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from intercom_async.webhooks import Notification, Webhooks
from tests.support.loopback import serving
from tests.support.notifications import SECRET, notification, signed

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def counting() -> tuple[Webhooks, list[str]]:
    webhooks = Webhooks(SECRET)
    handled: list[str] = []

    @webhooks.on("*")
    async def handle(event: Notification[Any]) -> None:
        handled.append(event.key)

    return webhooks, handled


@pytest.mark.parametrize("path", ["/intercom", "intercom/", "/"])
async def test_aiohttp_routes_with_and_without_the_last_slash(path: str) -> None:
    webhooks, handled = counting()
    app = web.Application()
    app.add_routes(webhooks.aiohttp(path))
    app.cleanup_ctx.append(webhooks.aiohttp_context)
    where = path.strip("/")
    async with serving(app) as url, aiohttp.ClientSession() as session:
        for address in {
            f"{url}/{where}",
            f"{url}/{where}/".replace("//", "/").replace(":/", "://"),
        }:
            async with session.head(address, allow_redirects=False) as answer:
                assert answer.status == 200
            async with session.get(address, allow_redirects=False) as answer:
                assert answer.status == 405
            body = notification()
            headers = dict(signed(webhooks, body))
            async with session.post(
                address, data=body, headers=headers, allow_redirects=False
            ) as answer:
                assert answer.status == 200
            async with session.post(address, data=body) as answer:
                assert answer.status == 401
    assert len(handled) == webhooks.statistics().accepted > 0


async def test_aiohttp_takes_chunks_and_refuses_what_is_too_large() -> None:
    webhooks = Webhooks(SECRET, queue=_nothing, max_body_bytes=2000)
    app = web.Application()
    app.add_routes(webhooks.aiohttp("/intercom"))

    async def chunks(body: bytes) -> AsyncGenerator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    async with serving(app) as url, aiohttp.ClientSession() as session:
        for body, status in ((notification(), 200), (b"x" * 5000, 413)):
            async with session.post(
                f"{url}/intercom", data=chunks(body), headers=dict(signed(webhooks, body))
            ) as answer:
                assert answer.status == status


async def test_aiohttp_refuses_a_body_that_is_not_compressed_as_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhooks, handled = counting()
    app = web.Application()
    app.add_routes(webhooks.aiohttp("/intercom"))
    headers = {**dict(signed(webhooks, b"no gzip")), "Content-Encoding": "gzip"}

    async with serving(app) as url, aiohttp.ClientSession() as session:
        for _ in range(3):  # a connection that was left in the middle of a body is not used again
            async with session.post(f"{url}/intercom", data=b"no gzip", headers=headers) as answer:
                assert (answer.status, answer.headers["Connection"]) == (400, "close")

    assert handled == []
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def _nothing(_: Notification[Any]) -> None:
    """Accept."""


def test_starlette_mounts_it_and_routes_to_it() -> None:
    routing = pytest.importorskip("starlette.routing")
    applications = pytest.importorskip("starlette.applications")
    testclient = pytest.importorskip("starlette.testclient")
    webhooks, handled = counting()

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        async with webhooks.running():
            yield

    app = applications.Starlette(
        routes=[
            routing.Mount("/mounted", webhooks.asgi()),
            routing.Route("/route", webhooks.asgi()),
            routing.Route("/route/", webhooks.asgi()),
        ],
        lifespan=lifespan,
    )
    body = notification()
    headers = dict(signed(webhooks, body))
    # Not entered: the mounted app has no lifespan of its own.
    outside = testclient.TestClient(app, follow_redirects=False)
    assert outside.post("/mounted/", content=body, headers=headers).status_code == 503
    with testclient.TestClient(app, follow_redirects=False) as browser:
        for path in ("/mounted/", "/route", "/route/"):
            body = notification()
            headers = dict(signed(webhooks, body))
            assert browser.head(path).status_code == 200
            assert browser.post(path, content=body, headers=headers).status_code == 200
            assert browser.get(path).status_code == 405
    assert len(handled) == 3


def test_a_starlette_middleware_needs_no_mount_and_no_lifespan() -> None:
    applications = pytest.importorskip("starlette.applications")
    testclient = pytest.importorskip("starlette.testclient")
    webhooks, handled = counting()
    app = applications.Starlette()
    app.add_middleware(webhooks.middleware("/intercom"))
    with testclient.TestClient(app, follow_redirects=False) as browser:
        for path in ("/intercom", "/intercom/"):
            body = notification()
            headers = dict(signed(webhooks, body))
            assert browser.post(path, content=body, headers=headers).status_code == 200
        assert browser.get("/else").status_code == 404
    assert len(handled) == 2
