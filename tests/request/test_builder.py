"""Requests as they are built of a call, the options and the token."""

from __future__ import annotations

from enum import Enum
from traceback import walk_tb
from typing import Any

import pytest

from intercom_async.errors import ConfigError
from intercom_async.request.builder import RequestBuilder
from intercom_async.request.operation import Operation
from intercom_async.request.options import CallOptions
from tests.support.scripted_client import TOKEN

pytestmark = pytest.mark.anyio

GET = Operation("GET", "/contacts/{contact_id}", object)
UPDATE = Operation("PUT", "/contacts/{contact_id}", object, updates=True)


def make_builder(token: Any = TOKEN, verb: Any = "PUT", **options: Any) -> RequestBuilder:
    return RequestBuilder("https://api.intercom.io", token, verb, CallOptions(**options))


def test_a_request_has_the_headers_of_its_options_and_of_its_operation() -> None:
    builder = make_builder(version="2.15", headers={"X-Mine": "1"})
    csv = Operation("GET", "/export/{job_id}", bytes, accept="text/csv")

    request = builder.build(GET.at("7"))
    assert request.url == "https://api.intercom.io/contacts/7"
    assert (request.name, request.body) == ("GET /contacts/{contact_id}", None)
    assert dict(request.headers) == {
        "Accept": "application/json",
        "Authorization": f"Bearer {TOKEN}",
        "Intercom-Version": "2.15",
        "X-Mine": "1",
    }
    assert builder.build(csv.at("7")).headers["Accept"] == "text/csv"

    written = make_builder(verb="PATCH").build(UPDATE.at("7", json={"name": None}))
    assert (written.method, written.body) == ("PATCH", b'{"name":null}')
    assert written.headers["Content-Type"] == "application/json"


class Header(str, Enum):  # noqa: UP042 (whose str is not its value)
    MINE = "X-Mine"


@pytest.mark.parametrize("name", ["Accept", "accept", "ACCEPT"])
def test_a_header_of_the_caller_replaces_the_packages_own(name: str) -> None:
    builder = make_builder(headers={name: "text/csv", Header.MINE: Header.MINE})
    headers = builder.build(GET.at("7")).headers
    assert [each for each in headers if each.lower() == "accept"] == ["Accept"]
    assert headers["Accept"] == "text/csv"
    assert {type(text) for text in (*headers, headers["X-Mine"])} == {str}


def test_a_builder_with_other_options_leaves_the_first_as_it_is() -> None:
    builder = make_builder()
    other = builder.with_options(version="2.16", timeout_s=3)

    assert (other.options.version, other.options.timeout_s) == ("2.16", 3)
    assert builder.options.version == "2.14"
    assert repr(builder) == "<RequestBuilder https://api.intercom.io 2.14>"
    with pytest.raises(ConfigError, match="timeout_s"):
        builder.with_options(timeout_s=0)
    with pytest.raises(ConfigError, match=r"priority must be a Priority.* not 'fast'"):
        builder.with_options(priority="fast")
    with pytest.raises(TypeError, match="unheard_of"):
        builder.with_options(unheard_of=1)


def test_an_operation_of_a_later_version_is_refused_with_both_versions() -> None:
    call = Operation("GET", "/brands", object, since="2.16").at()

    with pytest.raises(ConfigError, match=r"needs API version 2\.16; this client sends 2\.14"):
        make_builder().check(call)
    make_builder(version="2.16").check(call)
    make_builder(version="Preview").check(call)


async def test_a_provider_is_asked_for_each_attempt() -> None:
    tokens = iter(["first", "second"])

    async def provider() -> str:
        return next(tokens)

    builder = make_builder(provider)
    request = builder.build(GET.at("7"))
    assert "Authorization" not in request.headers
    for token in ("first", "second"):
        authorized = await builder.authorize(request)
        assert authorized.headers["Authorization"] == f"Bearer {token}"
    assert await make_builder().authorize(request) is request


@pytest.mark.parametrize("token", ["", "a b", "a\nb", None, b"token"])
async def test_what_is_no_token_is_refused_and_not_shown(token: Any) -> None:
    builder = make_builder(lambda: token)
    with pytest.raises(ConfigError, match="token") as caught:
        await builder.authorize(builder.build(GET.at("7")))
    frames = [frame.f_locals for frame, _ in walk_tb(caught.value.__traceback__)]
    assert isinstance(token, bytes) or not token or repr(token) not in repr(frames[1:])
