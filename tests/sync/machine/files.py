"""Files of parts: the host that has them, and links that expire."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from intercom_async.transport.base import Reply

HOST = "https://files.example/files/"
LIFE_S = 1_800
"""Seconds for which a link leads to its file."""
NAMES = 5
"""Files that there are; parts of several conversations have the same one."""
_LINK = re.compile(rb"(https://files\.example/files/[\w.]+)\"")
_CUT = "X-Cut"


def url_of(number: int) -> str:
    """Return the address of a file."""
    return f"{HOST}file{number % NAMES}.txt"


def body_of(name: str) -> bytes:
    """Return what a file holds."""
    return f"what is in {name}".encode() * 3


def signed(reply: Reply, now: float) -> Reply:
    """Return an answer whose links expire."""
    if HOST.encode() not in reply.body:
        return reply
    return Reply(reply.status, reply.headers, _LINK.sub(rb'\1?at=%d"' % now, reply.body))


def answer(url: str, now: float, *, is_cut: bool) -> Reply:
    """Answer with a file, with half of it, or that the link has expired."""
    parts = urlsplit(url)
    given_at = int(dict(parse_qsl(parts.query)).get("at", "0"))
    if now - given_at > LIFE_S:
        return Reply(403, {}, b"expired")
    return Reply(200, {_CUT: "1"} if is_cut else {}, body_of(parts.path.rpartition("/")[2]))


def is_cut(reply: Reply) -> bool:
    """Say whether a connection ends in the middle of an answer."""
    return _CUT in reply.headers
