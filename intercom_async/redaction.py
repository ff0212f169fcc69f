"""What must not reach a message, a log or a terminal: secrets, personal data, control characters.

All functions cost time in proportion to their `limit`, not to the length of the text.
"""

from __future__ import annotations

import re
from typing import Self, SupportsIndex

_READ_AHEAD = 5
"""A text is cut to this many times its limit before it is searched, because a placeholder may be
shorter than what it replaces (test_redaction.py::test_a_long_text_costs_no_more_than_a_short_one).
"""

_URL = re.compile(
    r"(?<![\w+.-])[a-z][a-z0-9+.-]{1,15}:/{1,3}[^\s<>\"']+"  # https://host/path?query
    r"|(?<![\w./-])www\.[^\s<>\"']+"
    r"|(?<![\w./<-])/{1,2}[^\s/<>\"']+/[^\s<>\"']*"  # /contacts/7
    r"|(?<![^\s<>\"'(])[\w-]+(?:\.[\w-]+)+(?::\d+)?/[^\s<>\"']+"  # api.intercom.io/contacts/7
    r"|(?<![^\s<>\"'?])[^\s<>\"'?]*\?[\w.~%-]+(?:\[\w*\])?=[^\s<>\"']*"  # contacts?email=…
    r"|(?<![\w.%-])[\w.~+%-]{0,64}%40[\w.~%-]{1,255}",  # ann%40example.com
    re.IGNORECASE,
)
"""Addresses of the web with their queries, paths of several parts, and what is encoded as in them.
They hold ids, personal data and tokens in any form, so none of their parts is kept."""
_ADDRESS = re.compile(r"[^\s@<>\"'=:,;()][^\s@<>\"=:,;()]{0,63}@[^\s@<>\"',;()]{1,255}")
_QUOTED_ID = re.compile(
    r"(\b\w{0,32}id\b ?(?:=>|[=:]|is|of)? ?[\"'\[(<]{1,2})[^\"'\])>]{1,200}", re.IGNORECASE
)
_NAMED_ID = re.compile(
    r"(\b\w{0,32}id\b\W{0,3}[=: ]\W{0,3})([\w-]*\d[\w-]*|(?<==)[\w-]+)", re.IGNORECASE
)
_NAMED_SECRET = re.compile(
    r"((?:token|secret|password|signature|credentials?)\b\W{0,2}[=:]\W{0,3})[^\s<>\"',;&]+"
    r"|(\b(?:bearer|basic) )(?=\S{0,99}[\d=])\S+"
    r"|\beyJ[\w-]{8,}\.[\w.-]+",  # a JSON web token
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|(?<![\w-])\+?\d[\d ().-]{7,}\d(?![\w-])")
_TOKEN = re.compile(r"[\w-]{6,}")
_HEX_FROM = 8
"""Letters and digits from which a hexadecimal token with a digit counts as an id."""
_SECRET_FROM = 20
"""Letters and digits from which a token in both cases with a digit counts as a secret, such as an
access token, which is base64."""
_DIGITS_FROM = 5
"""Digits from which a token counts as an id; a limit such as ``10_seconds`` stays readable."""


class Secret(str):
    """A text whose repr is masked, for tracebacks that show local variables."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Take the text itself: an enum that is a str has another one for people."""
        return super().__new__(cls, str.__str__(text))

    def __repr__(self) -> str:
        return "'***'"

    def __reduce_ex__(self, protocol: SupportsIndex) -> str:
        raise TypeError("a token is not pickled")


def printable(text: str, *, limit: int = 1_000) -> str:
    """Return a text on one line, without control and bidirectional characters, and shortened."""
    is_cut = len(text) > limit
    text = text[: limit - 1] if is_cut else text
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"{text}…" if is_cut else text


def redact(text: str, *, limit: int = 200) -> str:
    """Replace URLs, addresses, telephone numbers and ids in a server's message, and shorten it."""
    head = text[: limit * _READ_AHEAD]
    if len(head) < len(text):
        # What the cut has parted can no longer be recognised.
        head = " ".join(head.split(" ")[:-1]).rstrip("+0123456789 ().-")
    head = printable(head, limit=len(head) + 1)
    head = _URL.sub("<url>", head)
    head = _NAMED_SECRET.sub(r"\1\2<secret>", head)
    head = _ADDRESS.sub("<email>", head)
    head = _QUOTED_ID.sub(r"\1<id>", head)
    head = _NAMED_ID.sub(r"\1<id>", head)
    # Numbers with spaces first: a part of one would be taken for an id, and the rest shown.
    head = _NUMBER.sub("<number>", head)
    head = _TOKEN.sub(_hide_id, head)
    if len(head) > limit or len(text) > limit * _READ_AHEAD:
        head = f"{head[: limit - 1]}…"
    return head


def _hide_id(found: re.Match[str]) -> str:
    token = found[0]
    digits = sum(map(str.isdigit, token))
    bare = token.replace("-", "").replace("_", "")
    is_hex = len(bare) >= _HEX_FROM and all(letter in "0123456789abcdefABCDEF" for letter in bare)
    is_mixed = not token.islower() and not token.isupper()
    is_secret = len(token) >= _SECRET_FROM and is_mixed
    if digits >= _DIGITS_FROM or (digits and (is_hex or is_secret)):
        return "<number>" if bare.isdigit() and len(bare) > _HEX_FROM else "<id>"
    return token
