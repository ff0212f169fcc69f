"""Bodies that are no answer: refused with the reason, and with nothing of the body."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from intercom_async.codec import decode
from intercom_async.errors import DecodeError
from intercom_async.models import App, Contact, ConversationPage, Page, Tag, TeamPage


class Slim(msgspec.Struct):
    id: str
    email: str


def read(value: Any, model: Any) -> Any:
    return decode(json.dumps(value).encode(), model)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"data": None},
        {"data": {}},
        {"data": 7},
        {"type": "list"},
        {"data": None, "pages": {}},
        {"a": [], "b": []},
    ],
)
def test_page_without_its_list_is_never_taken_for_an_empty_one(body: Any) -> None:
    if body == []:
        assert read(body, TeamPage[Tag]).items == []
        return
    with pytest.raises(DecodeError, match=r"cannot be read as TeamPage\[Tag\]"):
        read(body, TeamPage[Tag])


@pytest.mark.parametrize(
    "model", [App, Contact, Page[Contact], ConversationPage[Slim], dict[str, Any]]
)
def test_list_of_errors_in_a_success_is_no_value(model: Any) -> None:
    body = {"type": "error.list", "errors": [{"code": "server_error"}]}
    if model == dict[str, Any]:
        assert read(body, model) == body
        return
    with pytest.raises(DecodeError, match="says success but lists errors"):
        read(body, model)


def test_list_of_errors_is_no_body_that_is_taken_as_it_is() -> None:
    body = {"errors": [{"code": "server_error"}], "type": "error.list"}
    with pytest.raises(DecodeError, match="says success but lists errors"):
        read(body, msgspec.Raw)
    told = {"id": "1", "body": 'it said "error.list"', "type": "conversation"}
    assert msgspec.json.decode(read(told, msgspec.Raw)) == told


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<html>502 Bad Gateway</html>", "is not JSON"),
        (b'{"id":"1"', "is not JSON"),
        (b'{"id":"1"}{', "is not JSON"),
        (b"null", "cannot be read as Contact"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "cannot be read as Contact"),
        (b'"x"', "cannot be read as Contact"),
        (b"7", "cannot be read as Contact"),
        (b"{}", r"cannot be read as Contact at \$\.id"),
        (b'{"id":null}', r"cannot be read as Contact at \$\.id"),
        (b'{"id":{}}', r"cannot be read as Contact at \$\.id"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id":"1","custom_attributes":' + b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_body_that_is_no_answer_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        decode(body, Contact, call="GET /contacts/{contact_id}", request_id="req-1")

    assert str(caught.value).startswith("GET /contacts/{contact_id}: ")
    assert str(caught.value).endswith("(request req-1)")
    assert caught.value.body == body[:2048]


def test_refusal_shows_nothing_of_the_body() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(b'{"email":"someone@example.com","id":[\xff]}', Contact)

    assert "someone" not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
