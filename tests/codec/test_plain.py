"""What programs hold in place of plain values, and what of it is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import pytest

from intercom_async.codec.plain import parameter_text, plain, plain_id, to_parameter
from intercom_async.errors import ConfigError


class Word(str):
    """A text with a `str` of its own, such as a markup."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not this"


class Level(IntEnum):
    HIGH = 3


class Tag(Enum):
    VIP = "vip"
    NESTED = Level.HIGH


UUID_OF_USER = UUID("12345678-1234-5678-1234-567812345678")
AN_HOUR = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (None, None),
        (True, True),
        (Tag.VIP, "vip"),
        (Tag.NESTED, 3),
        (Level.HIGH, 3),
        (Word("vip"), "vip"),
        (UUID_OF_USER, "12345678-1234-5678-1234-567812345678"),
    ],
)
def test_a_value_becomes_what_it_stands_for(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


def test_numpys_scalars_become_numbers_and_its_times_do_not() -> None:
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    assert type(plain(numpy.int64(7))) is int
    assert type(plain(numpy.float32(0.5))) is float
    assert type(plain(numpy.bool_(True))) is bool
    assert plain(numpy.array([1, 2])) == [1, 2]
    moment = numpy.datetime64("2026-01-31")
    assert plain(moment) is moment


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a b", "a b"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        (0.5, "0.5"),
        (Decimal("1.50"), "1.50"),
        (AN_HOUR, str(int(AN_HOUR.timestamp()))),
        (date(2026, 1, 31), "2026-01-31"),
        (["b", "a", 1], "b,a,1"),
        (("open", Tag.VIP), "open,vip"),
        ({"b", "a"}, "a,b"),
        (frozenset[str](), ""),
    ],
)
def test_a_parameter_is_sent_as_its_text(value: Any, sent: str) -> None:
    assert parameter_text(to_parameter("p", value)) == sent


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": 1}, "no dict"),
        (b"bytes", "no bytes"),
        (bytearray(b"x"), "no bytearray"),
        (object(), "no object"),
        (float("nan"), "not a finite number"),
        (Decimal("Infinity"), "not a finite number"),
        (["a", None], "a list with None in it"),
        (["a,b"], "a comma in it"),
        ([["a"]], "no list"),
        (memoryview(b"x"), "no memoryview"),
        pytest.param(10**5000, "too many digits", id="huge"),
        pytest.param([10**5000], "too many digits", id="list of huge"),
    ],
)
def test_what_has_no_text_is_refused_by_name(value: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        to_parameter("state", value)
    assert "state" in str(caught.value)


@pytest.mark.parametrize("value", [True, 1.5, None, [], b"7"])
def test_what_is_no_id_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigError, match="contact_id must be a str, int or UUID"):
        plain_id("contact_id", value)


def test_an_id_is_a_text_or_a_number() -> None:
    assert plain_id("contact_id", UUID_OF_USER) == str(UUID_OF_USER)
    assert plain_id("contact_id", Level.HIGH) == 3
    with pytest.raises(ConfigError, match="contact_id is empty"):
        plain_id("contact_id", "  ")
