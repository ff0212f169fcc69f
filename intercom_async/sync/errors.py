"""What a bulk sync raises on purpose, beside what its calls raise."""

from __future__ import annotations

import msgspec

from intercom_async.errors import ConfigError, IntercomError

UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What decoding raises of bytes that are no JSON of the wanted form."""


class SyncError(IntercomError):
    """A sync that cannot begin, or cannot go on."""


class SyncConfigError(SyncError, ConfigError):
    """An invalid argument of `sync`, `plan`, a stream or a sink; the message names it.

    Nothing was opened and nothing was sent, except where only the server or the target can tell: a
    `since` in the server's future, streams that the target has and this program does not.
    """


class TargetError(SyncError):
    """The target cannot be written to, is not this sync's, or is damaged.

    Nothing of it was changed by the attempt, beyond what had been committed before.
    """


class BusyTargetError(TargetError):
    """Another process holds the target."""


class ShardRunError(SyncError):
    """A sharded run that is over or was replaced, or of which shards are not read yet."""
