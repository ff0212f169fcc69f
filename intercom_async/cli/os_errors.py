"""What the system refuses, as one line that names the file or the stream and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from intercom_async.sync.sinks.failures import with_advice

STDOUT = "stdout"


@contextmanager
def naming(file: str | Path) -> Generator[None]:
    """Let what the system refuses in the block name a file or a stream: a write names none.

    Raises:
        BrokenPipeError: The reader of a stream has gone.
        OSError: It refuses something else.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None:
            error.filename = os.fspath(file)
        raise


def words_of(error: OSError) -> str:
    """Say on one line what the system refuses, and what to do."""
    if error.errno is None or not error.strerror:
        return " ".join(str(error).split()) or type(error).__name__
    file: object = error.filename
    if file is None:
        return with_advice(error)
    what = "stdout cannot be written" if file == STDOUT else str(file)
    advice = ": correct the path" if error.errno == errno.ENOENT else ""
    return f"{what}: {with_advice(error)}{advice}"
