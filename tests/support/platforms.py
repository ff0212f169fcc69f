"""Marks of tests that only some platforms can run; each skip says why."""

from __future__ import annotations

import sys

import pytest

posix_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGKILL, and SIGINT ends whole groups there"
)
posix_shell = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX shell")
