"""Every endpoint against the descriptions, and every method against its endpoint."""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from functools import cache
from typing import Any, get_origin
from urllib.parse import unquote

import msgspec
import pytest

from intercom_async.codec.coercion import is_object
from intercom_async.errors import ConfigError
from intercom_async.models.page import Page
from intercom_async.request.operation import Call, Operation, Paging
from tests.support.descriptions import (
    VERSIONS,
    Node,
    needs_descriptions,
    properties,
    resolved,
    shape,
    successes,
)
from tests.support.each import for_each
from . import choices
from .arguments import arguments, record, selections
from .operations import (
    REFERENCE_ONLY,
    Endpoint,
    Fact,
    Method,
    committed,
    described,
    endpoints,
    methods,
    operation,
    resources,
)
from .test_models import model_of

_REFERENCE = re.compile(
    r"^Reference:\s+https://developers\.intercom\.com/docs/references/rest-api/api\.intercom\.io/"
    r"([a-z-]+)/(\w+)$",
    re.MULTILINE,
)

_PAGING = {
    "pagination": Paging.CURSOR_BODY,
    "scroll_param": Paging.SCROLL,
    "starting_after": Paging.CURSOR_QUERY,
    "cursor": Paging.NEXT_CURSOR,
    "page": Paging.PAGE,
}
"""What each parameter of a list says of how it goes on."""

METHODS = [method for method in methods() if method.label not in choices.COMPOSED]

each_endpoint = for_each(endpoints(), lambda endpoint: endpoint.label)
each_method = for_each(METHODS, lambda method: method.label)


@cache
def facts_by_shape() -> dict[str, Fact]:
    return {shape(name): fact for name, fact in committed().items()}


def fact_of(endpoint: Operation[Any]) -> Fact:
    return facts_by_shape()[shape(endpoint.name)]


@cache
def calls(method: Method) -> tuple[Call[Any], ...]:
    """Return the first call of a method for each selection of its arguments that works."""
    made: list[Call[Any] | None] = []
    for chosen in selections(method):
        # One broken method must not hide the others; another test shows its error.
        with suppress(Exception):
            made.append(record(method, chosen))
    return tuple(call for call in made if call is not None)


@cache
def callers() -> dict[str, list[Method]]:
    """Return the methods that send each operation, by verb and path."""
    found: dict[str, list[Method]] = {}
    for method in METHODS:
        for name in {call.name for call in calls(method)}:
            found.setdefault(name, []).append(method)
    return found


def sent(call: Call[Any]) -> set[str]:
    """Return the names of everything that a call sends beside its path."""
    body = call.json if is_object(call.json) else {}
    return {*call.query, *body}


@needs_descriptions
def test_the_table_of_facts_says_what_the_descriptions_say() -> None:
    beside = {fact.name: fact for fact in REFERENCE_ONLY}
    assert committed() == described() | beside
    assert not beside.keys() & described().keys()


def test_every_operation_has_one_endpoint() -> None:
    names = [shape(endpoint.operation.name) for endpoint in endpoints()]

    assert set(facts_by_shape()) - set(names) == set()
    assert set(names) - set(facts_by_shape()) == set()
    assert [name for name in set(names) if names.count(name) > 1] == []


@each_endpoint
def test_an_endpoint_names_the_first_version_and_the_placeholders(endpoint: Endpoint) -> None:
    fact = fact_of(endpoint.operation)

    assert endpoint.operation.since == fact.since
    if endpoint.operation.name not in choices.PLACEHOLDERS:
        assert endpoint.operation.name == fact.name


@needs_descriptions
@each_endpoint
def test_a_list_finds_its_items_where_the_description_has_them(endpoint: Endpoint) -> None:
    kind: Any = get_origin(endpoint.operation.model) or endpoint.operation.model
    if not issubclass(kind, Page):
        assert endpoint.operation.paging is Paging.NONE
        return
    if endpoint.operation.name in choices.ITEM_KEYS:
        return

    assert item_key(kind) in described_lists(endpoint.operation.name)


def item_key(page: Any) -> str:
    names = {field.name: field for field in msgspec.structs.fields(page)}
    key = names["items"].encode_name
    return f"{names['found'].encode_name}.{key}" if "found" in names else key


def described_lists(name: str) -> set[str]:
    """Return the names of all lists in an answer, those one level down with a dot."""
    found: set[str] = set()
    for version in VERSIONS:
        node = operation(name, version)
        if node is not None:
            whole = inner(answer_schema(node), version)
            found |= arrays(whole)
            for key, value in whole.items():
                found |= {f"{key}.{entry}" for entry in arrays(inner(value, version))}
    return found


def answer_schema(node: Node) -> Node:
    media = node["responses"]["200"].get("content", {}).get("application/json", {})
    schema: Node = media.get("schema", {})
    return schema


def inner(schema: Node, version: str) -> dict[str, Node]:
    return {key: resolved(node, version) for key, node in properties(schema, version).items()}


def arrays(nodes: dict[str, Node]) -> set[str]:
    return {key for key, node in nodes.items() if node.get("type") == "array"}


@each_endpoint
def test_a_list_goes_on_by_the_parameter_that_is_described(endpoint: Endpoint) -> None:
    fact = fact_of(endpoint.operation)
    kind = next((_PAGING[name] for name in _PAGING if name in fact.query | fact.body), None)

    if kind is not None and endpoint.operation.name not in choices.PAGING:
        assert endpoint.operation.paging is kind


