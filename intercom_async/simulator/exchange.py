"""A request that the backend has received, until it is answered."""

from __future__ import annotations

import dataclasses

from .errors import ApiError
from .faults import Fault
from .limits.apps import App
from .limits.windows import RateLimitStatus
from .messages import Request


@dataclasses.dataclass(slots=True)
class Exchange:
    """A request that was received, and what is known of its response."""

    request: Request
    request_id: str
    delay_s: float = 0.0
    """Seconds until the work is done."""
    app: App | None = None
    rate_limit: RateLimitStatus | None = None
    """None where the request has no valid token: such responses have no rate-limit headers."""
    error: ApiError | None = None
    """Why the request is not served."""
    fault: Fault | None = None
    version: str | None = None
    """The version that it was served in."""
    received_at: float = 0.0
    """UNIX seconds on the simulator's clock."""
