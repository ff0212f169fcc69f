"""Values as programs hold them, such as enums, UUIDs and multidicts, are sent as plain values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, get_args
from uuid import UUID

import pytest
from multidict import MultiDict

from intercom_async import ConfigError, F, Intercom, QueryError
from intercom_async.clock import WALL_TIME
from intercom_async.codec import encode
from intercom_async.moments import is_milliseconds
from intercom_async.query import Predicate
from intercom_async.request.builder import body_of
from intercom_async.simulator.virtual_loop import START_AT
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply
from tests.support.each import for_each
from .arguments import Argument, Recorder, Samples, arguments, perform, run, selections
from .choices import COMPOSED
from .operations import Method, methods

METHODS = [method for method in methods() if method.label not in COMPOSED]


class Text(str):
    """A text whose other forms must never be sent."""

    __slots__ = ()

    def __str__(self) -> str:
        return "never sent"

    def __repr__(self) -> str:
        return "never sent"

    def __format__(self, spec: str) -> str:
        return "never sent"


class Number(int):
    """A number whose other forms must never be sent."""

    def __str__(self) -> str:
        return "never sent"

    def __repr__(self) -> str:
        return "never sent"

    def __format__(self, spec: str) -> str:
        return "never sent"


def member(kind: Any) -> Any:
    return kind.MEMBER


def as_enum(value: Any) -> Any:
    if isinstance(value, str):
        return member(Enum("Text", {"MEMBER": value}, type=str))
    return member(IntEnum("Number", {"MEMBER": value}))


def as_str_enum(value: Any) -> Any:
    if isinstance(value, str):
        return member(StrEnum("Text", {"MEMBER": value}))
    return member(Enum("Number", {"MEMBER": value}))


def as_subclass(value: Any) -> Any:
    return Text(value) if isinstance(value, str) else Number(value)


def as_named(value: Any) -> Any:
    return member(Enum("Name", {"MEMBER": value}))


WAYS: dict[str, Callable[[Any], Any]] = {
    "(str, Enum)": as_enum,
    "StrEnum": as_str_enum,
    "subclass": as_subclass,
}


class Held(Samples):
    """Gives the values that `Samples` gives, held in another way."""

    def __init__(self, way: Callable[[Any], Any]) -> None:
        super().__init__()
        self._way = way

    def argument(self, argument: Argument) -> Any:
        value = super().argument(argument)
        # Numbers of items and of tasks are checked by type, and no part of a value.
        return value if argument.name in ("per_page", "concurrency") else self._held(value)

    def _held(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._way(key): self._held(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType] (any dict)
        if isinstance(value, list):
            return [self._held(each) for each in value]  # pyright: ignore[reportUnknownVariableType] (any list)
        is_plain = type(value) in (str, int)
        return self._way(value) if is_plain else value


class Ids(Samples):
    """Gives UUIDs for ids, or their text."""

    def __init__(self, *, as_text: bool) -> None:
        super().__init__()
        found = UUID("01234567-89ab-4cde-8f01-23456789abcd")
        self._id = str(found) if as_text else found

    def _of_union(self, parts: Any, schema: Any) -> Any:
        return self._id if UUID in parts else super()._of_union(parts, schema)


@pytest.fixture(autouse=True)
def _at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that says no time gets that of its call, which may be another second."""
    monkeypatch.setattr(WALL_TIME, "read", lambda: START_AT)


def sent(method: Method, samples: Samples) -> Iterator[tuple[str, bytes]]:
    """Give address and body of each request that a method makes of its choices."""
    for chosen in selections(method):
        recorder = Recorder()
        run(perform(method, recorder, chosen, samples))
        if recorder.call is not None:
            call = recorder.call
            yield call.target, b"" if call.json is None else body_of(call.json)[0]


@for_each([(method, way) for method in METHODS for way in WAYS], "{0.label}, {1}".format)
def test_however_a_value_is_held_the_plain_one_is_sent(method: Method, way: str) -> None:
    assert list(sent(method, Held(WAYS[way]))) == list(sent(method, Samples()))


@for_each(METHODS, lambda method: method.label)
def test_a_uuid_is_an_id_as_its_text_is(method: Method) -> None:
    try:
        expected = list(sent(method, Ids(as_text=True)))
    except ConfigError:
        # Where the API declares a number, a text that is none is for the API to refuse.
        return
    assert list(sent(method, Ids(as_text=False))) == expected


def test_the_moments_of_all_methods_are_seconds() -> None:
    """The names that mean a moment are those of the arguments that are declared as one."""
    for method in METHODS:
        for each in arguments(method):
            if datetime in get_args(each.hint) and each.name != "timestamp_ms":
                assert is_milliseconds(each.name, 1_767_312_000_000), f"{method.label}: {each.name}"


class Late(Samples):
    """Gives moments in milliseconds to one argument."""

    def __init__(self, name: str, moment: Any) -> None:
        super().__init__()
        self._name = name
        self._moment = moment

    def argument(self, argument: Argument) -> Any:
        return self._moment if argument.name == self._name else super().argument(argument)


