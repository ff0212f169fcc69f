"""Which notifications were accepted already: a claim before the hand-over, a record after it.

Life of a key::

    claim() ──► CLAIMED ──► confirm()    handed over: remembered for a day
                   ├──────► release()    the hand-over failed: the next delivery may try
                   └──────► (30 s)       the process died: the claim runs out by itself

`claim` of a key that is claimed elsewhere is OPEN: whether it will be handed over is not known yet.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum
from typing import Protocol

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import check_able, check_count, is_positive_number, shown
from intercom_async.errors import ConfigError

CLAIM_S = 30.0
"""Seconds after which a claim that was neither confirmed nor released is void. Intercom delivers
again after 60 s, so a claim of a process that was killed is gone by then
(test_intake.py::test_a_claim_of_a_dead_process_runs_out)."""

REMEMBER_S = 86_400.0
"""Seconds for which an accepted notification is remembered."""


class Claim(Enum):
    """What a claim found."""

    CLAIMED = "claimed"
    """The key is new; the caller hands the notification over, then confirms or releases it."""
    OPEN = "open"
    """Another process has claimed it and has not said how it ended."""
    DONE = "done"
    """It was handed over before."""


class Seen(Protocol):
    """A memory of keys; implement it to use another database.

    Every method is bounded to a few seconds by the caller; one that raises counts as unavailable.
    Then the notification is accepted all the same, because losing one is worse than handling it
    twice.
    """

    async def claim(self, key: str) -> Claim:
        """Claim a key for `CLAIM_S` seconds, in one atomic step."""
        ...

    async def confirm(self, key: str) -> None:
        """Remember a claimed key as handed over."""
        ...

    async def release(self, key: str) -> None:
        """Give a claim back, if it is still this process's own."""
        ...


def check_remember_s(value: float) -> float:
    """Return the seconds for which keys are remembered.

    Raises:
        ConfigError: They are no positive number.
    """
    if not is_positive_number(value):
        raise ConfigError(f"remember_s must be a positive number, not {shown(value)}")
    return value


class MemorySeen:
    """A memory inside one process: it knows nothing of other processes and of earlier runs.

    Args:
        max_keys: Keys to remember; the oldest one is forgotten first.
        remember_s: Seconds to remember a key for.
        clock: Another clock, for tests.

    Raises:
        ConfigError: A bound is not a positive number.
    """

    def __init__(
        self,
        max_keys: int = 100_000,
        remember_s: float = REMEMBER_S,
        *,
        clock: Clock = CLOCK,
    ) -> None:
        check_count("max_keys", max_keys)
        check_remember_s(remember_s)
        check_able("clock", clock, "now")
        self._max_keys = max_keys
        self._remember_s = remember_s
        self._clock = clock
        self._entries: OrderedDict[str, tuple[Claim, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many keys are remembered or claimed."""
        return len(self._entries)

    async def claim(self, key: str) -> Claim:
        """Claim a key."""
        return self.claim_now(key)

    async def confirm(self, key: str) -> None:
        """Remember a key as handed over."""
        self.confirm_now(key)

    async def release(self, key: str) -> None:
        """Give a claim back."""
        self.release_now(key)

    def claim_now(self, key: str) -> Claim:
        """Claim a key without yielding to the event loop."""
        now = self._clock.now()
        state, until = self._entries.get(key, (Claim.CLAIMED, now))
        if until > now:
            return state
        self._put(key, Claim.OPEN, now + CLAIM_S)
        return Claim.CLAIMED

    def confirm_now(self, key: str) -> None:
        """Remember a key without yielding to the event loop."""
        self._put(key, Claim.DONE, self._clock.now() + self._remember_s)

    def release_now(self, key: str) -> None:
        """Give a claim back without yielding to the event loop."""
        if self._entries.get(key, (None,))[0] is Claim.OPEN:
            del self._entries[key]

    def _put(self, key: str, state: Claim, until: float) -> None:
        self._entries.pop(key, None)
        self._entries[key] = state, until
        if len(self._entries) > self._max_keys:
            self._entries.popitem(last=False)