@needs_descriptions
@pytest.mark.parametrize("version", VERSIONS)
def test_an_endpoint_answers_with_the_model_of_its_schema(version: str) -> None:
    by_shape = {shape(endpoint.operation.name): endpoint for endpoint in endpoints()}

    for name, media in successes(version):
        endpoint = by_shape.get(shape(name))
        if endpoint is not None and endpoint.operation.name not in choices.MODELS:
            assert endpoint.operation.model == model_of(name, media), endpoint.label


@each_endpoint
def test_an_endpoint_is_sent_by_a_method_of_its_name(endpoint: Endpoint) -> None:
    names = {method.name for method in callers().get(endpoint.operation.name, ())}

    assert names
    if endpoint.label not in choices.FUSED:
        assert endpoint.attribute.lower() in names


@each_method
def test_a_method_sends_a_request(method: Method) -> None:
    for chosen in selections(method):
        assert record(method, chosen) is not None


@each_method
def test_the_calls_of_a_method_use_all_of_its_arguments(method: Method) -> None:
    optional = {each.name for each in arguments(method) if not each.is_required}

    assert set().union(*selections(method)) == optional


@each_endpoint
def test_an_endpoint_s_parameters_are_those_of_the_description(endpoint: Endpoint) -> None:
    name = endpoint.operation.name
    fact = fact_of(endpoint.operation)
    given = {
        argument
        for method in callers().get(endpoint.operation.name, ())
        for call in calls(method)
        if call.name == endpoint.operation.name
        for argument in sent(call)
    }
    left_out = {**choices.NOT_GIVEN["*"], **choices.NOT_GIVEN.get(name, {})}
    added = {**choices.UNDESCRIBED["*"], **choices.UNDESCRIBED.get(name, {})}

    assert (fact.query | fact.body) - given - left_out.keys() == set()
    assert given - fact.query - fact.body - added.keys() == set()


@each_endpoint
def test_an_endpoint_s_methods_refer_to_its_documentation(endpoint: Endpoint) -> None:
    tags, _, operation_id = fact_of(endpoint.operation).reference.partition("/")
    for method in callers().get(endpoint.operation.name, ()):
        found = _REFERENCE.search(inspect.getdoc(method.function) or "")
        if found is not None:
            assert found[1] in tags.split(","), method.label
            assert found[2] == operation_id, method.label
        elif method.name == endpoint.attribute.lower() or endpoint.label in choices.FUSED:
            assert not operation_id, method.label


@each_endpoint
def test_a_search_changes_nothing_and_counts_as_one(endpoint: Endpoint) -> None:
    if endpoint.operation.path.endswith("/search"):
        assert endpoint.operation.repeat == "safe"
        assert endpoint.operation.kind == "search"
    else:
        assert endpoint.operation.kind == (
            "scroll" if endpoint.operation.paging is Paging.SCROLL else None
        )


@each_endpoint
def test_no_id_leads_to_another_operation(endpoint: Endpoint) -> None:
    expected = re.escape(endpoint.operation.path)
    for name in endpoint.operation.names:
        expected = expected.replace(re.escape(f"{{{name}}}"), "[^/?#]+")
    for value in ("a/b", "../admins", "a?b#c", "50%", "%2e%2e", "ü ", "a;b", "//x"):
        ids: dict[str, Any] = dict.fromkeys(endpoint.operation.names, value)
        call = endpoint.operation.at(**ids)

        assert re.fullmatch(expected, call.target)
        assert all(unquote(part) in (value, part) for part in call.target.split("/"))


def test_no_exception_is_out_of_date() -> None:
    labels = {endpoint.label for endpoint in endpoints()}
    names = {endpoint.operation.name for endpoint in endpoints()}
    method_labels = {method.label for method in methods()}

    assert choices.FUSED.keys() <= labels
    assert choices.COMPOSED.keys() | choices.CHOICES.keys() <= method_labels
    for table in (
        choices.NOT_GIVEN,
        choices.UNDESCRIBED,
        choices.ITEM_KEYS,
        choices.PLACEHOLDERS,
        choices.PAGING,
        choices.MODELS,
        choices.REFUSED,
        choices.GONE,
    ):
        assert table.keys() - {"*"} <= names
    for name in choices.NOT_GIVEN.keys() - {"*"}:
        fact = committed()[name]
        assert choices.NOT_GIVEN[name].keys() <= fact.query | fact.body, name
    for name in choices.UNDESCRIBED.keys() - {"*"}:
        fact = committed()[name]
        assert not choices.UNDESCRIBED[name].keys() & (fact.query | fact.body), name


def test_resources_are_found() -> None:
    assert "Contacts" in {kind.__name__ for kind in resources()}


def taken(endpoint: Operation[Any]) -> set[str]:
    """Return the ids that would make an endpoint's path that of another operation.

    A server takes the path that is literal where the other has a placeholder.
    """
    mine = endpoint.path.split("/")
    words: set[str] = set()
    for other in (each.operation for each in endpoints()):
        theirs = other.path.split("/")
        if other.method != endpoint.method or len(theirs) != len(mine):
            continue
        pairs = list(zip(mine, theirs, strict=True))
        if not all(a == b or "{" in a + b for a, b in pairs):
            continue
        parting = next(((a, b) for a, b in pairs if ("{" in a) != ("{" in b)), None)
        if parting and "{" in parting[0]:
            words.add(parting[1])
    return words


def test_no_id_reaches_another_operation() -> None:
    found = {endpoint.label: taken(endpoint.operation) for endpoint in endpoints()}

    assert {"search"} in found.values()
    for endpoint in endpoints():
        assert endpoint.operation.reserved == found[endpoint.label], endpoint.label
        for word in endpoint.operation.reserved:
            path: dict[str, Any] = dict.fromkeys(endpoint.operation.names, word)
            with pytest.raises(ConfigError, match="another operation"):
                endpoint.operation.at(**path)
