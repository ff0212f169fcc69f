"""Odd values for arguments, and what says of each whether an argument may be it."""

from __future__ import annotations

import math
import re
import sys
from collections import UserDict
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import partial
from typing import Any, cast

from intercom_async import Intercom

Fits = Callable[[Any], bool]


class Kind(Enum):
    """An enum that stands for nothing here."""

    ONE = 1


class Hostile:
    """A value that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


ODD: list[Any] = [
    *(None, True, False, 0, -1, 3, 1.5, math.nan, math.inf, -math.inf, 10**400),
    *("3", "", " ", "two words", "\uff12.\uff11", "a\nb", "a\0b", "\ud800", "x" * 5_000),
    *(b"bytes", b"", [], [1], ["a"], ["", ""], (), {}, {"a": 1}, UserDict(a=1)),
    *(object(), Kind.ONE, Kind, int, print, Intercom, Hostile()),
]


def nothing(_: Any) -> bool:
    return False


def text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value != "\ud800"


def field(value: Any) -> bool:
    return text(value) and value.isprintable()


def any_text(value: Any) -> bool:
    return isinstance(value, str)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def count(value: Any, least: int = 1, most: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


whole = partial(count, most=sys.float_info.max)
"""Takes what `check_count` takes; the simulator counts further."""


def seconds(value: Any, *, may_be_zero: bool = True) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < 1e308 and (may_be_zero or value > 0)


def mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def names(value: Any) -> bool:
    is_list = isinstance(value, list | tuple | Mapping)
    return is_list and all(map(any_text, cast("Iterable[Any]", value)))


def answers(value: Any) -> bool:
    is_iterable = hasattr(value, "__iter__") and not isinstance(value, str | bytes)
    return callable(value) or is_iterable


def empty_dict(value: Any) -> bool:
    return isinstance(value, dict) and not value


def host(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[!-~]{1,253}", value) is not None


def either(*fits: Fits) -> Fits:
    return lambda value: any(each(value) for each in fits)


def one_of(*values: Any) -> Fits:
    return lambda value: any(value is each for each in values)


count_from_0 = partial(count, least=0)
records = partial(count, least=0, most=16_000_000)
positive = partial(seconds, may_be_zero=False)
none = one_of(None)
function = either(none, callable)
secret = either(text, lambda value: value == ["a"])
name_or_number = either(text, lambda value: isinstance(value, int) and not isinstance(value, bool))
