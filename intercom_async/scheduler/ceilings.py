"""Ceilings of the user's own: a rate over everything, and rates for classes of operations.

They are leaky buckets and stand before the windows, since a call that has its turn in a window must
not wait any longer. https://aiolimiter.readthedocs.io
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from intercom_async.config import Limits

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter

PERIOD_S = 0.06
"""A bucket of one call, or of what fits into this time: the rate is kept without bursts."""


class Ceilings:
    """What a call has to pass before it may ask for its turn."""

    __slots__ = ("_all", "_by_kind", "_rates")

    def __init__(self, limits: Limits) -> None:
        self._rates = {
            kind: per_minute / 60
            for kind, per_minute in (
                ("search", limits.search_per_minute),
                ("scroll", limits.scroll_per_minute),
            )
            if per_minute is not None
        }
        self._by_kind: dict[str, AsyncLimiter] = {}
        self._all = None if limits.max_per_second is None else _bucket(limits.max_per_second)

    def concern(self, kind: str | None) -> bool:
        """Say whether there is a ceiling for a call of this class."""
        return self._all is not None or (kind is not None and kind in self._rates)

    async def wait(self, kind: str | None) -> None:
        """Wait until no ceiling is passed any more."""
        if kind is not None and kind in self._rates:
            bucket = self._by_kind.get(kind)
            if bucket is None:
                bucket = self._by_kind[kind] = _bucket(self._rates[kind])
            await bucket.acquire()
        if self._all is not None:
            await self._all.acquire()


def _bucket(per_second: float) -> AsyncLimiter:
    """Make a bucket that holds one call, or those of `PERIOD_S` at a high rate."""
    from aiolimiter import AsyncLimiter  # noqa: PLC0415 (most clients have no ceiling)

    calls = per_second * PERIOD_S
    return AsyncLimiter(calls, PERIOD_S) if calls >= 1 else AsyncLimiter(1, 1 / per_second)
