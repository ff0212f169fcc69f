"""Functions that are called while a request is served, to change the workspace under a client."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

When = Literal["before", "after"]


@dataclasses.dataclass(slots=True)
class _Hook:
    act: Callable[[], object]
    n: int
    method: str | None
    path: str
    when: When
    seen: int = 0


class Hooks:
    """The hooks that are still to be called."""

    def __init__(self) -> None:
        self._hooks: list[_Hook] = []

    def add(
        self,
        act: Callable[[], object],
        *,
        n: int = 1,
        method: str | None = None,
        path: str = "",
        when: When = "before",
    ) -> None:
        """Call `act` once, during the n-th request of a method whose path begins like this.

        `"before"` calls it after the request was counted and before its work is done, `"after"`
        when the answer is made and not yet sent.
        """
        if n < 1:
            raise ValueError("n must be at least 1")
        self._hooks.append(_Hook(act, n, method and method.upper(), path, when))

    def clear(self) -> None:
        """Remove all hooks."""
        self._hooks.clear()

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def run(self, when: When, method: str, path: str) -> None:
        """Call the hooks that are due at this moment of a request."""
        for hook in list(self._hooks):
            if hook.when != when or hook.method not in (None, method):
                continue
            if not path.startswith(hook.path):
                continue
            hook.seen += 1
            if hook.seen == hook.n:
                # Removed first: its own calls must not meet it again.
                self._hooks.remove(hook)
                hook.act()
