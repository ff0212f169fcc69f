"""Reading answers: what fits, what is repaired, what is set aside and what is refused."""

from __future__ import annotations

import gc
import json
import logging
from types import NoneType
from typing import Annotated, Any, Literal

import msgspec
import pytest

from intercom_async.codec import decode, decode_rows, drift, reset_drift
from intercom_async.errors import DecodeError
from intercom_async.models import (
    Admin,
    Article,
    ArticleSearchPage,
    AwayStatusReason,
    Call,
    Contact,
    Conversation,
    ConversationPage,
    EventTypePage,
    Page,
    Scorecard,
    Segment,
    SegmentPage,
    Tag,
    Ticket,
)
from intercom_async.models.page import with_items


@pytest.fixture(autouse=True)
def _no_drift() -> None:
    reset_drift()


def read(value: Any, model: Any) -> Any:
    return decode(json.dumps(value).encode(), model)


def drifted() -> set[tuple[str, str, str, str]]:
    return {(one.resource, one.field, one.expected, one.found) for one in drift()}


class Slim(msgspec.Struct):
    id: str
    email: str


def test_answer_that_fits_is_no_drift() -> None:
    contact = decode(b'{"type":"contact","id":"c1","created_at":1700000000}', Contact)

    assert contact == Contact(id="c1", type="contact", created_at=1_700_000_000)
    assert drift() == ()


def test_unknown_fields_and_unknown_values_of_open_sets_pass() -> None:
    conversation = read({"id": "1", "state": "hibernating", "moon": {"phase": 3}}, Conversation)

    assert conversation.state == "hibernating"
    assert drift() == ()


def test_object_without_type_is_read() -> None:
    assert read({"id": "1", "name": "vip"}, Tag) == Tag(id="1", name="vip")


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("id", 5, "5"),
        ("id", 5.0, "5"),
        ("name", True, "true"),
        ("name", 1.5, "1.5"),
        ("created_at", "1700000000", 1_700_000_000),
        ("created_at", " 1700000000 ", 1_700_000_000),
        ("created_at", 1_700_000_000.0, 1_700_000_000),
        ("created_at", 1_700_000_000.9, 1_700_000_000),
        ("created_at", "2025-06-25T10:57:57Z", 1_750_849_077),
        ("created_at", "2025-06-25T12:57:57+02:00", 1_750_849_077),
        ("created_at", "2025-06-25T10:57:57", 1_750_849_077),
        ("created_at", "2025-06-25", 1_750_809_600),
        ("created_at", "yesterday", None),
        ("created_at", "", None),
        ("created_at", True, None),
        ("created_at", [1], None),
        ("created_at", "9999-12-31T23:59:59-23:59", 253_402_387_139),
        ("has_hard_bounced", "true", True),
        ("has_hard_bounced", 0, False),
        ("has_hard_bounced", "perhaps", None),
        ("has_hard_bounced", 2, None),
        ("custom_attributes", None, {}),
        ("custom_attributes", [], {}),
        ("custom_attributes", "none", {}),
        ("tags", "none", None),
        ("tags", {"data": None}, {"data": []}),
        ("tags", {"data": {}}, {"data": []}),
        ("tags", {"data": {"type": "list", "data": [{"id": "1"}]}}, {"data": [{"id": "1"}]}),
        ("tags", [{"id": 1}], {"data": [{"id": "1"}]}),
        ("tags", {"data": [None, {"id": "1"}, 7]}, {"data": [{"id": "1"}]}),
        ("tags", {"total_count": "12"}, {"total_count": 12, "data": []}),
        ("location", {"city": 7}, {"city": "7"}),
        ("avatar", 3, "3"),
        ("avatar", ["http://a"], None),
    ],
)
def test_value_of_another_kind_is_turned_or_left_out(field: str, sent: Any, kept: Any) -> None:
    contact = read({"id": "c1", "phone": "+1", field: sent}, Contact)

    known = msgspec.convert(
        {"id": "c1", "phone": "+1"} | ({} if kept is None else {field: kept}), Contact
    )
    assert contact == known
    assert {one.resource for one in drift()} <= {"Contact", "AddressableList", "ContactLocation"}
    assert sum(one.count for one in drift()) >= 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (7, 7.0),
        ("2.5", 2.5),
        ("1e999", None),
        ("x", None),
        (True, None),
        ([], None),
        (10**400, None),
    ],
)
def test_fraction_is_read_from_any_number(sent: Any, kept: float | None) -> None:
    scorecard = read({"score": sent}, Scorecard)

    assert scorecard.score == kept
    assert len(drift()) == (sent != 7)


