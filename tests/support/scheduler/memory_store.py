"""A budget store in this process: the accounts of the real stores, with a round trip of its own.

For virtual time, where no real server can be waited for. That the real ones keep the same accounts
is what tests/services/test_budget_stores.py shows.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

from intercom_async.clock import CLOCK
from intercom_async.scheduler.stores._requests import PAUSE_S
from intercom_async.scheduler.stores.base import (
    Ask,
    Known,
    Lease,
    StoreStatistics,
    guided,
    kept_for_interactive,
)

WITHIN_S = 0.25
"""Seconds after which a request is given up, as the stores do by default."""


class Accounts:
    """What all processes share.

    Args:
        rtt_s: Seconds that a request takes.
        late: Share of the requests whose answer comes too late, although they were accounted.
    """

    def __init__(self, rtt_s: float = 0.001, late: float = 0.0) -> None:
        self.rtt_s = rtt_s
        self.late = late
        self.is_up = True
        self.random = Random(1)
        self.requests = 0
        self.granted: dict[tuple[str, int], int] = defaultdict(int)
        self.external: dict[tuple[str, int], int] = defaultdict(int)
        self.seen: dict[tuple[str, int], int] = defaultdict(int)
        self.frozen: set[tuple[str, int]] = set()
        self.held: dict[tuple[str, int, str], int] = {}
        """Calls of a window that each process has had."""
        self.members: dict[str, set[str]] = defaultdict(set)
        self.known: dict[str, Known] = {}
        self.interactive: dict[str, tuple[float, int]] = {}

    def lose(self) -> None:
        """Lose grants, usage and members, as when a replica takes over too early."""
        for lost in (self.granted, self.external, self.seen, self.members, self.held):
            lost.clear()


class MemoryStore:
    """One process' view of the accounts."""

    def __init__(self, accounts: Accounts, member: str) -> None:
        self._accounts = accounts
        self._member = member
        self._retry_at = 0.0

    async def join(self, *, budget: str, app: str) -> Known | None:
        del budget
        await CLOCK.sleep(self._accounts.rtt_s)
        self._accounts.members[app].add(self._member)
        return self._accounts.known.get(app)

    async def lease(self, ask: Ask) -> Lease | None:
        accounts = self._accounts
        if CLOCK.now() < self._retry_at:
            return None
        is_late = accounts.random.random() < accounts.late
        await CLOCK.sleep(accounts.rtt_s if accounts.is_up else WITHIN_S)
        lease = self._account(ask) if accounts.is_up else None
        if is_late:
            await CLOCK.sleep(WITHIN_S)
        if lease is None or is_late:
            self._retry_at = CLOCK.now() + PAUSE_S
            return None
        return lease

    async def give_back(self, ask: Ask) -> None:
        await self.lease(ask)

    async def freeze(self, ask: Ask) -> None:
        await CLOCK.sleep(self._accounts.rtt_s)
        self._accounts.frozen.add((ask.app, ask.reset_at_ms))

    def _account(self, ask: Ask) -> Lease:
        accounts, key, tier = self._accounts, (ask.app, ask.reset_at_ms), ("", ask.reset_at_ms)
        accounts.requests += 1
        accounts.members[ask.app].add(self._member)
        accounts.members[""].add(self._member)
        mark = (*key, self._member)
        found = ask.leased - accounts.held.get(mark, 0)
        for each in (key, tier):
            accounts.granted[each] = max(0, accounts.granted[each] + found)
        accounts.seen[key] = max(accounts.seen[key], ask.used or 0)
        beyond = accounts.seen[key] - accounts.granted[key]
        external = accounts.external[key] = max(accounts.external[key] - max(0, found), 0, beyond)
        left = ask.limit - external - accounts.granted[key]
        left_all = ask.workspace_limit - external - accounts.granted[tier]
        accounts.interactive[self._member] = (ask.interactive_per_s, ask.interactive_burst)
        kept, kept_all = (
            0
            if ask.is_interactive
            else kept_for_interactive(
                limit,
                left_s=ask.left_s,
                doubt_s=ask.doubt_s,
                window_s=ask.window_ms / 1000,
                per_s=sum(per_s for per_s, _ in accounts.interactive.values()),
                burst=max(burst for _, burst in accounts.interactive.values()),
            )
            for limit in (ask.limit, ask.workspace_limit)
        )
        members = len(accounts.members[ask.app])
        count = 0
        if key not in accounts.frozen:
            count = min(
                guided(ask.want, left - kept, members),
                guided(ask.want, left_all - kept_all, len(accounts.members[""])),
            )
        for each in (key, tier):
            accounts.granted[each] += count
        accounts.held[mark] = ask.leased + count
        told = accounts.known.get(ask.app)
        if ask.clock is not None:
            accounts.known[ask.app] = Known(
                limit=ask.limit, window_ms=ask.window_ms, clock=common(told, ask.clock)
            )
        return Lease(
            count=count,
            left=max(0, min(left, left_all) - count),
            kept=kept,
            members=members,
            is_frozen=key in accounts.frozen,
            clock=None if told is None else told.clock,
        )

    @property
    def statistics(self) -> StoreStatistics:
        return StoreStatistics(
            members=1,
            leased=0,
            returned=0,
            left=0,
            requests=self._accounts.requests,
            is_available=self._accounts.is_up,
            unavailable_s=0.0,
        )

    async def aclose(self) -> None:
        """Leave nothing behind."""


def common(told: Known | None, clock: tuple[float, float]) -> tuple[float, float]:
    """Return what two processes know of the server's clock; the newer where they contradict."""
    if told is None or told.clock[0] > clock[1] or clock[0] > told.clock[1]:
        return clock
    return max(told.clock[0], clock[0]), min(told.clock[1], clock[1])
