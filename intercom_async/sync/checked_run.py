"""Checks all that a run is told, before its target is opened and before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from intercom_async.client import Intercom
from .attachment_folder import check_has_files, check_is_apart
from .builtin_streams import STREAMS
from .report import Progress
from .run_options import RunOptions, check_client, check_hooks, check_options, check_sink
from .sinks.base import Sink
from .streams import resolve


def checked_run(
    intercom: Intercom,
    sink: Sink,
    on_progress: Callable[[Progress], object] | None,
    stop: anyio.Event | None,
    **options: Any,
) -> RunOptions:
    """Return the options of a run.

    Args:
        intercom: The client.
        sink: The target.
        on_progress: What is told of progress.
        stop: What stops the run.
        options: As `check_options` takes them.

    Raises:
        SyncConfigError: One is of a wrong type or is invalid; the message names it.
    """
    check_client(intercom)
    check_sink(sink)
    check_hooks(on_progress, stop)
    checked = check_options(**options)
    check_is_apart(checked.attachments, sink)
    if checked.streams is not None:
        check_has_files(resolve(checked.streams, STREAMS), checked.attachments)
    return checked
