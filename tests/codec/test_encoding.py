"""Bodies of requests: what is written, and what is refused before it could mislead."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, strategies as st

from intercom_async.codec import encode
from intercom_async.errors import ConfigError

TEXT = st.text(st.characters(codec="utf-8"))


class Color(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Kind(Enum):
    A = ("a", 1)


class Body(msgspec.Struct):
    name: str
    at: datetime


class Text(str):
    __slots__ = ()


class Name(Text):
    __slots__ = ()


class Count(int):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, b"null"),
        ({}, b"{}"),
        ({"a": None, "b": [1, 2.5, True, "ü"]}, '{"a":null,"b":[1,2.5,true,"ü"]}'.encode()),
        ((1, 2), b"[1,2]"),
        ({7}, b"[7]"),
        (frozenset(["a"]), b'["a"]'),
        (OrderedDict[str, int](a=1), b'{"a":1}'),
        (datetime(2025, 6, 25, 10, 57, 57, 900_000, tzinfo=UTC), b"1750849077"),
        (datetime(2025, 6, 25, 12, 57, 57, tzinfo=timezone(timedelta(hours=2))), b"1750849077"),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), b"-1"),
        (date(2025, 6, 25), b'"2025-06-25"'),
        (Decimal("10.50"), b"10.50"),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Color.RED, b'"red"'),
        (Level.HIGH, b"3"),
        (Kind.A, b'["a",1]'),
        (Name("x"), b'"x"'),
        (Count(4), b"4"),
        (2**70, b"1180591620717411303424"),
        (Body(name="a", at=datetime(1970, 1, 1, tzinfo=UTC)), b'{"name":"a","at":0}'),
    ],
)
def test_values_are_written_as_the_api_reads_them(value: Any, written: bytes) -> None:
    assert encode(value) == written


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "not a finite number"),
        (float("-inf"), "not a finite number"),
        (Decimal("NaN"), "not a finite number"),
        (Decimal("Infinity"), "not a finite number"),
        (datetime(2025, 6, 25), "datetime without a zone"),  # noqa: DTZ001 (the subject)
        (b"bytes", "of type bytes"),
        (bytearray(b"bytes"), "of type bytearray"),
        (object(), "of type object"),
        (timedelta(1), "of type timedelta"),
        (1j, "of type complex"),
        (len, "of type builtin_function_or_method"),
        ({1: 2}, "has a key of type int"),
    ],
)
def test_what_would_mislead_is_refused_by_the_name_of_its_key(value: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        encode({"custom_attributes": {"list": [0, value]}})

    assert str(caught.value).startswith("body.custom_attributes.list[1] ")


def test_text_with_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ConfigError, match="half a surrogate pair"):
        encode({"name": "\ud83d"})


def test_body_that_contains_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["self"] = body

    with pytest.raises(ConfigError, match="contains itself"):
        encode(body)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    )
)
def test_plain_json_comes_out_as_it_went_in(value: Any) -> None:
    assert json.loads(encode(value)) == value


def test_a_key_that_comes_as_str_and_as_enum_is_refused() -> None:
    class Name(Enum):
        PLAN = "plan"

    with pytest.raises(ConfigError, match="twice"):
        encode({"plan": 1, Name.PLAN: 2})


def test_a_number_that_python_does_not_write_is_refused() -> None:
    with pytest.raises(ConfigError, match="too many digits"):
        encode({"a": [10**5000]})
