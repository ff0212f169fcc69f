"""Every conversion between a moment and the forms it takes outside.

Inside the package a moment is UNIX seconds. Three rules hold wherever one comes in or goes out:

- A caller's `datetime` must have a time zone. One without it means a different moment on each
  machine, so it is refused by name, never taken as local time.
- A fraction of a second is cut off (rounded down), as the API does.
- A text of the server without a zone is UTC, as all its other times are.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import Enum
from operator import index
from typing import Literal, SupportsIndex, TypeAlias

from intercom_async.errors import ConfigError, IntercomError

Times: TypeAlias = Literal["unix", "datetime", "iso"]
"""How moments are given: as UNIX seconds, as aware datetimes in UTC, or in ISO 8601."""

UNIX_SECONDS = "UNIX seconds"
"""Marks the fields of models that hold a moment; to msgspec and type checkers they are plain int
(test_columns.py::test_every_moment_of_a_model_is_a_timestamp)."""
MILLISECONDS_FROM = 100_000_000_000
"""Numbers above this are milliseconds: as seconds they lie after the year 5138, and as milliseconds
before March 1973 (test_moments.py::test_milliseconds_of_the_server_become_seconds)."""
EARLIEST, LATEST = -62_135_596_800, 253_402_300_799
"""The first and the last second of the years 1 to 9999: no datetime holds another one."""
NUMBER_TEXT = "[+-]?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?"
"""A number as a text of the server has it, as a regular expression. This and the next ones are read
by Python, PostgreSQL and DuckDB alike, so that a text is the same moment in every target
(test_moment_texts.py)."""
_ZONE = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
ISO_TEXT = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    f"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?{_ZONE}?)?"
)
"""A moment as a text of the server has it, as a regular expression."""
ZONED_TEXT = f".*:.*{_ZONE}"
"""An `ISO_TEXT` that names its zone, as a regular expression."""
_NUMBER, _ISO = re.compile(NUMBER_TEXT), re.compile(ISO_TEXT)
_MOMENT = re.compile(
    r"^(?!custom_attributes\b)(.*\.)?"
    r"(\w+_(at|after|before|since|until|time|ts)|until|timestamp|first|last)$"
)
"""Names of arguments and fields that hold a moment; attributes that users define are not among
them (test_values.py::test_a_moment_in_milliseconds_is_refused_by_name)."""


def to_unix(name: str, moment: object, error: type[IntercomError] = ConfigError) -> int:
    """Return a caller's moment as UNIX seconds.

    Args:
        name: What the moment is called in the error's message.
        moment: UNIX seconds or a datetime with a time zone.
        error: The class of what is raised.

    Raises:
        IntercomError: It is neither, the number is in milliseconds, or the datetime has no time
            zone; `error` is its class.
    """
    if isinstance(moment, Enum):
        return to_unix(name, moment.value, error)
    if not isinstance(moment, datetime):
        if isinstance(moment, bool | type) or not isinstance(moment, SupportsIndex):
            raise error(f"{name} must be UNIX seconds or a datetime, not {type(moment).__name__}")
        seconds = index(moment)
        if seconds > MILLISECONDS_FROM:
            raise error(f"{name} must be UNIX seconds; is it in milliseconds?")
        return seconds
    try:
        offset = moment.utcoffset()
    except ValueError:
        # pandas.NaT is a datetime, too.
        raise error(f"{name} is no moment; leave it out, or give None") from None
    if offset is None:
        raise error(
            f"{name} is a datetime without a zone; add a time zone, as in datetime(…, tzinfo=UTC)"
        )
    return math.floor(moment.timestamp())


def is_milliseconds(name: str, value: object) -> bool:
    """Return whether a value is a number in milliseconds, where its name says it is a moment."""
    if not isinstance(value, int | float | Decimal) or (
        isinstance(value, Decimal) and not value.is_finite()
    ):
        return False
    return value > MILLISECONDS_FROM and _MOMENT.search(name) is not None


def to_iso(name: str, moment: object) -> str:
    """Return a caller's moment in ISO 8601, in UTC and whole seconds, as some bodies want it.

    Raises:
        ConfigError: It is no moment, has no time zone, or lies outside the years 1 to 9999.
    """
    seconds = to_unix(name, moment)
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise ConfigError(f"{name} is out of range; is it in milliseconds?") from None
    return time.isoformat().replace("+00:00", "Z")


def to_datetime(seconds: float | None) -> datetime | None:
    """Return UNIX seconds as a datetime in UTC; None stays None.

    Raises:
        ValueError: The moment lies outside the years 1 to 9999, as milliseconds do.
        TypeError: It is no number.
    """
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError(
            "the moment lies outside the years 1 to 9999; is it in milliseconds?"
        ) from None
    except TypeError:
        kind = type(seconds).__name__
        raise TypeError(f"to_datetime takes UNIX seconds or None, not {kind}") from None


def from_iso(text: str) -> datetime | None:
    """Read ISO 8601, in UTC where it names no zone; None if it is something else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def from_http_date(text: str) -> float | None:
    """Read the date of an HTTP header as UNIX seconds; None if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def from_server(value: object) -> int | None:
    """Read a time in any form the API gives it as UNIX seconds; None if it is none.

    Seconds and milliseconds, as number or text, and ISO 8601 are read.
    """
    if type(value) is int and value <= MILLISECONDS_FROM:
        return value  # as practically all moments come
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        text = value.strip(" ")
        if _NUMBER.fullmatch(text):
            return from_server(float(text))
        moment = from_iso(text) if _ISO.fullmatch(text) else None
        return None if moment is None else int(moment.replace(microsecond=0).timestamp())
    try:
        return math.floor(value / 1000 if value > MILLISECONDS_FROM else value)
    except (OverflowError, ValueError):
        return None  # it is not finite, or an integer beyond every float
