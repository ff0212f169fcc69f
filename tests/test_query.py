from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from intercom_async.errors import QueryError
from intercom_async.query import F, all_of, any_of, to_query


def leaf(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (F.role == "user", leaf("role", "=", "user")),
        (F.role != None, leaf("role", "!=", None)),  # noqa: E711 (a comparison with null)
        (F.created_at < 5, leaf("created_at", "<", 5)),
        (F.created_at <= 5, leaf("created_at", "<=", 5)),
        (F.created_at > 5, leaf("created_at", ">", 5)),
        (F.created_at >= 5, leaf("created_at", ">=", 5)),
        (F.id.in_(["1", "2"]), leaf("id", "IN", ["1", "2"])),
        (F.id.not_in(["1"]), leaf("id", "NIN", ["1"])),
        (F.name.contains("an"), leaf("name", "~", "an")),
        (F.name.not_contains("an"), leaf("name", "!~", "an")),
        (F.name.startswith("a"), leaf("name", "^", "a")),
        (F.name.endswith("n"), leaf("name", "$", "n")),
        (F.custom_attributes["plan"] == "pro", leaf("custom_attributes.plan", "=", "pro")),
        (F.source.author.email == "a", leaf("source.author.email", "=", "a")),
        (F["source.author.id"] == "7", leaf("source.author.id", "=", "7")),
        (F.open == True, leaf("open", "=", True)),  # noqa: E712 (a comparison with true)
    ],
)
def test_each_comparison_has_its_operator(predicate: Any, expected: dict[str, Any]) -> None:
    assert to_query(predicate) == expected


def test_conditions_of_one_kind_are_one_group() -> None:
    query = to_query((F.a == 1) & (F.b == 2) & (F.c == 3))
    assert query["operator"] == "AND"
    assert [member["field"] for member in query["value"]] == ["a", "b", "c"]


def test_the_query_of_the_readme() -> None:
    query = (
        (F.role == "user")
        & (F.created_at > datetime(2024, 1, 1, tzinfo=UTC))
        & F.custom_attributes["plan"].in_(["premium", "enterprise"])
    )
    assert to_query(query) == {
        "operator": "AND",
        "value": [
            leaf("role", "=", "user"),
            leaf("created_at", ">", 1704067200),
            leaf("custom_attributes.plan", "IN", ["premium", "enterprise"]),
        ],
    }


def test_a_moment_is_sent_as_unix_seconds_in_any_zone() -> None:
    there = datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert to_query(F.created_at > there)["value"] == 1704067200


@pytest.mark.parametrize("value", [datetime(2024, 1, 1), date(2024, 1, 1)])  # noqa: DTZ001
def test_a_moment_without_a_zone_is_refused(value: Any) -> None:
    with pytest.raises(QueryError, match="created_at"):
        _ = F.created_at > value


@pytest.mark.parametrize("value", [object(), b"x", float("nan"), ["a"], {"a": 1}])
def test_a_value_that_cannot_be_sent_is_refused(value: Any) -> None:
    with pytest.raises(QueryError, match="name"):
        _ = F.name == value


def test_two_levels_of_groups_pass_and_three_do_not() -> None:
    two = (F.a == 1) & ((F.b == 2) | (F.c == 3))
    assert to_query(two)["value"][1]["operator"] == "OR"
    three = (F.a == 1) & ((F.b == 2) | ((F.c == 3) & (F.d == 4)))
    with pytest.raises(QueryError, match="nested 3 deep"):
        to_query(three)


def test_fifteen_filters_pass_and_sixteen_do_not() -> None:
    query = F.n0 == 0
    for number in range(1, 15):
        query &= F[f"n{number}"] == number
    assert len(to_query(query)["value"]) == 15
    with pytest.raises(QueryError, match="16 filters"):
        to_query(query & (F.more == 1))


def test_and_or_and_chains_say_what_to_write_instead() -> None:
    with pytest.raises(QueryError, match="&"):
        _ = (F.a == 1) and (F.b == 2)
    with pytest.raises(QueryError, match="&"):
        _ = 1 < F.a < 5


def test_forgotten_parentheses_are_explained() -> None:
    with pytest.raises((QueryError, TypeError)):
        _ = F.a == 1 & F.b == 2  # type: ignore[operator] # the mistake that is meant


