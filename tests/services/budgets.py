"""One budget in a real store: opens stores on it, and asks them for leases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import structs

from intercom_async.scheduler.stores import Ask, BudgetStore, Lease

RESET_MS = 1_900_000_000_000


class Budget:
    """What the tests of all stores share.

    Args:
        name: The budget; another one for each test.
        make: Makes a store, as another process would.
    """

    def __init__(self, name: str, make: Callable[..., Any]) -> None:
        self.name = name
        self.open = make
        self._held: WeakKeyDictionary[BudgetStore, Counter[tuple[str, int]]] = WeakKeyDictionary()

    def ask(self, want: int = 10, **changes: Any) -> Ask:
        usual: dict[str, Any] = {
            "budget": self.name,
            "app": "app",
            "reset_at_ms": RESET_MS,
            "window_ms": 10_000,
            "limit": 1667,
            "workspace_limit": 4167,
            "used": None,
            "want": want,
            "left_s": 0.0,
        }
        return Ask(**{**usual, **changes})

    async def lease(self, store: BudgetStore, want: int = 10, **changes: Any) -> Lease:
        """Lease calls as a process does, which says what it has had before."""
        ask, held = self._ask_for(store, want, **changes)
        lease = await store.lease(ask)
        assert lease is not None
        held[ask.app, ask.reset_at_ms] += lease.count
        return lease

    async def leased(self, store: BudgetStore, want: int = 10, **changes: Any) -> int:
        return (await self.lease(store, want, **changes)).count

    async def give_back(self, store: BudgetStore, count: int, **changes: Any) -> None:
        """Give calls back as a process does."""
        ask, held = self._ask_for(store, 0, returned=count, **changes)
        left = ask.leased - count
        await store.give_back(structs.replace(ask, leased=left))
        held[ask.app, ask.reset_at_ms] = left

    def _ask_for(
        self, store: BudgetStore, want: int, **changes: Any
    ) -> tuple[Ask, Counter[tuple[str, int]]]:
        """Return what a process asks, and what it has had of all windows."""
        held = self._held.setdefault(store, Counter())
        ask = self.ask(want, **changes)
        return structs.replace(ask, leased=held[ask.app, ask.reset_at_ms]), held

    async def drain(self, store: BudgetStore, **changes: Any) -> int:
        """Lease in batches until nothing is granted any more."""
        total = 0
        while count := await self.leased(store, 50, **changes):
            total += count
        return total
