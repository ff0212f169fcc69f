"""What cannot be sent is refused before a request, with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from datetime import datetime
from typing import Any, TypeVar, cast

import pytest

from intercom_async.errors import ConfigError, QueryError
from intercom_async.request.builder import RequestBuilder
from intercom_async.request.operation import Call
from intercom_async.request.options import CallOptions
from intercom_async.resources._base import Sender
from intercom_async.response import Response
from tests.support.each import for_each
from .arguments import Argument, Recorder, Samples, arguments, label_of, perform, run, selections
from .choices import COMPOSED
from .operations import Method, methods

T = TypeVar("T")

METHODS = methods()
SENDING = [method for method in METHODS if method.label not in COMPOSED]

LEFT = {"on_progress", "on_refused"}
"""Arguments that no value can be made for."""

WITHIN = {"message": "timestamp", "history": "timestamp"}
"""Where the moment of an argument stands that is none itself."""


class Writer(Recorder):
    """A sender that writes requests as a client does, and sends none."""

    def __init__(self) -> None:
        super().__init__()
        options = CallOptions(version="Preview")
        self._builder = RequestBuilder("https://api.intercom.io", "secret", "PUT", options)

    async def fetch(self, call: Call[T]) -> T:
        return (await self.send(call)).data

    async def send(self, call: Call[T]) -> Response[T]:
        self._builder.build(call)
        return await super().send(call)


class Naive(Samples):
    """Gives moments without a zone to one argument, or to what is in it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._is_here = False
        self.has_given = False

    def argument(self, argument: Argument) -> Any:
        self._is_here = argument.name == self._name
        return super().argument(argument)

    def _of_union(self, parts: Any, schema: Any) -> Any:
        if self._is_here and datetime in parts:
            self.has_given = True
            return datetime(2026, 1, 2)  # noqa: DTZ001 (what is to be refused)
        return super()._of_union(parts, schema)


def takes_moment(argument: Argument) -> bool:
    """Say whether an argument is a moment, or has one in it."""
    naive = Naive(argument.name)
    naive.argument(argument)
    return naive.has_given


MOMENTS = [(method, each) for method in SENDING for each in arguments(method) if takes_moment(each)]


@for_each(MOMENTS, lambda method, argument: f"{method.label}, {argument.name}")
def test_a_moment_without_a_zone_is_refused_by_name(method: Method, argument: Argument) -> None:
    chosen = next(
        each for each in selections(method) if argument.is_required or argument.name in each
    )
    writer = Writer()

    name = WITHIN.get(argument.name, argument.name)
    with pytest.raises(ConfigError, match=rf"\b{name}\b"):
        run(perform(method, writer, chosen, Naive(argument.name)))
    assert writer.call is None


@for_each(METHODS, lambda method: method.label)
def test_an_unknown_keyword_is_refused_by_name(method: Method) -> None:
    writer = Writer()

    with pytest.raises((ConfigError, TypeError), match=r"\bunheard_of\b"):
        run(perform(method, writer, selections(method)[0], unheard_of=1))
    assert writer.call is None


MISSING = [
    (method, each.name) for method in METHODS for each in arguments(method) if each.is_required
]


@for_each(MISSING, label_of)
def test_what_is_needed_is_asked_for_by_name(method: Method, name: str) -> None:
    writer = Writer()

    with pytest.raises((ConfigError, TypeError), match=rf"\b{name}\b"):
        run(perform(method, writer, selections(method)[0], without=name))
    assert writer.call is None


class Instead(Samples):
    """Gives one argument a certain value."""

    def __init__(self, name: str, value: Any) -> None:
        super().__init__()
        self._name = name
        self._value = value

    def argument(self, argument: Argument) -> Any:
        return self._value if argument.name == self._name else super().argument(argument)


ID_LISTS = [
    (method, each)
    for method in SENDING
    for each in arguments(method)
    if each.name == "ids" or each.name.endswith("_ids")
    if each.name != "content_ids"
]


