"""Callbacks that tell a program what a scheduler does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import ParamSpec

from intercom_async.priority import Priority
from .throttling import Throttle

P = ParamSpec("P")

log: logging.Logger = logging.getLogger("intercom_async.scheduler")


class Hooks:
    """Override the events to hear of; an exception in a hook is logged and goes no further."""

    def granted(self, priority: Priority, waited_s: float) -> None:
        """A call was let go after waiting so many seconds."""

    def throttled(self, kind: Throttle, call: str) -> None:
        """A call was answered 429."""

    def limit_changed(self, app: Hashable, limit: int) -> None:
        """The server's headers name another limit, in calls a window."""

    def degraded(self, reason: str) -> None:
        """The scheduler goes on with less than it should have, such as without headers or store."""

    def restored(self, reason: str) -> None:
        """What `degraded` had told of is over."""


class GuardedHooks:
    """Calls hooks so that no exception of theirs reaches the scheduler."""

    __slots__ = ("_hooks", "is_set")

    def __init__(self, hooks: Hooks | None) -> None:
        self._hooks = Hooks() if hooks is None else hooks
        self.is_set: bool = hooks is not None
        """Whether there are hooks."""

    def granted(self, priority: Priority, waited_s: float) -> None:
        """Tell that a call was let go."""
        _run(self._hooks.granted, priority, waited_s)

    def throttled(self, kind: Throttle, call: str) -> None:
        """Tell that a call was answered 429."""
        _run(self._hooks.throttled, kind, call)

    def limit_changed(self, app: Hashable, limit: int) -> None:
        """Tell that the server names another limit."""
        _run(self._hooks.limit_changed, app, limit)

    def degraded(self, reason: str) -> None:
        """Tell that the scheduler goes on with less than it should have."""
        _run(self._hooks.degraded, reason)

    def restored(self, reason: str) -> None:
        """Tell that it has again what it should have."""
        _run(self._hooks.restored, reason)


def _run(hook: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    try:
        hook(*args, **kwargs)
    except Exception:
        log.exception("the hook %s failed", getattr(hook, "__name__", type(hook).__name__))
