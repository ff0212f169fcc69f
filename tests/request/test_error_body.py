from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, strategies as st

from intercom_async.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    RateLimitedError,
    ResponseError,
    ServerError,
    UnauthorizedError,
    UnprocessableError,
)
from intercom_async.request.error_body import read_error_body, to_error
from intercom_async.transport.base import Reply

LIST = b'{"type":"error.list","request_id":"r1","errors":[{"code":"not_found","message":"No"}]}'


def error(status: int, body: bytes = LIST, **headers: str) -> ResponseError:
    reply = Reply(status, headers, body)
    return to_error("GET /contacts/{contact_id}", reply, read_error_body(reply))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, GoneError),
        (422, UnprocessableError),
        (429, RateLimitedError),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
        (402, ResponseError),
        (418, ResponseError),
        (302, ResponseError),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[ResponseError]) -> None:
    assert type(error(status)) is kind


def test_a_message_says_call_status_code_reason_and_request() -> None:
    assert str(error(404)) == ("GET /contacts/{contact_id} answered 404 not_found: No (request r1)")


def test_an_error_keeps_its_body() -> None:
    assert error(404).body == LIST
    assert len(error(502, b"x" * 1_000_000).body) == 65_536
    assert b"Ann" in error(404, b'{"name":"Ann"}').body
    assert "Ann" not in repr(error(404, b'{"name":"Ann"}'))


@pytest.mark.parametrize("levels", [1, 10, 900, 20_000])
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"message":', b"}]")])
@pytest.mark.parametrize("key", [b"errors", b"message"])
def test_a_message_of_any_depth_is_read(levels: int, pair: tuple[bytes, bytes], key: bytes) -> None:
    nested = pair[0] * levels + b'"No"' + pair[1] * levels
    found = error(400, b'{"' + key + b'":' + nested + b"}")
    assert len(str(found)) < 500
    if levels == 1:
        assert "No" in str(found)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"errors":[{"code":"c","message":"No such thing"}]}',
        b'{"errors":[{"code":"c","message":"No such thing","field":"caf\xe9"}]}',
        b'{"errors":[{"code":"c","message":"No such thing","field":"\\ud800"}]}',
        b'{"errors":[{"code":"c","message":"No such thing","at":NaN}]}',
        b'{"error":{"code":"c","message":"No such thing"}}',
        b'{"code":"c","detail":"No such thing"}',
        b'{"error":"c","error_description":"No such thing"}',
    ],
)
def test_an_odd_body_takes_no_reason_away(body: bytes) -> None:
    found = error(400, body)
    assert "answered 400 c: No such thing" in str(found)
    assert str(found).isprintable()


def test_all_entries_are_kept() -> None:
    body = b'{"errors":[{"code":"a"},{"code":"b","field":"email","message":"x"}]}'
    found = error(400, body)
    assert [item.code for item in found.errors] == ["a", "b"]
    assert found.code == "a"
    assert found.errors[1].field == "email"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"errors":{"rating":"is no option"}}', "invalid", "rating"),
        (b'{"error_key":"bad_phone","message":"m"}', "bad_phone", None),
        (b'{"error":{"code":"bad_phone","message":"m","field":"phone"}}', "bad_phone", "phone"),
        (b'{"type":"error","message":"m"}', "unknown", None),
        (b'{"errors":[{"type":"old_style"}]}', "old_style", None),
        (b'{"errors":[{"code":7,"message":8}]}', "unknown", None),
    ],
)
def test_bodies_of_other_shapes_are_read(body: bytes, code: str, field: str | None) -> None:
    found = error(422, body)
    assert (found.code, found.errors[0].field) == (code, field)


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"[]", b"null", b'""', b"7", b"{", b"\xff", b"[" * 100_000]
)
def test_a_body_that_says_nothing_leaves_the_status(body: bytes) -> None:
    found = error(502, body, **{"X-Request-Id": "from-header"})
    assert found.code is None
    assert found.request_id == "from-header"
    assert "502" in str(found)


@given(st.binary())
def test_no_body_is_an_error_of_another_kind(body: bytes) -> None:
    assert isinstance(error(500, body), ServerError)


def test_personal_data_in_a_servers_message_is_hidden() -> None:
    body = (
        b'{"errors":[{"code":"conflict","message":'
        b'"ann@example.com or +353 87 123 4567 exists with id=5f7f0d"}]}'
    )
    found = error(409, body)
    assert "ann@example.com" not in str(found)
    assert "123 4567" not in str(found)
    assert isinstance(found, ConflictError)
    assert found.existing_id == "5f7f0d"


def test_a_merged_contact_names_the_one_it_became() -> None:
    found = error(410, LIST, Link='</contacts/64a>; rel="canonical"')
    assert isinstance(found, GoneError)
    assert found.canonical_id == "64a"
    other = error(410, LIST)
    assert isinstance(other, GoneError)
    assert other.canonical_id is None


