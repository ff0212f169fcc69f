"""An API call as data: the operation that describes an endpoint, and the call that fills it in.

An operation is all there is to know about one endpoint of the API. The session reads it to decide
about retries, the scheduler to apply rate limits of the client's own, the pager to find the next
page, the contract test to compare it with Intercom's description::

    GET = Operation("GET", "/contacts/{contact_id}", Contact)
    call = GET.at(contact_id="7")          # a Call[Contact]; nothing has been sent
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from enum import Enum
from typing import Any, Generic, Literal, TypeVar, get_args
from urllib.parse import quote

from intercom_async.codec import check_decodable
from intercom_async.codec.plain import check_digits, plain
from intercom_async.config import shown
from intercom_async.errors import ConfigError
from intercom_async.fields.common import Id
from .query_string import Query, encode_query, to_query

T_co = TypeVar("T_co", covariant=True)

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

Repeat = Literal["safe", "idempotent", "unsafe"]
"""What sending a call again means: nothing, the same end, or something done twice."""

Kind = Literal["search", "scroll"]
"""Classes of operations that a user may give a ceiling of their own."""


class Paging(Enum):
    """How a list goes on."""

    NONE = "none"
    """One answer holds everything."""
    CURSOR_QUERY = "cursor in query"
    """`starting_after` is sent back as a query parameter."""
    CURSOR_BODY = "cursor in body"
    """`starting_after` is sent back in the body's `pagination`."""
    PAGE = "page"
    """A page number, or a link that has one."""
    SCROLL = "scroll"
    """The same `scroll_param` again and again until a page is empty."""
    LINK = "link"
    """A link whose whole query is followed, such as the one with `before`."""
    NEXT_CURSOR = "next_cursor"
    """`next_cursor` is sent back as `cursor`."""


_REPEAT: dict[str, Repeat] = {"GET": "safe", "PUT": "idempotent", "DELETE": "idempotent"}
BODILESS = ("GET", "DELETE")
"""What is asked for in the address alone."""
JSON = "application/json"
OCTETS = "application/octet-stream"

_REFERENCE = "https://developers.intercom.com/docs/references/rest-api/api.intercom.io/"

_PATH = re.compile(r"[!\"$->@-~]+")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NEWEST = (1_000_000, 0)
"""Stands for a version without a number, such as Preview: later than all that have one."""


