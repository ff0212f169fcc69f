"""How much is tried: what a developer waits for, or, in the profile `thorough`, what chaos does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
"""Whether `nox -s chaos` runs the tests."""


def some_of(cases: Iterable[T], quick: Iterable[T]) -> list[T]:
    """Return all cases of a test where there is time for them, else the quick ones."""
    known, chosen = list(cases), list(quick)
    assert all(each in known for each in chosen)
    return known if IS_THOROUGH else chosen
