"""What each queue reads as the times at which a task begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal

Parser = Literal["croniter", "pycron"]
"""The package that a queue reads its times with, and depends on: procrastinate's, taskiq's."""

_FIELDS = re.compile(r"[0-9*/,-]+( [0-9*/,-]+){4}")
"""Five fields with one space between them. pycron parts them so, and takes a field that it cannot
read for one that never comes."""


def is_cron(text: str, parser: Parser) -> bool:
    """Say whether a queue can read a text as times."""
    return _is_of_croniter(text) if parser == "croniter" else _is_of_pycron(text)


def _is_of_croniter(text: str) -> bool:
    from croniter import croniter  # noqa: PLC0415 (procrastinate's)

    return bool(croniter.is_valid(text))


def _is_of_pycron(text: str) -> bool:
    import pycron  # noqa: PLC0415 (taskiq's)  # pyright: ignore[reportMissingTypeStubs]

    if not _FIELDS.fullmatch(text):
        return False
    try:
        pycron.is_now(text, datetime(2026, 1, 1, tzinfo=UTC))
    except (ValueError, ZeroDivisionError):
        return False
    return True
