"""Which of two versions of a row stays: a join, so the order in which they arrive does not matter.

A version is (when the row last changed, when it was read). The greater wins, in any order and any
number of times. Two exceptions follow from what the API is: a search may serve an old body, so a
lower time of change counts only from a read by id; and what is gone is beaten by a later read only.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple

from .key_table import BY_ID, Held


class Offered(NamedTuple):
    """A version of a row that was read."""

    version: int
    """When it last changed, UNIX seconds; 0 where it does not say."""
    read_at: int
    """When its read began, UNIX seconds of the server."""
    by_id: bool = False


HASTE_S = 2
"""Seconds after a change in which a later one may have the same time: moments are whole seconds,
and the server's clocks differ a little."""


def is_hasty(version: int, read_at: int) -> bool:
    """Say whether a row was read so soon after its change that it may have changed again since.

    Two changes in one second have the same time: then an equal time proves nothing.
    """
    return read_at <= version + HASTE_S


def supersedes(offered: Offered, held: Held | None) -> bool:
    """Say whether a version takes the place of what is held, content aside."""
    if held is None:
        return True
    if held.is_gone:
        return offered.read_at > held.read_at
    if held.flags & BY_ID and offered.read_at < held.read_at:
        return False
    if offered.version < held.version:
        return offered.by_id and offered.read_at >= held.read_at
    return offered.version > held.version or offered.read_at >= held.read_at


_QUERY = re.compile(rb"\?((?:[^\"\\\s<>?]|\\u[0-9a-fA-F]{4})+)")
_URL = re.compile(rb"(?i:https?):\\?/\\?/(?:[^\"\\\s<>]|\\/|\\u[0-9a-fA-F]{4})+\Z")
_SEPARATOR = re.compile(rb"&amp;|&|\\u0026(?:amp;)?")
_SIGNATURE = b"signature"
_LIMITS = (b"expires", b"policy", b"key-pair-id")
"""What stands beside a signature: until when it is valid, or whose key it was made with. The names
of a store have a prefix, such as ``X-Amz-``."""
_EARLIER = re.compile(rb"\?[^\"\\\s<>]*?(?:[Ss]ignature|[Ee]xpires|X-Amz-|Key-Pair-Id)[^\"\\\s<>]*")
"""What earlier versions left out, also of the text of a message."""
MAX_URL = 2_048
"""Bytes before a query in which its URL begins."""


def digest_of(body: bytes) -> int:
    """Return 64 bits of a row's content; the signatures of URLs, valid for 30 minutes, are none."""
    if b"?" in body and b"ignature" in body:
        body = _QUERY.sub(_without_signature, body)
    return _bits_of(body)


def is_digest_of(body: bytes, digest: int) -> bool:
    """Say whether this or an earlier version has made a digest of a row's content."""
    return digest == digest_of(body) or digest == _bits_of(_EARLIER.sub(b"", body))


def _bits_of(body: bytes) -> int:
    return int.from_bytes(blake2b(body, digest_size=8).digest(), "little")


def _without_signature(found: re.Match[bytes]) -> bytes:
    """Return a query as it is, and nothing of that of a signed URL."""
    names = {each.partition(b"=")[0].lower() for each in _SEPARATOR.split(found[1])}
    is_signed = any(name.endswith(_SIGNATURE) for name in names)
    if not is_signed or not any(name.endswith(_LIMITS) for name in names):
        return found[0]
    start = found.start()
    before = found.string[max(0, start - MAX_URL) : start]
    return found[0] if _URL.search(before) is None else b""
