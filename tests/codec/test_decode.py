"""Reading answers: what fits, what pages look like, and what is refused."""

from __future__ import annotations

import gc
from types import NoneType
from typing import Any

import msgspec
import pytest

from intercom_async.codec import decode, decode_rows, drift
from intercom_async.models import (
    Article,
    ArticleSearchPage,
    AwayStatusReason,
    Contact,
    Conversation,
    Page,
    Segment,
    SegmentPage,
    Tag,
)
from intercom_async.models.page import with_items
from .conftest import Slim, drifted, read


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
