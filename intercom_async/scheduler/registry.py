"""Schedulers that clients share: one for each server, token and event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from weakref import WeakKeyDictionary, WeakValueDictionary

from intercom_async.config import Limits
from .app_turns import AppTurns
from .scheduler import Scheduler
from .stores.base import BudgetStore

_Shared = WeakValueDictionary[Hashable, Scheduler]

_Workspaces = WeakValueDictionary[Hashable, AppTurns]

_workspaces_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Workspaces] = WeakKeyDictionary()
_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()


def shared_scheduler(
    origin: str,
    app: Hashable,
    limits: Limits,
    *,
    store: BudgetStore | None = None,
    budget_key: str | None = None,
) -> Scheduler:
    """Return the scheduler of a server and app in the running loop, made when first asked for.

    It lives as long as a client holds it. Clients with different limits do not share one.

    Args:
        origin: Scheme and host.
        app: Identifies a token without being it.
        limits: What may be sent.
        store: A budget that processes share, if there is one.
        budget_key: Whose budget it is in the store.
    """
    shared = _by_loop.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    key = (origin, app, limits, store, budget_key)
    found = shared.get(key)
    if found is None:
        found = shared[key] = Scheduler(limits, store=store, budget_key=budget_key)
    return found


def join_workspace(origin: str, workspace: str, scheduler: Scheduler) -> None:
    """Let a scheduler share its workspace's limit with the others of that workspace in this loop.

    Their apps take turns while the workspace's window is short, as those of one scheduler do.

    Schedulers with other limits, with another clock, whose moments mean nothing to these, or with a
    store, which shares it among processes, are left alone.

    Args:
        origin: Scheme and host.
        workspace: Id of the workspace.
        scheduler: The scheduler.
    """
    shared = _workspaces_by_loop.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    # By identity, since a clock need not be hashable; who takes turns by it keeps it alive.
    key = (origin, workspace, scheduler.limits, id(scheduler.clock))
    scheduler.share_workspace(shared.setdefault(key, scheduler.turns))
