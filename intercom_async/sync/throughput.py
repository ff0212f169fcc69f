"""Size of commits, by the measured speed of the target.

Short commits keep little waiting, and what waits is read again after a crash. But each of them
costs something by itself, on a slow disk most of the time: then they have to be larger.
"""

from __future__ import annotations

import math

COMMIT_S = 0.1
"""Seconds that a commit may take; what comes meanwhile has to wait, and is lost in a crash."""
COMMIT_TIMES = 4
"""Shortest commit, as a multiple of the time that an almost empty one takes."""
LEAST_BYTES, MOST_BYTES = 2**19, 4 * 2**20
"""Fewest and most bytes of rows in a commit."""
HELD_S = 0.4
"""Seconds of writing that may be held in memory; all of it is read again after a crash."""
LEAST_HELD_BYTES, MOST_HELD_BYTES = 4 * 2**20, 16 * 2**20
"""Bounds of the bytes of pages that are being read or wait to be written; beyond them, no page is
asked for."""
MEMORY = 0.8
"""Factor applied to the bytes and seconds seen so far at each commit."""


class SinkThroughput:
    """What a target is seen to do."""

    def __init__(self) -> None:
        self._bytes = 0.0
        self._seconds = 0.0
        self._least_s = math.inf

    def note(self, size: int, took_s: float) -> None:
        """Count a commit."""
        self._bytes = MEMORY * self._bytes + size
        self._seconds = MEMORY * self._seconds + took_s
        self._least_s = min(self._least_s, took_s)

    @property
    def commit_bytes(self) -> int:
        """How large the next commit may be."""
        return self._in(max(COMMIT_S, COMMIT_TIMES * self._least_s), LEAST_BYTES, MOST_BYTES)

    @property
    def held_bytes(self) -> int:
        """How much may be on its way to it."""
        return self._in(HELD_S, LEAST_HELD_BYTES, MOST_HELD_BYTES)

    def _in(self, seconds: float, least: int, most: int) -> int:
        """Return what is written in a time, within bounds."""
        size = seconds * self._bytes / self._seconds if self._seconds else 0.0
        return int(min(max(size, least), most))
