"""One budget in a real store: opens stores on it, and asks them for leases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intercom_async.scheduler.stores import Ask, BudgetStore

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

    async def leased(self, store: BudgetStore, want: int = 10, **changes: Any) -> int:
        lease = await store.lease(self.ask(want, **changes))
        assert lease is not None
        return lease.count

    async def drain(self, store: BudgetStore, **changes: Any) -> int:
        """Lease in batches until nothing is granted any more."""
        total = 0
        while count := await self.leased(store, 50, **changes):
            total += count
        return total
