"""Conditions on one field of a record: how the values of searches are compared."""

from __future__ import annotations

import dataclasses
import operator as operators
from collections.abc import Callable, Mapping
from typing import Any

from intercom_async.simulator.rows import Row

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}

Test = Callable[[Any], bool]
Days = Callable[[int], tuple[int, int]]
"""A moment's whole day in the workspace's time zone: its start and the next one's."""


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    """One condition, its value already of the field's type."""

    field: str
    operator: str
    value: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Fields:
    """What a search knows of its kind of record.

    `special` fields are read by functions of the row instead of a path, `open` prefixes take any
    name behind them, `days` are times searched by whole days.
    """

    known: frozenset[str]
    dates: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    open: tuple[str, ...] = ("custom_attributes.",)
    special: Mapping[str, Callable[[Row], Any]] = dataclasses.field(
        default_factory=dict[str, Callable[[Row], Any]]
    )
    whole_words: frozenset[str] = frozenset()
    """Texts of which `=` finds a word, never a phrase."""
    equality_only: frozenset[str] = frozenset(("tag_id",))
    no_lists: frozenset[str] = frozenset()
    """Fields that take neither IN nor NIN."""
    numbers: frozenset[str] = frozenset()
    """Fields that are numbers: they take no part of a text."""
    flags: frozenset[str] = frozenset()
    """Fields that are true or false: they are equal or not."""

    changes: Mapping[str, int] = dataclasses.field(default_factory=dict[str, int])
    """By field that changes without a write to its row: how often that has happened."""

    def knows(self, field: str) -> bool:
        """Tell whether a query may name this field."""
        return (
            field in self.known
            or field in self.special
            or any(field.startswith(prefix) and field != prefix for prefix in self.open)
        )


def is_of_days(leaf: Leaf, fields: Fields) -> bool:
    """Tell whether a condition compares whole days."""
    return leaf.field in fields.days and leaf.value is not None


def condition(leaf: Leaf, fields: Fields, days: Days) -> Test:
    """Return the test of one field's value."""
    if is_of_days(leaf, fields):
        return _day_condition(leaf, days)
    if leaf.operator in ("IN", "NIN"):
        wanted: tuple[Any, ...] = leaf.value or ()
        is_in = leaf.operator == "IN"
        return lambda value: any(_same(value, one) for one in wanted) is is_in
    if leaf.operator in ("=", "!="):
        return _equality(leaf, fields)
    if leaf.operator in ("<", "<=", ">", ">="):
        return _comparison(leaf)
    return _text_condition(leaf)


def _equality(leaf: Leaf, fields: Fields) -> Test:
    is_equal = leaf.operator == "="
    if leaf.field in fields.whole_words and isinstance(leaf.value, str):
        word = leaf.value.lower()
        return lambda value: (word in _words(value)) is is_equal
    return lambda value: _same(value, leaf.value) is is_equal


def _same(value: Any, wanted: Any) -> bool:
    """Compare as the real search does: a list has what is in it, "7" is 7, yes is not 1."""
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return any(_same(one, wanted) for one in items) or (wanted is None and not items)
    if value is None or wanted is None:
        return value is wanted
    if isinstance(value, bool) or isinstance(wanted, bool):
        return str(value).lower() == str(wanted).lower()
    if isinstance(value, str) or isinstance(wanted, str):
        return str(value).lower() == str(wanted).lower()
    return bool(value == wanted)


def _comparison(leaf: Leaf) -> Test:
    """Compare numbers as numbers, and anything else as text: `id > ""` finds every row."""
    compare = COMPARISONS[leaf.operator]
    wanted, wanted_text = number_in(leaf.value), _text(leaf.value)

    def test(value: Any) -> bool:
        number = None if wanted is None else number_in(value)
        if number is not None:
            return compare(number, wanted)
        text = _text(value)
        return text is not None and wanted_text is not None and compare(text, wanted_text)

    return test


def _text(value: Any) -> str | None:
    """Return a single value as text that compares without regard to case."""
    return None if value is None or isinstance(value, (list, dict)) else str(value).lower()


def number_in(value: Any) -> float | None:
    """Return a value as a number, text of digits included; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _text_condition(leaf: Leaf) -> Test:
    wanted = "" if leaf.value is None else str(leaf.value).lower()
    if leaf.operator == "^":
        return lambda value: value is not None and str(value).lower().startswith(wanted)
    if leaf.operator == "$":
        return lambda value: value is not None and str(value).lower().endswith(wanted)
    has = leaf.operator == "~"
    return lambda value: (value is not None and wanted in str(value).lower()) is has


def _words(value: Any) -> list[str]:
    text = "".join(char if char.isalnum() else " " for char in str(value or "").lower())
    return text.split()


def _day_condition(leaf: Leaf, days: Days) -> Test:
    """Compare whole days: `>` begins with the next one, as contact search does up to 2.16."""
    start_at, next_at = days(leaf.value)
    tests: dict[str, Callable[[float], bool]] = {
        "=": lambda moment: start_at <= moment < next_at,
        ">": lambda moment: moment >= next_at,
        "<": lambda moment: moment < start_at,
    }
    holds = tests[leaf.operator]

    def test(value: Any) -> bool:
        moment = number_in(value)
        return moment is not None and holds(moment)

    return test
