from __future__ import annotations

import base64
import string
from collections import UserDict, UserString, deque
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, strategies as st

from intercom_async.codec import decode, encode
from intercom_async.errors import ConfigError, PaginationError
from intercom_async.models import Page
from intercom_async.pagination.continuation import (
    apply,
    continuation,
    from_checkpoint,
    to_checkpoint,
)
from intercom_async.request.operation import Call, Operation, Paging

Row = dict[str, Any]


def page(**fields: Any) -> Page[Row]:
    return decode(msgspec.json.encode({"data": [{"id": "1"}], **fields}), Page[Row])


def call(paging: Paging, **given: Any) -> Call[Page[Row]]:
    return Operation("GET", "/things", Page[Row], paging=paging).at(**given)


CURSOR = Paging.CURSOR_QUERY
EMPTY: list[Any] = [0, 0.0, [], {}]


@pytest.mark.parametrize(
    ("following", "expected"),
    [
        ({"page": 2, "starting_after": "Wz1d"}, {"starting_after": "Wz1d"}),
        ({"page": 2}, {"page": "2"}),
        ("https://api.intercom.io/things?page=2&per_page=50", {"page": "2", "per_page": "50"}),
        ("https://x.io/things?starting_after=a%2Bb%3D", {"starting_after": "a+b="}),
        ("/things?page=3", {"page": "3"}),
        (None, None),
        ("", None),
        ({}, None),
        # Followed, an empty cursor would lead back to the first page.
        ({"starting_after": ""}, None),
        ({"starting_after": "", "page": 2}, None),
        ({"starting_after": None, "page": 0}, None),
        ("/things?per_page=50&starting_after=", None),
        ("/things?starting_after=&page=2", {"starting_after": "", "page": "2"}),
        ("/things?page=", None),
        ("/things?cursor=", None),
        ("/events?before=&user_id=7", None),
        ("/events?since=5", {"since": "5"}),
        (False, None),
        (0, None),
        ([], None),
        *(({"starting_after": none, "page": 2}, None) for none in EMPTY),
        *(({"page": none}, None) for none in (*EMPTY, "0", "")),
        *(({"page": text}, {"page": "2"}) for text in ("2", " 2 ", "2.0", 2.0)),
        ({"starting_after": "Wz1d", "page": "x"}, {"starting_after": "Wz1d"}),
        ({"starting_after": False}, None),
        ({"starting_after": False, "page": 2}, None),
        ({"page": False}, None),
        ({"starting_after": 7}, {"starting_after": "7"}),
        ({"page": "2"}, {"page": "2"}),
        ({"page": 2.0}, {"page": "2"}),
    ],
)
def test_next_is_followed_in_any_form(following: Any, expected: dict[str, str] | None) -> None:
    assert continuation(CURSOR, page(pages={"next": following})) == expected


@pytest.mark.parametrize(
    "pages",
    [
        {"next": True},
        {"next": 7},
        {"next": "soon"},
        {"next": ["https://api.intercom.io/things?page=2"]},
        {"next": {"starting_after": {"id": 1}}},
        {"next": {"starting_after": ["Wz1d"]}},
        {"next": {"starting_after": True}},
        *({"next": {"starting_after": odd}} for odd in ({"a": 1}, [1])),
        {"next": {"page": {"number": 2}}},
        *({"next": {"page": odd}} for odd in ("x", "2.5", 1.5, "-1", "\u0662", True, [2])),
        {"next": {"page": "9" * 60}},
        "https://api.intercom.io/things?page=2",
        [{"next": {"starting_after": "Wz1d"}}],
        True,
        2,
    ],
    ids=repr,
)
@pytest.mark.parametrize("paging", [each for each in Paging if "cursor in" in each.value])
def test_a_next_page_that_cannot_be_read_is_not_the_end(paging: Paging, pages: Any) -> None:
    with pytest.raises(PaginationError):
        continuation(paging, page(pages=pages))
    assert continuation(Paging.NONE, page(pages=pages)) is None


