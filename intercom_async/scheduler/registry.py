"""Schedulers that clients share: one for each server, token and event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from weakref import WeakKeyDictionary, WeakValueDictionary

from intercom_async.config import Limits
from .scheduler import Scheduler
from .stores.base import BudgetStore

_Shared = WeakValueDictionary[Hashable, Scheduler]

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
