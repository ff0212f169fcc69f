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
    webhooks canvas oauth identity workspaces        what Intercom sends, and many workspaces
    sync                       whole workspaces into files and databases
    simulator                  a local Intercom, which imports nothing of the client
    integrations               pytest plugin, web frameworks, MCP
    cli                        one command a file

`docs/how-it-works.md` follows a request, a list, a sync and a rate-limit window through it.
"""

from intercom_async._version import __version__
from intercom_async.client import Intercom
from intercom_async.config import Limits, RetryPolicy
from intercom_async.errors import (
    BadRequestError,
    ClosedError,
    ConfigError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    DeadlineError,
    DecodeError,
    ForbiddenError,
    GoneError,
    IntercomError,
    JobError,
    NotFoundError,
    OAuthError,
    PaginationError,
    QueryError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseError,
    ServerError,
    SignatureError,
    StateError,
    TransportError,
    UnauthorizedError,
    UnprocessableError,
    WaitTooLongError,
)
from intercom_async.models import Page
from intercom_async.pagination.pager import Pager
from intercom_async.priority import Priority, fairness_key, priority
from intercom_async.query import F
from intercom_async.response import Response

__all__ = [
    "BadRequestError",
    "ClosedError",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "DeadlineError",
    "DecodeError",
    "F",
    "ForbiddenError",
    "GoneError",
    "Intercom",
    "IntercomError",
    "JobError",
    "Limits",
    "NotFoundError",
    "OAuthError",
    "Page",
    "Pager",
    "PaginationError",
    "Priority",
    "QueryError",
    "RateLimitedError",
    "RequestTimeoutError",
    "Response",
    "ResponseError",
    "RetryPolicy",
    "ServerError",
    "SignatureError",
    "StateError",
    "TransportError",
    "UnauthorizedError",
    "UnprocessableError",
    "WaitTooLongError",
    "__version__",
    "fairness_key",
    "priority",
]
