"""`F`: search predicates that read as Python and turn into the API's query objects.

    F.role == "user"
    (F.state == "open") & (F.created_at > datetime(2024, 1, 1, tzinfo=UTC))
    F.custom_attributes["plan"].in_(["premium", "enterprise"])
    F["source.author.email"] == "ann@example.com"

A predicate that the API would refuse is refused here, before anything is sent. The rules:
https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn
from uuid import UUID

from intercom_async.codec.plain import check_digits, is_finite, is_several, plain
from intercom_async.config import shown
from intercom_async.errors import QueryError
from intercom_async.moments import is_milliseconds, to_unix

MAX_FILTERS = 15
"""Filters in one AND or OR group."""
MAX_LEVELS = 2
"""Groups within groups: a group may hold groups, those may not."""

_OPPOSITES = {
    "=": "!=",
    "!=": "=",
    "IN": "NIN",
    "NIN": "IN",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "~": "!~",
    "!~": "~",
}
"""What holds where an operator does not."""

Value = str | int | float | bool | Decimal | UUID | datetime | None
"""What a field is compared with; a datetime must have a time zone and is sent as UNIX seconds."""

Query = dict[str, Any]
"""A query as the API takes it."""


class Predicate:
    """A condition, or several joined by `&` or by `|`."""

    __slots__ = ("query",)

    def __init__(self, query: Query) -> None:
        self.query: Query = query
        """The condition as the API takes it."""

    def __and__(self, other: Predicate) -> Predicate:
        return _join("AND", self, other)

    def __or__(self, other: Predicate) -> Predicate:
        return _join("OR", self, other)

    def __invert__(self) -> Predicate:
        """Hold where the condition does not: the API has no NOT, so each operator is turned.

        Raises:
            QueryError: The operator has no opposite; `startswith` and `endswith` have none.
        """
        return Predicate(_negated(self.query))

    def __bool__(self) -> NoReturn:
        raise QueryError(
            "join conditions with & and |, each in parentheses; "
            "~ negates; 'and', 'or', 'not' and a < b < c do not work"
        )

    def __repr__(self) -> str:
        return f"<Predicate {_outline(self.query)}>"

    def __reduce__(self) -> tuple[type[Predicate], tuple[Query]]:
        return Predicate, (self.query,)


class Field:
    """A field of the searched object, to be compared with a value."""

    __slots__ = ("_name",)
    __hash__: ClassVar[None] = None  # type: ignore[assignment] # == makes a predicate, so a field cannot be a key

    def __init__(self, *path: str) -> None:
        if not isinstance(path[-1], str) or not path[-1]:
            raise QueryError(f"a field has a name, and not {shown(path[-1])}")
        self._name = ".".join(path)

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field(self._name, name)

    def __getitem__(self, name: str) -> Field:
        return Field(self._name, name)

    if not TYPE_CHECKING:  # A type checker finds the mistake by itself.

        def __call__(self, *_: object, **__: object) -> NoReturn:
            """Say what a comparison that is mistyped may have been meant to be."""
            name, _, last = self._name.rpartition(".")
            if not name:
                raise QueryError(f"{last}: a field is compared, as in F.{last} == value")
            raise QueryError(
                f"{name}: there is no comparison {last!r}; there are in_, not_in, contains, "
                "not_contains, startswith, endswith, and ==, !=, <, <=, >, >="
            )

    def __eq__(self, value: object) -> Predicate:  # type: ignore[override] # as in SQL libraries
        return self._compare("=", value)

    def __ne__(self, value: object) -> Predicate:  # type: ignore[override] # as in SQL libraries
        return self._compare("!=", value)

    def __lt__(self, value: Value) -> Predicate:
        return self._compare("<", value)

    def __le__(self, value: Value) -> Predicate:
        return self._compare("<=", value)

    def __gt__(self, value: Value) -> Predicate:
        return self._compare(">", value)

    def __ge__(self, value: Value) -> Predicate:
        return self._compare(">=", value)

    def in_(self, values: Iterable[Value]) -> Predicate:
        """Hold where the field is one of `values`."""
        return self._compare_many("IN", values)

    def not_in(self, values: Iterable[Value]) -> Predicate:
        """Hold where the field is none of `values`."""
        return self._compare_many("NIN", values)

    def contains(self, text: str) -> Predicate:
        """Hold where the text occurs in the field; in a message's body, where the word occurs."""
        return self._compare_text("~", text)

    def not_contains(self, text: str) -> Predicate:
        """Hold where the text does not occur in the field."""
        return self._compare_text("!~", text)

    def startswith(self, text: str) -> Predicate:
        """Hold where the field begins with the text."""
        return self._compare_text("^", text)

    def endswith(self, text: str) -> Predicate:
        """Hold where the field ends with the text."""
        return self._compare_text("$", text)

    def __repr__(self) -> str:
        return f"F[{self._name!r}]"

    def __reduce__(self) -> tuple[type[Field], tuple[str]]:
        return Field, (self._name,)

    def _compare(self, operator: str, value: object) -> Predicate:
        return Predicate(
            {"field": self._name, "operator": operator, "value": _wire_value(self._name, value)}
        )

    def _compare_text(self, operator: str, text: str) -> Predicate:
        if not isinstance(text, str):
            raise QueryError(f"{self._name}: give a text, not {type(text).__name__}")
        return self._compare(operator, text)

    def _compare_many(self, operator: str, values: Iterable[Value]) -> Predicate:
        several: Any = plain(values)
        if not (is_several(several) or isinstance(several, Iterator | Mapping)):
            raise QueryError(f"{self._name}: give a list of values, not {type(values).__name__}")
        # A set has no order; in a fixed one, the same search has the same checkpoint anywhere.
        ordered: list[Any] = [*several]
        if isinstance(several, set | frozenset):
            ordered.sort(key=repr)
        wire = [_wire_value(self._name, value) for value in ordered]
        if not wire:
            raise QueryError(f"{self._name}: the list of values is empty")
        return Predicate({"field": self._name, "operator": operator, "value": wire})


