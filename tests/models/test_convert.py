"""Models as the values that programs pass on: dictionaries, JSON, keys, copies."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from intercom_async import ConfigError, models, to_datetime
from intercom_async.codec import decode
from intercom_async.codec.coercion import read_either
from intercom_async.models import Contact, Conversation, ConversationPage, Model, Page, Tag
from intercom_async.models._columns import columns_of
from tests.support.bodies import made_up
from tests.support.each import for_each, name_of

STRUCTS: list[Any] = [
    one
    for name in models.__all__
    if isinstance(one := getattr(models, name), type)
    and issubclass(one, Model)
    and not getattr(one, "__parameters__", ())
]


def some(model: Any, seed: int) -> Any:
    """Make up a model with most of its fields."""
    random = Random(seed)
    while True:
        body = json.dumps(made_up(inspect.type_info(model), random, odd=0.0)).encode("utf-8")
        try:
            return msgspec.json.decode(body, type=model, dec_hook=read_either)
        except msgspec.ValidationError:
            continue


CONTACT = decode(
    json.dumps(
        {
            "type": "contact",
            "id": "7",
            "email": None,
            "created_at": 1_700_000_000,
            "signed_up_at": 1_700_000_000_000,
            "last_seen_at": None,
            "custom_attributes": {"seen_at": 1_700_000_000, "none": None, "list": [{"a": 1}]},
            "tags": {"type": "list", "data": [{"type": "tag", "id": "1"}], "has_more": False},
        }
    ).encode(),
    Contact,
)
MOMENT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_dictionary_has_what_is_not_none() -> None:
    assert CONTACT.to_dict() == {
        "type": "contact",
        "id": "7",
        "created_at": 1_700_000_000,
        "signed_up_at": 1_700_000_000_000,
        "custom_attributes": {"seen_at": 1_700_000_000, "none": None, "list": [{"a": 1}]},
        "tags": {"type": "list", "data": [{"type": "tag", "id": "1"}], "has_more": False},
    }
    with_none = CONTACT.to_dict(none=True)
    assert with_none["email"] is None
    assert with_none.keys() == {column.name for column in columns_of(Contact)}
    assert with_none["tags"]["total_count"] is None


@pytest.mark.parametrize(
    ("times", "moment"),
    [("unix", 1_700_000_000), ("datetime", MOMENT), ("iso", "2023-11-14T22:13:20Z")],
)
def test_moments_come_as_asked_and_attributes_of_users_as_they_are(
    times: Any, moment: object
) -> None:
    found = CONTACT.to_dict(times=times)
    assert found["created_at"] == moment
    if times != "unix":
        assert found["signed_up_at"] == moment
    assert found["custom_attributes"]["seen_at"] == 1_700_000_000
    assert to_datetime(CONTACT.created_at) == MOMENT
    assert to_datetime(CONTACT.last_seen_at) is None


def test_a_moment_that_no_datetime_holds_stays_a_number() -> None:
    late = decode(b'{"id":"1","created_at":99999999999}', Contact)
    early = decode(b'{"id":"1","created_at":-99999999999999}', Contact)
    for one in (late, early):
        for times in ("datetime", "iso"):
            found = one.to_dict(times=times)["created_at"]
            assert found is not None
    assert early.to_dict(times="iso")["created_at"] == -99_999_999_999_999


def test_another_form_of_moments_is_refused() -> None:
    with pytest.raises(ConfigError, match="times"):
        CONTACT.to_dict(times="seconds")  # type: ignore[arg-type] # the subject
    with pytest.raises(ConfigError, match="times"):
        CONTACT.to_json(times=None)  # type: ignore[arg-type] # the subject


def test_a_dictionary_is_a_copy() -> None:
    found = CONTACT.to_dict()
    found["custom_attributes"]["list"][0]["a"] = 2
    found["tags"]["data"].clear()
    assert CONTACT.custom_attributes["list"] == [{"a": 1}]
    assert CONTACT.tags is not None
    assert len(CONTACT.tags.data) == 1


@for_each(STRUCTS, name_of)
def test_what_a_model_writes_it_reads(model: Any) -> None:
    for seed in range(5):
        one = some(model, seed)
        assert msgspec.convert(one.to_dict(), model, dec_hook=read_either) == one
        assert msgspec.convert(one.to_dict(none=True), model, dec_hook=read_either) == one
        assert msgspec.json.decode(one.to_json(), type=model, dec_hook=read_either) == one
        assert json.loads(one.to_json(times="datetime")) == one.to_dict(times="iso")


@for_each(STRUCTS, name_of)
def test_a_model_survives_pickle_and_copies(model: Any) -> None:
    one = some(model, 1)
    for copied in (
        *(pickle.loads(pickle.dumps(one, protocol)) for protocol in range(2, 6)),  # noqa: S301 (made here)
        copy.copy(one),
        copy.deepcopy(one),
    ):
        assert copied == one
        assert type(copied) is model


def test_a_page_survives_and_writes_what_the_server_sent() -> None:
    body = b'{"data":[{"id":"1"},null],"total_count":2}'
    page = decode(body, Page[Contact])
    assert pickle.loads(pickle.dumps(page)) == page  # noqa: S301 (made here)
    assert copy.deepcopy(page) == page
    assert page.to_dict() == {
        "data": [{"id": "1", "custom_attributes": {}}],
        "total_count": 2,
    }
    raw = decode(b'{"conversations":[{"id":"1"}]}', ConversationPage[msgspec.Raw])
    assert raw.to_dict() == {"conversations": [{"id": "1"}]}


@for_each(STRUCTS, name_of)
def test_a_model_is_a_key_by_class_and_id_if_it_has_one(model: Any) -> None:
    one, same = some(model, 3), some(model, 3)
    assert one == same
    if getattr(one, "id", None):
        assert len({one, same}) == 1
        assert hash(one) == hash(same)
    else:
        with pytest.raises(TypeError, match=model.__name__):
            hash(one)


def test_an_object_that_changed_has_the_same_hash_and_is_another_key() -> None:
    before, after = (decode(body, Tag) for body in (b'{"id":"1"}', b'{"id":"1","name":"x"}'))
    assert hash(before) == hash(after)
    assert {before: 1, after: 2} == {after: 2, before: 1}
    assert before != after
    other: Any = decode(b'{"id":"1"}', Contact)
    assert before != other


def test_a_repr_leaves_out_what_is_none_or_empty() -> None:
    assert repr(decode(b'{"id":"7","name":"","has_hard_bounced":false}', Contact)) == (
        "Contact(id='7', has_hard_bounced=False)"
    )


@for_each(STRUCTS, name_of)
def test_a_repr_fits_a_screen(model: Any) -> None:
    for seed in range(3):
        assert len(repr(some(model, seed))) <= 1_500


def test_the_repr_of_a_long_conversation_fits_a_screen() -> None:
    body = {
        "id": "1",
        "title": "x" * 10_000,
        "conversation_parts": {
            "conversation_parts": [{"id": str(n), "body": "y" * 5_000} for n in range(500)]
        },
        "custom_attributes": {str(n): "z" * 500 for n in range(500)},
    }
    text = repr(decode(json.dumps(body).encode(), Conversation))
    assert len(text) < 700
    assert "… 497 more" in text