@pytest.mark.parametrize("pages", [{}, None, {"page": 1, "total_pages": 9}, [], False, 0, ""])
def test_a_list_of_cursors_without_next_is_at_its_end(pages: Any) -> None:
    assert continuation(CURSOR, page(pages=pages)) is None
    assert continuation(CURSOR, page()) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"pages": {"page": 1, "total_pages": 3}}, {"page": "2"}),
        ({"pages": {"page": 3, "total_pages": 3}}, None),
        ({"pages": {"page": 1}}, None),
        ({"page": 1, "total_pages": 2}, {"page": "2"}),
        ({"page": 2, "total_pages": 2}, None),
        ({"pages": {"page": 1, "total_pages": 3, "next": "https://x/y?page=2"}}, {"page": "2"}),
    ],
)
def test_a_list_of_pages_counts_where_next_is_absent(
    fields: dict[str, Any], expected: dict[str, str] | None
) -> None:
    assert continuation(Paging.PAGE, page(**fields)) == expected


def test_a_scroll_goes_on_until_a_page_is_empty() -> None:
    assert continuation(Paging.SCROLL, page(scroll_param="s")) == {"scroll_param": "s"}
    assert continuation(Paging.SCROLL, page(scroll_param="s", data=[])) is None


def test_next_cursor_goes_back_as_cursor() -> None:
    assert continuation(Paging.NEXT_CURSOR, page(next_cursor="c", has_more=True)) == {"cursor": "c"}
    assert continuation(Paging.NEXT_CURSOR, page(next_cursor="c", has_more=False)) is None
    assert continuation(Paging.NEXT_CURSOR, page(next_cursor=None)) is None


@pytest.mark.parametrize("odd", [{"a": 1}, [1], True], ids=repr)
def test_a_cursor_that_cannot_be_read_is_not_the_end(odd: Any) -> None:
    with pytest.raises(PaginationError, match="cannot be read"):
        continuation(Paging.SCROLL, page(scroll_param=odd))
    with pytest.raises(PaginationError, match="cannot be read"):
        continuation(Paging.NEXT_CURSOR, page(next_cursor=odd))


@pytest.mark.parametrize("none", [False, 0, 0.0, [], {}, "", None], ids=repr)
def test_an_empty_cursor_is_the_end(none: Any) -> None:
    assert continuation(Paging.SCROLL, page(scroll_param=none)) is None
    assert continuation(Paging.NEXT_CURSOR, page(next_cursor=none)) is None


def test_a_list_that_is_one_answer_never_goes_on() -> None:
    assert continuation(Paging.NONE, page(pages={"next": {"starting_after": "x"}})) is None


def test_an_empty_page_with_a_cursor_is_not_the_end() -> None:
    empty = page(data=[], pages={"next": {"starting_after": "x"}})
    assert continuation(CURSOR, empty) == {"starting_after": "x"}


def test_a_link_without_parameters_cannot_be_followed() -> None:
    with pytest.raises(PaginationError):
        continuation(CURSOR, page(pages={"next": "https://evil.example/things"}))


def test_a_cursor_in_the_body_leaves_the_rest_of_the_body() -> None:
    first = call(Paging.CURSOR_BODY, json={"query": {"a": 1}, "pagination": {"per_page": 5}})
    second = apply(first, {"starting_after": "x"})
    assert second.json == {
        "query": {"a": 1},
        "pagination": {"per_page": 5, "starting_after": "x"},
    }
    assert first.json["pagination"] == {"per_page": 5}


def test_a_cursor_in_the_query_is_encoded() -> None:
    second = apply(call(CURSOR, query={"per_page": 5}), {"starting_after": "a+b/\n="})
    assert second.target == "/things?per_page=5&starting_after=a%2Bb%2F%0A%3D"


