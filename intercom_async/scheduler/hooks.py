"""Being told what a scheduler does."""

from __future__ import annotations

import logging
from collections.abc import Hashable

from intercom_async.priority import Priority
from .throttling import Throttle

log: logging.Logger = logging.getLogger("intercom_async.scheduler")


class Hooks:
    """Override what you want to hear of; an error in a hook is logged and goes no further."""

    def granted(self, priority: Priority, waited_s: float) -> None:
        """A call was let go after this wait."""

    def throttled(self, kind: Throttle, call: str) -> None:
        """A call was answered 429."""

    def limit_changed(self, app: Hashable, limit: int) -> None:
        """The server's headers say another limit for a window."""

    def degraded(self, reason: str) -> None:
        """The scheduler goes on with less than it should have, such as without headers."""


class SafeHooks:
    """Calls hooks so that none can break the scheduler."""

    __slots__ = ("_hooks", "is_set")

    def __init__(self, hooks: Hooks | None) -> None:
        self._hooks = hooks
        self.is_set: bool = hooks is not None
        """Whether anybody listens."""

    def call(self, name: str, *arguments: object) -> None:
        """Call one hook by name."""
        if self._hooks is None:
            return
        try:
            getattr(self._hooks, name)(*arguments)
        except Exception:
            log.exception("the hook %s failed", name)
