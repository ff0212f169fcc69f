"""Rows with numbers or levels that PostgreSQL's JSON has no room for: these parts become texts."""

from __future__ import annotations

import re

import msgspec

MOST_DIGITS, MOST_DECIMALS = 131_072, 16_383
"""Digits of a number before and behind its point that PostgreSQL keeps."""
MOST_LEVELS = 1_000
"""Levels of a row that are kept: with its usual stack PostgreSQL reads some six thousand
(test_postgres_strange_rows.py::test_strange_rows_are_rows)."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]|-?\d[\d.eE+-]*+|[^"\[\]{}\d-]++')
"""A text, a bracket, a number, or what stands between them."""
_NUMBER = re.compile(rb"-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")


def within_limits(body: bytes) -> bytes:
    """Return a row as JSON that PostgreSQL can keep; what it has no room for is a text in it."""
    kept: list[bytes] = []
    deep: list[bytes] = []
    level = 0
    for found in _TOKEN.finditer(body):
        token = found[0]
        first = token[:1]
        level += (first in b"[{") - (first in b"]}")
        if level > MOST_LEVELS or deep:
            deep.append(token)
            if level <= MOST_LEVELS:
                kept.append(msgspec.json.encode(b"".join(deep).decode()))
                deep.clear()
        elif first in b"-0123456789" and not _is_kept(token):
            kept.append(b'"%b"' % token)
        else:
            kept.append(token)
    return b"".join(kept)


def _is_kept(number: bytes) -> bool:
    """Say whether PostgreSQL keeps a number."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        return True
    whole, decimals, exponent = found[1], found[2] or b"", found[3] or b"0"
    if len(exponent) > len(str(MOST_DIGITS)) + 1:
        return False
    power = int(exponent)
    return len(whole) + power <= MOST_DIGITS and len(decimals) - power <= MOST_DECIMALS
