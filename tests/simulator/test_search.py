"""The search language, against a plain filter of all the data."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from intercom_async.simulator import Simulator
from intercom_async.simulator.errors import ApiError
from intercom_async.simulator.routes.contacts import FIELDS
from intercom_async.simulator.routes.conversations import FIELDS as CONVERSATION_FIELDS
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.query import OPERATORS, compile_filter, parse
from intercom_async.simulator.store.runs import Order, Position, field_of
from intercom_async.simulator.store.workspace import Workspace
from tests.support.descriptions import description, folder

DAY_S = 86_400


def make_workspace(timezone: str = "UTC") -> Workspace:
    return Workspace(
        contacts=60,
        conversations=40,
        companies=7,
        tickets=5,
        seed=11,
        timezone=timezone,
        settle_s=0,
        index_s=0,
        now=lambda: 1_780_000_000.0,
    )


WORKSPACE = make_workspace()
for _number in (3, 17, 41):
    # Some rows are written over, so that both kinds are searched.
    _row = WORKSPACE.contacts.change(WORKSPACE.contacts.value_at(_number, "id"))
    _row["updated_at"] = 1_750_000_000 + _number
    _row["name"] = f"Changed {_number}"
WORKSPACE.contacts.remove(WORKSPACE.contacts.value_at(8, "id"))
ROWS = [
    WORKSPACE.contacts.at(number)
    for number in WORKSPACE.contacts.numbers(WORKSPACE.contacts.everything())
]
MOMENTS = [row["created_at"] for row in ROWS] + [row["updated_at"] for row in ROWS]

scalars = {
    "role": st.sampled_from(["user", "lead", "USER", None]),
    "email": st.sampled_from([row["email"] for row in ROWS] + ["example", "nobody@x.y", None]),
    "name": st.sampled_from([row["name"] for row in ROWS] + ["a", "Changed", ""]),
    "external_id": st.sampled_from([row["external_id"] for row in ROWS] + ["user-1", None]),
    "owner_id": st.sampled_from([None, 991267400, "991267401", 991267402]),
    "custom_attributes.plan": st.sampled_from(["free", "premium", "x", None]),
    "custom_attributes.seats": st.sampled_from([0, 5, 31, "31", 63]),
    "has_hard_bounced": st.sampled_from([True, False]),
    "location.country": st.sampled_from([row["location"]["country"] for row in ROWS]),
}
texts = ("email", "name", "external_id", "custom_attributes.plan", "location.country")


@st.composite
def leaves(draw: st.DrawFn) -> Row:
    if draw(st.booleans()):
        field = draw(st.sampled_from(["created_at", "updated_at", "signed_up_at"]))
        moment = draw(st.sampled_from(MOMENTS)) + draw(st.integers(-2 * DAY_S, 2 * DAY_S))
        value: Any = draw(st.sampled_from([moment, str(moment)]))
        return {"field": field, "operator": draw(st.sampled_from("=<>")), "value": value}
    field = draw(st.sampled_from(sorted(scalars)))
    operators = ["=", "!=", "IN", "NIN"]
    operators += ["~", "!~", "^", "$"] if field in texts else []
    operators += ["<", "<=", ">", ">="] if field == "custom_attributes.seats" else []
    operator = draw(st.sampled_from(operators))
    if operator in ("IN", "NIN"):
        value = draw(st.lists(scalars[field], max_size=3))
    else:
        value = draw(scalars[field])
    return {"field": field, "operator": operator, "value": value}


def groups(parts: st.SearchStrategy[Row]) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "operator": st.sampled_from(["AND", "OR"]),
            "value": st.lists(parts, min_size=1, max_size=4),
        }
    )


queries = leaves() | groups(leaves()) | groups(leaves() | groups(leaves()))


def holds(query: Row, row: Row) -> bool:
    """Say in the plainest way whether a row matches."""
    if query["operator"] in ("AND", "OR"):
        results = [holds(part, row) for part in query["value"]]
        return all(results) if query["operator"] == "AND" else any(results)
    value = sort_value(row, query["field"])
    operator, wanted = query["operator"], query["value"]
    if query["field"].endswith("_at"):
        return value is not None and day_holds(operator, int(value), int(wanted))
    if operator in ("IN", "NIN"):
        return any(same(value, one) for one in wanted) is (operator == "IN")
    if operator in ("=", "!="):
        return same(value, wanted) is (operator == "=")
    if operator in ("<", "<=", ">", ">="):
        return number_holds(operator, float(value), float(wanted))
    return text_holds(operator, value, wanted)


def day_holds(operator: str, moment: int, wanted: int) -> bool:
    day, wanted_day = moment // DAY_S, wanted // DAY_S
    return {"=": day == wanted_day, ">": day > wanted_day, "<": day < wanted_day}[operator]


def number_holds(operator: str, number: float, bound: float) -> bool:
    return {
        "<": number < bound,
        "<=": number <= bound,
        ">": number > bound,
        ">=": number >= bound,
    }[operator]


def same(value: Any, wanted: Any) -> bool:
    if value is None or wanted is None:
        return value is wanted
    return str(value).lower() == str(wanted).lower()


def text_holds(operator: str, value: Any, wanted: Any) -> bool:
    text, part = str(value or "").lower(), str("" if wanted is None else wanted).lower()
    is_inside = value is not None and part in text
    return {
        "~": is_inside,
        "!~": not is_inside,
        "^": value is not None and text.startswith(part),
        "$": value is not None and text.endswith(part),
    }[operator]


def found(query: Row, order: Order, page_size: int) -> list[str]:
    """Walk all pages of a search."""
    table = WORKSPACE.contacts
    asked = compile_filter(parse(query, FIELDS), table, FIELDS, WORKSPACE.day_of)
    ids: list[str] = []
    mark: Position | None = None
    while True:
        page = table.page(asked, order, mark, page_size)
        ids += [table.value_at(number, "id") for number in page.numbers]
        assert page.total_count == sum(1 for row in ROWS if holds(query, row))
        if page.mark is None:
            return ids
        mark = page.mark


@settings(max_examples=150)
@given(
    query=queries,
    field=st.sampled_from(["created_at", "updated_at", "name", "custom_attributes.seats"]),
    is_descending=st.booleans(),
    page_size=st.integers(1, 70),
)
def test_search_finds_what_a_plain_filter_finds(
    query: Row, field: str, *, is_descending: bool, page_size: int
) -> None:
    ids = found(query, Order(field, is_descending), page_size)

    assert sorted(ids) == sorted(row["id"] for row in ROWS if holds(query, row))
    by_id = {row["id"]: row for row in ROWS}
    values = [sort_value(by_id[one], field) for one in ids]
    assert values == sorted(values, reverse=is_descending)


def sort_value(row: Row, field: str) -> Any:
    value: Any = row
    for step in field.split("."):
        value = value[step]
    return value


@given(query=queries)
def test_seeded_rows_by_number_and_as_rows_agree(query: Row) -> None:
    table = WORKSPACE.contacts
    asked = compile_filter(parse(query, FIELDS), table, FIELDS, WORKSPACE.day_of)

    for number in range(0, table.seeds.count, 7):
        matches = asked.test_number(number)
        assert matches == asked.test_row(table.seeds.row(number))
        if matches:
            assert number in asked.numbers
        elif asked.is_exact:
            assert number not in asked.numbers


def test_columns_say_what_rows_say() -> None:
    for table in (WORKSPACE.contacts, WORKSPACE.conversations, WORKSPACE.companies):
        for number in range(table.seeds.count):
            row = table.seeds.row(number)
            for field, column in table.seeds.columns.items():
                assert column(number) == field_of(row, field), (field, number)


def test_days_are_those_of_the_workspace() -> None:
    workspace = make_workspace("America/Los_Angeles")
    zone = zoneinfo.ZoneInfo("America/Los_Angeles")
    late = int(dt.datetime(2025, 3, 9, 23, 30, tzinfo=zone).timestamp())

    start_at, next_at = workspace.day_of(late)

    # The clocks went forward that day: it has 23 hours.
    assert next_at - start_at == 23 * 3_600
    assert start_at == int(dt.datetime(2025, 3, 9, tzinfo=zone).timestamp())


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (None, "parameter_invalid"),
        ([], "parameter_invalid"),
        ({"field": "role", "operator": "=="}, "parameter_invalid"),
        ({"field": "role", "operator": "="}, "parameter_invalid"),
        ({"field": "shoe_size", "operator": "=", "value": 1}, "invalid_field"),
        ({"field": "role", "operator": "IN", "value": "user"}, "parameter_invalid"),
        ({"field": "role", "operator": "=", "value": ["user"]}, "parameter_invalid"),
        ({"field": "created_at", "operator": ">=", "value": 1}, "parameter_invalid"),
        ({"field": "created_at", "operator": ">", "value": "soon"}, "parameter_invalid"),
        ({"field": "tag_id", "operator": "IN", "value": ["1"]}, "parameter_invalid"),
        ({"operator": "AND", "value": []}, "parameter_invalid"),
        (
            {"operator": "OR", "value": [{"field": "role", "operator": "=", "value": "user"}] * 16},
            "parameter_invalid",
        ),
    ],
)
def test_bad_queries_are_refused(query: Any, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(query, FIELDS)

    assert (caught.value.status, caught.value.code) == (400, code)


def test_groups_nest_two_levels_and_no_more() -> None:
    leaf = {"field": "role", "operator": "=", "value": "user"}
    two = {"operator": "AND", "value": [{"operator": "OR", "value": [leaf]}]}
    parse(two, FIELDS)

    with pytest.raises(ApiError, match="at most 2 levels"):
        parse({"operator": "AND", "value": [two]}, FIELDS)


def test_a_message_is_found_by_a_word_and_never_by_a_phrase() -> None:
    table = WORKSPACE.conversations

    def count(value: str) -> int:
        query = {"field": "source.body", "operator": "=", "value": value}
        tree = parse(query, CONVERSATION_FIELDS)
        asked = compile_filter(tree, table, CONVERSATION_FIELDS, WORKSPACE.day_of)
        return table.page(asked, Order(), None, 1).total_count

    assert count("question") == 40
    assert count("question about") == 0


# Text that is compared, and the versions --------------------------------------------------------


@pytest.fixture(scope="module")
def searched() -> Simulator:
    return Simulator(contacts=60, conversations=20, companies=5, tickets=5, seed=11)


def counted(simulator: Simulator, kind: str, query: Row, version: str = "2.14") -> int:
    answer = simulator.call("POST", f"/{kind}/search", {"query": query}, version=version)
    count: int = answer["total_count"]
    return count


@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets"])
def test_every_id_is_above_nothing(searched: Simulator, kind: str) -> None:
    query = {"field": "id", "operator": ">", "value": ""}
    total = len(getattr(searched.workspace, kind))
    assert counted(searched, kind, query) == total > 0
    assert counted(searched, kind, query | {"operator": "<"}) == 0


@pytest.mark.parametrize("field", ["id", "email", "name", "external_id", "phone"])
@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_text_is_compared_as_text(searched: Simulator, field: str, operator: str) -> None:
    table = searched.workspace.contacts
    rows = [table.at(number) for number in range(60)]
    values = sorted(str(row[field]).lower() for row in rows if row[field] is not None)
    wanted = values[len(values) // 3]
    compare = {"<": wanted.__gt__, "<=": wanted.__ge__, ">": wanted.__lt__, ">=": wanted.__le__}
    expected = sum(1 for one in values if compare[operator](one))
    query = {"field": field, "operator": operator, "value": wanted}
    assert counted(searched, "contacts", query) == expected > 0


@pytest.mark.parametrize("version", ["2.17", "Preview"])
@pytest.mark.parametrize("operator", ["=", "!=", ">", ">=", "<", "<="])
def test_later_versions_search_contacts_by_the_second(
    searched: Simulator, version: str, operator: str
) -> None:
    table = searched.workspace.contacts
    moments = [table.at(number)["created_at"] for number in range(60)]
    wanted = moments[20]
    compare = {
        "=": wanted.__eq__,
        "!=": wanted.__ne__,
        ">": wanted.__lt__,
        ">=": wanted.__le__,
        "<": wanted.__gt__,
        "<=": wanted.__ge__,
    }[operator]
    query = {"field": "created_at", "operator": operator, "value": wanted}
    assert counted(searched, "contacts", query, version) == sum(map(compare, moments))


def test_a_day_and_a_second_of_one_query_are_told_apart(searched: Simulator) -> None:
    at = searched.workspace.contacts.value_at(30, "created_at")
    query = {"field": "created_at", "operator": ">", "value": at - 1}
    # Asked in turn, so that an answer that is kept for one version cannot serve the other.
    assert counted(searched, "contacts", query, "2.16") == 29
    assert counted(searched, "contacts", query, "2.17") == 30
    assert counted(searched, "contacts", query, "2.16") == 29


@pytest.mark.parametrize("operator", ["IN", "NIN"])
def test_later_versions_take_no_lists_of_moments(searched: Simulator, operator: str) -> None:
    query = {"field": "created_at", "operator": operator, "value": [1]}
    with pytest.raises(ValueError, match="400 parameter_invalid"):
        counted(searched, "contacts", query, "2.17")


def test_dates_of_custom_attributes_are_days(searched: Simulator) -> None:
    made = searched.call(
        "POST", "/contacts", {"email": "d@b.c", "custom_attributes": {"renewal_at": 1_780_000_000}}
    )
    query = {"field": "custom_attributes.renewal_at", "operator": "=", "value": 1_780_000_000 - 9}
    for version in ("2.14", "2.17"):
        assert counted(searched, "contacts", query, version) == 1
        with pytest.raises(ValueError, match="400 parameter_invalid"):
            counted(searched, "contacts", query | {"operator": ">="}, version)
    searched.call("DELETE", f"/contacts/{made['id']}")


TYPES = {"Integer": 1, "Boolean": True, "Date": 1_767_000_000, "Datetime": 1_767_000_000}
"""A value by documented type; any other is a text."""
TAKEN_ANYWAY = ("<", "<=", ">", ">=")
"""Operators that live servers take for texts and moments too, whatever the tables say."""


@pytest.mark.parametrize("version", ["2.14", "2.16", "Preview"])
@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets", "companies"])
def test_all_documented_fields_take_their_documented_operators(
    searched: Simulator, kind: str, version: str
) -> None:
    fields, operators = documented(f"/{kind}/search", version)
    for field, type_ in fields.items():
        name = field.replace("{attribute_name}", "plan").replace("{id}", "531")
        value: Any = TYPES.get(type_, "1")
        for operator in OPERATORS:
            valid = operators.get(operator, "")
            is_listed = operator in ("IN", "NIN")
            query = {"field": name, "operator": operator, "value": [value] if is_listed else value}
            if is_valid(field, type_, operator, valid):
                counted(searched, kind, query, version)
            elif operator not in TAKEN_ANYWAY or type_ == "Boolean":
                with pytest.raises(ValueError, match="400 parameter_invalid"):
                    counted(searched, kind, query, version)
        if type_ in TYPES:
            with pytest.raises(ValueError, match="400 parameter_invalid"):
                counted(searched, kind, {"field": name, "operator": "=", "value": "x"}, version)


def is_valid(field: str, type_: str, operator: str, valid: str) -> bool:
    """Read the column `Valid Types` of an operator, and what the text says of tags."""
    if field == "tag_id":
        return operator in ("=", "!=")
    if valid.startswith("All"):
        return type_ not in re.findall(r"\w+", valid.removeprefix("All"))
    return type_ in re.findall(r"\w+", valid)


def documented(path: str, version: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the types of fields and of operators in the tables of an operation's description."""
    if not (folder() / "openapi-2.16.yaml").exists():
        pytest.skip("the official descriptions are not at hand")
    operation = description(version)["paths"].get(path, {}).get("post")
    if operation is None:
        return {}, {}
    rows = [
        [cell.strip().replace("\\", "") for cell in line.strip("|").split("|")]
        for line in operation["description"].splitlines()
        if line.startswith("|")
    ]
    fields = {
        row[0]: re.split(r"\W", row[1])[0]
        for row in rows
        if len(row) == 2 and re.fullmatch(r"[a-z][\w.{}]*", row[0])
    }
    fields = {name: one if one in TYPES else "String" for name, one in fields.items()}
    return fields, {row[0]: row[1] for row in rows if len(row) == 3}


