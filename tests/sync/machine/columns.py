"""The columns of a target say what its records say, whatever the rows before them were like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from .oracles import Violation
from .targets import Record, Rows

OWN = ("record", "raw", "_synced_at", "_deleted_at", "_digest", "_run")
TEXTS = ("VARCHAR", "JSON")
FITTING: dict[str, tuple[type, ...]] = {
    "BIGINT": (int,),
    "DOUBLE": (int, float),
    "BOOLEAN": (bool,),
}
LARGEST = 2**63


def agreeing(rows: Rows) -> Iterator[Violation]:
    """Each field of a live row has a column, which holds it where its type can."""
    for stream, records in rows.items():
        for record in records:
            if record.is_live and record.columns:
                yield from _differences(stream, record)


def _differences(stream: str, record: Record) -> Iterator[Violation]:
    taken = {name.lower() for name in OWN}
    for field, value in record.record.items():
        if field.lower() in taken:
            continue
        taken.add(field.lower())
        if field not in record.columns:
            if value is not None and not _has_twin(field, record):
                yield Violation("column", stream, record.key, f"{field} has none")
            continue
        held, kind = record.columns[field]
        if not _agrees(value, held, kind):
            yield Violation("column", stream, record.key, f"{field}: {value!r} became {held!r}")


def _has_twin(field: str, record: Record) -> bool:
    """Say whether a column of another field has the name but for its case."""
    return any(name.lower() == field.lower() for name in record.columns)


def _agrees(value: Any, held: Any, kind: str) -> bool:
    if value is None:
        return held is None
    if kind in TEXTS:
        return held is not None and _is_text_of(str(held), value)
    fits = isinstance(value, FITTING.get(kind, ())) and (kind == "BOOLEAN" or value is not True)
    fits = fits and (kind == "BOOLEAN" or (value is not False and abs(value) < LARGEST))
    # What is of another type may become what a column makes of it, or nothing.
    return not fits or held == value


def _is_text_of(text: str, value: Any) -> bool:
    if text == value:
        return True
    try:
        return bool(msgspec.json.decode(text) == value)
    except msgspec.DecodeError:
        return False