class Operation(Generic[T_co]):
    """One operation of the API.

    Args:
        method: The verb that is sent; a PUT that updates is sent as PATCH by clients that are told
            so.
        path: The path as a template; its placeholders are the keywords of `at`.
        model: What a success is decoded into; None for an answer without a body.
        repeat: What sending it twice means; by default a GET is safe, PUT and DELETE are
            idempotent, the rest unsafe.
        paging: How the list goes on, for operations that answer with one.
        kind: The class whose ceiling it counts against, if the user sets one.
        since: The first API version that has it.
        body: The TypedDict that names the fields a body may have.
        updates: Whether it is an update whose verb the client's `update_method` decides.
        accept: The media type to ask for.
        reserved: Words that are no ids here, since another operation has that path.
        reference: Where Intercom's reference describes it: chapter and page.
    """

    __slots__ = (
        "accept",
        "allowed",
        "body",
        "count",
        "decoder",
        "is_bare",
        "kind",
        "label",
        "method",
        "model",
        "name",
        "names",
        "needs",
        "paging",
        "parts",
        "path",
        "reference",
        "repeat",
        "required",
        "reserved",
        "since",
        "since_number",
        "slots",
        "updates",
    )

    def __init__(  # noqa: PLR0913 (a keyword for each thing that an operation may have)
        self,
        method: Method,
        path: str,
        model: type[T_co],
        *,
        repeat: Repeat | None = None,
        paging: Paging = Paging.NONE,
        kind: Kind | None = None,
        since: str = "2.14",
        body: type[Any] | None = None,
        updates: bool = False,
        accept: str = JSON,
        reserved: Collection[str] = (),
        reference: str = "",
    ) -> None:
        self.method: Method = method
        self.path: str = path
        self.model: type[T_co] = model
        self.decoder: Callable[[bytes], Any] | None = None
        """Reads the body of a success; chosen with the first one."""
        self.repeat: Repeat = repeat or _REPEAT.get(method, "unsafe")
        self.paging: Paging = paging
        self.kind: Kind | None = kind
        self.since: str = since
        self.since_number: tuple[int, int] = version_number(since)
        self.body: type[Any] | None = body
        self.updates: bool = updates
        self.accept: str = accept
        self.reserved: frozenset[str] = frozenset(reserved)
        self.reference: str = f"{_REFERENCE}{reference}" if reference else ""
        self.name: str = f"{method} {path}"
        self.label: str = self.name
        """Resource and method, such as `contacts.get`; the name for what has no method."""
        self.names: tuple[str, ...] = tuple(_PLACEHOLDER.findall(path))
        self.parts: tuple[str, ...] = tuple(_PLACEHOLDER.split(path)[::2])
        self.slots: tuple[tuple[str, str], ...] = tuple(
            zip(self.names, self.parts[1:], strict=True)
        )
        """Each placeholder, and the part of the path behind it."""
        self.count: int = len(self.names)
        """Placeholders of its path."""
        self.allowed: frozenset[str] = frozenset(body.__annotations__ if body else ())
        self.required: frozenset[str] = getattr(body, "__required_keys__", frozenset())
        self.is_bare: bool = method in BODILESS and not self.required
        """Whether its path alone is enough."""
        self.needs: frozenset[str] = frozenset()
        """Arguments that its method cannot do without, beside the fields of its body."""

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"

    def at(
        self,
        *ids: Id,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        **path: Id,
    ) -> Call[T_co]:
        """Fill in the placeholders and return a call, ready to be sent.

        Args:
            ids: A value for each placeholder of the path, in their order,
            query: Query parameters; those that are None are left out, moments are sent as UNIX
                seconds, lists joined by commas.
            json: The body, as something JSON can hold.
            path: or by their names.

        Raises:
            ConfigError: A path value is missing, empty, or not an id.
        """
        if path:
            ids = self.in_order(path)
        return Call(self, self.path_of(ids), to_query(query), json)

    def in_order(self, path: Mapping[str, Id]) -> tuple[Id, ...]:
        """Return the values for the placeholders in their order.

        Raises:
            ConfigError: A placeholder has none, or there are others.
        """
        if {*path} != {*self.names}:
            raise ConfigError(f"{self.name} takes {_listed(self.names)}, not {_listed(path)}")
        return tuple(path[name] for name in self.names)

    def path_of(self, ids: Sequence[Id]) -> str:
        """Return the path with a value for each placeholder, in their order, encoded.

        Raises:
            ConfigError: A value is missing, empty, or not an id.
        """
        if len(ids) != self.count:
            raise ConfigError(f"{self.name} takes {_listed(self.names)}, not {len(ids)} ids")
        filled = self.parts[0]
        for (name, part), value in zip(self.slots, ids, strict=True):
            segment = _segment(self.name, name, value)
            if segment in self.reserved:
                raise ConfigError(
                    f"{self.name} takes no {name} {value!r}: that is the path of another operation"
                )
            filled = f"{filled}{segment}{part}"
        return filled

    def fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a body, as given.

        Raises:
            TypeError: A field is none of this operation, or one that it needs is missing.
        """
        for name in self.required:
            if given.get(name) is None:
                break
        else:
            if given.keys() <= self.allowed:
                return dict(given)
        return only_fields(self.name, self.allowed, self.required, given)


class Call(Generic[T_co]):
    """An operation with everything filled in; unchangeable, so it can be sent again."""

    __slots__ = ("json", "operation", "path", "query")

    def __init__(
        self,
        operation: Operation[T_co],
        path: str,
        query: Query,
        json: Any = None,
    ) -> None:
        self.operation: Operation[T_co] = operation
        self.path: str = path
        """The filled path, encoded."""
        self.query: Query = query
        self.json: Any = json

    def __repr__(self) -> str:
        return f"<Call {self.operation.name}>"

    @property
    def name(self) -> str:
        """Method and path template, for messages and logs."""
        return self.operation.name

    @property
    def target(self) -> str:
        """Path and query as they are sent."""
        return f"{self.path}?{encode_query(self.query)}" if self.query else self.path

    def replace(self, *, query: Query | None = None, json: Any = None) -> Call[T_co]:
        """Return the same call with another query or another body."""
        return Call(
            self.operation,
            self.path,
            self.query if query is None else query,
            self.json if json is None else json,
        )

    def into(self, model: type[T_new]) -> Call[T_new]:
        """Return the same call, decoded into another type."""
        operation: Operation[Any] = copy(self.operation)
        operation.model = model
        operation.decoder = None
        typed: Operation[T_new] = operation
        return Call(typed, self.path, self.query, self.json)


T_new = TypeVar("T_new")


def any_operation(
    method: Method, path: str, model: Any, repeat: Repeat | None = None
) -> Operation[Any]:
    """Make an operation for any request, known to this package or not.

    Raises:
        ConfigError: It is no method, or no path of the API.
    """
    verb: Any = _one_of("method", method, get_args(Method))
    meaning: Any = None if repeat is None else _one_of("repeat", repeat, get_args(Repeat))
    if model is None:
        model = Any
    check_decodable("model", model)
    if not path.startswith("/") or path.startswith("//") or not _PATH.fullmatch(path):
        raise ConfigError(
            f"a path starts with one slash and is ASCII without spaces: {shown(path)} is not"
        )
    return Operation(verb, path, model, repeat=meaning, since="0.0")


def _one_of(name: str, value: object, known: Sequence[str]) -> str:
    found: object = plain(value)
    if isinstance(found, str) and found in known:
        return found
    raise ConfigError(f"{name} must be one of {', '.join(known)}, not {shown(value)}")


def only_fields(
    name: str, allowed: frozenset[str], required: frozenset[str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return keywords as given.

    Raises:
        TypeError: One is not allowed, or a required one is missing or None.
    """
    unknown = given.keys() - allowed
    missing = {each for each in required if given.get(each) is None}
    if unknown:
        known = _listed(sorted(allowed))
        raise TypeError(f"{name} has no field {_listed(sorted(unknown))}; it takes {known}")
    if missing:
        raise TypeError(f"{name} needs {_listed(sorted(missing))}")
    return dict(given)


def version_number(version: str) -> tuple[int, int]:
    """Return a version as a pair that compares; a named one (Preview) is newer than any number."""
    major, _, minor = version.partition(".")
    return (int(major), int(minor)) if minor else _NEWEST


def _segment(operation: str, name: str, value: object) -> str:
    """Encode one path value so that it can only ever be one segment of this path."""
    if type(value) is not str:
        value = plain(value)
        if isinstance(value, int) and not isinstance(value, bool):
            check_digits(f"{operation}: {name}", value)
            return str(value)
        if not isinstance(value, str):
            raise ConfigError(
                f"{operation}: {name} must be a str, int or UUID, not {type(value).__name__}"
            )
    if value.isalnum() and value.isascii():
        return value
    if not value or value.isspace():
        raise ConfigError(f"{operation}: {name} is empty")
    if value in (".", ".."):
        # Servers and proxies resolve dot segments, encoded or not (RFC 3986, 6.2.2.3), so such
        # an id could only reach another endpoint.
        raise ConfigError(f"{operation}: {name} must not be a dot segment")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise ConfigError(f"{operation}: {name} has characters that UTF-8 cannot hold") from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(str, names)) or "nothing"
