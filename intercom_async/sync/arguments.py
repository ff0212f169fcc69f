"""Checks of what `sync`, `plan` and the sinks are given: one kind of error, before all else."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from intercom_async.config import check_count, check_kind, check_seconds, check_text
from intercom_async.errors import ConfigError
from .addresses import instead_of
from .errors import SyncConfigError

T = TypeVar("T")


@contextmanager
def as_sync_config_errors() -> Generator[None]:
    """Raise what a check says as the sync's own error.

    Raises:
        SyncConfigError: A check has failed.
    """
    try:
        yield
    except SyncConfigError:
        raise
    except ConfigError as error:
        raise SyncConfigError(str(error)) from None


def checked_seconds(name: str, value: float) -> float:
    """Return a time span in seconds.

    Raises:
        SyncConfigError: It is no finite number from 0 up.
    """
    with as_sync_config_errors():
        return check_seconds(name, value, may_be_none=False) or 0.0


def checked_flag(name: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises:
        SyncConfigError: It is something else.
    """
    with as_sync_config_errors():
        check_kind(name, value, bool, "True or False")


def checked_count(name: str, value: int) -> None:
    """Refuse what is no whole number above 0.

    Raises:
        SyncConfigError: It is something else.
    """
    with as_sync_config_errors():
        check_count(name, value)


def checked_names(name: str, value: Iterable[T], kinds: tuple[type[Any], ...]) -> tuple[T, ...]:
    """Return the entries of a list of names.

    Raises:
        SyncConfigError: It is no list, a single text, or has an entry of another type.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise SyncConfigError(f"{name} must be a list of names, not {type(value).__name__}")
    entries = tuple(value)
    for entry in entries:
        if not isinstance(entry, kinds):
            raise SyncConfigError(f"{name} must be a list of names, not of {type(entry).__name__}")
    return entries


def checked_parts(name: str, value: T, wanted: str, *methods: str) -> T:
    """Return an object that can do what it is needed for.

    Raises:
        SyncConfigError: It lacks one of the methods.
    """
    if not all(_has(value, method) for method in methods):
        raise SyncConfigError(f"{name} must be {wanted}, not {type(value).__name__}")
    return value


def _has(value: object, method: str) -> bool:
    found: Callable[..., Any] | None = getattr(value, method, None)
    return callable(found) and not isinstance(value, type)


def checked_path(name: str, value: object) -> Path:
    """Return a path from the root, so that it stays where it is if a program changes its folder.

    Raises:
        SyncConfigError: It is neither a text nor a path, or one that no file can have.
    """
    if not isinstance(value, str | os.PathLike):
        raise SyncConfigError(f"{name} must be a path, not {type(value).__name__}")
    text: object = os.fspath(cast("str | os.PathLike[str] | os.PathLike[bytes]", value))
    if not isinstance(text, str):
        raise SyncConfigError(f"{name} must be a path of text, not of {type(text).__name__}")
    if not text.strip() or "\0" in text or not _can_be_a_name(text):
        raise SyncConfigError(
            f"{name} must be a path; it is empty, or has a character that none can have"
        )
    meant = instead_of(text)
    if meant is not None:
        raise SyncConfigError(f"{name} must be the path of a file or a folder: {meant}")
    try:
        return Path(text).absolute()
    except OSError:
        raise SyncConfigError(
            f"{name} must be a path from the root: the folder that the program runs in is gone"
        ) from None


def _can_be_a_name(text: str) -> bool:
    """Say whether the system can write a path; half of a surrogate pair it cannot."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def checked_text(name: str, value: object) -> str:
    """Return a text that is not blank; it may be a secret, so no message shows it.

    Raises:
        SyncConfigError: It is something else.
    """
    with as_sync_config_errors():
        text = check_text(name, cast("str", value))
    if "\0" in text:
        raise SyncConfigError(f"{name} has a byte that no text of the server's has")
    return text


def checked_seam(disk: T, *, inline: object) -> T:
    """Return the file system that a sink works on, and refuse an `inline` that is no flag.

    Raises:
        SyncConfigError: One of them is something else.
    """
    checked_flag("inline", inline)
    return checked_parts("disk", disk, "a file system", "read", "create", "append", "sync")
