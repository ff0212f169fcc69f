from . import (
    codec as codec,
    errors as errors,
    fields as fields,
    models as models,
    scheduler as scheduler,
    simulator as simulator,
    sync as sync,
    transport as transport,
)
from ._version import __version__ as __version__
from .client import Intercom as Intercom
from .config import Limits as Limits, RetryPolicy as RetryPolicy
from .errors import (
    BadRequestError as BadRequestError,
    ClosedError as ClosedError,
    ConfigError as ConfigError,
    ConflictError as ConflictError,
    ConnectError as ConnectError,
    ConnectionLostError as ConnectionLostError,
    DeadlineError as DeadlineError,
    DecodeError as DecodeError,
    ForbiddenError as ForbiddenError,
    GoneError as GoneError,
    IntercomError as IntercomError,
    JobError as JobError,
    NotFoundError as NotFoundError,
    OAuthError as OAuthError,
    PaginationError as PaginationError,
    QueryError as QueryError,
    RateLimitedError as RateLimitedError,
    RequestTimeoutError as RequestTimeoutError,
    ResponseError as ResponseError,
    ServerError as ServerError,
    SignatureError as SignatureError,
    StateError as StateError,
    TransportError as TransportError,
    UnauthorizedError as UnauthorizedError,
    UnprocessableError as UnprocessableError,
    WaitTooLongError as WaitTooLongError,
)
from .models import Page as Page
from .moments import to_datetime as to_datetime
from .pagination.pager import Pager as Pager
from .priority import Priority as Priority, fairness_key as fairness_key, priority as priority
from .query import F as F
from .request.observer import Observer as Observer
from .response import Response as Response
from .sync.errors import TargetError as TargetError

__all__: list[str]
