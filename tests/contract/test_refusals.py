"""What cannot be sent is refused before a request, with the name of what is wrong."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import pytest

from intercom_async.errors import ConfigError, IntercomError
from intercom_async.operation import Call
from intercom_async.response import Response
from intercom_async.view import Options, View

from .arguments import Argument, Recorder, Samples, arguments, perform, selections
from .choices import COMPOSED
from .operations import Method, methods

T = TypeVar("T")

METHODS = methods()
SENDING = [method for method in METHODS if method.label not in COMPOSED]

OPEN = {"Conversations.create_part": "any part as the API takes it"}
"""Methods that take any keyword, and why."""

WITHIN = {"message": "timestamp", "history": "timestamp"}
"""Where the moment of an argument stands that is none itself."""


class Writer(Recorder):
    """A sender that writes requests as a client does, and sends none."""

    def __init__(self) -> None:
        super().__init__()
        options = Options(version="Preview")
        self._view = View("https://api.intercom.io", "secret", "PUT", options)

    async def send(self, call: Call[T]) -> Response[T]:
        await self._view.make_request(call)
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


@pytest.mark.parametrize(
    ("method", "argument"), MOMENTS, ids=[f"{method.label}-{each.name}" for method, each in MOMENTS]
)
def test_a_moment_without_a_zone_is_refused_by_name(method: Method, argument: Argument) -> None:
    chosen = next(
        each for each in selections(method) if argument.is_required or argument.name in each
    )
    writer = Writer()

    name = WITHIN.get(argument.name, argument.name)
    with pytest.raises(ConfigError, match=rf"\b{name}\b"):
        asyncio.run(perform(method, writer, chosen, Naive(argument.name)))
    assert writer.call is None


@pytest.mark.parametrize(
    "method",
    [method for method in METHODS if method.label not in OPEN],
    ids=lambda method: method.label,
)
def test_an_unknown_keyword_is_refused_by_name(method: Method) -> None:
    writer = Writer()

    with pytest.raises((ConfigError, TypeError), match=r"\bunheard_of\b"):
        asyncio.run(perform(method, writer, selections(method)[0], unheard_of=1))
    assert writer.call is None


MISSING = [
    (method, each.name) for method in METHODS for each in arguments(method) if each.is_required
]


@pytest.mark.parametrize(
    ("method", "name"), MISSING, ids=[f"{method.label}-{name}" for method, name in MISSING]
)
def test_what_is_needed_is_asked_for_by_name(method: Method, name: str) -> None:
    writer = Writer()

    with pytest.raises((ConfigError, TypeError), match=rf"\b{name}\b"):
        asyncio.run(perform(method, writer, selections(method)[0], without=name))
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


@pytest.mark.parametrize("ids", [[""], ["1", None], "12", [True], [["1"]]], ids=str)
@pytest.mark.parametrize(
    ("method", "argument"),
    ID_LISTS,
    ids=[f"{method.label}-{each.name}" for method, each in ID_LISTS],
)
def test_a_list_of_ids_that_has_none_is_refused_by_name(
    method: Method, argument: Argument, ids: Any
) -> None:
    chosen = next(
        each for each in selections(method) if argument.is_required or argument.name in each
    )
    writer = Writer()

    with pytest.raises((ConfigError, TypeError), match=rf"\b{argument.name}\b"):
        asyncio.run(perform(method, writer, chosen, Instead(argument.name, ids)))
    assert writer.call is None


@pytest.mark.parametrize(
    ("label", "name", "most"),
    [("Calls.search", "conversation_ids", 20), ("Content.publish", "content", 1000)],
)
@pytest.mark.parametrize("is_over", [False, True])
def test_no_more_than_the_api_takes_at_once(
    label: str, name: str, most: int, *, is_over: bool
) -> None:
    method = next(each for each in METHODS if each.label == label)
    entry = {"type": "article_content", "id": "1"} if name == "content" else "1"
    few = [entry] * (most + 1 if is_over else 0)
    writer = Writer()

    with pytest.raises(ConfigError, match=rf"{name} takes 1 to {most:,} at once"):
        asyncio.run(perform(method, writer, frozenset(), Instead(name, few)))
    assert writer.call is None

    asyncio.run(perform(method, writer, frozenset(), Instead(name, [entry] * most)))
    assert writer.call is not None


STEPS = [
    (method, each.name)
    for method in METHODS
    if method.label in COMPOSED
    for each in arguments(method)
    if each.is_required
]


@pytest.mark.parametrize("value", [None, "", 12.5], ids=repr)
@pytest.mark.parametrize(
    ("method", "name"), STEPS, ids=[f"{method.label}-{name}" for method, name in STEPS]
)
def test_what_takes_several_requests_refuses_before_the_first(
    method: Method, name: str, value: Any
) -> None:
    writer = Writer()

    with pytest.raises(ConfigError):
        asyncio.run(perform(method, writer, frozenset(), Instead(name, value)))
    assert writer.call is None


WRITTEN = [
    ("DataAttributes.create_choice", "options", "ab"),
    ("DataAttributes.update", "options", "ab"),
    ("ConversationAttributes.create", "options", "ab"),
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
    with pytest.raises(ConfigError, match="message" if value == ["ab"] else name):
        asyncio.run(perform(method, writer, chosen, Instead(name, value)))
    assert writer.call is None


ODD: tuple[Any, ...] = (5, "x", [None], {"a": 1}, object(), "\ud800", 10**400)
"""What no argument takes all of."""


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.label)
def test_whatever_is_given_the_error_is_typed(method: Method) -> None:
    async def try_all() -> None:
        for chosen in selections(method):
            for each in arguments(method):
                if each.is_required or each.name in chosen:
                    for value in ODD:
                        with suppress(IntercomError, TypeError):
                            await perform(method, Writer(), chosen, Instead(each.name, value))

    asyncio.run(try_all())
