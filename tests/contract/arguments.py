"""Arguments for every method, made from its signature and, for values, from a description.

A method is called with what it requires, then with all it takes; where its arguments exclude each
other, `choices.CHOICES` says which go together. A call goes no further than its first request.
"""

from __future__ import annotations

import asyncio
import atexit
import inspect
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from intercom_async.pagination.pager import Pager
from intercom_async.query import F, Predicate
from intercom_async.request.operation import Call
from intercom_async.resources._base import Sender
from intercom_async.response import Response
from intercom_async.scheduler import Statistics
from intercom_async.transport.base import StreamReply
from tests.support.descriptions import VERSIONS, Node, properties, resolved
from .choices import ALL, CHOICES
from .operations import Method, argument_schema

T = TypeVar("T")

_UNIX_S = 1_767_312_000
_RUNNER = asyncio.Runner()
atexit.register(_RUNNER.close)
_FORMATS = {
    "date-time": "2026-01-02T00:00:00Z",
    "date": "2026-01-02",
    "email": "ada@example.test",
    "uri": "https://example.test/",
    "byte": "ZGF0YQ==",
    "uuid": "01234567-89ab-4cde-8f01-23456789abcd",
}
_PLAIN: dict[Any, Any] = {
    bool: True,
    int: 1,
    float: 1.5,
    bytes: b"data",
    date: date(2026, 1, 2),
    Predicate: F.id == "1",
}
_ANY: dict[str, Any] = {
    "string": "1",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
}
_OF_TYPE: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Argument(NamedTuple):
    """One argument of a method, or one key of the TypedDict it takes."""

    name: str
    hint: Any
    is_required: bool
    is_positional: bool


def label_of(method: Method, name: str, value: object = "") -> str:
    """Name an argument of a method, and a value for it, as the label of a case."""
    return f"{method.label}, {name}={value!r}"


class SentError(Exception):
    """Ends a call once its request is there."""


