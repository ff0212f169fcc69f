"""Names of holes as people give them: which of them are the name of no hole."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from .builtin_streams import STREAMS
from .holes import is_unnamed
from .streams import Ranged

WHOLE = ("all of it", "the list", "the rest", "rows that have gone")
"""Names without a key or a moment."""
_ALL = ("*", "all", "any", "everything")
_SPAN = re.compile(
    r"(?P<field>[a-z_]+) from (?P<low>.*) to (?P<high>[^,]*)(, (?P<rows>\d+) rows?)?"
)
_SINCE = re.compile(r"(rows last changed before|rows that have gone since) (?P<moment>.*)")
_OF_LIST = re.compile(r"(?P<rows>\d+) rows? of the list")
_ID = re.compile(r"[0-9A-Za-z_-]+")
_DATE, _NUMBER = "%Y-%m-%dT%H:%M:%SZ", re.compile(r"-?\d{1,19}")
SPAN_EXAMPLE = "created_at from 2026-01-01T00:00:00Z to 2026-01-03T02:00:00Z"
FIELDS = frozenset(
    field
    for stream in STREAMS
    if isinstance(stream.source, Ranged)
    for field in (stream.source.partition_field, stream.source.cursor_field)
)
"""Fields whose spans may be holes."""


def why_of_no_hole(stream: str, what: str) -> str | None:
    """Say why no hole can have a name, and which one can; None where one may have it.

    Args:
        stream: The stream.
        what: The rest of the name, with moments as dates where they are within the years 1 to 9999.
    """
    plain = " ".join(what.split())
    if not plain:
        return f"names no hole: give {stream} for all of a stream, or such as '{stream}:all of it'"
    if is_unnamed(plain) or plain.casefold() in _ALL:
        return (
            "does not say which holes: name each, or accept all of the stream with --accept-hole "
            f"{stream}"
        )
    meant = next((one for one in WHOLE if plain.casefold() == one), plain)
    if meant != what and (meant in WHOLE or _ID.fullmatch(plain)):
        return f"is written otherwise: '{stream}:{meant}'"
    if _is_malformed(what):
        return (
            f"is the name of no hole: copy it from a report, such as '{stream}:{SPAN_EXAMPLE}' "
            "with ', 2 rows' behind it or without"
        )
    return None


def _is_malformed(what: str) -> bool:
    """Say whether a name is of a span, a list or a moment, and not as such names are."""
    if found := _OF_LIST.fullmatch(what):
        return not int(found["rows"])
    if found := _SINCE.fullmatch(what):
        return _order_of(found["moment"]) is None
    begin, is_span, _ = what.strip().partition(" from ")
    if not is_span or not re.fullmatch("[a-z_]+", begin):
        return False  # the key of a row
    found = _SPAN.fullmatch(what)
    if found is None or found["field"] not in FIELDS or found["rows"] == "0":
        return True
    low, high = _order_of(found["low"]), _order_of(found["high"])
    return low is None or high is None or low > high


def _order_of(moment: str) -> float | None:
    """Return a moment as UNIX seconds; None of what is none."""
    if _NUMBER.fullmatch(moment):
        return float(moment)
    try:
        return datetime.strptime(moment, _DATE).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
