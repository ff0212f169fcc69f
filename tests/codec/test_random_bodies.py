"""Whatever the body is, `decode` gives a value of the declared type or a `DecodeError`."""

from __future__ import annotations

import json
import os
from functools import cache
from random import Random
from types import NoneType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec import inspect

from intercom_async import models
from intercom_async.codec import decode
from intercom_async.codec.coercion import read_either
from intercom_async.errors import DecodeError
from intercom_async.models.page import with_items
from tests.contract.operations import endpoints
from tests.support.bodies import made_up

EXAMPLES = int(os.environ.get("INTERCOM_TEST_EXAMPLES", "12"))
"""Bodies for each model; 10,000 make a thorough run of some minutes."""


def is_row(model: Any) -> bool:
    """Say whether answers or rows of pages are read into it, rather than parts of those."""
    if not hasattr(model, "__struct_fields__") or hasattr(model, "__parameters__"):
        return False
    return any(field.required for field in msgspec.structs.fields(model))


ROWS: list[Any] = list(filter(is_row, (getattr(models, name) for name in models.__all__)))
PAGES: list[Any] = [
    models.ConversationPage[models.Conversation],
    models.ArticleSearchPage[models.Article],
    models.InternalArticleSearchPage[models.InternalArticle],
    models.EventPage[models.WhatsAppStatus],
    *(with_items(models.Page[Any], row) for row in ROWS),
]
OTHERS: list[Any] = [NoneType, list[models.FinVoiceCall], dict[str, Any]]
KNOWN = {str(model) for model in (*ROWS, *PAGES, *OTHERS, bytes)}
PAGES.extend(
    {
        str(endpoint.operation.model): endpoint.operation.model
        for endpoint in endpoints()
        if str(endpoint.operation.model) not in KNOWN
    }.values()
)
"""Pages, and with them every other answer that an operation has."""


described = cache(inspect.type_info)
"""What a model is made of; finding it out takes longer than all that is done with it."""
# A thorough run takes longer than a test should.
pytestmark = pytest.mark.timeout(60 + EXAMPLES / 10)


def name_of(model: Any) -> str:
    return str(model).rsplit(".", 1)[-1].strip("'>")


def try_to_read(body: bytes, model: Any) -> None:
    try:
        value = decode(body, model)
    except DecodeError:
        return
    again = msgspec.json.decode(msgspec.json.encode(value), type=model, dec_hook=read_either)
    assert again == value


@pytest.mark.parametrize("model", [*ROWS, *PAGES], ids=name_of)
@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(seed=st.integers(0, 2**64), odd=st.sampled_from([0.02, 0.15, 0.5]))
def test_answers_with_something_wrong_are_read_or_refused(
    model: Any, seed: int, odd: float
) -> None:
    value = made_up(described(model), Random(seed), odd=odd)

    try_to_read(json.dumps(value).encode(), model)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["id", "type", "data", "items", "pages"]), inner)
        | st.dictionaries(st.text(), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(value=JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    body = json.dumps(value).encode()

    for model in (*ROWS, *PAGES, *OTHERS):
        try_to_read(body, model)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for model in (*ROWS, *PAGES, *OTHERS):
        try_to_read(body, model)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(seed=st.integers(0, 2**64), cuts=st.lists(st.integers(0, 10**6), max_size=3))
def test_damaged_answers_are_read_or_refused(seed: int, cuts: list[int]) -> None:
    for model in (*ROWS, *PAGES):
        value = made_up(described(model), Random(seed), odd=0.0)
        body = bytearray(json.dumps(value).encode())
        for cut in cuts:
            place = cut % (len(body) + 1)
            body[place : place + cut % 7] = bytes([cut % 256])

        try_to_read(bytes(body), model)
