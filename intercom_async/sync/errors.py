"""What a bulk sync raises on purpose, beside what its calls raise."""

from __future__ import annotations

from intercom_async.errors import IntercomError


class SyncError(IntercomError):
    """A sync that cannot begin, or cannot go on."""


class TargetError(SyncError):
    """The target cannot be written to, is not this sync's, or is damaged.

    Nothing of it was changed by the attempt, beyond what had been committed before.
    """


class BusyTargetError(TargetError):
    """Another process holds the target."""
