"""What is read of a row: its key, its times and a digest; its bytes go on as they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from intercom_async.moments import from_server


class Row(NamedTuple):
    """One row, as far as a sync has to know it."""

    key: str
    partition_at: int | None
    """When it was made, or what else never moves."""
    cursor_at: int | None
    """When it last changed."""
    body: bytes
    """As it came, on one line."""

    @property
    def digest(self) -> str:
        """Sixteen hex digits that are others for other bytes."""
        return blake2b(self.body, digest_size=8).hexdigest()


class RowReader:
    """Reads rows of one stream.

    Args:
        key: The field that tells rows apart.
        partition_field: The field of when a row was made, if there is one.
        cursor_field: The field of when it changed, if there is one.
    """

    def __init__(
        self, key: str, partition_field: str | None = None, cursor_field: str | None = None
    ) -> None:
        self._key = key
        self._partition_field = partition_field
        self._cursor_field = cursor_field
        times = dict.fromkeys(
            name for name in (partition_field, cursor_field) if name and name != key
        )
        head = msgspec.defstruct(
            "Head", [(key, str | int), *((name, Any, None) for name in times)], kw_only=True
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(head)

    def read(self, raw: Any) -> Row | None:
        """Read one row; None where it has no key or is no object."""
        try:
            head = self._decoder.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        body = bytes(raw)
        if b"\n" in body or b"\r" in body:
            body = msgspec.json.format(body, indent=-1)
        return Row(
            str(getattr(head, self._key)),
            from_server(getattr(head, self._partition_field)) if self._partition_field else None,
            from_server(getattr(head, self._cursor_field)) if self._cursor_field else None,
            body,
        )


def with_keys(lines: Iterable[bytes], key: str) -> Iterator[tuple[bytes, str]]:
    """Give rows that are one a line, each with its key."""
    decoder = msgspec.json.Decoder(msgspec.defstruct("Key", [(key, str | int)]))
    for line in lines:
        yield line, str(getattr(decoder.decode(line), key))


def keys_of(lines: Iterable[bytes], key: str) -> Iterator[str]:
    """Give the keys of rows that are one a line."""
    return (found for _, found in with_keys(lines, key))
