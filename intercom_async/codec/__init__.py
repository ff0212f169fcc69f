"""Decoding of response bodies into structs, and encoding of request bodies.

Decoding has three stages, each for what the one before cannot read:

1. msgspec decodes the bytes into the declared struct. Practically every response ends here, and
   the other stages cost it nothing.
2. A response that contradicts its declaration is decoded untyped and repaired (`repair`): values
   are converted to the declared type or left out, and each deviation is counted in `drift()`.
3. Text that msgspec refuses but whose meaning is evident (half of a surrogate pair, NaN, bytes that
   are not UTF-8, a byte order mark) is rewritten first.

What is left is a `DecodeError`. No other exception comes out of `decode`, whatever the bytes.

A page never fails for one of its rows. A row that cannot be repaired, because it is no object or
has no id, is set aside in `Page.unreadable` as JSON. There are two exceptions. A page without its
list is broken and must not be taken for an empty one. And a page none of whose rows can be read
into the caller's own struct is a mistake in that struct: fields that may be null must say so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from intercom_async.config import shown
from intercom_async.errors import ConfigError, DecodeError
from intercom_async.models.base import Model
from intercom_async.models.page import Page
from intercom_async.redaction import printable
from . import drift_log
from .coercion import UNFIT, is_object, lists_beside, read_either
from .drift_log import Drift, drift, reset_drift
from .encoding import encode

__all__ = [
    "UNREAD",
    "Decoder",
    "Drift",
    "check_decodable",
    "decode",
    "decode_rows",
    "decoder",
    "drift",
    "encode",
    "reset_drift",
]

T = TypeVar("T")

_ERRORS = "error.list"
_NO_SUCCESS = "the answer says success but lists errors"

UNREAD: Any = object()
"""What a decoder returns for a body that is not quite what is declared; `decode` repairs it."""

Decoder = Callable[[bytes | bytearray | memoryview], Any]
"""Reads a body of one type, or returns `UNREAD`."""

MAX_DIGITS = 40
"""Digits of an integer; longer ones become null, since Python takes time quadratic in their length
(test_decode.py::test_malformed_text_with_a_meaning_is_read)."""


@lru_cache(maxsize=1024)
def decoder(model: Any) -> Decoder:
    """Return the first stage of decoding into a type, to be kept by who decodes it often."""
    read = msgspec.json.Decoder(model, dec_hook=read_either).decode
    is_raw = holds_raw(model)
    is_page = issubclass(get_origin(model) or model, Page) if _is_model(model) else False

    def decoder_of_model(body: bytes | bytearray | memoryview) -> Any:
        try:
            value = read(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # What is raised here may hold the body, so nothing else is raised while it is handled.
            return UNREAD
        if getattr(value, "type", None) == _ERRORS:
            return UNREAD
        if is_page and not value.items and _has_rows_elsewhere(body, model):
            return UNREAD
        if is_raw:
            if not _is_utf8(body) or (model is msgspec.Raw and _lists_errors(value)):
                return UNREAD
            _detach(value)
        return value

    return decoder_of_model


def check_decodable(name: str, kind: Any) -> None:
    """Refuse what is no type that replies can be decoded into, before a request depends on it.

    Raises:
        ConfigError: msgspec cannot decode into it.
    """
    try:
        decoder(kind)
    except Exception as error:  # noqa: BLE001 (whatever a value does that is no type)
        raise ConfigError(
            f"{name} must be a type that msgspec decodes, such as a msgspec.Struct, not "
            f"{shown(kind)} ({printable(str(error), limit=200)})"
        ) from None


def decode(
    body: bytes | bytearray | memoryview,
    model: type[T],
    *,
    call: str = "",
    request_id: str | None = None,
) -> T:
    """Read the body of a successful answer.

    Rows taken raw (``Page[msgspec.Raw]``) are copies: keeping one does not keep its page in memory.

    Args:
        body: The bytes, without content encoding.
        model: A struct, a page of structs (``ConversationPage[Mine]``), or any type msgspec knows;
            `NoneType` for an answer whose body says nothing.
        call: Method and path template, for the error's message.
        request_id: For the error's message.

    Raises:
        DecodeError: The body is empty, no JSON, or lacks what the model cannot be without.
    """
    if model is NoneType:
        return None  # type: ignore[return-value] # T is NoneType here
    declared: Any = model
    value: Any = decoder(declared)(body)
    if value is UNREAD:
        value = _decode_patiently(bytes(body), model, call, request_id)
        if getattr(value, "type", None) == _ERRORS:
            value = _error(_NO_SUCCESS, body, call, request_id)
        if type(value) is DecodeError:
            # Reports that show the locals of frames must not show what a reply says.
            body = b""
            try:
                raise value
            finally:
                del value  # The error holds this frame.
        _detach(value)
    result: T = value
    return result


def decode_rows(
    rows: Iterable[msgspec.Raw], item_type: type[T], *, call: str = ""
) -> tuple[list[T], list[bytes]]:
    """Decode rows that were received raw, as a page decodes its own.

    Returns:
        The rows that could be read, and the bytes of those that could not.

    Raises:
        DecodeError: No row can be read into the caller's own struct.
    """
    if item_type is msgspec.Raw:
        return list(rows), []  # type: ignore[arg-type] # T is Raw here
    items: list[T] = []
    unreadable: list[bytes] = []
    failure: DecodeError | None = None
    for row in rows:
        try:
            items.append(decode(memoryview(row), item_type, call=call))
        except DecodeError as error:
            unreadable.append(bytes(row))
            failure = failure or error
    if failure is not None and not items and not _is_model(item_type):
        # As in `decode`.
        row, unreadable = msgspec.Raw(), []
        try:
            raise failure
        finally:
            del failure
    return items, unreadable


def _decode_patiently(body: bytes, model: Any, call: str, request_id: str | None) -> Any:
    """Return what the fast path refused, or the error to raise: this frame is none of its own."""
    from .repair import repaired, title  # noqa: PLC0415 (practically no program gets here)

    if not body.strip():
        return _error("the body is empty", body, call, request_id)
    value: Any = UNREAD
    path = ""
    trouble = "the body is not JSON"
    with suppress(ValueError, msgspec.MsgspecError):
        try:
            untyped = _untyped(body, model)
            if is_object(untyped) and untyped.get("type") == _ERRORS:
                trouble = _NO_SUCCESS
            else:
                value, path = repaired(untyped, model)
        except RecursionError:
            trouble = "the body is nested too deeply"
    if value is UNFIT:
        trouble = f"the body cannot be read as {title(model)}"
    if value is UNFIT or value is UNREAD:
        return _error(trouble, body, call, request_id, path=path)
    return value


def _untyped(body: bytes, model: Any) -> Any:
    """Read the body as JSON, or as what it must have been meant to be."""
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(body)
    value = json.loads(
        body.decode("utf-8-sig", "replace"),
        strict=False,
        parse_constant=lambda _: None,
        parse_float=_finite,
        parse_int=_short,
    )
    from .repair import title  # noqa: PLC0415 (as above)

    drift_log.note(title(model), "$", "JSON", "malformed JSON")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return msgspec.json.decode(text.encode("utf-8", "replace"))


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _short(text: str) -> int | None:
    return int(text) if len(text) <= MAX_DIGITS else None


@lru_cache(maxsize=1024)
def holds_raw(model: Any) -> bool:
    """Say whether a type has raw values in it, whose UTF-8 the fast path does not check."""
    if model is msgspec.Raw:
        return True
    if _is_model(model):
        return any(holds_raw(argument) for argument in get_args(model))
    return "RawType" in repr(msgspec.inspect.type_info(model))


def _is_model(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, Model)


def _has_rows_elsewhere(body: bytes | bytearray | memoryview, model: Any) -> bool:
    """Say whether a page without rows has a list that it does not declare: its rows, renamed."""
    with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        holder = msgspec.json.decode(body)
        return is_object(holder) and bool(lists_beside(holder, _names_of(model)))
    return False


@lru_cache(maxsize=256)
def _names_of(model: Any) -> frozenset[str]:
    return frozenset(
        field.encode_name for field in msgspec.structs.fields(get_origin(model) or model)
    )


def _is_utf8(body: bytes | bytearray | memoryview) -> bool:
    try:
        str(body, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Typed(msgspec.Struct):
    type: Any = None


def _lists_errors(body: msgspec.Raw) -> bool:
    """Say whether a body that is taken as it is lists errors: no type is there to refuse it."""
    text = bytes(memoryview(body))
    if _ERRORS.encode() not in text:
        return False
    try:
        return bool(msgspec.json.decode(text, type=_Typed).type == _ERRORS)
    except (msgspec.MsgspecError, RecursionError):
        return False


def _detach(value: Any) -> None:
    """Copy a page's raw rows, which are views of the whole body."""
    if issubclass(type(value), Page) and value.items and type(value.items[0]) is msgspec.Raw:
        value.items[:] = [row.copy() for row in value.items]


def _error(
    message: str,
    body: bytes | bytearray | memoryview,
    call: str,
    request_id: str | None,
    *,
    path: str = "",
) -> DecodeError:
    return DecodeError(
        message, call=call, path=path, body=bytes(body[:2048]), request_id=request_id
    )
