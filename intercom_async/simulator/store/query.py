"""The search language: checked as Intercom checks it, then made into functions.

A query is compiled for both kinds of rows (seeded ones by number, written ones by their dict), and
its conditions on times become a range of numbers, so that a window of time on a million rows is
found by arithmetic.
"""

from __future__ import annotations

import dataclasses
import operator as operators
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from intercom_async.simulator.errors import bad_parameter
from intercom_async.simulator.rows import Row, encode_json
from .filters import Filter
from .runs import field_of
from .table import Table

MAX_DEPTH = 2
"""Levels to which groups of filters nest; one more is answered with 400 (`test_search.py`)."""
MAX_FILTERS = 15
"""Filters of one group at most; one more is answered with 400 (`test_search.py`)."""
OPERATORS = frozenset(("=", "!=", "IN", "NIN", "<", "<=", ">", ">=", "~", "!~", "^", "$"))
DAY_OPERATORS = frozenset(("=", ">", "<"))
TEXT_OPERATORS = frozenset(("~", "!~", "^", "$"))
FLAGS: dict[Any, bool] = {True: True, False: False, "true": True, "false": False}
"""Values of fields that are true or false; texts are taken in any case."""
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
class Group:
    """Several conditions of which all or any must hold."""

    is_all: bool
    parts: tuple[Leaf | Group, ...]


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

    def knows(self, field: str) -> bool:
        """Tell whether a query may name this field."""
        return (
            field in self.known
            or field in self.special
            or any(field.startswith(prefix) and field != prefix for prefix in self.open)
        )


def parse(query: Any, fields: Fields) -> Leaf | Group:
    """Check a query and return it as a tree; 400 with a reason where it is not one."""
    return _parse(query, fields, 0)


def _parse(query: Any, fields: Fields, depth: int) -> Leaf | Group:
    if not isinstance(query, dict):
        raise bad_parameter("query must be an object")
    node: Row = query  # pyright: ignore[reportUnknownVariableType]
    joined_by: Any = node.get("operator")
    if joined_by not in ("AND", "OR"):
        return _leaf(node, fields)
    if depth == MAX_DEPTH:
        raise bad_parameter(f"Queries can be nested at most {MAX_DEPTH} levels deep")
    parts: Any = node.get("value")
    if not isinstance(parts, list) or not parts:
        raise bad_parameter(f"The value of {joined_by} must be a list of filters")
    count = len(parts)  # pyright: ignore[reportUnknownArgumentType]
    if count > MAX_FILTERS:
        raise bad_parameter(f"{joined_by} takes at most {MAX_FILTERS} filters, not {count}")
    return Group(
        joined_by == "AND",
        tuple(_parse(part, fields, depth + 1) for part in parts),  # pyright: ignore[reportUnknownVariableType]
    )


def _leaf(node: Row, fields: Fields) -> Leaf:
    field: Any = node.get("field")
    operator: Any = node.get("operator")
    if not isinstance(field, str) or not field:
        raise bad_parameter("Every filter needs a field")
    if not fields.knows(field):
        raise bad_parameter(
            f"{field} is not a valid search field", code="invalid_field", field=field
        )
    _check_operator(field, operator, fields)
    if "value" not in node:
        raise bad_parameter(f"The filter on {field} has no value", field=field)
    value = node["value"]
    if operator in ("IN", "NIN"):
        if not isinstance(value, list):
            raise bad_parameter(f"The value of {operator} must be a list", field=field)
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return Leaf(field, operator, tuple(_typed(item, field, fields) for item in items))
    if isinstance(value, (list, dict)):
        raise bad_parameter(f"The value of {operator} must be a single value", field=field)
    return Leaf(field, operator, _typed(value, field, fields))


def _check_operator(field: str, operator: Any, fields: Fields) -> None:
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise bad_parameter(f"{operator!r} is not a valid operator", field=field)
    if field in fields.equality_only and operator not in ("=", "!="):
        raise bad_parameter(f"{field} takes only = and !=", field=field)
    if field in fields.no_lists and operator in ("IN", "NIN"):
        raise bad_parameter(f"{field} takes neither IN nor NIN", field=field)
    if field in fields.days and operator not in DAY_OPERATORS:
        raise bad_parameter(f"{field} takes only =, > and <, not {operator}", field=field)
    is_text = field not in fields.dates | fields.numbers | fields.flags
    if not is_text and operator in TEXT_OPERATORS:
        raise bad_parameter(f"{field} is no text; {operator} compares texts", field=field)
    if field in fields.flags and operator in COMPARISONS:
        raise bad_parameter(f"{field} is true or false; it is neither above nor below", field=field)


def _typed(value: Any, field: str, fields: Fields) -> Any:
    """Read times that were sent as text or with a fraction; refuse what is of another type."""
    if isinstance(value, (list, dict)):
        raise bad_parameter(f"A list of values for {field} takes single values", field=field)
    if value is None:
        return None
    if field in fields.flags:
        return _flag(value, field)
    if field in fields.numbers and _number(value) is None:
        raise bad_parameter(f"{field} takes numbers", field=field)
    if field not in fields.dates:
        return value
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        raise bad_parameter(f"{field} takes UNIX seconds", field=field) from None


def _flag(value: Any, field: str) -> bool:
    text = value.lower() if isinstance(value, str) else value
    if not isinstance(text, (str, bool)) or text not in FLAGS:
        raise bad_parameter(f"{field} takes true or false", field=field)
    return FLAGS[text]


