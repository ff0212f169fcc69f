"""The report of a sync as a file: JSON, or HTML for a name that ends in .html."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from intercom_async.sync import Failure, Report, TargetError
from intercom_async.sync.sinks.disk import OS_DISK
from .sync_page import page
from .sync_pictures import check_pictures
from .sync_recorder import SyncRecorder

HTML = (".html", ".htm")


def recorder_of(path: Path | None) -> SyncRecorder | None:
    """Return what records a run for its report; None where the report needs no record.

    Raises:
        ConfigError: The report is to be HTML, and matplotlib is not installed.
    """
    if path is None or path.suffix.lower() not in HTML:
        return None
    check_pictures()
    return SyncRecorder()


def remove_report(path: Path | None) -> None:
    """Remove the report of an earlier run, so that none is there after a run that fails.

    A link or a device, such as `/dev/stdout`, stays.
    """
    if path is not None and path.is_file() and not path.is_symlink():
        path.unlink()


def write_report(
    path: Path, report: Report, recorder: SyncRecorder | None, accepted: Sequence[Failure] = ()
) -> None:
    """Write the report, for its owner only; with a record of the run as HTML, else as JSON.

    Args:
        path: The file.
        report: The report.
        recorder: The record of the run.
        accepted: Holes that are accepted; the page marks them.

    Raises:
        TargetError: It cannot be written.
    """
    if recorder is None:
        body = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    else:
        body = page(report, recorder, accepted).encode()
    try:
        with OS_DISK.create(path) as file:  # nobody else can read it
            file.write(body)
    except OSError as error:
        raise TargetError(
            f"the report {path} cannot be written: {error.strerror or type(error).__name__}; what "
            "was synced is in the target"
        ) from None
