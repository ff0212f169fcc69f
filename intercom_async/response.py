"""An answer with everything around it, and the rate-limit window that it was counted in.

Intercom counts calls in windows of ten seconds that end at multiples of ten seconds, and says so
in three headers. Each of them may be absent or broken (a proxy strips them, an error page never
had them), so each is read on its own.
https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec
from multidict import istr

T = TypeVar("T")


class Window(msgspec.Struct, frozen=True):
    """The window a reply was counted in, as far as the reply says it."""

    limit: int | None = None
    """Calls allowed in one window (of ten seconds, not in a minute)."""
    remaining: int | None = None
    """Calls left when this one was counted."""
    reset_at: float | None = None
    """End of the window, UNIX seconds on the server's clock."""

    @property
    def used(self) -> int | None:
        """Calls counted so far, by whomever; None where the reply does not say."""
        if self.limit is None or self.remaining is None:
            return None
        return self.limit - self.remaining


UNKNOWN = Window()
"""What is known from a reply without the headers."""


class Headers(Mapping[str, str]):
    """Headers of a reply: immutable, picklable, looked up without regard to case.

    Several headers of one name are one value with commas (RFC 9110, 5.2). The repr shows no value.

    Args:
        source: The headers as the transport has them; it must not change afterwards.
    """

    __slots__ = ("_source", "_values")

    def __init__(self, source: Mapping[str, str]) -> None:
        self._source: Mapping[str, str] | None = source
        self._values: dict[str, tuple[str, str]] = {}

    def _read(self) -> dict[str, tuple[str, str]]:
        # Read when first looked at: most replies are never asked for their headers.
        if self._source is not None:
            values: dict[str, tuple[str, str]] = {}
            for name, value in self._source.items():
                known = values.get(name.lower())
                values[name.lower()] = (name, value if known is None else f"{known[1]}, {value}")
            self._values, self._source = values, None
        return self._values

    def __getitem__(self, name: str) -> str:
        return self._read()[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._read().values())

    def __len__(self) -> int:
        return len(self._read())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._read()

    def __repr__(self) -> str:
        return f"<Headers {', '.join(self)}>"

    def __reduce__(self) -> tuple[type[Headers], tuple[dict[str, str]]]:
        return Headers, (dict(self),)

    def __copy__(self) -> Headers:
        return self

    def __deepcopy__(self, memo: object) -> Headers:
        return self


class Response(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A successful answer; its repr shows no header and no body."""

    data: T
    """The decoded body."""
    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    request_id: str | None
    """What Intercom's support asks for."""
    window: Window
    """The rate-limit window of this answer: limit, remaining, reset_at."""
    attempts: int
    """How often it was sent, the successful time included."""
    elapsed_s: float
    """Seconds from the call to the decoded answer, waiting included."""

    def __repr__(self) -> str:
        name = type(self.data).__name__
        return f"<Response {self.status}, {name}, {self.attempts} attempts, {self.elapsed_s:.3f} s>"


# Spelt once: a multidict would fold the case of a plain string at each look-up.
_LIMIT, _REMAINING, _RESET = map(
    istr, ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
)


def parse_window(headers: Mapping[str, str]) -> Window:
    """Read the three headers; whatever is absent or makes no sense is None.

    Header names are looked up as Intercom writes them and in lower case, so a plain dict of either
    spelling will do.
    """
    get = headers.get
    limit = _limit(get(_LIMIT) or get("x-ratelimit-limit"))
    remaining = _count(get(_REMAINING) or get("x-ratelimit-remaining"))
    reset_at = _moment(get(_RESET) or get("x-ratelimit-reset"))
    if limit is None and remaining is None and reset_at is None:
        return UNKNOWN
    if limit is not None and remaining is not None and remaining > limit:
        # The two contradict each other and nothing says which is wrong.
        limit = remaining = None
    return Window(limit, remaining, reset_at)


def header(headers: Mapping[str, str], name: str) -> str | None:
    """Look a header up by its usual spelling, then in lower case."""
    value = headers.get(name)
    return headers.get(name.lower()) if value is None else value


def _count(text: str | None) -> int | None:
    """Read a number of calls: not negative, and small enough to be one."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None  # "1_667", "+7" and digits of other scripts are numbers in Python alone
    try:
        value = int(text)
    except ValueError:
        return None
    return value if 0 <= value <= 10_000_000 else None  # noqa: PLR2004 (a bound, not a setting)


_limit = lru_cache(maxsize=8)(_count)
"""Reads a limit; remembered, because it is the same for all replies of a window."""


_FIRST_MS, _END_MS = 1e11, 1e14
"""Numbers from the first to the second are UNIX milliseconds: as seconds they lie 3,000 years ahead
(test_contradictions.py::test_a_reset_in_milliseconds_is_read)."""


@lru_cache(maxsize=8)
def _moment(text: str | None) -> float | None:
    """Read UNIX seconds: whole on the real server, with a fraction where windows are shorter.

    Remembered, because it is the same for all replies of a window.
    """
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if _FIRST_MS <= value < _END_MS:
        return value / 1000
    return value if 0 < value < _FIRST_MS else None