OTHER_NAMES = {
    "conversation_rating.score": "conversation_rating.rating",
    "conversation_rating.requested_at": "conversation_rating.created_at",
    "conversation_rating.replied_at": "conversation_rating.updated_at",
    "conversation_rating.contact_id": "conversation_rating.contact.id",
    "conversation_rating.admin_d": "conversation_rating.teammate.id",
    "channel_initiated": "source.type",
    "description": "ticket_attributes._default_description_",
    "title": "ticket_attributes._default_title_",
    "ticket_type_id": "ticket_type.id",
    "state": "ticket_state.id",
    "avatar": "avatar.image_url",
}
"""Where an answer has what searches call by another name."""
WORDS_ONLY = ("source.body", "category")
"""Fields that are not equal to what the answer has: tested above and in `test_state.py`."""


@pytest.mark.parametrize("kind", ["contacts", "conversations", "tickets", "companies"])
def test_a_documented_field_finds_the_record_that_has_its_value(kind: str) -> None:
    """Each documented field that any record of the workspace has."""
    simulator = Simulator(contacts=90, conversations=60, companies=9, tickets=30, seed=11)
    body = {"email": "a@b.c", "avatar": "https://x.example/a.png", "language_override": "de"}
    simulator.call("POST", "/contacts", body)
    fields, _ = documented(f"/{kind}/search", "Preview")
    everything = {"query": {"field": "created_at", "operator": ">", "value": 1}}
    everything["pagination"] = {"per_page": 150}
    rows = simulator.call("POST", f"/{kind}/search", everything, version="Preview")
    tried = 0
    for field in fields:
        path = OTHER_NAMES.get(field, field) if kind != "companies" else field
        if kind == "conversations" and field in ("state", "title"):
            path = field
        values = {row["id"]: field_of(row, path) for row in rows.get("data", rows.get(kind))}
        for record_id, value in list(values.items())[:9] if field not in WORDS_ONLY else ():
            if value is None or isinstance(value, (list, dict)):
                continue
            tried += 1
            query = {"field": field, "operator": "=", "value": value}
            found = simulator.call("POST", f"/{kind}/search", {"query": query}, version="Preview")
            ids = {row["id"] for row in found.get("data", found.get(kind))}
            same = {one for one, other in values.items() if other == value}
            assert record_id in ids, (field, value)
            assert same >= ids or len(ids) >= found["pages"]["per_page"], (field, value)
    assert tried > 50