class Fields:
    """Makes a `Field` of every attribute and every key."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field(name)

    def __getitem__(self, name: str) -> Field:
        return Field(name)

    def __repr__(self) -> str:
        return "F"

    def __reduce__(self) -> str:
        return "F"


F = Fields()
"""The fields of whatever is searched: ``F.email``, ``F["source.author.id"]``."""


def to_query(predicate: Predicate | Query) -> Query:
    """Return the query object to send; a plain dict is taken as it is.

    Raises:
        QueryError: It is neither, has more groups or filters than the API takes, or is the body of
            a search rather than its query.
    """
    if isinstance(predicate, Predicate):
        check(predicate.query)
        return predicate.query
    if isinstance(predicate, dict):
        if "field" not in predicate and "operator" not in predicate and "query" in predicate:
            raise QueryError('this is a whole body: pass what stands under its "query"')
        return predicate
    raise QueryError(f"a query is made with F or is a dict, not {type(predicate).__name__}")


def check(query: Query, *, level: int = 1) -> None:
    """Refuse a query with too many filters in a group or too many groups in groups.

    Raises:
        QueryError: It says which bound is passed.
    """
    if not _is_group(query):
        return
    if level > MAX_LEVELS:
        raise QueryError(f"groups are nested {level} deep; the API takes {MAX_LEVELS}")
    members: list[Query] = query["value"]
    if len(members) > MAX_FILTERS:
        raise QueryError(
            f"{len(members)} filters in one {query['operator']} group, the API takes "
            f"{MAX_FILTERS}; use in_ for many values of one field"
        )
    for member in members:
        check(member, level=level + 1)


def _join(operator: Literal["AND", "OR"], left: Predicate, right: object) -> Predicate:
    """Join two conditions; those of the same kind merge, so that a & b & c is one group."""
    if not isinstance(right, Predicate):
        raise QueryError(
            f"{operator} joins two conditions; put each comparison in parentheses, "
            "as in (F.a == 1) & (F.b == 2)"
        )
    members: list[Query] = []
    for query in (left.query, right.query):
        if _is_group(query) and query["operator"] == operator:
            members.extend(query["value"])
        else:
            members.append(query)
    return Predicate({"operator": operator, "value": members})


def _negated(query: Query) -> Query:
    if _is_group(query):
        joint = "OR" if query["operator"] == "AND" else "AND"
        return {"operator": joint, "value": [_negated(member) for member in query["value"]]}
    opposite = _OPPOSITES.get(query["operator"])
    if opposite is None:
        raise QueryError(
            f"{query['field']}: the API has no opposite of the operator {query['operator']}"
        )
    return {**query, "operator": opposite}


def all_of(predicates: Iterable[Predicate]) -> Predicate:
    """Return a condition that holds where all of some conditions do.

    Raises:
        QueryError: There are none, or one is no condition.
    """
    return _joined("AND", predicates)


def any_of(predicates: Iterable[Predicate]) -> Predicate:
    """Return a condition that holds where one of some conditions does, at least.

    Raises:
        QueryError: There are none, or one is no condition.
    """
    return _joined("OR", predicates)


def _joined(operator: Literal["AND", "OR"], predicates: Iterable[Predicate]) -> Predicate:
    several = list(predicates)
    if not several:
        raise QueryError(f"a group with {operator} needs a condition at least")
    joined, *rest = several
    if not isinstance(joined, Predicate):
        raise QueryError(f"a group with {operator} takes conditions, such as F.role == 'user'")
    for predicate in rest:
        joined = _join(operator, joined, predicate)
    return joined


def _is_group(query: Query) -> bool:
    return query.get("operator") in ("AND", "OR") and "field" not in query


def _wire_value(name: str, value: Any) -> str | int | float | bool | Decimal | None:
    value = plain(value)
    if isinstance(value, datetime):
        return to_unix(name, value, QueryError)
    if isinstance(value, date):
        raise QueryError(f"{name}: give a datetime with a time zone, not a date")
    if isinstance(value, float | Decimal) and not is_finite(value):
        raise QueryError(f"{name}: {value} is not a number that can be sent")
    if isinstance(value, int | Decimal):
        check_digits(name, value, QueryError)
    if is_milliseconds(name, value):
        raise QueryError(f"{name} must be UNIX seconds; is it in milliseconds?")
    if value is None or isinstance(value, str | int | float | Decimal):
        return value
    raise QueryError(f"{name}: cannot be compared with {type(value).__name__}")


def _outline(query: Query) -> str:
    """Show the shape of a query without its values, which may be personal."""
    if _is_group(query):
        joint = f" {query['operator']} "
        return f"({joint.join(_outline(member) for member in query['value'])})"
    return f"{query.get('field')} {query.get('operator')} …"
