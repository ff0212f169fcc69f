"""What a call reads from the headers of its reply; `response.parse_window` reads the rate limit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from intercom_async.moments import from_http_date
from intercom_async.redaction import printable
from intercom_async.response import header


def parse_request_id(headers: Mapping[str, str]) -> str | None:
    """Return the id that Intercom's support asks for, on one line and bounded."""
    text = header(headers, "X-Request-Id")
    return None if text is None else printable(text, limit=100)


def parse_retry_after(headers: Mapping[str, str], now_unix: float) -> float | None:
    """Read Retry-After, a number of seconds or a date, as seconds from now.

    Intercom does not document the header; a proxy in front of it may send it.
    """
    text = header(headers, "Retry-After")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        date = from_http_date(text)
        if date is None:
            return None
        seconds = date - now_unix
    return max(0.0, seconds) if math.isfinite(seconds) else None
