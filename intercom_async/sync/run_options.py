"""What a sync is told, checked before the target is opened and before anything is sent."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Literal, get_args

import anyio

from intercom_async.client import Intercom
from intercom_async.moments import EARLIEST, to_unix
from .arguments import (
    as_sync_config_errors,
    checked_flag,
    checked_names,
    checked_parts,
    checked_path,
    checked_seconds,
)
from .errors import SyncConfigError
from .report import Progress
from .sinks.base import Departed, Sink
from .streams import Stream

Reconcile = Literal["auto", "now", "never"]
"""When rows that are gone are looked for: as the API and the rate allow, in this run, or never."""
SINK_METHODS = ("open", "begin", "rows", "fields_of", "entries", "commit", "publish", "close")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """The options of `sync`, each as it is used."""

    streams: tuple[str | Stream, ...] | None
    since: int | None
    full: bool
    lookback_s: int
    reconcile: Reconcile
    reconcile_within_s: int
    patience_s: float
    wait_s: float
    repair: bool
    verify: bool
    departed: Departed
    drop_streams: tuple[str, ...]
    attachments: Path | None


def check_client(intercom: object) -> None:
    """Refuse what is no client.

    Raises:
        SyncConfigError: It is something else.
    """
    if not isinstance(intercom, Intercom):
        raise SyncConfigError(f"intercom must be a client, not {type(intercom).__name__}")


def check_streams(streams: Iterable[str | Stream] | None) -> tuple[str | Stream, ...] | None:
    """Return the streams that are wanted.

    Raises:
        SyncConfigError: They are no list of names and streams.
    """
    return None if streams is None else checked_names("streams", streams, (str, Stream))


def check_since(since: datetime | int | None) -> int | None:
    """Return a moment as UNIX seconds.

    Raises:
        SyncConfigError: It is none, has no time zone, is in milliseconds, or before the year 1.
    """
    if since is None:
        return None
    seconds = to_unix("since", since, SyncConfigError)
    if seconds < EARLIEST:
        raise SyncConfigError("since lies before the year 1")
    return seconds


def check_sink(sink: Sink) -> None:
    """Refuse what rows cannot be written to.

    Raises:
        SyncConfigError: It lacks what a sink does.
    """
    checked_parts("sink", sink, "a sink, such as JsonlSink(path)", *SINK_METHODS)


def check_hooks(on_progress: Callable[[Progress], object] | None, stop: anyio.Event | None) -> None:
    """Refuse a function that cannot be called and an event that cannot be waited for.

    Raises:
        SyncConfigError: One of them is something else, or the function is a coroutine's, which
            nothing would await.
    """
    if on_progress is not None and not callable(on_progress):
        raise SyncConfigError(f"on_progress must be a function, not {type(on_progress).__name__}")
    if inspect.iscoroutinefunction(on_progress):
        raise SyncConfigError("on_progress must be a function, not an async one: nothing awaits it")
    if stop is not None:
        checked_parts("stop", stop, "an anyio.Event", "is_set", "set", "wait")


def check_options(  # noqa: PLR0913 (those of `sync`)
    *,
    streams: Iterable[str | Stream] | None,
    lookback_s: float,
    reconcile_within_s: float,
    hard_delete: bool,
    erase_deleted: bool,
    attachments: str | os.PathLike[str] | None,
    since: datetime | int | None = None,
    full: bool = False,
    reconcile: Reconcile = "auto",
    patience_s: float = 0.0,
    wait_s: float = 0.0,
    repair: bool = False,
    verify: bool = False,
    drop_streams: Iterable[str] = (),
) -> RunOptions:
    """Return the options of a sync; those of the end of a sharded run have no default.

    Raises:
        SyncConfigError: One is of a wrong type or is invalid; the message names it.
    """
    for name, flag in (
        ("full", full), ("repair", repair), ("verify", verify),
        ("hard_delete", hard_delete), ("erase_deleted", erase_deleted),
    ):  # fmt: skip
        checked_flag(name, flag)
    if reconcile not in get_args(Reconcile):
        raise SyncConfigError("reconcile must be 'auto', 'now' or 'never'")
    with as_sync_config_errors():
        return RunOptions(
            streams=check_streams(streams),
            since=check_since(since),
            full=full,
            lookback_s=ceil(checked_seconds("lookback_s", lookback_s)),
            reconcile=reconcile,
            reconcile_within_s=ceil(checked_seconds("reconcile_within_s", reconcile_within_s)),
            patience_s=checked_seconds("patience_s", patience_s),
            wait_s=checked_seconds("wait_s", wait_s),
            repair=repair,
            verify=verify,
            departed="drop" if hard_delete else "erase" if erase_deleted else "keep",
            drop_streams=checked_names("drop_streams", drop_streams, (str,)),
            attachments=None if attachments is None else checked_path("attachments", attachments),
        )
