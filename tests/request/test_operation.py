from __future__ import annotations

from enum import Enum
from typing import Any, TypedDict
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st
from multidict import MultiDict

from intercom_async.errors import ConfigError
from intercom_async.request.operation import Operation, any_operation, version_number
from intercom_async.request.query_string import encode_query, to_query

GET = Operation("GET", "/contacts/{contact_id}", object)
DETACH = Operation("DELETE", "/contacts/{contact_id}/tags/{tag_id}", object)


def test_placeholders_are_filled_by_name() -> None:
    assert DETACH.at(tag_id=9, contact_id="7").path == "/contacts/7/tags/9"


def test_placeholders_are_filled_in_their_order() -> None:
    assert DETACH.at("7", 9).path == "/contacts/7/tags/9"


def test_an_id_of_too_many_digits_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="contact_id has too many digits"):
        GET.at(contact_id=10**5000)


def test_another_number_of_ids_is_refused() -> None:
    with pytest.raises(ConfigError, match="takes contact_id, tag_id, not 1"):
        DETACH.at("7")


@pytest.mark.parametrize(
    ("identity", "segment"),
    [
        ("a/archive", "a%2Farchive"),
        ("../admins", "..%2Fadmins"),
        ("a b", "a%20b"),
        ("50%", "50%25"),
        ("%2e%2e", "%252e%252e"),
        ("é", "%C3%A9"),
        ("a?b#c", "a%3Fb%23c"),
        ("a;b=c", "a%3Bb%3Dc"),
        ("x.y", "x.y"),
    ],
)
def test_an_id_is_one_segment_whatever_it_holds(identity: str, segment: str) -> None:
    assert GET.at(contact_id=identity).path == f"/contacts/{segment}"


@given(st.text(min_size=1))
def test_no_id_reaches_another_path(identity: str) -> None:
    try:
        path = GET.at(contact_id=identity).path
    except ConfigError:
        return
    assert path.isascii()
    assert path.count("/") == 2
    assert unquote(path.rsplit("/", 1)[1]) == identity
    assert path.rsplit("/", 1)[1] not in (".", "..")


@pytest.mark.parametrize("identity", ["", "  ", ".", "..", None, True, 1.5, b"7", "\ud800"])
def test_what_cannot_be_an_id_is_refused_by_name(identity: Any) -> None:
    with pytest.raises(ConfigError, match="contact_id"):
        GET.at(contact_id=identity)


@pytest.mark.parametrize("path", [{}, {"id": "7"}, {"contact_id": "7", "tag_id": "9"}])
def test_wrong_placeholders_name_the_right_ones(path: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="takes contact_id"):
        GET.at(**path)


@pytest.mark.parametrize(
    ("method", "repeat"), [("GET", "safe"), ("PUT", "idempotent"), ("POST", "unsafe")]
)
def test_repeating_means_what_the_verb_says_unless_told(method: Any, repeat: str) -> None:
    assert Operation(method, "/x", object).repeat == repeat
    assert Operation(method, "/x", object, repeat="safe").repeat == "safe"


def test_a_call_into_another_type_leaves_the_row_as_it_is() -> None:
    call = DETACH.at("7", 9)

    assert call.into(str).operation.model is str
    assert call.operation.model is object
    assert call.into(str).target == call.target


def test_query_parameters_are_encoded_and_none_is_left_out() -> None:
    call = GET.at(contact_id=1, query={"email": "a+b@c.d", "x": None, "on": True, "n": 2})
    assert call.target == "/contacts/1?email=a%2Bb%40c.d&on=true&n=2"
    assert encode_query({"a": "b c"}) == "a=b%20c"


def test_neither_row_nor_call_shows_what_was_filled_in() -> None:
    call = GET.at(contact_id="secret", query={"email": "ann@example.com"}, json={"a": "secret"})
    assert repr(call) == "<Call GET /contacts/{contact_id}>"
    assert call.name == "GET /contacts/{contact_id}"


@pytest.mark.parametrize("path", ["contacts", "//evil.example/x", "/a b", "/a\n", "/a?b", ""])
def test_a_path_that_cannot_be_sent_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="path"):
        any_operation("GET", path, object)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ConfigError, match="PATCH"):
        any_operation("HEAD", "/x", object)  # type: ignore[arg-type] # the mistake


def test_versions_compare_as_numbers_and_names_are_newest() -> None:
    assert version_number("2.9") < version_number("2.14") < version_number("Preview")


def test_the_path_of_another_operation_is_no_id() -> None:
    get = Operation("GET", "/enqueue/{job_id}", object, reserved=("get_datasets",))

    assert get.at("get_dataset").path == "/enqueue/get_dataset"
    with pytest.raises(ConfigError, match=r"no job_id 'get_datasets': .* another operation"):
        get.at("get_datasets")
    assert repr(get) == "<Operation GET /enqueue/{job_id}>"


class NeededFields(TypedDict):
    body: str


class NoteFields(NeededFields, total=False):
    admin_id: str


def test_fields_of_a_body_are_taken_as_given_and_others_refused() -> None:
    create = Operation("POST", "/notes", object, body=NoteFields)

    assert create.fields({"body": "x", "admin_id": None}) == {"body": "x", "admin_id": None}
    with pytest.raises(TypeError, match="POST /notes has no field text; it takes admin_id, body"):
        create.fields({"body": "x", "text": "y"})
    for given_fields in ({}, {"body": None}):
        with pytest.raises(TypeError, match="POST /notes needs body"):
            create.fields(given_fields)


def test_a_parameter_that_comes_twice_is_sent_twice() -> None:
    pairs = MultiDict([("a", 1), ("b", None), ("a", True), ("a", "x")])
    assert encode_query(to_query(pairs)) == "a=1&a=true&a=x"
    assert encode_query(to_query(None)) == ""


def test_text_that_utf_8_cannot_hold_is_no_parameter() -> None:
    with pytest.raises(ConfigError, match=r"query parameter .* UTF-8"):
        encode_query({"a": "\ud800"})


class Name(str, Enum):  # noqa: UP042 (whose str is not its value)
    TAG = "tag"


def test_the_name_of_a_parameter_is_sent_as_its_plain_text() -> None:
    assert encode_query(to_query({Name.TAG: "a"})) == "tag=a"


@pytest.mark.parametrize("name", [None, 7, b"tag", ("tag",), 1.5, True])
def test_what_is_no_name_of_a_parameter_is_refused(name: Any) -> None:
    with pytest.raises(ConfigError, match="query parameter has a name of type"):
        to_query({name: "a"})


@pytest.mark.parametrize("given_query", [[("a", 1)], "a=1", b"a=1", 7, (), {"a"}, object()])
def test_what_is_no_mapping_of_parameters_is_refused(given_query: Any) -> None:
    with pytest.raises(ConfigError, match="query parameters are a dict"):
        to_query(given_query)


@pytest.mark.parametrize(
    "path", ["/ä", "/\ud800", "/a b", "/a\x85", "/a\u2028", "/a?b", "/a#b", "a", ""]
)
def test_a_path_that_cannot_be_a_line_of_http_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="one slash and is ASCII"):
        any_operation("GET", path, object)