def test_a_list_operator_takes_a_list_that_is_not_empty() -> None:
    with pytest.raises(QueryError, match="empty"):
        F.id.in_([])
    with pytest.raises(QueryError, match="list"):
        F.id.in_("abc")


ANY: Any = F
"""What a type checker does not look at: it would find these mistakes by itself."""


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (
            lambda: ANY.email.is_in(["a"]),
            "email: there is no comparison 'is_in'; there are in_, not_in",
        ),
        (lambda: ANY.source.author.like("a"), "source.author: there is no comparison 'like'"),
        (lambda: ANY.email("a"), "email: a field is compared, as in F.email == value"),
        (lambda: ANY.email.in_(5), "email: give a list of values, not int"),
        (lambda: ANY.email.contains(None), "email: give a text, not NoneType"),
        (lambda: ANY.email.startswith(5), "email: give a text, not int"),
        (lambda: ANY[""] == 1, "a field has a name, and not ''"),
        (lambda: ANY[None] == 1, "a field has a name, and not None"),
        (lambda: ANY.source[""] == 1, "a field has a name, and not ''"),
    ],
)
def test_a_mistyped_condition_says_what_there_is(ask: Callable[[], object], says: str) -> None:
    with pytest.raises(QueryError) as error:
        ask()
    assert says in str(error.value)


def test_a_plain_dict_is_taken_as_it_is() -> None:
    query = {"field": "x", "operator": "new", "value": 1}
    assert to_query(query) is query


def test_anything_else_is_no_query() -> None:
    with pytest.raises(QueryError, match="str"):
        to_query("role = user")  # type: ignore[arg-type] # what a user might try


def test_a_repr_shows_no_value() -> None:
    assert "ann@example.com" not in repr((F.email == "ann@example.com") & (F.role == "user"))


@pytest.mark.parametrize(
    ("predicate", "opposite"),
    [
        (F.role == "user", F.role != "user"),
        (F.age < 5, F.age >= 5),
        (F.age > 5, F.age <= 5),
        (F.id.in_(["1"]), F.id.not_in(["1"])),
        (F.name.contains("an"), F.name.not_contains("an")),
        (
            (F.a == 1) & ((F.b == 2) | (F.c == 3)),
            (F.a != 1) | ((F.b != 2) & (F.c != 3)),
        ),
    ],
)
def test_a_condition_is_negated_by_turning_its_operators(predicate: Any, opposite: Any) -> None:
    assert to_query(~predicate) == to_query(opposite)
    assert to_query(~~predicate) == to_query(predicate)


@pytest.mark.parametrize("predicate", [F.name.startswith("a"), (F.a == 1) & F.name.endswith("a")])
def test_what_has_no_opposite_is_not_negated(predicate: Any) -> None:
    with pytest.raises(QueryError, match="name: the API has no opposite"):
        _ = ~predicate


def test_conditions_are_joined_from_a_list() -> None:
    several = [F.a == 1, F.b == 2, F.c == 3]
    assert to_query(all_of(several)) == to_query((F.a == 1) & (F.b == 2) & (F.c == 3))
    assert to_query(any_of(several)) == to_query((F.a == 1) | (F.b == 2) | (F.c == 3))
    assert to_query(all_of(several[:1])) == to_query(several[0])
    with pytest.raises(QueryError, match="AND"):
        all_of([])
    wrong: Any = ["x"]
    with pytest.raises(QueryError, match="OR"):
        any_of(wrong)


WAYS: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    *(
        lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))  # noqa: S301
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=range(len(WAYS)))
def test_conditions_and_fields_survive_pickle_and_copy(way: Callable[[Any], Any]) -> None:
    condition = (F.role == "user") & (F.created_at > 5) | F["a.b"].in_([1, "x"])

    assert way(condition).query == condition.query
    assert (way(F.email.domain) == 1).query == (F.email.domain == 1).query
    assert way(F) is F


def test_the_body_of_a_search_is_no_query() -> None:
    query = {"field": "open", "operator": "=", "value": True}
    with pytest.raises(QueryError, match='under its "query"'):
        to_query({"query": query, "pagination": {"per_page": 5}})
    assert to_query(query) is query
