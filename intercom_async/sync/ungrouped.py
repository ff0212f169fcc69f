"""Errors of tasks side by side, raised as they are and not in a group."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from intercom_async.errors import IntercomError, first_error


@contextmanager
def ungrouped() -> Generator[None]:
    """Raise the first error of a group that the block raises; the group is its cause.

    What went wrong first has made the rest of the tasks fail as well. An error of this package goes
    before one of a stream or a hook of the user's own.
    """
    try:
        yield
    except ExceptionGroup as group:
        own = first_error(group, IntercomError) or first_error(group, Exception)
        raise own or group from group
