"""What several integrations take, checked when it is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from intercom_async.config import shown
from intercom_async.errors import ConfigError


def check_streams(streams: object) -> tuple[str, ...] | None:
    """Return the names of streams; None for all.

    Raises:
        ConfigError: They are no list of names.
    """
    if streams is None:
        return None
    told = shown(streams)
    if isinstance(streams, Iterable) and not isinstance(streams, str | bytes | type):
        names = tuple(cast("Iterable[object]", streams))
        if all(isinstance(name, str) for name in names):
            return cast("tuple[str, ...]", names)
    raise ConfigError(f"streams must be a list of names, not {told}")
