"""One odd row costs itself at most: it is repaired, or set aside with its bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pytest

from intercom_async.codec import decode_rows
from intercom_async.errors import DecodeError
from intercom_async.models import (
    Contact,
    ConversationPage,
    EventTypePage,
    Page,
)
from .conftest import Slim, drifted, read


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


ROW = {"type": "contact", "id": "1", "email": "a@b.example"}
ELSEWHERE: dict[str, Callable[[str, str], Any]] = {
    "beside an empty list": lambda name, other: {name: [], other: [ROW]},
    "beside null": lambda name, other: {name: None, other: [ROW]},
    "beside an empty object": lambda name, other: {name: {}, other: [ROW]},
    "in an object beside an empty list": lambda name, other: {name: [], other: {name: [ROW]}},
    "in an object of the list's name": lambda name, _: {name: {name: [ROW]}},
    "in an object of the list's name, renamed": lambda name, other: {name: {other: [ROW]}},
    "under another name alone": lambda _, other: {other: [ROW]},
    "in no object at all": lambda _name, _other: [ROW],
}
KINDS: list[Any] = [Page, *Page.__subclasses__()]
PAGES = [kind for kind in KINDS if "found" not in kind.__struct_fields__]


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.__name__)
def test_rows_of_every_page_are_found_wherever_they_are(kind: Any, where: str) -> None:
    """And if not, it is an error: no page that has rows is read as an empty one in silence."""
    name = next(each for each in msgspec.structs.fields(kind) if each.name == "items").encode_name
    other = "things" if name == "data" else "data"
    for row_type in (Contact, msgspec.Raw, Slim):
        body = ELSEWHERE[where](name, other)
        page = read({"total_count": 1, **body} if isinstance(body, dict) else body, kind[row_type])
        rows: list[Any] = [*page.items, *page.unreadable]
        assert len(rows) == 1
    assert where == "in no object at all" or drifted()


@pytest.mark.parametrize("name", ["errors", "warnings", "pages", "links"])
def test_what_stands_beside_an_empty_page_is_not_its_rows(name: str) -> None:
    beside: list[Any] = ["a"] if name == "links" else [{"id": "1"}]
    page = read({"data": [], name: beside, "pages": {"next": None}}, Page[Contact])
    assert (page.items, page.unreadable, drifted()) == ([], (), set())


def test_an_empty_page_beside_two_lists_is_empty_and_counted() -> None:
    page = read({"data": [], "contacts": [ROW], "companies": [ROW]}, Page[Contact])
    assert page.items == []
    assert drifted() == {("Page", "data", "array", "array")}


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


class Strict(msgspec.Struct):
    """A caller's own struct."""

    id: int


def test_rows_of_which_none_fits_the_callers_own_struct_are_an_error() -> None:
    wrong = msgspec.Raw(b'{"id":"x"}')

    assert decode_rows([msgspec.Raw(b'{"id":1}'), wrong], Strict) == ([Strict(1)], [b'{"id":"x"}'])
    with pytest.raises(DecodeError):
        decode_rows([wrong, wrong], Strict, call="GET /contacts")
    assert decode_rows([msgspec.Raw(b"5")], Contact) == ([], [b"5"])


EMPTY: list[dict[str, Any]] = [
    {}, {"total_count": 0}, {"total_count": None, "pages": None}, {"pages": {"next": None}},
]  # fmt: skip
NOT_EMPTY: list[dict[str, Any]] = [
    {"total_count": 3}, {"pages": {"next": {"starting_after": "x"}}}, {"has_more": True},
    {"next_cursor": "x"},
]  # fmt: skip


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.__name__)
def test_null_is_an_empty_list_unless_the_page_says_otherwise(kind: Any) -> None:
    name = next(each for each in msgspec.structs.fields(kind) if each.name == "items").encode_name
    for row_type in (Contact, msgspec.Raw, Slim):
        for beside in EMPTY:
            page = read({name: None, **beside}, kind[row_type])
            assert (page.items, page.unreadable) == ([], ())
        for beside in NOT_EMPTY:
            with pytest.raises(DecodeError):
                read({name: None, **beside}, kind[row_type])
        with pytest.raises(DecodeError):
            read({"total_count": 0}, kind[row_type])
    assert drifted()
