"""A temporary folder of one process; what processes that were killed have left is removed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from .disk import PRIVATE_FILE
from .files import LOCK_NAME

PREFIX = "intercom-async-"


class Spool:
    """A folder that only its owner can enter, for as long as this process holds its lock."""

    def __init__(self) -> None:
        root = Path(tempfile.gettempdir())
        for left in root.glob(f"{PREFIX}*/{LOCK_NAME}"):
            # Rows are personal data: they do not outlive the next run here.
            descriptor = _locked(left)
            if descriptor is not None:
                shutil.rmtree(left.parent, ignore_errors=True)
                os.close(descriptor)
        # It gets its name once it is locked: before, it would be taken for a dead process' one.
        made = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
        (made / LOCK_NAME).touch(mode=PRIVATE_FILE)
        self._descriptor = _locked(made / LOCK_NAME)
        self.path: Path = made.rename(root / made.name.removeprefix("new-"))

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _locked(path: Path) -> int | None:
    """Lock a file and return its descriptor; None if another process has it, or has no locks."""
    try:
        import fcntl  # noqa: PLC0415 (there is none on Windows, and nothing is removed there)
    except ImportError:
        return None
    descriptor: int | None = None
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return descriptor
    if descriptor is not None:
        os.close(descriptor)
    return None