@pytest.mark.parametrize("sent", [[], {}, 1.5, None])
def test_truth_is_not_guessed(sent: Any) -> None:
    assert read({"id": "1", "open": sent}, Conversation).open is None


@pytest.mark.parametrize(
    ("sent", "kept"), [(2.0**60, "1.152921504606847e+18"), (7.0, "7"), (False, "false"), ([], None)]
)
def test_text_is_written_as_json_writes_it(sent: Any, kept: str | None) -> None:
    assert read({"id": "1", "name": sent}, Tag).name == kept


def test_integers_beyond_64_bits_are_read() -> None:
    assert read({"id": "1", "created_at": 2**70}, Contact).created_at == 2**70
    assert read({"id": 2**70, "created_at": 2**70}, Contact).id == str(2**70)


def test_year_9999_in_a_zone_behind_is_no_error() -> None:
    assert read({"id": "c1", "created_at": "0001-01-01T00:00:00+14:00"}, Contact).id == "c1"


@pytest.mark.parametrize("model", [Contact, Conversation, Ticket])
def test_id_of_an_owner_or_assignee_is_compared_as_text(model: Any) -> None:
    field = "owner_id" if model is Contact else "admin_assignee_id"
    admin = read({"id": "814860"}, Admin)

    for sent in (814860, "814860", 814860.0):
        assert getattr(read({"id": "1", field: sent}, model), field) == admin.id
    for nobody in (0, "0", None):
        assert getattr(read({"id": "1", field: nobody}, model), field) is None
    assert drift() == ()


def test_list_of_ids_is_read_as_text_whatever_was_sent() -> None:
    admin = read({"id": "1", "team_ids": [814865, "814866"]}, Admin)

    assert admin.team_ids == ["814865", "814866"]
    assert drift() == ()


def test_times_of_calls_come_in_both_forms_without_drift() -> None:
    call = read(
        {"id": "1", "initiated_at": "2025-06-25T10:57:57Z", "ended_at": 5, "answered_at": ""}, Call
    )

    assert (call.initiated_at, call.ended_at, call.answered_at) == (1_750_849_077, 5, None)
    assert drift() == ()


def test_one_odd_row_keeps_its_page_and_itself() -> None:
    page = read({"data": [{"id": "1"}, {"id": 2, "created_at": "x"}, {"id": "3"}]}, Page[Contact])

    assert [contact.id for contact in page.items] == ["1", "2", "3"]
    assert page.unreadable == ()
    assert drifted() == {
        ("Contact", "id", "str", "int"),
        ("Contact", "created_at", "int | null", "str"),
    }


def test_row_that_cannot_be_read_is_set_aside_with_its_bytes() -> None:
    page = read({"data": [{"id": "1"}, {"email": "a"}, None, "b"], "total_count": 4}, Page[Contact])

    assert [contact.id for contact in page.items] == ["1"]
    assert page.unreadable == (b'{"email":"a"}', b"null", b'"b"')
    assert page.total_count == 4
    assert ("Contact", "id", "str", "nothing") in drifted()


def test_page_of_models_none_of_which_can_be_read_is_still_no_error() -> None:
    page = read({"data": [{"email": "a"}]}, Page[Contact])

    assert page.items == []
    assert page.unreadable == (b'{"email":"a"}',)


