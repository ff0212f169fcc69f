"""How a running simulator stands: what a live line or another program shows."""

from __future__ import annotations

import msgspec


class AppStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where one app stands in the window of this moment."""

    name: str
    token: str
    limit: int
    remaining: int
    reset_at: float
    """End of the window, UNIX seconds on the simulator's clock."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the start or the last reset, and the limits now."""

    url: str
    token: str
    now: float
    requests: int
    statuses: dict[str, int]
    """Answers by status."""
    apps: tuple[AppStatus, ...]
    workspace_limit: int
    workspace_used: int
    faults_struck: int
