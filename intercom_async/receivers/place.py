"""Where a handler of the user failed, for a log line without any value."""

from __future__ import annotations

import traceback
from pathlib import Path

_PACKAGE = str(Path(__file__).parents[1])
FRAMES = 3
"""Frames that a place names at most (test_place.py::test_a_place_begins_in_the_user_s_own_code)."""


def place_of(error: BaseException) -> str:
    """Return the innermost frames of an error, those of the user's own code first.

    An error that this package raised inside a handler began at a line of the handler: that line
    is what its author looks for. Only where no frame is outside the package are its own named.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_PACKAGE)]
    chosen = (own or list(frames))[-FRAMES:]
    return " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in chosen[::-1])
