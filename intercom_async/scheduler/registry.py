"""Which clients share a scheduler: those of one server and one token, in one loop."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from weakref import WeakKeyDictionary, WeakValueDictionary

from intercom_async.config import Limits
from .scheduler import Scheduler

_Shared = WeakValueDictionary[Hashable, Scheduler]

_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()


def shared_scheduler(origin: str, app: Hashable, limits: Limits) -> Scheduler:
    """Return the scheduler of a server and app in the running loop; made if there is none.

    It lives as long as a client holds it. Clients that were given other limits have one of their
    own: the limits are what they differ in.

    Args:
        origin: Scheme and host.
        app: What tells one token from another without being it.
        limits: What may be sent.
    """
    shared = _by_loop.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    key = (origin, app, limits)
    found = shared.get(key)
    if found is None:
        found = shared[key] = Scheduler(limits)
    return found
