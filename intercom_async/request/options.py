"""The options of one call, checked when they are set."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from intercom_async.config import (
    DEFAULT_VERSION,
    check_headers,
    check_seconds,
    check_version,
    shown,
)
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority


class CallOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options that a client sends its calls with; `Intercom.with_options` changes them.

    Raises:
        ConfigError: An option has a value that cannot work.
    """

    priority: Priority | None = None
    """Lane of the call; None takes the priority of the context, else NORMAL."""
    max_wait_s: float | None = None
    """Refuse a call that would wait longer than this in the scheduler; None never refuses."""
    timeout_s: float = 60.0
    """Time for one attempt, from connecting to the last byte."""
    deadline_s: float | None = None
    """Time for the whole call, waiting and retries included."""
    version: str = DEFAULT_VERSION
    """API version, sent as Intercom-Version."""
    headers: Mapping[str, str] = {}
    """Headers to send beside the package's own."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_seconds("max_wait_s", self.max_wait_s)
        check_seconds("deadline_s", self.deadline_s)
        if not check_seconds("timeout_s", self.timeout_s):
            raise ConfigError("timeout_s must be more than 0 seconds")
        msgspec.structs.force_setattr(self, "version", check_version(self.version))
        check_headers(self.headers)
        if self.priority is not None and not isinstance(self.priority, Priority):
            raise ConfigError(
                f"priority must be a Priority, such as Priority.BULK, not {shown(self.priority)}"
            )