class Recorder:
    """A sender that keeps the first call and sends nothing."""

    def __init__(self) -> None:
        self.call: Call[Any] | None = None

    async def fetch(self, call: Call[T]) -> T:
        return (await self.send(call)).data

    async def send(self, call: Call[T]) -> Response[T]:
        self.call = call
        raise SentError

    async def stream(self, call: Call[Any]) -> Response[StreamReply]:
        return await self.send(call)

    async def open_link(self, url: str) -> StreamReply:
        raise NotImplementedError

    def shared_lock(self, name: str) -> asyncio.Lock:  # noqa: ARG002 (nobody else is there)
        return asyncio.Lock()

    def statistics(self) -> Statistics:
        raise NotImplementedError

    def while_open(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()


@cache
def arguments(method: Method) -> tuple[Argument, ...]:
    """Return all arguments of a method, those of its TypedDict among them."""
    hints = get_type_hints(method.function, include_extras=True)
    found: list[Argument] = []
    for name, parameter in list(inspect.signature(method.function).parameters.items())[1:]:
        hint = hints[name]
        if parameter.kind is parameter.VAR_KEYWORD:
            if get_origin(hint) is Unpack:
                kind = get_args(hint)[0]
                keys = get_type_hints(kind)
                needed = kind.__required_keys__
                found += [Argument(key, of, key in needed, False) for key, of in keys.items()]
            continue
        is_positional = parameter.kind is not parameter.KEYWORD_ONLY
        is_required = parameter.default is parameter.empty
        found.append(Argument(name, hint, is_required, is_positional))
    return tuple(found)


def selections(method: Method) -> tuple[frozenset[str], ...]:
    """Return which optional arguments go together in each call that is to be made."""
    optional = frozenset(each.name for each in arguments(method) if not each.is_required)
    made = CHOICES.get(method.label, (frozenset(), ALL) if optional else (ALL,))
    return tuple(optional if chosen == ALL else chosen for chosen in made)


def called(
    method: Method,
    sender: Sender,
    chosen: frozenset[str],
    samples: Samples | None = None,
    *,
    without: str | None = None,
    **more: Any,
) -> Any:
    """Call a method with what it requires and what is chosen, and return what it returns.

    Args:
        method: The method.
        sender: What it sends with.
        chosen: Which of its optional arguments it gets.
        samples: What makes their values.
        without: An argument that is left out though it is required; those after it get names.
        more: Arguments beside them.
    """
    samples = samples or Samples()
    positional: list[Any] = []
    keywords: dict[str, Any] = dict(more)
    is_whole = True
    for each in arguments(method):
        if each.name == without:
            is_whole = False
        elif each.is_required or each.name in chosen:
            value = samples.argument(each)
            if each.is_positional and each.is_required and is_whole:
                positional.append(value)
            else:
                keywords[each.name] = value
    return method.function(method.resource(sender), *positional, **keywords)


async def perform(
    method: Method,
    sender: Sender,
    chosen: frozenset[str],
    samples: Samples | None = None,
    *,
    without: str | None = None,
    **more: Any,
) -> None:
    """Call a method as `called` does, and go on to its first request."""
    with suppress(SentError):
        await _drive(called(method, sender, chosen, samples, without=without, **more))


def run(call: Coroutine[Any, Any, None]) -> None:
    """Make a call, all of them in one loop: a new one for each takes longer than the call."""
    _RUNNER.run(call)


def record(method: Method, chosen: frozenset[str]) -> Call[Any] | None:
    """Return the first call that a method makes; None if it makes none."""
    recorder = Recorder()
    run(perform(method, recorder, chosen))
    return recorder.call


class Samples:
    """Makes values for arguments.

    Args:
        node: What a description says of the operation; without it, values are of the right type,
            but not always what the API would take.
        version: The version of that description.
    """

    def __init__(self, node: Node | None = None, version: str = VERSIONS[-1]) -> None:
        self._node = node
        self._version = version

    def argument(self, argument: Argument) -> Any:
        """Make a value for an argument."""
        schema = (
            None
            if self._node is None
            else argument_schema(self._node, self._version, argument.name)
        )
        return self._of_hint(argument.hint, schema)

    def _of_hint(self, hint: Any, schema: Node | None) -> Any:
        if get_origin(hint) in (Union, UnionType):
            return self._of_union([part for part in get_args(hint) if part is not NoneType], schema)
        if get_origin(hint) is Literal:
            return get_args(hint)[0]
        if is_typeddict(hint):
            return self._of_typed_dict(hint, schema)
        if hint in _PLAIN:
            return _PLAIN[hint]
        if hint is str or hint is Any:
            value = self._of_schema(schema)
            return value if hint is Any or isinstance(value, str) else "1"
        return self._of_container(hint, schema)

    def _of_union(self, parts: Sequence[Any], schema: Node | None) -> Any:
        literal = next((part for part in parts if get_origin(part) is Literal), None)
        if literal is not None:
            return get_args(literal)[0]
        if datetime in parts:
            return _UNIX_S
        if set(parts) in ({str, int}, {str, int, UUID}):
            value = self._of_schema(schema)
            return value if isinstance(value, str | int) else "1"
        return self._of_hint(parts[0], schema)

    def _of_typed_dict(self, kind: Any, schema: Node | None) -> dict[str, Any]:
        known = properties(schema, self._version) if schema else {}
        hints = get_type_hints(kind)
        return {
            key: self._of_hint(hint, self._followed(known.get(key))) for key, hint in hints.items()
        }

    def _of_container(self, hint: Any, schema: Node | None) -> Any:
        kind, inner = get_origin(hint) or hint, get_args(hint)
        if kind is Callable:
            return _ignore
        if issubclass(kind, Mapping):
            if inner and is_typeddict(inner[1]):
                known = properties(schema, self._version) if schema else {}
                return {"en": self._of_hint(inner[1], self._followed(known.get("en")))}
            return self._of_schema({"type": "object", **(schema or {})})
        entry = self._entry(schema)
        if issubclass(kind, AsyncIterable):
            return _stream(self._of_hint(inner[0], entry))
        if issubclass(kind, Sequence | set | frozenset):
            return [self._of_hint(inner[0], entry)] * 2
        raise TypeError(f"no value for {hint}")

    def _of_schema(self, schema: Node | None) -> Any:
        """Make what a schema allows: an entry of its list, its example, or any of its type."""
        whole = schema or {}
        for alternatives in (whole.get("oneOf"), whole.get("anyOf")):
            if alternatives:
                return self._of_schema(self._followed(alternatives[0]))
        kind = whole.get("type", "string")
        fixed = (
            *whole.get("enum", ()),
            _FORMATS.get(whole.get("format", "")),
            whole.get("example"),
        )
        fitting = (value for value in fixed if isinstance(value, _OF_TYPE[kind]))
        found = next(fitting, None)
        return self._of_type(kind, whole) if found is None else found

    def _of_type(self, kind: str, schema: Node) -> Any:
        if kind == "array":
            return [self._of_schema(self._entry(schema))]
        if kind == "object":
            known = properties(schema, self._version).items()
            writable = {key: node for key, node in known if not node.get("readOnly")}
            made = {key: self._of_schema(self._followed(node)) for key, node in writable.items()}
            return made or {"x": "y"}
        return _ANY[kind]

    def _entry(self, schema: Node | None) -> Node | None:
        """Return what is said of the entries of a list, which may be one of several things."""
        whole = schema or {}
        for part in (whole, *map(self._followed, whole.get("oneOf", ()))):
            if part is not None and "items" in part:
                return self._followed(part["items"])
        return None

    def _followed(self, schema: Node | None) -> Node | None:
        return None if schema is None else resolved(schema, self._version)


async def _drive(result: Any) -> None:
    """Let what a method returned send its first request."""
    if isinstance(result, Pager):
        await result.first()
    elif isinstance(result, AbstractAsyncContextManager):
        async with result:
            pass
    elif isinstance(result, AsyncIterable):
        async for _ in result:  # pyright: ignore[reportUnknownVariableType] (items of any kind)
            break
    else:
        await result


async def _stream(value: T) -> AsyncIterator[T]:
    yield value


def _ignore(_: object) -> None:
    """Take no notice of what is reported."""
