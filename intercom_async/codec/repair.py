"""Decoding of a response that contradicts its declared type.

`repaired` walks the untyped value along the declared type. A value of that type is kept; one that
converts with certainty is converted; any other is left out, so that its field has its default.
An object that then lacks a required field is left out as well, up to the row of a page, which is
set aside with its bytes. Every deviation is counted in `drift_log`.

Rows that fit are converted whole by msgspec and cost next to nothing here, so that a page with one
odd row is not much slower than any other.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec
from msgspec import inspect

from intercom_async.models.base import Model
from intercom_async.models.page import Page
from . import drift_log
from .coercion import (
    UNFIT,
    is_array,
    is_object,
    lists_beside,
    name_of,
    read_either,
    to_bool,
    to_float,
    to_int,
    to_list,
    to_str,
)
from .next_page import with_list, with_next_page

Json = Any
"""A value as JSON has it: whatever the server sent."""

_NOTHING = object()
"""Stands for the value of a field that was not sent."""

_SIMPLE: dict[type[inspect.Type], tuple[str, type[Any], Callable[[Json], Any]]] = {
    inspect.BoolType: ("bool", bool, to_bool),
    inspect.IntType: ("int", int, to_int),
    inspect.FloatType: ("float", float, to_float),
    inspect.StrType: ("str", str, to_str),
}

_FOREIGN: dict[type[inspect.Type], type[Any]] = {
    inspect.DateTimeType: dt.datetime,
    inspect.DateType: dt.date,
    inspect.TimeType: dt.time,
    inspect.TimeDeltaType: dt.timedelta,
    inspect.DecimalType: decimal.Decimal,
    inspect.UUIDType: uuid.UUID,
    inspect.BytesType: bytes,
}
"""Kinds that only structs of the caller have."""


@lru_cache(maxsize=256)
def _declared(model: Any) -> inspect.Type:
    return inspect.type_info(model)


def repaired(value: Json, model: Any) -> tuple[Any, str]:
    """Turn a JSON value into what `model` declares.

    Returns:
        The value and an empty path, or `UNFIT` and the path of what is missing or makes no sense.
    """
    walk = _Walk()
    declared = _declared(model)
    is_page = isinstance(declared, inspect.StructType) and issubclass(_class(declared), Page)
    value = with_list(with_next_page(value), declared) if is_page else value
    result = walk.fit(value, declared, _Place(_name(declared), "$"))
    if result is UNFIT:
        return UNFIT, walk.missing_path or "$"
    try:
        read = msgspec.convert(result, model, dec_hook=read_either)
    except msgspec.ValidationError:
        return UNFIT, "$"
    if walk.aside and is_page:
        aside = tuple(msgspec.json.encode(row) for row in walk.aside)
        return msgspec.structs.replace(read, unreadable=aside), ""
    return read, ""


def repaired_rows(rows: list[Any], model: Any, first: int) -> tuple[list[Any], list[bytes], str]:
    """Repair some of the rows of a page.

    Args:
        rows: Rows as JSON values.
        model: The type of the page.
        first: Number of the first of them in the page.

    Returns:
        What `msgspec.convert` takes for the rows that can be read, the others as JSON, and the path
        at which the first of those fails.
    """
    kind, place = _rows_of(_declared(model), "$")
    kept, lost, path = _Walk().entries(rows, kind, place, first)
    return kept, [msgspec.json.encode(row) for row in lost], path


def has_models(page_type: Any) -> bool:
    """Return whether the rows of a page are models of the package, not structs of the caller."""
    return _is_model(_rows_of(_declared(page_type), "$")[0].item_type)


def _rows_of(page: Any, path: str) -> tuple[inspect.CollectionType, _Place]:
    """Return the declared list of a page's rows and its place, perhaps in an object of the page."""
    fields = {field.name: field for field in page.fields}
    if "found" in fields:
        return _rows_of(fields["found"].type, f"{path}.{fields['found'].encode_name}")
    field = fields["items"]
    here = f"{path}.{field.encode_name}"
    return field.type, _Place(_name(page), field.encode_name, here, holds_rows=True)


def title(model: Any) -> str:
    """Name a model as it is written in code."""
    name = getattr(model, "__name__", None) or str(model)
    rows = ", ".join(title(argument) for argument in get_args(model))
    return f"{name}[{rows}]" if rows else name


class _Place:
    """Where a value stands."""

    __slots__ = ("field", "holds_rows", "path", "resource")

    def __init__(
        self, resource: str, field: str, path: str = "$", *, holds_rows: bool = False
    ) -> None:
        self.resource = resource
        self.field = field
        """This and `resource` are what the counters are called."""
        self.path = path  # for messages: names of the declaration alone, never of the answer
        self.holds_rows = holds_rows  # whether it is the list of a page's rows

    def entry(self, index: int | str) -> _Place:
        path = f"{self.path}[{index}]" if isinstance(index, int) else f"{self.path}.*"
        return _Place(self.resource, f"{self.field}[]", path)


