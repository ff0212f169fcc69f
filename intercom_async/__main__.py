"""``python -m intercom_async`` and the ``intercom-async`` command."""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130
"""Exit code of a program ended by SIGINT; `intercom_async.cli.signals` has it, too."""


def main() -> None:
    """Run the command line; without its extra, say how to get it."""
    _open_streams()
    if not sys.warnoptions:
        # At its end Python looks through all that is left, to free what goes with the process: that
        # is most of the processor time that a sync uses after it was asked to stop. What was not
        # closed is warned of by then; who asks for warnings gets them.
        atexit.register(gc.freeze)
    # Imports take some tenths of a second, in which nothing is open that would have to be closed.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    try:
        from intercom_async.cli import run  # noqa: PLC0415 (needs the extra)
    except ModuleNotFoundError as error:
        if error.name not in ("cyclopts", "rich"):
            raise
        sys.exit("the command line needs its extra: pip install 'intercom-async[cli]'")
    sys.exit(run(sys.argv[1:]))


_REFUSING = ("strict", "surrogateescape")
"""Handlers of what an encoding lacks that raise an error; the second is that of the locale C."""


def _open_streams() -> None:
    """Let streams lead nowhere that the program was started without, as by ``>&-``.

    Their numbers would go to what is opened next, and what is printed would end up in it. Letters
    that a stream's encoding lacks, such as that of a Windows pipe or of the locale C, are printed
    as question marks.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in _REFUSING:
            stream.reconfigure(errors="replace")


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once, as a command that was interrupted does."""
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