def test_a_user_is_told_what_to_do_about_a_token() -> None:
    assert "token" in str(error(401, b""))
    scope = b'{"errors":[{"code":"token_unauthorized"}]}'
    assert "permission" in str(error(401, scope))


@pytest.mark.parametrize(
    "errors",
    [
        "the plan is over",
        ["the plan is over"],
        ["first", "the plan is over"],
        [["the plan is over"]],
        [{"message": ["the plan is over"]}],
        [{"message": {"base": "the plan is over"}}],
        [{"detail": "the plan is over"}],
        {"message": "the plan is over"},
        {"code": "x", "message": "the plan is over"},
        {"base": "the plan is over"},
        {"base": ["the plan is over"]},
        {"base": {"name": "the plan is over"}},
    ],
)
def test_errors_of_any_shape_keep_their_text(errors: object) -> None:
    found = error(422, msgspec.json.encode({"errors": errors}))
    assert "the plan is over" in " ".join(each.message or "" for each in found.errors)


@pytest.mark.parametrize(
    "errors",
    [None, [], {}, "", [None], [1], 7, True, [{}], [""], [[]], [{"message": " "}], [{"a": 1}]],
)
def test_errors_without_a_text_leave_the_message_of_the_body(errors: object) -> None:
    found = error(422, msgspec.json.encode({"errors": errors, "message": "the plan is over"}))
    assert found.errors[0].message == "the plan is over"


WRAPPED = [
    b'{"errors":[ITEM]}',
    b'{"errors":[null,{},"",ITEM]}',
    b'{"errors":[true,7,{"id":7},ITEM]}',
    b'{"errors":ITEM}',
    b'{"error":ITEM}',
    b'{"error":[ITEM]}',
    b'{"error":[true,ITEM]}',
    b'{"errors":[],"error":ITEM}',
    b"[ITEM]",
]
"""Where an error stands in a body."""


@pytest.mark.parametrize(
    "key",
    [
        *("message", "messages", "detail", "details", "title", "reason", "error"),
        *("error_description", "description", "msg"),
    ],
)
@pytest.mark.parametrize("wrapped", [*WRAPPED, b"ITEM"])
def test_a_text_is_found_under_any_usual_name(key: str, wrapped: bytes) -> None:
    item = msgspec.json.encode({key: "the plan is over"})
    found = error(422, wrapped.replace(b"ITEM", item))
    assert "the plan is over" in str(found)


@pytest.mark.parametrize(
    "item",
    [
        {"base": ["the plan is over"]},
        {"name": {"message": "the plan is over"}},
        {"email": [{"error": "the plan is over"}]},
        {"errors": ["the plan is over"]},
        {"description": ["the plan is over"]},
    ],
)
@pytest.mark.parametrize("wrapped", WRAPPED)
def test_reasons_by_field_are_found_wherever_they_stand(wrapped: bytes, item: object) -> None:
    found = error(422, wrapped.replace(b"ITEM", msgspec.json.encode(item)))
    assert "the plan is over" in str(found)


@pytest.mark.parametrize(
    "body",
    [
        "the plan is over",
        ["the plan is over"],
        [["the plan is over"]],
        {"error": ["the plan is over"]},
    ],
)
def test_a_body_that_is_a_text_is_its_message(body: object) -> None:
    assert "the plan is over" in str(error(422, msgspec.json.encode(body)))


def test_a_huge_error_is_bounded() -> None:
    huge = "x" * 60_000
    item = {"code": huge, "message": huge, "field": huge}
    found = error(400, msgspec.json.encode({"request_id": huge, "errors": [item] * 500}))

    assert len(found.errors) <= 20
    assert len(found.request_id or "") <= 100
    assert all(len(each.code) <= 100 and len(each.field or "") <= 100 for each in found.errors)
    assert all(len(each.message or "") <= 2_000 for each in found.errors)
    assert len(str(found)) < 1_000


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (401, "token_unauthorized", "lacks the permission"),
        (401, "unauthorized", "check the access token and the region"),
        (400, "intercom_version_invalid", "check the client's version"),
        (403, "api_plan_restricted", "plan does not include it"),
        (403, "forbidden", "permissions of the app"),
    ],
)
def test_the_message_says_what_to_do(status: int, code: str, hint: str) -> None:
    body = msgspec.json.encode({"type": "error.list", "errors": [{"code": code, "message": "No"}]})
    assert hint in str(error(status, body))
    assert hint not in str(error(404, LIST))


@pytest.mark.parametrize("field", ["title", "reason", "name"])
def test_reasons_by_field_are_kept_whatever_the_fields_are_called(field: str) -> None:
    body = msgspec.json.encode({"errors": {field: ["can't be blank"], "body": ["too long"]}})
    found = [(each.field, each.message) for each in error(422, body).errors]
    assert found == [(field, "can't be blank"), ("body", "too long")]
