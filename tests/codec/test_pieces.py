"""A large page that is decoded in pieces becomes what it becomes in one."""

from __future__ import annotations

import json
import os
from collections.abc import Coroutine
from random import Random
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from intercom_async import models
from intercom_async.codec import UNREAD, decode, drift, reset_drift
from intercom_async.codec.pieces import decode_in_pieces
from intercom_async.errors import DecodeError
from tests.codec.test_random_bodies import PAGES, described, name_of
from tests.support.bodies import made_up

EXAMPLES = int(os.environ.get("INTERCOM_TEST_EXAMPLES", "4"))
"""Bodies for each page; 10,000 make a thorough run of some minutes."""
pytestmark = pytest.mark.timeout(60 + EXAMPLES / 10)


class Strict(msgspec.Struct):
    """A caller's own row."""

    id: str
    name: str
    weight: float = 0.0


class Cat(msgspec.Struct, tag="cat"):
    """A row of two kinds."""

    id: str


class Dog(msgspec.Struct, tag="dog"):
    """The other kind."""

    id: str
    age: int = msgspec.field(default=0)


OWN: list[Any] = [
    models.Page[Strict],
    models.ConversationPage[Strict],
    models.ArticleSearchPage[Strict],
    models.Page[Cat | Dog],
    models.Page[dict[str, Any]],
    models.Page[Any],
    models.Page[str],
]
ALL: list[Any] = [*(page for page in PAGES if get_args(page)), *OWN]


def run(steps: Coroutine[Any, Any, Any]) -> tuple[Any, int]:
    """Run a coroutine that does no more than let others run; return how often it did."""
    turns = 0
    while True:
        try:
            steps.send(None)
        except StopIteration as end:
            return end.value, turns
        turns += 1


def page_of(page_type: Any, seed: int, odd: float, *, are_typed: bool = False) -> dict[str, Any]:
    """Make up a page of 20 rows, some of them odd; typed ones begin with the same type."""
    random = Random(seed)
    made: dict[str, Any] = made_up(described(page_type), random, odd=0.0)
    page = {name: value for name, value in made.items() if not name.startswith("intercom_async.")}
    holder = page
    kind: Any = described(page_type)
    fields = {field.name: field for field in kind.fields}
    if "found" in fields:
        page.pop(fields["items"].encode_name, None)  # the API has its rows in one place
        holder = page.setdefault(fields["found"].encode_name, {})
        fields = {field.name: field for field in fields["found"].type.fields}
    rows = fields["items"]
    items: list[Any] = [
        made_up(rows.type.item_type, random, odd=random.choice([0.0, odd])) for _ in range(20)
    ]
    if are_typed:
        items = [
            {"type": "row", **(row | {"type": "row"})} if isinstance(row, dict) else row
            for row in items
        ]
    holder[rows.encode_name] = items
    return page


def outcome(read: Any) -> tuple[Any, ...]:
    """Return what a body is read as, or why it is not, and what is counted on the way."""
    reset_drift()
    try:
        value = read()
    except DecodeError as error:
        return str(error), error.path, error.body, error.request_id, drift()
    return value, drift()


@pytest.mark.parametrize("model", ALL, ids=name_of)
@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(
    seed=st.integers(0, 2**64),
    odd=st.sampled_from([0.15, 0.0, 0.02, 1.0]),
    size=st.sampled_from([500, 1, 5_000]),
    are_typed=st.booleans(),
    space=st.sampled_from(["", " "]),
)
def test_the_result_is_that_of_one_piece(
    model: Any, seed: int, odd: float, size: int, *, are_typed: bool, space: str
) -> None:
    page = page_of(model, seed, odd, are_typed=are_typed)
    body = json.dumps(page, separators=("," + space, ":" + space)).encode()

    def in_pieces() -> Any:
        value, _ = run(
            decode_in_pieces(body, model, call="GET /x", request_id="r", batch_bytes=size)
        )
        return decode(body, model, call="GET /x", request_id="r") if value is UNREAD else value

    whole = outcome(lambda: decode(body, model, call="GET /x", request_id="r"))
    assert outcome(in_pieces) == whole