@given(st.dictionaries(st.text(), st.text(), min_size=1))
def test_a_checkpoint_gives_back_what_was_put_in(following: dict[str, str]) -> None:
    checkpoint = to_checkpoint(call(CURSOR), following)
    assert from_checkpoint(call(CURSOR), checkpoint).next == following


def test_a_checkpoint_knows_the_end() -> None:
    assert from_checkpoint(call(CURSOR), to_checkpoint(call(CURSOR), None)).next == {}


@pytest.mark.parametrize("text", ["", "x", "!!!", "e30", "WzEsMiwzXQ", "\ud800", None, 7])
def test_what_is_no_checkpoint_is_refused(text: Any) -> None:
    with pytest.raises(PaginationError, match="checkpoint"):
        from_checkpoint(call(CURSOR), text)


def test_a_checkpoint_of_another_list_is_refused() -> None:
    other = Operation("GET", "/other", Page[Row], paging=CURSOR).at()
    with pytest.raises(PaginationError, match="GET /other"):
        from_checkpoint(call(CURSOR), to_checkpoint(other, {"starting_after": "x"}))


def test_a_checkpoint_of_another_format_is_refused() -> None:
    state = msgspec.json.decode(base64.urlsafe_b64decode(to_checkpoint(call(CURSOR), None) + "=="))
    text = base64.urlsafe_b64encode(msgspec.json.encode([1, *state[1:]])).decode()
    with pytest.raises(PaginationError, match="has format 1"):
        from_checkpoint(call(CURSOR), text)


def search(query: Any, **more: Any) -> Call[Any]:
    operation = Operation("POST", "/things/search", Page[Row], paging=Paging.CURSOR_BODY)
    return operation.at(json={"query": query, **more})


def part(**given: Any) -> Call[Any]:
    return Operation("GET", "/a/{id}/things", Page[Row], paging=CURSOR).at(**given)


