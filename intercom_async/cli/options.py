"""Types of options shared by commands; a wrong value is rejected before anything is sent."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter, Token
from cyclopts.validators import Number

from intercom_async.errors import ConfigError
from intercom_async.sync.addresses import instead_of

MAX_COUNT = 10**12
"""Largest number that an option takes
(test_options.py::test_a_wrong_value_is_refused_on_one_line_before_anything_happens)."""


def _whole(_: Any, tokens: Sequence[Token]) -> int:
    """Parse a whole number; cyclopts itself would round a fraction."""
    text = tokens[0].value.strip()
    if not re.fullmatch(r"[+-]?[0-9][0-9_]*", text):
        raise ValueError(f'Invalid value "{text}": not a whole number.')
    return int(text)


def _path(_: Any, tokens: Sequence[Token]) -> Path:
    """Parse a path; an empty text, such as of a variable that is not set, would be this folder."""
    text = tokens[0].value
    if not text.strip():
        raise ValueError(f'Invalid value "{text}": a path is needed.')
    meant = instead_of(text)
    if meant is not None:
        raise ValueError(f"a path is needed, not an address: {meant}.")
    return Path(text)


def _finite(_: Any, value: Any) -> None:
    """Reject infinity and NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("Must be a finite number.")


def whole(*, least: int, most: int) -> Parameter:
    """Return the parameter of an option that takes a whole number."""
    return Parameter(converter=_whole, validator=Number(gte=least, lte=most))


Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
"""A switch that is off by default."""
Many = Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())]
Place = Annotated[Path, Parameter(converter=_path)]
"""The path of a file or a folder."""
Port = Annotated[int, whole(least=0, most=65_535)]
"""A TCP port; 0 for a free one."""
Count = Annotated[int, whole(least=0, most=MAX_COUNT)]
Seed = Annotated[int, whole(least=-(2**63), most=2**63 - 1)]
Seconds = Annotated[float, Parameter(validator=(Number(gte=0, lte=MAX_COUNT), _finite))]
"""A time span in seconds, or in milliseconds if the option's name says so."""


def check_address(option: str, text: str) -> None:
    """Check that a text is the URL of a web server.

    Raises:
        ConfigError: It is none.
    """
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise ConfigError(f"{option} takes an address such as http://localhost:8000/intercom")


def check_new_file(option: str, path: Path | None) -> None:
    """Check that a file can be created at a path.

    Raises:
        ConfigError: Its folder is not there, or it is a folder itself, or this user may not write.
    """
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        raise ConfigError(f"{option}: no file can be written to {path}")
    # A file is replaced, which its folder has to allow; a device is written to.
    place = path if path.exists() and not path.is_file() else path.parent
    if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ConfigError(
            f"{option}: no file can be written to {path}: give this user the right to write to "
            f"{place}, or choose another path"
        )


def check_folder(option: str, path: Path | None) -> None:
    """Check that a path is a folder, or that one can be created there.

    Raises:
        ConfigError: The folder it is to be in is not there, or it is a file.
    """
    if path is not None and not path.is_dir() and (path.exists() or not path.parent.is_dir()):
        raise ConfigError(f"{option}: no folder can be made at {path}")