def test_rows_are_read_into_the_callers_own_struct_and_repaired_alike() -> None:
    body = {"conversations": [{"id": 1, "email": "a"}, {"id": "2", "email": None}]}
    page = read(body, ConversationPage[Slim])

    assert page.items == [Slim(id="1", email="a")]
    assert page.unreadable == (b'{"id":"2","email":null}',)


def test_rows_that_are_no_objects_are_repaired_and_set_aside_too() -> None:
    page = read({"event_types": ["a", 7, []]}, EventTypePage[str])

    assert page.items == ["a", "7"]
    assert page.unreadable == (b"[]",)
    with pytest.raises(DecodeError, match=r"read as EventTypePage\[str\] at \$\.event_types\[0\]"):
        read({"event_types": [[]]}, EventTypePage[str])


class Paid(msgspec.Struct):
    id: str
    seats: Annotated[int, msgspec.Meta(ge=1)]


def test_row_that_breaks_a_rule_of_the_callers_struct_is_set_aside() -> None:
    page = read({"data": [{"id": "1", "seats": 0}, {"id": "2", "seats": "3"}]}, Page[Paid])

    assert page.items == [Paid(id="2", seats=3)]
    assert page.unreadable == (b'{"id":"1","seats":0}',)
    with pytest.raises(DecodeError, match="read as Paid"):
        read({"id": 1, "seats": 0}, Paid)


def test_struct_that_fits_no_row_is_refused_with_the_field_that_misses() -> None:
    with pytest.raises(DecodeError, match=r"read as Page\[Slim\] at \$\.data\[0\]\.email"):
        read({"data": [{"id": "1"}, {"id": "2"}]}, Page[Slim])


def test_page_is_made_for_another_struct() -> None:
    page_type = with_items(SegmentPage[Segment], Slim)

    page = decode(b'{"segments":[{"id":"1","email":"a"}]}', page_type)

    assert page.items == [Slim(id="1", email="a")]
    assert type(page) is SegmentPage


def test_raw_rows_are_the_bytes_that_were_sent_and_do_not_hold_the_page() -> None:
    body = b'{"data":[{"id": 1.50},\n{"b" : "\\u0041"}],"total_count":2}' + b" " * 50_000

    page = decode(body, Page[msgspec.Raw])

    assert [bytes(row) for row in page.items] == [b'{"id": 1.50}', b'{"b" : "\\u0041"}']
    gc.collect()
    assert not any(body is held for row in page.items for held in gc.get_referents(row))


def test_raw_rows_survive_an_odd_envelope() -> None:
    page = read({"data": [{"id": 1}], "pages": 7}, Page[msgspec.Raw])

    assert [bytes(row) for row in page.items] == [b'{"id":1}']


def test_search_hits_are_lifted_to_where_every_page_has_its_rows() -> None:
    body = {
        "data": {"articles": [{"id": 9}], "highlights": [{"article_id": "9"}]},
        "pages": {"page": 1},
    }
    page = read(body, ArticleSearchPage[Article])

    assert [article.id for article in page.items] == ["9"]
    assert page.found.highlights[0].article_id == "9"


@pytest.mark.parametrize(
    "next_page",
    [
        {"starting_after": "WzE=", "page": 2, "per_page": 50},
        "https://api.intercom.io/companies?page=2",
        None,
    ],
)
def test_continuation_is_an_object_an_address_or_null(next_page: Any) -> None:
    page = read({"data": [], "pages": {"type": "pages", "next": next_page}}, Page[Tag])

    assert msgspec.to_builtins(page.pages.next) == next_page
    assert drift() == ()


def test_page_under_another_name_is_found_and_counted() -> None:
    page = read({"type": "list", "companies": [{"id": "1"}], "total_count": 1}, Page[Tag])

    assert [row.id for row in page.items] == ["1"]
    assert drifted() == {("Page", "data", "array", "nothing")}


