"""Every request before a server that others made from Intercom's descriptions.

The server is openapi-core: it knows nothing of this package, and refuses a request whose path,
query or body the description does not allow. The requests are those that a client would send, made
by the client's own code and given to a transport without a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import pytest

from intercom_async.request.builder import RequestBuilder
from intercom_async.request.operation import Call, version_number
from intercom_async.request.options import CallOptions
from intercom_async.response import Response
from intercom_async.scheduler import Statistics
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request, StreamReply
from tests.support.descriptions import VERSIONS, description, needs_descriptions
from tests.support.each import for_each
from . import choices
from .arguments import Samples, SentError, perform, record, run, selections
from .operations import Method, methods, operation

T = TypeVar("T")

pytestmark = needs_descriptions

core: Any = pytest.importorskip("openapi_core")
datatypes: Any = pytest.importorskip("openapi_core.datatypes")
structures: Any = pytest.importorskip("werkzeug.datastructures")

METHODS = [method for method in methods() if method.label not in choices.COMPOSED]


class Seen:
    """One of our requests in the form that openapi-core reads."""

    def __init__(self, request: Request) -> None:
        url = urlsplit(request.url)
        self.host_url = f"{url.scheme}://{url.netloc}"
        self.path = url.path
        self.full_url_pattern = f"{self.host_url}{url.path}"
        self.method = request.method.lower()
        self.content_type = request.headers.get("Content-Type", "")
        self.body = request.body
        self.parameters = datatypes.RequestParameters(
            query=structures.ImmutableMultiDict(parse_qsl(url.query, keep_blank_values=True)),
            header=structures.Headers(dict(request.headers)),
        )


@cache
def server(version: str) -> Any:
    """Make the server of a version."""
    return core.OpenAPI.from_dict(description(version), config=core.Config(spec_validator_cls=None))


class Client:
    """Sends calls as a client of one version does, to its server; an answer ends the call."""

    def __init__(self, version: str) -> None:
        self._version = version
        options = CallOptions(version=version)
        self._builder = RequestBuilder("https://api.intercom.io", "secret", "PUT", options)
        self._transport = MemoryTransport(self._answer)
        self.refusals: list[str] = []
        self.requests = 0

    async def fetch(self, call: Call[T]) -> T:
        return (await self.send(call)).data

    async def send(self, call: Call[T]) -> Response[T]:
        self._builder.check(call)
        await self._transport.exchange(self._builder.build(call), lambda: None)
        self.requests += 1
        raise SentError

    async def stream(self, call: Call[Any]) -> Response[StreamReply]:
        return await self.send(call)

    async def open_link(self, url: str) -> StreamReply:
        raise NotImplementedError

    def shared_lock(self, name: str) -> asyncio.Lock:  # noqa: ARG002 (nobody else is there)
        return asyncio.Lock()

    def statistics(self) -> Statistics:
        raise NotImplementedError

    def while_open(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def _answer(self, request: Request) -> Reply:
        for error in server(self._version).iter_request_errors(Seen(request)):
            self.refusals.append(reason(error))
        return Reply(400 if self.refusals else 200, {}, b"{}")


def reason(error: BaseException | None) -> str:
    """Say what the server has against a request."""
    while error is not None:
        found: list[Any] = list(getattr(error, "schema_errors", ()))
        if found:
            return "; ".join(f"{each.json_path}: {each.message}" for each in found)
        last, error = error, error.__cause__
        if error is None:
            return str(last)
    return ""


@cache
def refusals(method: Method, chosen: frozenset[str], version: str) -> tuple[str, list[str]]:
    """Make a call and return its operation and what the server has against it.

    A version that lacks the operation has nothing against it: no request may be made of it.
    """
    call = record(method, chosen)
    assert call is not None
    node = operation(call.operation.name, version)
    if node is None and call.operation.name in choices.GONE:
        return call.operation.name, []
    if node is None:
        assert call.operation.since_number > version_number(version)
        return call.operation.name, []
    client = Client(version)
    run(perform(method, client, chosen, Samples(node, version)))
    assert client.requests == 1
    return call.operation.name, client.refusals


@for_each(
    [(method, version) for version in VERSIONS for method in METHODS],
    lambda method, version: f"{method.label}, {version}",
)
def test_the_server_accepts_every_call(method: Method, version: str) -> None:
    for chosen in selections(method):
        name, found = refusals(method, chosen, version)
        excuses = {**choices.REFUSED["*"], **choices.REFUSED.get(name, {})}

        assert [each for each in found if not any(words in each for words in excuses)] == []


def test_every_excuse_is_needed() -> None:
    for name, excuses in choices.REFUSED.items():
        for excuse in excuses:
            assert any(excuse in text for text in refusals_of(name)), excuse


def refusals_of(name: str) -> Iterator[str]:
    """Give what the server has against an operation (`*`: any), until that is enough."""
    for method in METHODS:
        for chosen in selections(method):
            call = record(method, chosen)
            assert call is not None
            if name in ("*", call.operation.name):
                for version in VERSIONS:
                    yield from refusals(method, chosen, version)[1]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nowhere", None),
        ("DELETE", "/me", None),
        ("POST", "/articles", b'{"author_id": 1}'),
        ("POST", "/articles", b'{"title": "a", "author_id": "one"}'),
        ("GET", "/articles/one", None),
    ],
)
def test_the_server_refuses_what_is_wrong(method: str, path: str, body: bytes | None) -> None:
    request = Request(
        method=method,
        url=f"https://api.intercom.io{path}",
        name="wrong",
        headers={"Authorization": "Bearer secret", "Content-Type": "application/json"},
        body=body,
    )

    assert list(server("2.16").iter_request_errors(Seen(request)))