class _Walk:
    """One walk through one value."""

    def __init__(self) -> None:
        self.missing_path = ""  # of the first required value that is missing or not converted
        self.aside: list[Json] = []  # rows of the page that could not be read
        self.trying = False  # whether members of a union are tried: no deviation is counted
        self._fits: tuple[tuple[type[inspect.Type], Callable[[Json, Any, _Place], Any]], ...] = (
            (inspect.UnionType, self._union),
            (inspect.StructType, self._struct),
            (inspect.CollectionType, self._list),
            (inspect.DictType, self._dict),
        )

    def fit(self, value: Json, kind: inspect.Type, place: _Place) -> Any:
        """Return the value as `kind`, or `UNFIT`."""
        if type(kind) in _SIMPLE:
            return self._simple(value, kind, place)
        for declared, fit in self._fits:
            if isinstance(kind, declared):
                return fit(value, kind, place)
        return self._other(value, kind, place)

    def _simple(self, value: Json, kind: inspect.Type, place: _Place) -> Any:
        name, exact, convert = _SIMPLE[type(kind)]
        if type(value) is exact:
            return value
        converted = convert(value)
        is_whole = exact is float and type(value) is int and converted is not UNFIT
        if not is_whole:
            self._note(place, name, value)
        return converted

    def _union(self, value: Json, kind: inspect.UnionType, place: _Place) -> Any:
        """Read it as the member that takes such a value, else as the first it converts to."""
        if value is None and kind.includes_none:
            return None
        for member in kind.types:
            if _takes(member, value):
                result = self.fit(value, member, place)
                return None if result is UNFIT and kind.includes_none else result
        self._note(place, _name(kind), value)
        trying, self.trying = self.trying, True
        converted = (self.fit(value, member, place) for member in kind.types)
        result = next((found for found in converted if found is not UNFIT), UNFIT)
        self.trying = trying
        return None if result is UNFIT and kind.includes_none else result

    def _struct(self, value: Json, kind: inspect.StructType, place: _Place) -> Any:
        name = _name(kind)
        value = _unwrapped(value, kind)
        if not is_object(value):
            self._note(place, name, value)
            return UNFIT
        fields: dict[str, Any] = {}
        for field in kind.fields:
            here = _Place(
                name,
                field.encode_name,
                f"{place.path}.{field.encode_name}",
                holds_rows=field.name == "items" and _is_model(kind),
            )
            self.missing_path = ""
            found = self._field(self._with_rows(value, kind, field, here), field, here)
            if found is UNFIT and _is_embedded_list(kind, field):
                found = []
            if found is UNFIT and field.required:
                self.missing_path = self.missing_path or here.path
                return UNFIT
            if found is not UNFIT:
                fields[field.encode_name] = found
        if kind.tag_field is not None:
            fields[kind.tag_field] = kind.tag
        return fields

    def _with_rows(
        self, holder: dict[str, Json], kind: inspect.StructType, field: inspect.Field, place: _Place
    ) -> dict[str, Json]:
        """Put rows where a list is that is empty under its own name, and not under another."""
        value = holder.get(field.encode_name, _NOTHING)
        if value not in ([], None, {}) or not (place.holds_rows or _is_embedded_list(kind, field)):
            return holder
        beside = lists_beside(holder, [each.encode_name for each in kind.fields])
        if beside:
            self._note(place, _name(field.type), value)
        return {**holder, field.encode_name: beside[0]} if len(beside) == 1 else holder

    def _field(self, holder: dict[str, Json], field: inspect.Field, place: _Place) -> Any:
        if field.encode_name in holder:
            return self.fit(holder[field.encode_name], field.type, place)
        if not field.required:
            return UNFIT
        is_list = isinstance(field.type, inspect.ListType)
        # What lists are called is disputed (Intercom-OpenAPI/issues/166, intercom-node/issues/407).
        other = to_list(holder) if is_list and holder else UNFIT
        is_empty = is_list and not place.holds_rows
        if not is_empty or any(is_array(entry) or is_object(entry) for entry in holder.values()):
            self._note(place, _name(field.type), _NOTHING)
        return other if other is UNFIT else self.fit(other, field.type, place)

    def _list(self, value: Json, kind: inspect.CollectionType, place: _Place) -> Any:
        if not is_array(value):
            self._note(place, "array", value)
        entries = to_list(value)
        if entries is UNFIT or (place.holds_rows and not entries and value != []):
            return UNFIT
        kept, lost, missing_path = self.entries(entries, kind, place)
        if place.holds_rows:
            if lost and not kept and not _is_model(kind.item_type):
                # Not one row is as the caller's struct says: it is the struct that is wrong.
                self.missing_path = missing_path
                return UNFIT
            self.aside.extend(lost)
        return kept

    def entries(
        self, entries: list[Json], kind: inspect.CollectionType, place: _Place, first: int = 0
    ) -> tuple[list[Any], list[Json], str]:
        """Return the entries that can be read, those that cannot, and where the first fails."""
        kept: list[Any] = []
        lost: list[Json] = []
        missing_path = ""
        for index, entry in enumerate(entries, first):
            here = place.entry(index)
            self.missing_path = ""
            result = self._entry(entry, kind.item_type, here)
            if result is UNFIT:
                lost.append(entry)
                missing_path = missing_path or self.missing_path or here.path
            else:
                kept.append(result)
        return kept, lost, missing_path

    def _entry(self, entry: Json, kind: inspect.Type, place: _Place) -> Any:
        if not isinstance(kind, inspect.StructType):
            return self.fit(entry, kind, place)
        with suppress(msgspec.ValidationError):
            return msgspec.convert(entry, kind.cls, dec_hook=read_either)
        fitted = self.fit(entry, kind, place)
        if fitted is UNFIT:
            return UNFIT
        try:
            return msgspec.convert(fitted, kind.cls, dec_hook=read_either)
        except msgspec.ValidationError:
            # The caller's struct may ask for more than kinds, such as a number above zero.
            return self._refused(entry, kind, place)

    def _dict(self, value: Json, kind: inspect.DictType, place: _Place) -> Any:
        if is_object(value):
            entries = {
                key: self.fit(entry, kind.value_type, place.entry(key))
                for key, entry in value.items()
            }
            return {key: entry for key, entry in entries.items() if entry is not UNFIT}
        self._note(place, "object", value)
        # Some serialisers cannot tell an empty object from an empty list.
        return {} if value == [] else UNFIT

    def _other(self, value: Json, kind: inspect.Type, place: _Place) -> Any:
        """Read what is none of JSON's own kinds, or any."""
        if isinstance(kind, inspect.AnyType):
            return value
        try:
            if isinstance(kind, inspect.RawType):
                return msgspec.Raw(msgspec.json.encode(value))
            if isinstance(kind, inspect.CustomType):
                return read_either(kind.cls, value)
            if isinstance(kind, inspect.LiteralType):
                return value if value in kind.values else self._refused(value, kind, place)
            known = _FOREIGN.get(type(kind)) or getattr(kind, "cls", NoneType)
            return msgspec.convert(value, known, strict=False)
        except (TypeError, ValueError, NotImplementedError, msgspec.MsgspecError):
            return self._refused(value, kind, place)

    def _refused(self, value: Json, kind: inspect.Type, place: _Place) -> Any:
        self._note(place, _name(kind), value)
        return UNFIT

    def _note(self, place: _Place, expected: str, value: Json) -> None:
        if not self.trying:
            found = "nothing" if value is _NOTHING else name_of(value)
            drift_log.note(place.resource, place.field, expected, found)


