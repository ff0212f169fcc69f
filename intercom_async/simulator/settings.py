"""What a simulator is made with."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from .quirks import Quirks, check_sizes

MAX_RECORDS = 16_000_000
"""Six hex digits of an id hold the number of a record."""


MAX_WINDOW_S = 86_400.0
"""Seconds of a window at most: a day."""
MAX_PER_MINUTE = 1_000_000_000_000
"""Calls a minute that a limit is at most: what counts and headers can hold
(`test_control_bodies.py`)."""


MAX_HOST = 253
"""Characters of a name that a server can listen at (RFC 1035, 2.3.4)."""


def check_address(host: object, port: object) -> None:
    """Refuse what nothing can listen at.

    Raises:
        ValueError: The host is no text, or the port no number from 0 to 65535.
    """
    if not isinstance(host, str):
        raise ValueError(f"host must be a text, not {type(host).__name__}")  # noqa: TRY004 (as every other setting)
    if not host.isascii() or not host.isprintable() or " " in host or len(host) > MAX_HOST:
        raise ValueError("host must be a name or an address, in ASCII without spaces")
    if not isinstance(port, int) or isinstance(port, bool):
        raise ValueError(f"port must be a number, not {type(port).__name__}")  # noqa: TRY004 (as every other setting)
    if not 0 <= port < 1 << 16:
        raise ValueError(f"port={port} must be between 0 and 65535")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one workspace and its limits; ValueError where they make no sense."""

    contacts: int = 1_000
    conversations: int = 500
    companies: int = 100
    tickets: int = 100
    seed: int = 7
    """The same seed and counts mean the same data, to the byte."""
    app_per_minute: float = 10_000
    """Limit of each app that is made without its own, calls a minute."""
    workspace_per_minute: float = 25_000
    """Limit of all apps together, calls a minute."""
    window_s: float = 10.0
    """Length of the windows in which both are counted, seconds."""
    latency_s: float = 0.0
    """Seconds added to the time of every answer."""
    version: str = "2.14"
    """Version of requests without an Intercom-Version header."""
    timezone: str = "UTC"
    """Time zone of the workspace: contact search counts its days until 2.16."""
    settle_s: float = 0.0
    """Seconds for which a new contact is not found by its id."""
    index_s: float | None = None
    """Seconds for which a new contact is in no list and no search; None: as `settle_s`."""
    quirks: Quirks = Quirks()
    """Peculiarities that are switched on."""
    remaining: Literal["before", "after"] = "before"
    """Whether X-RateLimit-Remaining counts the answered call (`"after"`) or not (`"before"`)."""

    @classmethod
    def of(cls, **values: Any) -> Settings:
        """Return settings whose types are checked, too.

        Raises:
            ValueError: A value is of another type or makes no sense; names it.
        """
        quirks = values.get("quirks", {})
        # msgspec would take no field of another mapping, or of a class, and say nothing.
        if not isinstance(quirks, Quirks | dict):
            raise ValueError(f"quirks must be Quirks, not {type(quirks).__name__}")  # noqa: TRY004 (as every other setting)
        check_sizes(cls, values)
        try:
            return msgspec.convert(values, cls)
        except (msgspec.ValidationError, UnicodeError) as error:
            # The name first: a long value would leave no room for it.
            what, _, where = str(error).rpartition(" - at `$.")
            named = f"{where.rstrip('`')}: {what}" if what else str(error)
            raise ValueError(named) from None

    def __post_init__(self) -> None:
        """Refuse counts and lengths that make no sense."""
        for name in ("contacts", "conversations", "companies", "tickets"):
            count = getattr(self, name)
            if not 0 <= count <= MAX_RECORDS:
                raise ValueError(f"{name}={count} must be between 0 and {MAX_RECORDS:,}")
        for name in ("app_per_minute", "workspace_per_minute"):
            if not 0 < getattr(self, name) <= MAX_PER_MINUTE:
                raise ValueError(f"{name} must be above 0 and at most {MAX_PER_MINUTE:,}")
        if not 0 < self.window_s <= MAX_WINDOW_S:
            raise ValueError(f"window_s must be above 0 and at most {MAX_WINDOW_S:g}")
        for name in ("latency_s", "settle_s", "index_s"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 <= seconds < math.inf:
                raise ValueError(f"{name}={seconds:g} must not be negative")