def test_bare_array_is_a_page() -> None:
    page = read([{"id": "1"}], Page[AwayStatusReason])

    assert [reason.id for reason in page.items] == ["1"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b'"half \\ud83d"', "half ?"),
        (b'"\xff\xfe"', "\ufffd\ufffd"),
        (b'"line\nfeed"', "line\nfeed"),
        (b"NaN", None),
        (b"-Infinity", None),
        (b"1e999", None),
        (b"1" * 5000, None),
    ],
)
def test_malformed_text_with_a_meaning_is_read(text: bytes, name: str | None) -> None:
    contact = decode(b'\xef\xbb\xbf{"id":"1","name":' + text + b"}", Contact)

    assert contact == Contact(id="1", name=name)
    assert ("Contact", "$", "JSON", "malformed JSON") in drifted()


def test_last_of_two_equal_keys_counts() -> None:
    assert decode(b'{"id":"1","id":"2"}', Contact).id == "2"


def test_answer_whose_body_says_nothing_may_hold_anything() -> None:
    for body in (b"", b"null", b'{"a":1}', b"<html>"):
        assert decode(body, NoneType) is None


def test_builtin_models_are_read() -> None:
    assert decode(b'{"a":[1,null]}', dict[str, Any]) == {"a": [1, None]}
    assert decode(b'[{"id":1}]', list[Tag]) == [Tag(id="1")]


class Cat(msgspec.Struct, tag="cat"):
    name: str


class Dog(msgspec.Struct, tag="dog"):
    name: str


class Zoo(msgspec.Struct, forbid_unknown_fields=True):
    star: Cat | Dog
    kind: Literal["big", "small"] = "small"
    price: float | None = None


def test_tagged_unions_and_literals_of_the_caller_are_repaired_too() -> None:
    zoo = read({"star": {"type": "dog", "name": 7}, "kind": "huge", "price": "2.5", "new": 1}, Zoo)

    assert zoo == Zoo(star=Dog("7"), kind="small", price=2.5)


def test_kind_of_deviation_is_logged_once_without_the_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="intercom_async.codec"):
        for _ in range(3):
            read({"id": "1", "email": 4711}, Contact)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Contact.email" in caplog.text
    assert "4711" not in caplog.text
    assert [(one.field, one.count) for one in drift()] == [("email", 3)]


def test_counters_are_bounded_and_can_be_reset() -> None:
    for index in range(1200):
        shape = msgspec.defstruct(f"Shape{index}", [("a", str)])
        read({"a": 1}, shape)

    counted = drift()

    assert len(counted) == 1001
    assert counted[0].resource == "*"
    assert counted[0].count == 200
    reset_drift()
    assert drift() == ()


def test_raw_rows_of_a_text_that_is_no_utf8_are_read_patiently() -> None:
    body = b'{"type":"list","data":[{"id":"1","name":"caf\xe9"}]}'
    page = decode(body, Page[msgspec.Raw])
    [row] = page.items
    assert msgspec.json.decode(row)["id"] == "1"


def test_rows_that_were_received_raw_are_read_one_by_one() -> None:
    rows = [msgspec.Raw(body) for body in (b'{"id":"1"}', b'{"id":', b'{"id":"2"}')]

    found, unreadable = decode_rows(rows, Contact)
    assert [each.id for each in found] == ["1", "2"]
    assert unreadable == [b'{"id":']
    assert decode_rows(rows, msgspec.Raw) == (rows, [])
    assert decode_rows([], Contact) == ([], [])


class Strict(msgspec.Struct):
    """A caller's own struct."""

    id: int


def test_rows_of_which_none_fits_the_callers_own_struct_are_an_error() -> None:
    wrong = msgspec.Raw(b'{"id":"x"}')

    assert decode_rows([msgspec.Raw(b'{"id":1}'), wrong], Strict) == ([Strict(1)], [b'{"id":"x"}'])
    with pytest.raises(DecodeError):
        decode_rows([wrong, wrong], Strict, call="GET /contacts")
    assert decode_rows([msgspec.Raw(b"5")], Contact) == ([], [b"5"])