def _unwrapped(value: Json, kind: inspect.StructType) -> Json:
    """Put a bare list where the one list of a struct belongs."""
    if not is_array(value):
        return value
    lists = [field for field in kind.fields if isinstance(field.type, inspect.ListType)]
    return {lists[0].encode_name: value} if len(lists) == 1 else value


def _takes(kind: inspect.Type, value: Json) -> bool:
    """Return whether a value is of a declared type as it is."""
    if isinstance(kind, inspect.LiteralType):
        return value in kind.values
    if type(kind) in _SIMPLE:
        exact = _SIMPLE[type(kind)][1]
        return type(value) is exact or (exact is float and type(value) is int)
    if isinstance(kind, inspect.StructType):
        tagged = kind.tag_field is not None
        return is_object(value) and (not tagged or value.get(str(kind.tag_field)) == kind.tag)
    if isinstance(kind, inspect.CustomType):
        return type(value) in (str, int)
    if isinstance(kind, inspect.DictType):
        return is_object(value)
    return isinstance(kind, inspect.CollectionType) and is_array(value)


def _is_embedded_list(kind: inspect.StructType, field: inspect.Field) -> bool:
    """Return whether a field is the list of one of the package's wrappers around a list.

    It is required, so that an answer which spells it otherwise is not read as an empty one; but a
    wrapper without any list is an empty one.
    """
    is_list = field.required and isinstance(field.type, inspect.ListType)
    return is_list and field.name != "items" and _is_model(kind)


def _is_model(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.StructType) and issubclass(_class(kind), Model)


def _class(kind: inspect.StructType) -> type[Any]:
    """Return the struct, without the type of its rows."""
    found: type[Any] = get_origin(kind.cls) or kind.cls
    return found


def _name(kind: inspect.Type) -> str:
    """Name a declared type for counters and messages."""
    if isinstance(kind, inspect.UnionType):
        return " | ".join(dict.fromkeys(_name(member) for member in kind.types))
    if type(kind) in _NAMES:
        return _NAMES[type(kind)]
    known = getattr(kind, "cls", None)
    return title(get_origin(known) or known) if known else type(kind).__name__


_NAMES: dict[type[inspect.Type], str] = {
    **{kind: name for kind, (name, _, _) in _SIMPLE.items()},
    inspect.NoneType: "null",
    inspect.LiteralType: "str",
    inspect.ListType: "array",
    inspect.DictType: "object",
}
