"""Files of parts: the host that has them, links that expire, and sizes that some of them say."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

from intercom_async.transport.base import Reply

HOST = "https://files.example/files/"
LIFE_S = 1_800
"""Seconds for which a link leads to its file."""
NAMES = 5
"""Files that there are; parts of several conversations have the same one."""
DENIED = b'{"error":"denied"}'
"""What is sent in place of a file with the status of one."""
_SIZE = re.compile(rb'("name":"(file[024]\.txt)"[^{}]*?"filesize":)null')
_LINK = re.compile(rb"(https://files\.example/files/[\w.]+)\"")
_CUT = "X-Cut"


def url_of(number: int) -> str:
    """Return the address of a file."""
    return f"{HOST}file{number % NAMES}.txt"


def body_of(name: str) -> bytes:
    """Return what a file holds."""
    return f"what is in {name}".encode() * 3


def signed(reply: Reply, now: float) -> Reply:
    """Return an answer whose links expire, and that tells how large some files are."""
    if HOST.encode() not in reply.body:
        return reply
    body = _LINK.sub(rb'\1?at=%d"' % now, reply.body)
    return Reply(reply.status, reply.headers, _SIZE.sub(_with_size, body))


def _with_size(found: re.Match[bytes]) -> bytes:
    return found[1] + b"%d" % len(body_of(found[2].decode()))


def answer(url: str, now: float, kinds: Collection[str]) -> Reply:
    """Answer with a file, or that the link has expired.

    Args:
        url: The link.
        now: The server's time.
        kinds: Failures that strike this answer: cut, half of it comes; denied, something else does.
    """
    parts = urlsplit(url)
    given_at = int(dict(parse_qsl(parts.query)).get("at", "0"))
    if now - given_at > LIFE_S:
        return Reply(403, {}, b"expired")
    if "denied" in kinds:
        return Reply(200, {"Content-Type": "application/json"}, DENIED)
    return Reply(200, {_CUT: "1"} if "cut" in kinds else {}, body_of(parts.path.rpartition("/")[2]))


def is_cut(reply: Reply) -> bool:
    """Say whether a connection ends in the middle of an answer."""
    return _CUT in reply.headers
