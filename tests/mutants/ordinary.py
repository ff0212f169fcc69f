"""Runs the ordinary test that a mutant names, with the defect put back."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

import tests
from .child import call_with
from .mutant import Mutant

ROOT = Path(tests.__file__).parent.parent


def fails_under(mutant: Mutant | None, test: str) -> bool:
    """Say whether a test fails while a defect is put back; without a mutant, in the source."""
    return call_with(mutant, partial(_outcome, test)) == "failed"


def _outcome(test: str) -> str:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    # The package is imported already, and cannot be rewritten for its assertions.
    options = ("--assert=plain", "-p", "no:cacheprovider", "-x", "-q")
    status = pytest.main([f"--rootdir={ROOT}", *options, str(ROOT / test)])
    return {pytest.ExitCode.OK: "passed", pytest.ExitCode.TESTS_FAILED: "failed"}.get(
        pytest.ExitCode(status), "not run"
    )