def compile_filter(tree: Leaf | Group | None, table: Table, fields: Fields, days: Days) -> Filter:
    """Make a table's filter of a checked query; None asks for everything."""
    if tree is None:
        return table.everything()
    seeds = table.seeds

    def read_row(field: str) -> Test:
        special = fields.special.get(field)
        return special or (lambda row: field_of(row, field))

    def read_number(field: str) -> Callable[[int], Any]:
        column = seeds.search_columns.get(field) or seeds.columns.get(field)
        if column is not None:
            return column
        reader = read_row(field)
        return lambda number: reader(seeds.row(number))

    numbers, is_exact = _narrow(tree, table, fields, days)
    # Versions and zones ask the same question with another meaning: what days are is in the key.
    spans = [days(leaf.value) for leaf in _leaves(tree) if _is_of_days(leaf, fields)]
    key = encode_json([dataclasses.asdict(tree), spans]).decode()
    return Filter(
        key=key,
        numbers=numbers,
        is_exact=is_exact,
        test_number=_compile(tree, read_number, fields, days),
        test_row=_compile(tree, read_row, fields, days),
    )


def _compile(
    tree: Leaf | Group, reader: Callable[[str], Callable[[Any], Any]], fields: Fields, days: Days
) -> Test:
    if isinstance(tree, Group):
        tests = [_compile(part, reader, fields, days) for part in tree.parts]
        if tree.is_all:
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)
    read, holds = reader(tree.field), condition(tree, fields, days)
    return lambda row: holds(read(row))


def _leaves(tree: Leaf | Group) -> Iterator[Leaf]:
    """Walk the conditions of a tree."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        for part in tree.parts:
            yield from _leaves(part)


def _is_of_days(leaf: Leaf, fields: Fields) -> bool:
    """Tell whether a condition compares whole days."""
    return leaf.field in fields.days and leaf.value is not None


def condition(leaf: Leaf, fields: Fields, days: Days) -> Test:
    """Return the test of one field's value."""
    if _is_of_days(leaf, fields):
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
    wanted, wanted_text = _number(leaf.value), _text(leaf.value)

    def test(value: Any) -> bool:
        number = None if wanted is None else _number(value)
        if number is not None:
            return compare(number, wanted)
        text = _text(value)
        return text is not None and wanted_text is not None and compare(text, wanted_text)

    return test


def _text(value: Any) -> str | None:
    """Return a single value as text that compares without regard to case."""
    return None if value is None or isinstance(value, (list, dict)) else str(value).lower()


def _number(value: Any) -> float | None:
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
        moment = _number(value)
        return moment is not None and holds(moment)

    return test


def _narrow(tree: Leaf | Group, table: Table, fields: Fields, days: Days) -> tuple[range, bool]:
    """Return the seeded numbers that can match, and whether each of them does."""
    if isinstance(tree, Leaf):
        return _narrow_leaf(tree, table, fields, days)
    parts = [_narrow(part, table, fields, days) for part in tree.parts]
    if tree.is_all:
        return _intersect(parts)
    return _unite(parts)


def _narrow_leaf(leaf: Leaf, table: Table, fields: Fields, days: Days) -> tuple[range, bool]:
    seeds = table.seeds
    whole = range(seeds.count)
    if leaf.field in seeds.unique and leaf.operator == "=" and leaf.value is not None:
        number = seeds.unique[leaf.field](str(leaf.value).lower())
        known = number is not None and 0 <= number < seeds.count
        return (range(number, number + 1) if known and number is not None else range(0)), False
    if leaf.field not in seeds.monotone or leaf.value is None:
        return whole, False
    column = seeds.columns[leaf.field]
    if leaf.operator == "=":
        low_at, high_at = days(leaf.value) if leaf.field in fields.days else _instant(leaf.value)
        low = _first(whole, lambda number: column(number) >= low_at)
        return range(low, _first(whole, lambda number: column(number) >= high_at)), True
    test = condition(leaf, fields, days)
    if leaf.operator in (">", ">="):
        return range(_first(whole, lambda number: test(column(number))), len(whole)), True
    if leaf.operator in ("<", "<="):
        return range(_first(whole, lambda number: not test(column(number)))), True
    return whole, False


def _instant(moment: int) -> tuple[int, int]:
    return moment, moment + 1


def _intersect(parts: list[tuple[range, bool]]) -> tuple[range, bool]:
    low = max(numbers.start for numbers, _ in parts)
    high = min(numbers.stop for numbers, _ in parts)
    return range(low, max(low, high)), all(is_exact for _, is_exact in parts)


def _unite(parts: list[tuple[range, bool]]) -> tuple[range, bool]:
    """Return the hull; it is exact only where the parts are and leave no gap between them."""
    full = sorted(
        ((numbers, is_exact) for numbers, is_exact in parts if numbers),
        key=lambda part: part[0].start,
    )
    if not full:
        return range(0), True
    high, is_exact = full[0][0].stop, True
    for numbers, part_is_exact in full:
        is_exact = is_exact and part_is_exact and numbers.start <= high
        high = max(high, numbers.stop)
    return range(full[0][0].start, high), is_exact


def _first(numbers: range, test: Callable[[int], bool]) -> int:
    """Return the first number for which `test` holds; once it holds, it holds for all above."""
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        if test(middle):
            high = middle
        else:
            low = middle + 1
    return low
