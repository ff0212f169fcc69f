"""One test for many values, where setting up a test for each would cost more than running it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, TypeVarTuple, overload

import pytest

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Test = Callable[[Callable[..., None]], Callable[[], None]]
"""What makes one test of a function that tests a value."""


@overload
def for_each(values: Iterable[tuple[*Ts]], label: Callable[[*Ts], str]) -> Test: ...


@overload
def for_each(values: Iterable[T], label: Callable[[T], str]) -> Test: ...


def for_each(values: Iterable[Any], label: Callable[..., str]) -> Test:
    """Run a test's function for every value; all that fail are reported, each with its label.

    Args:
        values: What the function is called with; a tuple is several arguments.
        label: Names a value, given as the function is.
    """
    cases: list[tuple[Any, ...]] = [value if type(value) is tuple else (value,) for value in values]

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        def run() -> None:
            failures: list[BaseException] = []
            for case in cases:
                try:
                    test(*case)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 (reported below)
                    error.add_note(f"for {label(*case)}")
                    failures.append(error)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(cases)} values fail", failures)

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        run.__module__, run.__qualname__ = test.__module__, test.__qualname__
        return run

    return decorate


def name_of(model: Any) -> str:
    """Return the name of a class, as a label."""
    return str(model.__name__)
