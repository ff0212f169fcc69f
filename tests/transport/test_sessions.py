"""Sessions of the caller's, made with every option: they keep the client's promises or are refused.

A request is the same whatever session sends it, but for headers that the client leaves to it.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from intercom_async import ConfigError, Intercom, NotFoundError, RetryPolicy
from tests.support.loopback import serving
from tests.support.scripted_client import TOKEN

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_attempts=1)


def raise_error(*_: object, **__: object) -> Any:
    raise ValueError("a hook of the caller's")


async def pass_on(request: Any, handler: Any) -> Any:
    return await handler(request)


def plain_auth() -> Any:
    with pytest.warns(DeprecationWarning, match="BasicAuth"):
        return aiohttp.BasicAuth("user", "password")


class OwnRequest(aiohttp.ClientRequest):
    async def send(self, conn: Any) -> Any:  # noqa: ARG002 (aiohttp's own)
        raise_error()


class OwnResponse(aiohttp.ClientResponse):
    async def start(self, connection: Any) -> Any:  # noqa: ARG002 (aiohttp's own)
        raise_error()


OPTIONS: dict[str, list[Callable[[], Any]]] = {
    "base_url": [lambda: "https://other.example/"],
    "connector": [
        lambda: aiohttp.TCPConnector(limit=1),
        lambda: aiohttp.TCPConnector(limit_per_host=1),
        lambda: aiohttp.TCPConnector(force_close=True),
    ],
    "cookies": [lambda: {"session": "1"}],
    "headers": [
        partial(dict[str, str], {name: value})
        for name, value in {
            "Authorization": "Basic b3RoZXI=",
            "Host": "other.example",
            "Content-Length": "5",
            "Content-Type": "text/plain",
            "Content-Encoding": "gzip",
            "Transfer-Encoding": "chunked",
            "Expect": "100-continue",
            "Upgrade": "h2c",
            "Cookie": "session=1",
            "Proxy-Authorization": "Basic b3RoZXI=",
            "Intercom-Version": "1.0",
            "accept": "text/html",
        }.items()
    ],
    "skip_auto_headers": [lambda: ["User-Agent", "Content-Type"]],
    "auth": [plain_auth],
    "json_serialize": [lambda: raise_error],
    "request_class": [lambda: OwnRequest],
    "response_class": [lambda: OwnResponse],
    "ws_response_class": [lambda: aiohttp.ClientWebSocketResponse],
    "version": [lambda: aiohttp.HttpVersion10],
    "cookie_jar": [lambda: aiohttp.CookieJar(unsafe=True)],
    "raise_for_status": [lambda: True, lambda: raise_error],
    "timeout": [lambda: aiohttp.ClientTimeout(total=1e-9)],
    "auto_decompress": [lambda: False],
    "trust_env": [lambda: True],
    "requote_redirect_url": [lambda: False],
    "trace_configs": [lambda: [aiohttp.TraceConfig()]],
    "read_bufsize": [lambda: 1],
    "max_line_size": [lambda: 64],
    "max_field_size": [lambda: 64],
    "max_headers": [lambda: 2],
    "fallback_charset_resolver": [lambda: raise_error],
    "proxy_auth": [plain_auth],
}
REFUSED: dict[str, Callable[[], Any]] = {
    "proxy": lambda: "http://127.0.0.1:1",
    "middlewares": lambda: (pass_on,),
}
LEFT_OUT = {
    "loop": "deprecated",
    "connector_owner": "what it says is kept: the session stays open",
    "read_timeout": "deprecated",
    "conn_timeout": "deprecated",
    "ssl_shutdown_timeout": "deprecated",
    "json_serialize_bytes": "as json_serialize",
}
"""Options of aiohttp that need no case, with the reason."""
CASES = [
    pytest.param(name, make, id=f"{name}{number}")
    for name, makers in OPTIONS.items()
    for number, make in enumerate(makers)
]


def test_every_option_of_a_session_has_a_case() -> None:
    known = {*inspect.signature(aiohttp.ClientSession).parameters}
    assert known - {*OPTIONS, *REFUSED, *LEFT_OUT} == set()


@asynccontextmanager
async def recording() -> AsyncGenerator[tuple[str, list[Any]]]:
    """Run a server; yield its URL and the requests it was sent."""
    seen: list[Any] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen.append(
            SimpleNamespace(
                line=(request.method, str(request.rel_url), request.version),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
            )
        )
        if request.path == "/contacts/none":
            return web.json_response({"type": "error.list", "errors": []}, status=404)
        found = web.json_response({"type": "contact", "id": "7"})
        found.set_cookie("session", "2")
        found.enable_compression(web.ContentCoding.gzip)
        return found

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with serving(app) as url:
        yield url, seen


async def use(url: str, session: aiohttp.ClientSession | None) -> None:
    """Make calls of every kind of body."""
    async with Intercom(TOKEN, base_url=url, http=session, retry=ONCE) as intercom:
        assert (await intercom.contacts.get("7")).id == "7"
        await intercom.contacts.update("7", name="Ann")
        with pytest.raises(NotFoundError):
            await intercom.contacts.get("none")
        async with intercom.data_exports.download("7") as stream:
            assert (await stream.read()).startswith(b'{"type"')
        await intercom.contacts.delete("7")


LEFT_TO_THE_SESSION = ("user-agent", "connection", "host")


@pytest.mark.parametrize(("name", "make"), CASES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_request_is_the_same_whatever_session_sends_it(
    name: str, make: Callable[[], Any]
) -> None:
    async with recording() as (url, seen):
        await use(url, None)
        expected, seen[:] = [*seen], []
        given: dict[str, Any] = {name: make()}
        async with aiohttp.ClientSession(**given) as session:
            await use(url, session)
            assert not session.closed
        assert [each.line for each in seen] == [each.line for each in expected]
        assert [each.body for each in seen] == [each.body for each in expected]
        for one, other in zip(seen, expected, strict=True):
            assert one.headers["host"] == url.removeprefix("http://")
            for header in LEFT_TO_THE_SESSION:
                one.headers.pop(header, None)
                other.headers.pop(header, None)
            assert one.headers == other.headers


@pytest.mark.parametrize("name", REFUSED)
async def test_a_session_that_changes_requests_is_refused_with_the_reason(name: str) -> None:
    given: dict[str, Any] = {name: REFUSED[name]()}
    async with aiohttp.ClientSession(**given) as session:
        with pytest.raises(ConfigError, match="http has"):
            Intercom(TOKEN, http=session)


HOOKS = [
    "on_request_start",
    "on_request_end",
    "on_request_exception",
    "on_request_headers_sent",
    "on_request_chunk_sent",
    "on_response_chunk_received",
    "on_connection_create_start",
    "on_connection_create_end",
    "on_connection_queued_start",
    "on_connection_reuseconn",
]


@pytest.mark.parametrize("error", [ValueError, TimeoutError, ConnectionResetError, RuntimeError])
@pytest.mark.parametrize("hook", HOOKS)
async def test_what_a_trace_raises_passes_as_it_is(hook: str, error: type[Exception]) -> None:
    raised = error("the exporter is closed")
    told = 0

    async def fail(*_: object) -> None:
        nonlocal told
        told += 1
        raise raised

    trace = aiohttp.TraceConfig()
    getattr(trace, hook).append(fail)
    async with (
        recording() as (url, seen),
        aiohttp.ClientSession(trace_configs=[trace]) as session,
        Intercom(TOKEN, base_url=url, http=session) as intercom,
    ):
        found: Exception | None = None
        try:
            await intercom.contacts.update("7", name="Ann")
        except error as caught:
            found = caught
        assert told <= 1
        assert (found is raised) == (told == 1)  # some hooks are not called
        assert len(seen) <= 1
        assert intercom.statistics().in_flight == 0
