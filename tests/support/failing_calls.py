"""A library, a connection or a file system that raises at a call of one's choice."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Collection
from importlib import import_module
from typing import Any, NamedTuple, Self

import pytest

WRAPPED = (
    *("ParquetWriter", "ParquetFile", "CompressedInputStream", "Codec", "DuckDBPyConnection"),
    *("Connection", "Cursor", "ServerCursor", "RawCursor"),
)
"""Classes of libraries whose instances are called at seams, too."""
ERRNOS = (
    *(errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO, errno.EMFILE, errno.ESTALE),
    *(errno.ENAMETOOLONG, errno.EISDIR),
)
"""What a file system says of a call that it refuses."""
QUOTED = "ada@example.com"
"""What a library may quote of a row."""


class Point(NamedTuple):
    """The first call of its name in a phase."""

    phase: str
    call: str


class Plan:
    """Which call raises, and which were made.

    Args:
        point: The call that raises; None for none.
        error: What it raises.
    """

    def __init__(self, point: Point | None = None, error: Exception | None = None) -> None:
        self.phase: str = ""
        self.made: dict[Point, None] = {}
        """The calls that were made, in their order."""
        self.has_raised: bool = False
        self._point = point
        self._error = error

    def step(self, call: str) -> None:
        """Keep a call, and raise if it is the one."""
        point = Point(self.phase, call)
        is_first = point not in self.made
        self.made[point] = None
        if is_first and point == self._point and self._error is not None:
            self.has_raised = True
            raise self._error

    def points(self) -> list[Point]:
        """Return the first call of each name in each phase."""
        return list(self.made)


class Failing:
    """Passes calls on to what it stands before, and raises at one of them.

    Args:
        real: What it stands before.
        plan: Says which call raises.
        name: With what the names of its calls begin.
    """

    _OWN = ("real", "_plan", "_name")

    def __init__(self, real: Any, plan: Plan, name: str) -> None:
        self.real = real
        self._plan = plan
        self._name = name

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._OWN:
            super().__setattr__(name, value)
        else:
            setattr(self.real, name, value)

    def __getattr__(self, name: str) -> Any:
        found: Any = getattr(self.real, name)
        if not callable(found) or _is_error(found):
            return found
        return Failing(found, self._plan, f"{self._name}.{name}")

    def __call__(self, *given: Any, **options: Any) -> Any:
        args = list(map(_looked_into, given))
        if self._name.endswith(".close"):  # what fails to close is closed all the same
            self.real(*args, **options)
            self._plan.step(self._name)
            return None
        self._plan.step(self._name)
        answer = self.real(*args, **options)
        is_wrapped = type(answer).__name__ in WRAPPED or hasattr(answer, "fileno")
        return Failing(answer, self._plan, self._name) if is_wrapped else answer

    def __enter__(self) -> Self:
        self.real.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self.real.__exit__(*error)

    def __iter__(self) -> Any:
        return iter(self.real)


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _looked_into(value: Any) -> Any:
    """Return what a library's C code gets: of some objects, only these themselves will do."""
    is_double = isinstance(value, Failing) and type(value.real).__name__ == "Connection"
    return value.real if is_double else value


def doubled(patch: pytest.MonkeyPatch, module: str, plan: Plan) -> None:
    """Put a double before each library that a module of `sync.sinks` loads."""

    def load(name: str, **_: str) -> Any:
        return Failing(import_module(name), plan, name)

    patch.setattr(f"intercom_async.sync.sinks.{module}.load", load)


def instances(roots: Collection[str], silent: Collection[str] = ()) -> list[Exception]:
    """Return an exception of each class of libraries, and those of Python.

    Args:
        roots: The top-level names of the libraries' modules.
        silent: Names of classes whose own words are told: these, and what inherits from them, get
            none that a row has.
    """
    errors: list[Exception] = []
    for kind in error_classes(*roots):
        is_silent = any(one.__name__ in silent for one in kind.__mro__)
        error = kind.__new__(kind, QUOTED)
        error.args = ("its own words" if is_silent else QUOTED,)
        errors.append(error)
    return [*errors, *errors_of_python()]


def error_classes(*roots: str) -> list[type[Exception]]:
    """Return the exceptions that libraries define, found by walking the modules that are loaded."""
    found: set[type[Exception]] = set()
    for name, module in list(sys.modules.items()):
        if name.split(".")[0].strip("_") in roots:
            for value in list(vars(module).values()):
                if isinstance(value, type) and issubclass(value, Exception):
                    found.add(value)
    own = [one for one in found if one.__module__.split(".")[0].strip("_") in roots]
    return sorted(own, key=lambda one: (one.__module__, one.__qualname__))


def errors_of_python() -> list[Exception]:
    """Return what Python, and libraries written in C++ or Rust, raise of classes of Python's."""
    plain = (
        *(MemoryError, RuntimeError, RecursionError, ValueError, TypeError, KeyError, IndexError),
        *(EOFError, OverflowError, NotImplementedError, AttributeError, AssertionError),
    )
    return [
        *(kind(QUOTED) for kind in plain),
        UnicodeDecodeError("utf-8", QUOTED.encode(), 0, 1, "invalid start byte"),
        UnicodeEncodeError("utf-8", QUOTED, 0, 1, "surrogates not allowed"),
        OSError(f"Corrupt data: {QUOTED}"),
        *(OSError(number, os.strerror(number)) for number in ERRNOS),
    ]
