"""The two limits: fixed windows that end at multiples of their length, and the ledger of them.

One limit counts the calls of a private app in a window, the other those of all apps of a workspace.
Nothing smooths them: calls are served in the order in which they arrive, as on the real server.
https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict

import msgspec

KEPT_WINDOWS = 20_000
"""Windows that the ledger keeps; older ones are dropped (two days of windows of 10 s)."""


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one token was answered in one window."""

    app: str
    token: str
    window_at: float
    """Start of the window, UNIX seconds on the simulator's clock."""
    limit: int
    """The app's limit in that window; it may change while the simulator runs."""
    served: int
    rejected: int
    """429 responses, whichever of the two limits was passed."""


class RateLimitStatus(msgspec.Struct, frozen=True):
    """What a reply's three headers say."""

    limit: int
    remaining: int
    reset_at: float


def per_window(per_minute: float, window_s: float) -> int:
    """Return the calls of one window: 10,000 a minute are 1,667 in ten seconds."""
    return max(0, round(per_minute * window_s / 60))


def moment_text(reset_at: float) -> str:
    """Write the end of a window: whole seconds, or a decimal where windows are not whole.

    The real header is always whole. A test that runs windows of half a second needs the half: a
    rounded end would make every client wait twice as long.
    """
    return str(int(reset_at)) if reset_at == int(reset_at) else f"{reset_at:.6f}".rstrip("0")


class Quota:
    """A counter of calls that is set to zero at the start of each window."""

    def __init__(self, per_minute: float, window_s: float) -> None:
        self.per_minute = per_minute
        self.window_s = window_s
        self._index = -1
        self._used = 0
        self.neighbour_share: float = 0.0

    @property
    def limit(self) -> int:
        """Calls of one window."""
        return per_window(self.per_minute, self.window_s)

    def used(self, now: float) -> int:
        """Return the calls counted in the window of `now`, those of the neighbour included.

        The neighbour spends its share evenly over the window.
        """
        index = math.floor(now / self.window_s)
        if index != self._index:
            self._index = index
            self._used = 0
        elapsed = now / self.window_s - index
        return self._used + int(self.neighbour_share * self.limit * elapsed)

    def reset(self) -> None:
        """Forget what was counted."""
        self._index, self._used = -1, 0

    def count(self) -> None:
        """Count one call in the window that `used` last looked at."""
        self._used += 1

    def reset_at(self, now: float) -> float:
        """Return the end of the window of `now`."""
        return round((math.floor(now / self.window_s) + 1) * self.window_s, 6)


class Ledger:
    """Served and rejected calls by token and window."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[str, float], list[int]] = OrderedDict()
        self._names: dict[str, str] = {}

    def enter(self, *, app: str, token: str, window_at: float, limit: int, is_served: bool) -> None:
        """Write one call down; windows beyond the newest `KEPT_WINDOWS` are forgotten."""
        row = self._rows.get((token, window_at))
        if row is None:
            self._names[token] = app
            row = self._rows[(token, window_at)] = [limit, 0, 0]
            if len(self._rows) > KEPT_WINDOWS:
                self._rows.popitem(last=False)
        row[0] = limit
        row[1 if is_served else 2] += 1

    def rows(self) -> list[LedgerRow]:
        """Return all rows, oldest window first."""
        return [self._row(key) for key in self._rows]

    def since(self, moment: float) -> list[LedgerRow]:
        """Return the newest rows, as far back as a moment, oldest window first."""
        found = itertools.takewhile(lambda key: key[1] >= moment, reversed(self._rows))
        return [self._row(key) for key in reversed([*found])]

    def _row(self, key: tuple[str, float]) -> LedgerRow:
        token, window_at = key
        limit, served, rejected = self._rows[key]
        return LedgerRow(
            app=self._names[token],
            token=token,
            window_at=window_at,
            limit=limit,
            served=served,
            rejected=rejected,
        )

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
