"""What is read of a row: its key, its times and a digest; its bytes go on as they came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from intercom_async.moments import from_server
from .merging import digest_of

_LONE_SURROGATE = re.compile(
    rb"(\\[^u])|"
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|"
    rb"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Half of a surrogate pair; another escape, such as a backslash before `ud83d`, is taken whole."""
_REPLACEMENT = rb"\ufffd"


class Row(NamedTuple):
    """One row, as far as a sync has to know it."""

    key: str
    parent: str
    """The key of the row that it belongs to; empty where rows have no parent."""
    version: int
    """When it last changed, UNIX seconds; 0 where it does not say."""
    partition_at: int | None
    """When it was made, or what else never moves."""
    body: bytes
    """As it came, on one line, as valid UTF-8."""

    @property
    def id(self) -> str:
        """What tells it apart in its stream."""
        return f"{self.parent}\0{self.key}" if self.parent else self.key

    @property
    def digest(self) -> int:
        """64 bits of its content."""
        return digest_of(self.body)


class RowReader:
    """Reads rows of one stream.

    Args:
        key: The field that tells rows apart.
        version: The field of when a row changed, if there is one.
        partition: The field of when it was made, if there is one.
        parent: The field of the row that it belongs to, if there is one.
    """

    def __init__(
        self,
        key: str,
        *,
        version: str | None = None,
        partition: str | None = None,
        parent: str | None = None,
    ) -> None:
        wanted = dict.fromkeys(name for name in (version, partition, parent) if name is not None)
        wanted.pop(key, None)
        self._places = {name: number for number, name in enumerate([key, *wanted])}
        self._decoder = _head_decoder(tuple(self._places))
        # What a row has not stands behind what it has.
        self._order = tuple(
            len(self._places) if name is None else self._places[name]
            for name in (key, version, partition, parent)
        )

    def read(self, raw: Any) -> Row | None:
        """Read one row; None where it has no key or is no object."""
        body = clean(bytes(raw))
        try:
            head = self._decoder.decode(body)
        except RecursionError:
            head = self._scan(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        if head is None:
            return None
        values = (*msgspec.structs.astuple(head), None)
        key_at, version_at, partition_at, parent_at = self._order
        key, parent = values[key_at], values[parent_at]
        if key == "":
            return None
        version = from_server(values[version_at])
        return Row(
            key if type(key) is str else str(key),
            "" if parent is None else str(parent),
            version if version is not None and version > 0 else 0,
            from_server(values[partition_at]),
            body,
        )

    def _scan(self, body: bytes) -> Any:
        """Read the head of a row that is nested too deep for a decoder."""
        fields = {name: value for name, value in top_level(body) if name in self._places}
        flat = b"{%s}" % b",".join(
            b"%s:%s" % (msgspec.json.encode(name), value) for name, value in fields.items()
        )
        try:
            return self._decoder.decode(flat)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return None


@lru_cache(maxsize=64)
def _head_decoder(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Return what reads some fields of a row, the key first, into f0, f1 and so on.

    The attributes have names of their own: a field may be called as no attribute can.
    """
    fields: list[Any] = [("f0", str | int, msgspec.field(name=names[0]))]
    for number, name in enumerate(names[1:], start=1):
        fields.append((f"f{number}", Any, msgspec.field(default=None, name=name)))
    return msgspec.json.Decoder(msgspec.defstruct("Head", fields, kw_only=True))


def clean(body: bytes) -> bytes:
    """Return a row on one line as UTF-8 that every reader takes; what is not valid is replaced."""
    if b"\n" in body or b"\r" in body:
        # Between tokens only: in a string, a line feed would be escaped.
        body = body.replace(b"\n", b" ").replace(b"\r", b" ")
    try:
        body.decode()
    except UnicodeDecodeError:
        body = body.decode(errors="replace").encode()
    if b"\\" in body and (b"\\ud" in body or b"\\uD" in body):
        body = _LONE_SURROGATE.sub(lambda found: found[1] or _REPLACEMENT, body)
    return body


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def top_level(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the fields of an object whose values are no objects and no lists, at any depth."""
    depth = 0
    field: list[bytes] = []
    for found in _TOKEN.finditer(body):
        token = found[0]
        depth += (token in (b"{", b"[")) - (token in (b"}", b"]"))
        if depth == 1 and token not in (b",", b"{", b"}", b"]"):
            field.append(token)
        elif depth < 1 or (depth == 1 and token == b","):
            yield from _scalar(field)
            field = []


def _scalar(tokens: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Give a field that is a name, a colon and one value."""
    if len(tokens) == 3 and tokens[1] == b":":  # noqa: PLR2004 (name, colon and value)
        yield str(msgspec.json.decode(tokens[0])), tokens[2]
