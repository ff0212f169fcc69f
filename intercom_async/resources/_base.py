"""Base of all resources: an endpoint and a thin method per operation.

class Tags(Resource):
    GET = API.get("/{tag_id}", Tag, "findtag")

    async def get(self, tag_id: Id) -> Tag:
        return await self._send(self.GET, tag_id)
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from inspect import cleandoc
from types import FunctionType
from typing import Any, TypeVar, Unpack

from intercom_async.clock import CLOCK
from intercom_async.config import shown
from intercom_async.errors import ConfigError
from intercom_async.fields.common import Id
from intercom_async.models.bulk_jobs import BulkJob
from intercom_async.models.page import Page
from intercom_async.pagination.pager import Pager
from intercom_async.query import Predicate, Query, to_query
from intercom_async.request.operation import BODILESS, Call, Operation
from intercom_async.workflows.bulk import BulkOptions, BulkRun
from intercom_async.workflows.concurrency import Source
from intercom_async.workflows.download import Download
from intercom_async.workflows.job_run import JobRun
from ._endpoints import EndpointBuilder
from ._protocol import Sender
from ._validation import check_given, check_per_page, needed, to_parameters

__all__ = ["EndpointBuilder", "Id", "Page", "Pager", "Resource", "Sender", "fill", "sends"]

T = TypeVar("T")

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
M = TypeVar("M", bound=Callable[..., Any])
M_in = TypeVar("M_in")
M_out = TypeVar("M_out")

_SENDS = "_sends"
"""Attribute of a method that holds the endpoint it sends."""


class Resource:
    """One group of operations, reached as an attribute of the client."""

    def __init_subclass__(cls) -> None:
        """Complete each method's docstring, and tell its endpoint which arguments it needs.

        A method sends the endpoint of its own name in capitals, or the one that `sends` gives.
        """
        for name, method in vars(cls).items():
            if name.startswith("_") or not isinstance(method, FunctionType):
                continue
            parts = [cleandoc(method.__doc__ or ""), _keywords_of(method)]
            endpoint = vars(method).get(_SENDS, vars(cls).get(name.upper()))
            if isinstance(endpoint, Operation):
                endpoint.needs |= _required_arguments(method)
                if endpoint.label == endpoint.name:
                    endpoint.label = f"{_WORD.sub('_', cls.__name__).lower()}.{name}"
                parts.append(endpoint.reference and f"Reference: {endpoint.reference}")
            method.__doc__ = "\n\n".join(filter(None, parts))

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._fetch = sender.fetch

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._sender!r}>"

    def __dir__(self) -> list[str]:
        """List the methods; the endpoints beside them are attributes of the class."""
        return [name for name in super().__dir__() if not name.isupper()]

    def _send(
        self,
        endpoint: Operation[T],
        *path: Id,
        fields: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> Coroutine[Any, Any, T]:
        """Fill in an endpoint as `fill` does, send it, and return the decoded reply."""
        if endpoint.is_bare and not (arguments or fields or query or json):
            call = Call(endpoint, endpoint.path_of(path), {})
        else:
            call = fill(endpoint, path, arguments, fields, query, json)
        return self._fetch(call)

    def _list(
        self,
        endpoint: Operation[Page[T]],
        *path: Id,
        fields: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> Pager[T]:
        """Fill in an endpoint as `fill` does and return its pager; iterating it sends."""
        return Pager(self._fetch, fill(endpoint, path, arguments, fields, query, json))

    def _search(
        self, endpoint: Operation[Page[T]], query: Predicate | Query, options: Mapping[str, Any]
    ) -> Pager[T]:
        """Fill in the endpoint of a search and return its pager.

        Args:
            endpoint: The operation.
            query: What to find.
            options: `SearchOptions`; any others are sent as query parameters.

        Raises:
            QueryError: The API would refuse the query.
            ConfigError: The order is unknown, or `per_page` is not a whole number above 0.
        """
        json: dict[str, Any] = {"query": to_query(query)}
        rest = endpoint.fields(options)
        sort, order = rest.pop("sort", None), rest.pop("order", "ascending")
        if not isinstance(order, str) or order not in ("ascending", "descending"):
            raise ConfigError(f"order must be 'ascending' or 'descending', not {shown(order)}")
        if sort is not None:
            json["sort"] = {"field": sort, "order": order}
        per_page = check_per_page(rest.pop("per_page", None))
        if per_page is not None:
            json["pagination"] = {"per_page": per_page}
        return self._list(endpoint, query=rest, json=json)

    def _download(self, endpoint: Operation[bytes], *path: Id, **arguments: Any) -> Download:
        """Fill in an endpoint as `fill` does and return its download; entering it sends."""
        call = fill(endpoint, path, arguments)
        return Download(lambda: self._sender.stream(call))

    def _many(
        self,
        items: Source[M_in],
        write: Callable[[M_in], Awaitable[M_out]],
        check: Callable[[M_in], object],
        *,
        calls: Callable[[M_in], int] = lambda _: 1,
        **options: Unpack[BulkOptions],
    ) -> BulkRun[M_in, M_out]:
        """Return a run that writes each item; `check` raises for one that cannot be sent."""
        rate = self._sender.statistics
        return BulkRun(
            items, write, check=check, calls=calls, rate_per_s=lambda: rate().rate_per_s, **options
        )

    def _many_in_jobs(
        self,
        items: Source[M_in],
        submit: Callable[[list[M_in]], Awaitable[BulkJob]],
        get: Callable[[str], Awaitable[BulkJob]],
        check: Callable[[M_in], object],
        **options: Unpack[BulkOptions],
    ) -> BulkRun[M_in, BulkJob]:
        """Return a run whose items are written by jobs; `check` raises for one that is not sent."""
        rate = self._sender.statistics
        return JobRun(
            items,
            submit,
            get,
            check=check,
            rate_per_s=lambda: rate().rate_per_s,
            pause=self._pause,
            **options,
        )

    async def _pause(self, seconds: float) -> None:
        """Wait between two polls, until the client is closed at most.

        Raises:
            ClosedError: The client was closed.
        """
        async with self._sender.while_open():
            await CLOCK.sleep(seconds)


def sends(endpoint: Operation[Any]) -> Callable[[M], M]:
    """Name the endpoint that a method sends, where the method has another name."""

    def mark(method: M) -> M:
        vars(method)[_SENDS] = endpoint
        return method

    return mark


def _keywords_of(method: FunctionType) -> str:
    """List the keywords behind `**fields: Unpack[...]`, of which `help` shows the type's name only.

    A method without them gets an empty text.
    """
    hints: Iterable[str] = method.__annotations__.values()
    named = next((hint[7:-1] for hint in hints if hint.startswith("Unpack[")), None)
    if named is None:
        return ""
    kind = method.__globals__[named]
    needed: list[str] = []
    optional: list[str] = []
    for name, hint in kind.__annotations__.items():
        line = f"    {name}: {hint.__forward_arg__}"
        if name in kind.__required_keys__:
            needed.append(line)
        else:
            optional.append(f"{line} = ...")
    return "\n".join((f"Keywords, as `intercom_async.fields.{named}` says:", *needed, *optional))


def _required_arguments(method: Any) -> frozenset[str]:
    """Return the arguments of a method that have no default."""
    code, defaults = method.__code__, method.__defaults__ or ()
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    optional = named[code.co_argcount - len(defaults) : code.co_argcount]
    return frozenset(named[1:]) - {*optional, *(method.__kwdefaults__ or ())}


def fill(
    endpoint: Operation[T],
    path: Sequence[Id],
    arguments: Mapping[str, Any],
    fields: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    json: dict[str, Any] | None = None,
) -> Call[T]:
    """Fill in an endpoint.

    Args:
        endpoint: The operation.
        path: A value for each placeholder, in their order.
        arguments: Query parameters of a GET or DELETE, body fields of anything else; None is left
            out.
        fields: Keywords that the endpoint's TypedDict declares; None is sent as null.
        query: Query parameters of an operation that has a body as well.
        json: Body fields beside `fields` and `arguments`.

    Raises:
        ConfigError: An argument cannot be sent.
        TypeError: The operation has no such field, or one that it needs is missing.
    """
    rest = {name: value for name, value in arguments.items() if value is not None}
    if len(rest) < len(arguments):
        needed(**{name: value for name, value in arguments.items() if name in endpoint.needs})
    if fields is not None:
        rest.update(endpoint.fields(fields))
    if endpoint.method in BODILESS:
        query = {**query, **rest} if query else rest
    elif rest or fields is not None:
        json = {**json, **rest} if json else rest
    if json:
        check_given(json)
    return Call(endpoint, endpoint.path_of(path), to_parameters(query) if query else {}, json)
