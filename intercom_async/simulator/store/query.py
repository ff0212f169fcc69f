"""The search language: checked as Intercom checks it, then made into functions.

A query is compiled for both kinds of rows (seeded ones by number, written ones by their dict), and
its conditions on times become a range of numbers, so that a window of time on a million rows is
found by arithmetic.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from intercom_async.simulator.errors import bad_parameter
from intercom_async.simulator.rows import Row, encode_json
from .conditions import COMPARISONS, Days, Fields, Leaf, Test, condition, is_of_days, number_in
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


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Several conditions of which all or any must hold."""

    is_all: bool
    parts: tuple[Leaf | Group, ...]


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
    if field in fields.numbers and number_in(value) is None:
        raise bad_parameter(f"{field} takes numbers", field=field)
    if field not in fields.dates:
        return value
    if isinstance(value, bool):
        raise bad_parameter(f"{field} takes UNIX seconds", field=field)
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
    spans = [days(leaf.value) for leaf in _leaves(tree) if is_of_days(leaf, fields)]
    changes = [fields.changes.get(leaf.field, 0) for leaf in _leaves(tree)]
    key = encode_json([dataclasses.asdict(tree), spans, changes]).decode()
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
