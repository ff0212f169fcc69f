"""What happens when the server, or something before it, turns calls away without a window.

One such answer concerns its call only. Several in a row are an overload: everybody pauses, longer
each time, and then one call at a time finds out whether it is over.
"""

from __future__ import annotations

from random import Random

STREAK = 3
FIRST_S, LONGEST_S = 0.5, 30.0


class Breaker:
    """Counts answers of 429 that name no window, in a row."""

    __slots__ = ("_random", "streak", "until")

    def __init__(self, random: Random) -> None:
        self._random = random
        self.streak: int = 0
        """How many there have been; any other answer sets it to 0."""
        self.until: float = 0.0
        """Nobody goes before this moment."""

    @property
    def is_tripped(self) -> bool:
        """Whether there have been so many that calls are held back."""
        return self.streak >= STREAK

    def failed(self, now: float) -> bool:
        """Note one; say whether everybody pauses now."""
        self.streak += 1
        if self.streak < STREAK or now < self.until:
            return False
        longest_s = min(LONGEST_S, FIRST_S * 2.0 ** (self.streak - STREAK + 1))
        self.until = now + self._random.uniform(0.5, 1.0) * longest_s
        return True

    def look(self, now: float, in_flight: int) -> float:
        """Return 0.0 if a call may go all the same, else when to look again."""
        if now < self.until:
            return self.until
        return 0.0 if in_flight == 0 else float("inf")
