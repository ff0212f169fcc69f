"""Errors of the system and of libraries, as one line that names the target and what to do.

A library's own words may quote a row, so only its error's class is named; the system's words name
files at most.
"""

from __future__ import annotations

import errno
import zlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from intercom_async.errors import IntercomError
from intercom_async.sync.errors import TargetError

KEPT = "nothing that was committed is lost"
"""The end of each such message: the next run resumes."""
_ADVICE = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within the quota",
    errno.EACCES: "give this user the right to read and write there",
    errno.EPERM: "give this user the right to read and write there",
    errno.EROFS: "mount it for writing, or choose another target",
    errno.EIO: "check the disk, then run with --verify",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the system's limit of open files",
    errno.ESTALE: "mount the network share again",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.EEXIST: "move away what is there and is no folder",
    errno.ELOOP: "correct the link, which leads in a circle",
    errno.EISDIR: "move the folder away that has the file's name",
    errno.ENOTDIR: "move the file away that has the folder's name",
    errno.ENOLCK: "mount it with locks, or choose another target",
    errno.EOPNOTSUPP: "mount it with locks, or choose another target",
}
"""What to do about what the system says, by its number."""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, EOFError, zlib.error)
"""What reading bytes raises that are not as they were written."""


class UnexpectedFailureError(TargetError):
    """A sink has raised what nobody expected: a defect of this package, or of a library."""


@contextmanager
def failures_as_target_errors(where: str, *, names_files: bool = True) -> Generator[None]:
    """Turn whatever is raised in the block into a `TargetError`, unless it is one of ours.

    Args:
        where: What the message calls the target.
        names_files: Whether it may name a file of the target: those of a sync tell nothing of rows.
    """
    try:
        yield
    except IntercomError:
        raise
    except Exception as error:  # noqa: BLE001 (what is not expected is told, too)
        raise failure_of(where, error, names_files=names_files) from origin_of(error)


def failure_of(where: str, error: Exception, *, names_files: bool = True) -> TargetError:
    """Return the error of a target for what the system or a library has raised."""
    reason = _reason(error)
    if reason is not None:
        file = _file_in(where, error) if names_files else ""
        return TargetError(f"{where}: {file}{reason}; {KEPT}")
    return UnexpectedFailureError(
        f"{where}: unexpected {name_of(error)}: run again, and if it comes again, report it "
        f"with what intercom-async --debug shows, put before the command; {KEPT}"
    )


def _reason(error: Exception) -> str | None:
    """Say what went wrong and what to do; None where nobody expected it."""
    if isinstance(error, OSError) and error.errno is not None:
        return with_advice(error)
    name = name_of(error)
    if isinstance(error, MemoryError):
        return f"there is not enough memory for it ({name})"
    # Where bytes are damaged, pyarrow raises its own classes, or `OSError` without a number.
    is_plain = type(error) is OSError
    if is_plain or isinstance(error, _UNREADABLE) or name.startswith("pyarrow."):
        return f"what is stored there cannot be read ({name}): run with --verify, then --repair"
    return None


def with_advice(error: OSError) -> str:
    """Return the words of the system with what to do about them."""
    words = error.strerror or type(error).__name__
    advice = _ADVICE.get(error.errno or 0)
    return words if advice is None else f"{words}: {advice}"


def _file_in(where: str, error: Exception) -> str:
    """Return the file of the target that the system refuses, as a message begins with it."""
    name = error.filename if isinstance(error, OSError) else None
    if not isinstance(name, str):
        return ""
    with suppress(OSError, ValueError):  # it is in another folder
        inside = Path(name).absolute().relative_to(Path(where).absolute())
        return f"{inside}: " if inside.parts else ""
    return ""


def name_of(error: Exception) -> str:
    """Return the class of an error with its library, such as `pyarrow.ArrowInvalid`."""
    kind = type(error)
    library = kind.__module__.partition(".")[0].strip("_")
    return kind.__name__ if library == "builtins" else f"{library}.{kind.__name__}"


def origin_of(error: Exception) -> BaseException:
    """Return the cause for such an error: where it came from, and no words that may quote a row."""
    if isinstance(error, OSError) and error.errno is not None:
        # Another one, as its context may be an error that quotes a row.
        plain = OSError(error.errno, error.strerror, error.filename)
        return plain.with_traceback(error.__traceback__)
    return RuntimeError(name_of(error)).with_traceback(error.__traceback__)


def shown(path: Path) -> str:
    """Return a path for a message: from the folder that the program runs in, if it is there."""
    with suppress(OSError, ValueError):  # that folder is gone, or not above the path
        here = Path.cwd()
        if here != Path(here.anchor):
            return str(path.relative_to(here))
    return str(path)
