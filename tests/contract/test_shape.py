"""Resources stay short, and a method fills its endpoint with the ids that it was given."""

from __future__ import annotations

import inspect
import pydoc
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from intercom_async import fields
from intercom_async.errors import ConfigError, QueryError
from intercom_async.request.builder import body_of
from intercom_async.request.query_string import encode_query
from tests.support.each import for_each
from .arguments import (
    Argument,
    Recorder,
    Samples,
    arguments,
    label_of,
    perform,
    record,
    run,
    selections,
)
from .choices import COMPOSED
from .operations import Method, endpoints, methods

FOLDER = Path(inspect.getfile(sys.modules["intercom_async.resources"])).parent

METHODS = [method for method in methods() if method.label not in COMPOSED]
SEVERAL = [
    method
    for method in methods()
    for endpoint in endpoints()
    if (endpoint.resource, endpoint.attribute) == (method.resource, method.name.upper())
    and len(endpoint.operation.names) > 1
]


def lines(path: Path) -> int:
    """Count all lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def test_an_operation_takes_few_lines() -> None:
    """All lines of the folder count: code, docstrings, comments, blank ones.

    What methods take (`fields`) and what all resources share (modules that begin with `_`) are no
    operations.
    """
    modules = [path for path in FOLDER.glob("*.py") if not re.match("_[a-z]", path.name)]
    assert sum(map(lines, modules)) / len(endpoints()) <= 12


RUN = 4
"""Lines in a row that make a repetition."""


def test_few_lines_stand_twice() -> None:
    """Blank lines and indentation do not count; files are looked at as they are."""
    texts = {
        path: [*filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines()))]
        for path in FOLDER.parent.rglob("*.py")
    }
    runs: defaultdict[tuple[str, ...], list[tuple[Path, int]]] = defaultdict(list)
    for path, text in texts.items():
        for place in range(len(text) - RUN + 1):
            runs[tuple(text[place : place + RUN])].append((path, place))
    repeated = {
        (path, place + offset)
        for places in runs.values()
        if len(places) > 1
        for path, place in places
        for offset in range(RUN)
    }

    share = len(repeated) / sum(map(len, texts.values()))
    assert share < 0.05
    assert sum(path.parent == FOLDER for path, _ in repeated) < 50


class Names(Samples):
    """Gives each id its own name as value."""

    def argument(self, argument: Argument) -> Any:
        is_id = argument.name.endswith(("_id", "_identifier"))
        return argument.name if is_id else super().argument(argument)


@for_each(SEVERAL, lambda method: method.label)
def test_ids_stand_in_the_path_in_the_order_of_the_signature(method: Method) -> None:
    recorder = Recorder()
    run(perform(method, recorder, frozenset(), Names()))
    given = [each.name for each in arguments(method) if each.is_required]

    assert recorder.call is not None
    names = [part for part in recorder.call.path.split("/") if part in given]
    assert len(names) == len(recorder.call.operation.names)
    assert names == [name for name in given if name in names]


class Odd(Samples):
    """Gives all ids the same odd value."""

    def __init__(self, identity: str) -> None:
        super().__init__()
        self._identity = identity

    def argument(self, argument: Argument) -> Any:
        is_id = argument.name.endswith(("_id", "_identifier", "phone_number"))
        return self._identity if is_id else super().argument(argument)


@for_each(METHODS, lambda method: method.label)
def test_an_odd_id_stays_in_its_place(method: Method) -> None:
    for identity in ("../admins", "a/b", "a b", "a.b", "50%", "%2e%2e", "ä?x=1#y"):
        recorder = Recorder()
        run(perform(method, recorder, selections(method)[0], Odd(identity)))

        assert recorder.call is not None
        template, path = recorder.call.operation.path.split("/"), recorder.call.path.split("/")
        for place, segment in zip(template, path, strict=True):
            assert segment == place or (
                place.startswith("{") and quote(unquote(segment), "") == segment
            )
        given = [each.name for each in arguments(method) if each.is_positional and each.is_required]
        ids = {*recorder.call.operation.names} & {*given}
        assert [unquote(segment) for segment in path].count(identity) >= len(ids)


class Without(Samples):
    """Gives one argument a value that is no id."""

    def __init__(self, name: str, value: Any) -> None:
        super().__init__()
        self._name, self._value = name, value

    def argument(self, argument: Argument) -> Any:
        return self._value if argument.name == self._name else super().argument(argument)


IDS = [
    (method, each.name)
    for method in METHODS
    for each in arguments(method)
    if each.is_required and each.name.endswith("_id")
]


@for_each([(*each, value) for each in IDS for value in (None, "", " ")], label_of)
def test_what_is_no_id_is_refused_by_name(method: Method, name: str, value: str | None) -> None:
    recorder = Recorder()

    with pytest.raises((ConfigError, TypeError), match=r"\b(id|\w+_id)\b"):
        run(perform(method, recorder, frozenset(), Without(name, value)))
    assert recorder.call is None


OPTIONAL_IDS = [
    (method, each.name)
    for method in METHODS
    for each in arguments(method)
    if not each.is_required and each.name.endswith("_id")
]


@for_each([(*each, value) for each in OPTIONAL_IDS for value in ("", " ", True, 1.5)], label_of)
def test_what_is_no_id_is_refused_where_an_id_may_be(method: Method, name: str, value: Any) -> None:
    recorder = Recorder()
    chosen = next(each for each in selections(method) if name in each)

    with pytest.raises((ConfigError, TypeError), match=r"\b(id|\w+_id)\b"):
        run(perform(method, recorder, chosen, Without(name, value)))
    assert recorder.call is None


@for_each(OPTIONAL_IDS, label_of)
def test_none_is_never_sent_as_text(method: Method, name: str) -> None:
    recorder = Recorder()
    chosen = next(each for each in selections(method) if name in each)
    try:
        run(perform(method, recorder, chosen, Without(name, None)))
    except (ConfigError, TypeError):
        return

    assert recorder.call is not None
    assert "None" not in encode_query(recorder.call.query)
    assert "None" not in body_of(recorder.call.json)[0].decode()


NEEDED = [
    (method, each.name)
    for method in METHODS
    for each in arguments(method)
    if each.is_required and not each.name.endswith(("_id", "_identifier"))
]


@for_each(NEEDED, label_of)
def test_what_is_needed_is_refused_by_name_when_it_is_none(method: Method, name: str) -> None:
    recorder = Recorder()

    with pytest.raises((ConfigError, QueryError, TypeError), match=rf"\b{name}\b"):
        run(perform(method, recorder, selections(method)[0], Without(name, None)))
    assert recorder.call is None


def test_each_method_names_the_endpoint_it_sends() -> None:
    for method in METHODS:
        doc = inspect.getdoc(method.function) or ""
        call = next((record(method, each) for each in selections(method)), None)
        if call is not None and call.operation.reference:
            assert doc.endswith(f"Reference: {call.operation.reference}"), method.label


UNPACKED = [
    method
    for method in METHODS
    if "Unpack[" in str([*inspect.get_annotations(method.function).values()])
]


@for_each(UNPACKED, lambda method: method.label)
def test_help_shows_the_keywords_of_a_typed_dict(method: Method) -> None:
    text = pydoc.plain(pydoc.render_doc(method.function))
    found = re.search(r"Keywords, as `intercom_async\.fields\.(\w+)` says:\n((?: {8}.*\n)+)", text)

    assert found is not None
    assert inspect.isclass(getattr(fields, found[1]))
    for each in arguments(method):
        if f" {each.name}: " not in text.partition("Keywords")[0]:
            ending = "(?<! = ...)" if each.is_required else r" = \.\.\."
            assert re.search(rf"^ {{8}}{each.name}: .+{ending}$", found[2], re.MULTILINE), each.name


def test_all_fields_are_found_and_known_to_dir() -> None:
    assert len(fields.__all__) > 90
    assert set(fields.__all__) <= set(dir(fields))
    assert all(getattr(fields, name) is not None for name in fields.__all__)
    with pytest.raises(AttributeError, match="Nothing"):
        _ = fields.Nothing  # type: ignore[attr-defined] # as a program without a checker does