BY_NUMBER = Paging.PAGE
EQUAL: list[tuple[Call[Any], Call[Any]]] = [
    (part(id="7"), part(id=7)),
    (call(CURSOR, query={"a": 1, "b": 2}), call(CURSOR, query={"b": 2, "a": 1})),
    (call(CURSOR, query={"per_page": 5}), call(CURSOR, query={"per_page": 50})),
    (call(CURSOR, query={"per_page": 5}), call(CURSOR)),
    (search({"a": 1, "b": 2}), search({"b": 2, "a": 1})),
    (search({"a": 1}, pagination={"per_page": 5}), search({"a": 1})),
    (search({"a": {"x", "y", "z"}}), search({"a": {"z", "y", "x"}})),
    (call(CURSOR), call(CURSOR).into(Page[msgspec.Raw])),
]
DIFFERENT: list[tuple[Call[Any], Call[Any]]] = [
    (part(id="7"), part(id="8")),
    (call(CURSOR, query={"a": 1}), call(CURSOR, query={"a": 2})),
    (call(CURSOR, query={"a": 1}), call(CURSOR)),
    (call(CURSOR, query={"order": "asc"}), call(CURSOR, query={"order": "desc"})),
    (call(BY_NUMBER, query={"per_page": 5}), call(BY_NUMBER, query={"per_page": 50})),
    (search({"value": "a"}), search({"value": "b"})),
    (search({"value": ["a", "b"]}), search({"value": ["b", "a"]})),
    (search({"a": 1}, sort={"field": "x"}), search({"a": 1}, sort={"field": "y"})),
    (search({"a": 1}, sort={"field": "x"}), search({"a": 1})),
]
BY_SIZE: list[tuple[Call[Any], Call[Any]]] = [
    *(
        (call(paging, query={"per_page": 5}), call(paging, query=other))
        for paging in Paging
        if paging not in (Paging.CURSOR_BODY, Paging.PAGE)
        for other in ({"per_page": 50}, {})
    ),
    *(
        (search({"a": 1}, pagination={"per_page": 5}), search({"a": 1}, **other))
        for other in ({"pagination": {"per_page": 50}}, {})
    ),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_a_checkpoint_leads_on_in_the_same_list(one: Call[Any], other: Call[Any]) -> None:
    checkpoint = to_checkpoint(one, {"starting_after": "x"})
    assert from_checkpoint(other, checkpoint).next == {"starting_after": "x"}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_a_checkpoint_of_a_list_is_none_of_another(one: Call[Any], other: Call[Any]) -> None:
    for here, there in ((one, other), (other, one)):
        with pytest.raises(PaginationError, match="another list"):
            from_checkpoint(here, to_checkpoint(there, {"starting_after": "x"}))


@pytest.mark.parametrize(("one", "other"), BY_SIZE)
def test_a_page_number_means_a_place_by_the_page_size_alone(
    one: Call[Any], other: Call[Any]
) -> None:
    """Lists of cursors go on by a number where the server gives no cursor."""
    cursor, number = {"starting_after": "x"}, {"page": "3"}
    for following in (cursor, {**cursor, **number}):
        assert from_checkpoint(other, to_checkpoint(one, following)).next == following
    for following in (number, {**number, "starting_after": ""}):
        assert from_checkpoint(one, to_checkpoint(one, following)).next == following
        with pytest.raises(PaginationError, match="per_page"):
            from_checkpoint(other, to_checkpoint(one, following))


def test_a_checkpoint_that_was_changed_is_refused() -> None:
    """By any letter, and wherever it is cut off; what does not change its meaning may pass."""
    whole = to_checkpoint(call(CURSOR), {"starting_after": "WzE3LCI2MyJd"}, yielded=b"abcdef")
    meant = from_checkpoint(call(CURSOR), whole)
    for place, letter in enumerate(whole):
        head, tail = whole[:place], whole[place + 1 :]
        others = {*string.ascii_letters, *string.digits, "-", "_", "=", " ", "\n", "\xe9"} - {
            letter
        }
        for changed in (head, head + tail, *(f"{head}{each}{tail}" for each in others)):
            try:
                assert from_checkpoint(call(CURSOR), changed) == meant
            except PaginationError as error:
                assert "checkpoint" in str(error)  # noqa: PT017 (either is fine)


def test_a_parameter_that_a_link_repeats_keeps_all_its_values() -> None:
    link = "https://api.intercom.io/things?page=2&state=open&state=closed&state=snoozed"
    following = continuation(CURSOR, page(pages={"next": link}))
    assert following == {"page": "2", "state": ["open", "closed", "snoozed"]}


class Moment(datetime):
    """A moment as pendulum and pandas have it."""


class Day(date):
    """A day likewise."""


class Tag(str, Enum):  # noqa: UP042 (the subject)
    VIP = "vip"


FILTERS: list[Any] = [
    *(None, True, 7, 1.5, "a", Tag.VIP, UUID(int=5), Decimal("1E+3"), Day(2026, 1, 2)),
    *(date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC), Moment(2026, 1, 2, tzinfo=UTC)),
    *([1], (1,), {1, 2}, frozenset({"a"}), {"a": 1}, UserDict(a=1), {Tag.VIP: 1}, UserString("a")),
    *(Page(items=[]), deque([1]), range(2), b"a", memoryview(b"a")),
]


@pytest.mark.parametrize("value", FILTERS, ids=lambda value: type(value).__name__)
def test_a_list_by_any_filter_that_can_be_sent_has_a_checkpoint(value: Any) -> None:
    """Else its first page would be read, and lost."""
    with suppress(ConfigError):
        encode({"value": value})
        checkpoint = to_checkpoint(search({"value": value}), {"starting_after": "x"})
        assert from_checkpoint(search({"value": value}), checkpoint).next
        return
    with pytest.raises(ConfigError):
        encode({"value": value})


def test_a_list_that_is_filtered_by_something_unsendable_has_no_checkpoint() -> None:
    with pytest.raises(ConfigError, match="object"):
        to_checkpoint(search({"value": object()}), None)