@for_each(
    [(*each, ids) for each in ID_LISTS for ids in ([""], ["1", None], "12", [True], [["1"]])],
    lambda method, argument, ids: f"{method.label}, {argument.name}={ids}",
)
def test_a_list_of_ids_that_has_none_is_refused_by_name(
    method: Method, argument: Argument, ids: Any
) -> None:
    chosen = next(
        each for each in selections(method) if argument.is_required or argument.name in each
    )
    writer = Writer()

    with pytest.raises((ConfigError, TypeError), match=rf"\b{argument.name}\b"):
        run(perform(method, writer, chosen, Instead(argument.name, ids)))
    assert writer.call is None


def kind(value: object) -> str:
    """Name a value for a test, without an address in memory."""
    return type(value).__name__ if type(value) is object else repr(value)


def refusal(
    method: Method, sender: Sender, chosen: frozenset[str], samples: Samples, name: str = ""
) -> str:
    """Return what a call is refused with; nothing if it is sent, or had nothing to send.

    A TypeError has to name the argument: Python's own, from somewhere inside, do not.
    """
    try:
        run(perform(method, sender, chosen, samples))
    except (ConfigError, QueryError) as error:
        return str(error)
    except TypeError as error:
        if name in str(error):
            return str(error)
        raise
    return ""


NO_IDS: tuple[Any, ...] = ("", None, True, 1.5)
NO_ID_LISTS: tuple[Any, ...] = ([""], [None], "12", [True])
KEYS = {
    "Companies.bulk_create",
    "Contacts.bulk_create",
    "Contacts.bulk_update",
    "Visitors.convert",
}
"""Methods that take one key of several, where None is as if left out."""


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the way to each id, and to each list of ids, inside a value."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value).items()
    elif isinstance(value, list):
        inner = enumerate(cast("Sequence[Any]", value)[:1])
    for key, each in inner:
        if str(key) in ("id", "ids") or str(key).endswith(("_id", "_ids")):
            yield (*path, key)
        yield from places(each, (*path, key))


