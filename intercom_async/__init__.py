"""An asyncio client for the Intercom REST API with a rate-limit-aware scheduler.

    from intercom_async import F, Intercom

    async with Intercom() as intercom:                    # reads INTERCOM_TOKEN
        me = await intercom.admins.me()
        async for contact in intercom.contacts.search(F.role == "user"):
            ...

The tree, from the bottom up; imports go down only::

    errors response clock config priority moments    plain values; `client` is what users open
    models fields query        what the server sends, what methods take, conditions of searches
    codec                      bytes to models, repairing what contradicts them
    transport                  the only I/O: aiohttp, and a scripted one for tests
    scheduler                  permits, lanes, window budgets; `stores` share one over processes
    request                    one call from end to end: attempts, deadline, retries
    pagination                 lists: how they continue, page sizes, the company scroll
    workflows                  jobs, exports, hydration, downloads, concurrency
    resources                  a thin typed method for each operation
    receivers webhooks canvas oauth identity         what Intercom sends to an app
    workspaces                 a client for each of many workspaces
    sync                       whole workspaces into files and databases
    simulator                  a local Intercom, which imports nothing of the client
    doctor                     a look at a real workspace: what works, how its API behaves
    integrations               pytest plugin, web frameworks, MCP
    cli                        one command a file

`docs/how-it-works.md` follows a request, a list, a sync and a rate-limit window through it.
"""

from __future__ import annotations

from intercom_async._lazy import lazily
from intercom_async._version import __version__ as __version__

# Imported at once: the function has the name of its module, which would stand in its place.
from intercom_async.priority import (
    Priority as Priority,
    fairness_key as fairness_key,
    priority as priority,
)

_NAMES = {
    "_version": "__version__",
    "client": "Intercom",
    "config": "Limits RetryPolicy",
    "errors": (
        "BadRequestError ClosedError ConfigError ConflictError ConnectError "
        "ConnectionLostError DeadlineError DecodeError ForbiddenError GoneError IntercomError "
        "JobError NotFoundError OAuthError PaginationError QueryError RateLimitedError "
        "RequestTimeoutError ResponseError ServerError SignatureError StateError "
        "TransportError UnauthorizedError UnprocessableError WaitTooLongError"
    ),
    "models": "Page",
    "moments": "to_datetime",
    "pagination.pager": "Pager",
    "priority": "Priority fairness_key priority",
    "query": "F",
    "request.observer": "Observer",
    "response": "Response",
    "sync.errors": "TargetError",
}
_MODULES = ("codec", "errors", "fields", "models", "scheduler", "simulator", "sync", "transport")
__getattr__, __all__ = lazily(__name__, _NAMES, _MODULES)


def __dir__() -> list[str]:
    return [*__all__, *_MODULES]
