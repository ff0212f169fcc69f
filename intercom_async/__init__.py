"""An asyncio client for the Intercom REST API that never pushes the server.

    from intercom_async import F, Intercom

    async with Intercom() as intercom:                    # the token of INTERCOM_TOKEN
        me = await intercom.admins.me()
        async for contact in intercom.contacts.search(F.role == "user"):
            ...

Every request passes one scheduler, which learns the rate limit from the answers. Models are in
`intercom_async.models`, the scheduler by itself in `intercom_async.scheduler`, a local Intercom to
develop against in `intercom_async.simulator`.
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
