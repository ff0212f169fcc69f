"""The first calls, before any reply has said what the windows are like."""

from __future__ import annotations

AT_ONCE = 8
"""Calls that may be under way before the first reply."""
AT_ONCE_HURRIED = 24
"""The same for interactive calls: nobody is to wait for another one's slow answer."""
MORE_PER_S = 10.0
"""So many more each second for which no answer comes."""


class Cold:
    """Counts what was given out blindly."""

    __slots__ = ("_since", "given", "total")

    def __init__(self) -> None:
        self.given: int = 0
        """Calls under way that were let go without a window."""
        self.total: int = 0
        """All calls that were let go so."""
        self._since: float | None = None

    def look(self, now: float, *, hurried: bool) -> float:
        """Return 0.0 if one more may go, else when to look again."""
        if self._since is None:
            self._since = now
        passed_s = now - self._since
        if self.given < (AT_ONCE_HURRIED if hurried else AT_ONCE) + int(passed_s * MORE_PER_S):
            return 0.0
        return now + 1.0 / MORE_PER_S