def put(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """Return a value with another one at some place in it."""
    if not path:
        return new
    made = copy(value)
    made[path[0]] = put(value[path[0]], path[1:], new)
    return made


NESTED = [
    (method, argument, place)
    for method in SENDING
    for argument in arguments(method)
    for place in places(Samples().argument(argument))
]


@for_each(NESTED, lambda method, argument, place: f"{method.label}, {argument.name}, {place[-1]}")
def test_what_is_no_id_inside_an_argument_is_refused_by_name(
    method: Method, argument: Argument, place: tuple[str | int, ...]
) -> None:
    key = str(place[-1])
    sample = Samples().argument(argument)
    for value in NO_ID_LISTS if key.endswith("ids") else NO_IDS:
        if value is None and method.label in KEYS:
            continue
        chosen = next(
            each for each in selections(method) if argument.is_required or argument.name in each
        )
        writer = Writer()
        instead = Instead(argument.name, put(sample, place, value))

        with pytest.raises((ConfigError, TypeError), match=rf"\b{key}\b"):
            run(perform(method, writer, chosen, instead))
        assert writer.call is None


_ENTRIES: dict[str, Any] = {
    "content": {"type": "article_content", "id": "1"},
    "attachment_files": {"content_type": "text/plain", "data": "eA==", "name": "x"},
    "attachments": {"type": "url", "url": "https://example.test/"},
    "history": {"author": "user", "body": "x", "timestamp": 1_767_312_000},
}


@pytest.mark.parametrize(
    ("label", "name", "least", "most"),
    [
        ("Calls.search", "conversation_ids", 1, 20),
        ("Companies.bulk_create", "companies", 1, 100),
        ("Companies.bulk_update", "companies", 1, 100),
        ("Companies.bulk_delete", "company_ids", 1, 100),
        ("Contacts.bulk_create", "contacts", 1, 100),
        ("Contacts.bulk_update", "contacts", 1, 100),
        ("Contacts.bulk_delete", "contact_ids", 1, 100),
        ("Content.publish", "content", 1, 1000),
        ("Content.update_tags", "add_tag_ids", 1, 100),
        ("Conversations.create", "attachment_urls", 0, 10),
        ("Conversations.reply", "attachment_urls", 0, 10),
        ("Conversations.reply", "attachment_files", 0, 10),
        ("DataAttributes.create_choice", "options", 2, None),
        ("DataAttributes.update", "options", 2, None),
        ("Fin.start", "attachments", 0, 10),
        ("Fin.start", "history", 0, 10),
        ("Fin.reply", "attachments", 0, 10),
        ("Tickets.reply", "attachment_urls", 0, 10),
        ("Tickets.reply", "attachment_files", 0, 10),
    ],
)
def test_no_more_and_no_fewer_than_the_api_takes_at_once(
    label: str, name: str, least: int, most: int | None
) -> None:
    method = next(each for each in METHODS if each.label == label)
    others = "remove_tag_ids" if name == "add_tag_ids" else ""
    chosen = next(
        (each - {others} for each in selections(method) if name in each), frozenset[str]()
    )

    end = most or least
    entry = {"id": "1"} if label.endswith("bulk_update") else {"name": "A"}
    entries = {**_ENTRIES, "companies": entry, "contacts": entry}
    for number in sorted({max(least - 1, 0), least, end, end + 1}):
        several = [entries.get(name, str(each)) for each in range(number)]
        writer = Writer()
        error = refusal(method, writer, chosen, Instead(name, several))

        is_taken = least <= number and (most is None or number <= most)
        assert (writer.call is not None) is is_taken, number
        assert is_taken or (name in error and f", not {number:,}" in error)


WRITTEN = [
    ("DataAttributes.create_choice", "options", "ab"),
    ("DataAttributes.update", "options", "ab"),
    ("ConversationAttributes.create", "options", "ab"),
    ("DataAttributes.update", "options", ["ab", None]),
    ("ConversationAttributes.create", "options", ["ab", 1]),
    ("Fin.start", "history", "ab"),
    ("Fin.start", "history", ["ab"]),
    ("Fin.start", "message", "ab"),
    ("Fin.reply", "message", "ab"),
]


@pytest.mark.parametrize(("label", "name", "value"), WRITTEN)
def test_a_text_is_not_taken_apart(label: str, name: str, value: Any) -> None:
    method = next(each for each in METHODS if each.label == label)
    writer = Writer()

    chosen = next((each for each in selections(method) if name in each), frozenset[str]())
    with pytest.raises(ConfigError, match=name):
        run(perform(method, writer, chosen, Instead(name, value)))
    assert writer.call is None


ODD: tuple[Any, ...] = (
    5,
    1.5,
    "x",
    [5],
    ["x"],
    [None],
    {"x": "y"},
    object(),
    b"x",
    "\ud800",
    10**400,
)
"""What no argument takes all of."""


@for_each(METHODS, lambda method: method.label)
def test_what_is_of_another_kind_is_sent_or_refused_and_breaks_nothing(method: Method) -> None:
    for each in arguments(method):
        for found in selections(method):
            if (each.is_required or each.name in found) and each.name not in LEFT:
                for value in ODD:
                    samples = Instead(each.name, value)
                    refusal(method, Writer(), found - LEFT, samples, name=each.name)


STEPS = [
    (method, each.name)
    for method in METHODS
    if method.label in COMPOSED
    for each in arguments(method)
    if each.is_required
]


@for_each([(*each, value) for each in STEPS for value in (None, "", 12.5)], label_of)
def test_what_takes_several_requests_refuses_before_the_first(
    method: Method, name: str, value: Any
) -> None:
    writer = Writer()

    with pytest.raises(ConfigError):
        run(perform(method, writer, frozenset(), Instead(name, value)))
    assert writer.call is None


WAITS = [
    (method, each.name)
    for method in METHODS
    if method.label in COMPOSED
    for each in arguments(method)
    if each.name in ("concurrency", "timeout_s", "busy_s")
]


@for_each(
    [(*each, value) for each in WAITS for value in ("", "5", -1, True, float("nan"), object())],
    label_of,
)
def test_how_long_and_how_many_at_a_time_is_refused_before_the_first(
    method: Method, name: str, value: Any
) -> None:
    writer = Writer()
    moments = {"created_at_after", "created_at_before"} & {each.name for each in arguments(method)}

    with pytest.raises(ConfigError, match=rf"^{name} must be "):
        run(perform(method, writer, frozenset({name, *moments}), Instead(name, value)))
    assert writer.call is None
