"""What every resource is made of: a row per operation, and a thin method per row.

class Tags(Resource):
    GET = API.get("/{tag_id}", Tag, "findtag")

    async def get(self, tag_id: Id) -> Tag:
        return await self._send(self.GET, tag_id)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import cleandoc
from types import FunctionType
from typing import Any, TypeVar

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.fields.common import Id
from intercom_async.models.page import Page
from intercom_async.pagination.pager import Pager
from intercom_async.query import Predicate, Query, to_query
from intercom_async.request.operation import BODILESS, Call, Operation
from intercom_async.workflows.download import Download
from ._endpoints import Rows
from ._protocol import Sender
from ._validation import check_given, check_per_page, needed, to_parameters

__all__ = ["Id", "Page", "Pager", "Resource", "Rows", "Sender", "fill"]

T = TypeVar("T")


class Resource:
    """One group of operations, reached as an attribute of the client."""

    def __init_subclass__(cls) -> None:
        """Tell rows what their methods need, and what `help` shows: keywords and the reference."""
        for name, value in vars(cls).items():
            if name.startswith("_") or not isinstance(value, FunctionType):
                continue
            parts = [cleandoc(value.__doc__ or ""), _keywords_of(value)]
            row = _row_of(cls, value)
            if row is not None:
                row.needs |= _needed_by(value)
                parts.append(row.reference and f"Reference: {row.reference}")
            value.__doc__ = "\n\n".join(filter(None, parts))

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._sender!r}>"

    async def _send(
        self,
        row: Operation[T],
        *path: Id,
        fields: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> T:
        """Fill a row in as `fill` does, send it, and return the decoded answer."""
        if row.is_bare and not (arguments or fields or query or json):
            call = Call(row, row.path_of(path), {})
        else:
            call = fill(row, path, arguments, fields, query, json)
        return (await self._sender.send(call)).data

    def _list(
        self,
        row: Operation[Page[T]],
        *path: Id,
        fields: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> Pager[T]:
        """Fill a row in as `fill` does and return its pager, which sends when it is iterated."""
        return Pager(self._fetch, fill(row, path, arguments, fields, query, json))

    def _search(
        self, row: Operation[Page[T]], query: Predicate | Query, options: Mapping[str, Any]
    ) -> Pager[T]:
        """Fill the row of a search in and return its pager.

        Args:
            row: The operation.
            query: What is to be found.
            options: `SearchOptions`; all others stand in the address beside the body.

        Raises:
            QueryError: The API would refuse the query.
            ConfigError: The order is none, or `per_page` is not a whole number above 0.
        """
        json: dict[str, Any] = {"query": to_query(query)}
        rest = row.fields(options)
        sort, order = rest.pop("sort", None), rest.pop("order", "ascending")
        if order not in ("ascending", "descending"):
            raise ConfigError(f"order must be 'ascending' or 'descending', not {order!r}")
        if sort is not None:
            json["sort"] = {"field": sort, "order": order}
        per_page = check_per_page(rest.pop("per_page", None))
        if per_page is not None:
            json["pagination"] = {"per_page": per_page}
        return self._list(row, query=rest, json=json)

    def _download(self, row: Operation[bytes], *path: Id, **arguments: Any) -> Download:
        """Fill a row in as `fill` does and return its download, which sends when it is entered."""
        call = fill(row, path, arguments)
        return Download(lambda: self._sender.stream(call))

    async def _fetch(self, call: Call[T]) -> T:
        return (await self._sender.send(call)).data

    async def _pause(self, seconds: float) -> None:
        """Wait between the polls of something that goes on after the response."""
        await CLOCK.sleep(seconds)


def _row_of(kind: type[Resource], method: Any) -> Operation[Any] | None:
    """Find the row that a method names; or else what it calls to send it, such as `_create`."""
    named = [vars(kind).get(name) for name in getattr(method, "__code__", _NOTHING).co_names]
    rows: list[Any] = [value for value in named if isinstance(value, Operation)]
    inner = (_row_of(kind, value) for value in named)
    return next(filter(None, rows or inner), None)


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


def _needed_by(method: Any) -> frozenset[str]:
    """Return the arguments of a method that have no default."""
    code, defaults = method.__code__, method.__defaults__ or ()
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    optional = named[code.co_argcount - len(defaults) : code.co_argcount]
    return frozenset(named[1:]) - {*optional, *(method.__kwdefaults__ or ())}


_NOTHING = (lambda: None).__code__


def fill(
    row: Operation[T],
    path: Sequence[Id],
    arguments: Mapping[str, Any],
    fields: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    json: dict[str, Any] | None = None,
) -> Call[T]:
    """Fill a row in.

    Args:
        row: The operation.
        path: A value for each placeholder, in their order.
        arguments: Parameters of what reads or deletes, fields of the body of what writes. Those
            that are None are left out.
        fields: Keywords whose names the row knows; those that are None are sent as null.
        query: Parameters in the address of an operation that has a body, too.
        json: What the body has beside `fields` and `arguments`.

    Raises:
        ConfigError: An argument cannot be sent.
        TypeError: A field is none of this operation, or one that it needs is missing.
    """
    rest = {name: value for name, value in arguments.items() if value is not None}
    if len(rest) < len(arguments):
        needed(**{name: value for name, value in arguments.items() if name in row.needs})
    if fields is not None:
        rest.update(row.fields(fields))
    if row.method in BODILESS:
        query = {**query, **rest} if query else rest
    elif rest or fields is not None:
        json = {**json, **rest} if json else rest
    if json:
        check_given(json)
    return Call(row, row.path_of(path), to_parameters(query) if query else {}, json)