MOMENTS = [
    (method, each)
    for method in METHODS
    for each in arguments(method)
    if datetime in get_args(each.hint)
]


@for_each(MOMENTS, lambda method, argument: f"{method.label}, {argument.name}")
def test_a_moment_in_milliseconds_is_refused_by_name(method: Method, argument: Argument) -> None:
    chosen = next(
        each for each in selections(method) if argument.is_required or argument.name in each
    )
    late = 1_767_312_000_000
    for moment in (late, as_enum(late), Number(late), float(late), Decimal(late)):
        recorder = Recorder()
        with pytest.raises(ConfigError, match=rf"\b{argument.name}\b must be UNIX seconds"):
            run(perform(method, recorder, chosen, Late(argument.name, moment)))
        assert recorder.call is None


def test_attributes_that_users_define_may_be_in_milliseconds() -> None:
    found = F.custom_attributes["seen_at"] > 1_767_312_000_000
    assert found.query["value"] == 1_767_312_000_000
    with pytest.raises(QueryError, match=r"created_at .* milliseconds"):
        _ = F.created_at > 1_767_312_000_000
    with pytest.raises(QueryError, match=r"source\.sent_at .* milliseconds"):
        _ = F["source.sent_at"].in_([1_767_312_000_000])


VALUES: list[tuple[Any, Any]] = [
    (as_enum("a"), "a"),
    (as_enum(7), 7),
    (Text("a"), "a"),
    (Number(7), 7),
    (Decimal("1.50"), Decimal("1.50")),
    (UUID(int=1), str(UUID(int=1))),
    (datetime(2026, 1, 2, tzinfo=UTC), 1_767_312_000),
]


@pytest.mark.parametrize(("held", "plain"), VALUES, ids=lambda value: type(value).__name__)
def test_a_condition_compares_with_the_plain_value(held: Any, plain: Any) -> None:
    conditions: list[Predicate] = [F.x == held, F.x != held, F.x > held]
    assert [one.query["value"] for one in conditions] == [plain] * 3
    assert [type(one.query["value"]) for one in conditions] == [type(plain)] * 3
    assert F.x.in_([held]).query["value"] == [plain]
    assert encode((F.x == held).query) == encode((F.x == plain).query)


def test_a_set_of_values_has_one_order() -> None:
    one = F.x.in_({"a", "b", "c", "d"})
    assert one.query["value"] == ["a", "b", "c", "d"]


PARAMETERS: list[tuple[Any, str]] = [
    ("a b", "x=a%20b"),
    (True, "x=true"),
    (1.5, "x=1.5"),
    (Decimal("1E+3"), "x=1000"),
    (as_enum("a"), "x=a"),
    (as_enum(7), "x=7"),
    (Text("a"), "x=a"),
    (UUID(int=1), f"x={UUID(int=1)}"),
    (datetime(2026, 1, 2, tzinfo=UTC), "x=1767312000"),
    (date(2026, 1, 2), "x=2026-01-02"),
    (["a", 7, True], "x=a%2C7%2Ctrue"),
    (("a", as_enum("b")), "x=a%2Cb"),
    ({"b", "a"}, "x=a%2Cb"),
    ([], "x="),
]


def target(path: str, params: Any) -> str:
    """Return the path and query that a request is sent to."""
    seen: list[str] = []

    def answer(request: Any) -> Reply:
        seen.append(request.url.removeprefix("https://api.intercom.io"))
        return Reply(200, {}, b"{}")

    async def go() -> None:
        async with Intercom("token", transport=MemoryTransport(answer)) as intercom:
            await intercom.request("GET", path, params=params)

    asyncio.run(go())
    return seen[0]


@pytest.mark.parametrize(("value", "expected"), PARAMETERS, ids=lambda value: type(value).__name__)
def test_a_parameter_is_sent_as_its_plain_value(value: Any, expected: str) -> None:
    assert target("/x", {"x": value}) == f"/x?{expected}"


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        b"a",
        object(),
        float("nan"),
        Decimal("sNaN"),
        [None],
        [["a"]],
        ["a,b"],
        datetime(2026, 1, 2),  # noqa: DTZ001 (the subject)
        [datetime(2026, 1, 2)],  # noqa: DTZ001 (the subject)
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_plain_form_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"\bx\b"):
        target("/x", {"x": value})


def test_a_key_that_comes_twice_is_sent_twice() -> None:
    assert target("/x?a=1&a=2&b=", None) == "/x?a=1&a=2&b="
    assert target("/x?a=1&b=2", {"a": 3}) == "/x?b=2&a=3"
    assert target("/x", MultiDict([("a", "1"), ("a", "2"), ("b", "3")])) == "/x?a=1&a=2&b=3"


def test_keys_of_an_object_are_plain_and_not_lost() -> None:
    assert encode({as_enum("a"): {Text("b"): as_enum("c")}}) == b'{"a":{"b":"c"}}'
    with pytest.raises(ConfigError, match="twice"):
        encode({"a": 1, "b": 2, as_named("b"): 3})
