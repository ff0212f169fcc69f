"""How urgent a request is, and on whose behalf it runs.

Both are context variables, so that a task says it once and every call below it, pagers and syncs
included, follows::

    with priority(Priority.BULK), fairness_key("tenant-7"):
        async for contact in intercom.contacts.list(): ...
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Priority(IntEnum):
    """Four lanes; the smaller number goes first, but none waits for ever."""

    INTERACTIVE = 0
    """Somebody looks at a spinner: never paced, a reserve is kept for it."""
    NORMAL = 1
    """What a client uses when nothing is said."""
    BACKGROUND = 2
    """Jobs that should end soon, spread over the window."""
    BULK = 3
    """Jobs that may take hours: they use what nobody else wants."""


PRIORITY: ContextVar[Priority | None] = ContextVar("intercom_async_priority", default=None)
"""What `current_priority` returns; read in place by the scheduler, once a call."""
FAIRNESS_KEY: ContextVar[str] = ContextVar("intercom_async_fairness_key", default="")
"""What `current_fairness_key` returns; read in place likewise."""


def current_priority() -> Priority | None:
    """Return the priority set by the innermost `priority` block, or None outside of one."""
    return PRIORITY.get()


def current_fairness_key() -> str:
    """Return the key set by the innermost `fairness_key` block; empty outside of one."""
    return FAIRNESS_KEY.get()


@contextmanager
def priority(value: Priority) -> Generator[None]:
    """Run the block, and the tasks it starts, with another priority.

    Raises:
        ConfigError: It is no `Priority`.
    """
    if not isinstance(value, Priority):
        raise _refused("priority must be a Priority, such as Priority.BULK", value)
    token = PRIORITY.set(value)
    try:
        yield
    finally:
        PRIORITY.reset(token)


@contextmanager
def fairness_key(key: str) -> Generator[None]:
    """Run the block on behalf of `key`; within a lane, keys take turns.

    Name whatever must not starve its neighbours: a tenant, a job, a user. The key stays in this
    process.

    Raises:
        ConfigError: It is no text.
    """
    if not isinstance(key, str):
        raise _refused("a fairness key must be a text", key)
    token = FAIRNESS_KEY.set(key)
    try:
        yield
    finally:
        FAIRNESS_KEY.reset(token)


def _refused(wanted: str, value: object) -> ValueError:
    # This module comes with every import of the package, and errors with the first one that needs
    # them.
    from .errors import ConfigError  # noqa: PLC0415

    return ConfigError(f"{wanted}, not {type(value).__name__}")
