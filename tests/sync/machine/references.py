"""Promise 5: what a live row refers to is a row or a tombstone, or is counted as dangling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from intercom_async.sync import Report
from .oracles import Violation
from .targets import Record, Rows

REFERENCES: dict[str, dict[str, tuple[str, str]]] = {
    "contacts": {"companies": ("companies", "data"), "tags": ("tags", "data")},
    "companies": {"tags": ("tags", "tags")},
    "conversations": {"contacts": ("contacts", "contacts"), "tags": ("tags", "tags")},
    "tickets": {"contacts": ("contacts", "contacts")},
}
"""By stream and the stream that is referred to: the field, and what it calls its list."""


def uncounted(
    rows: Rows, tombstones: Sequence[Record], report: Report | None, streams: Sequence[str]
) -> Iterator[Violation]:
    """Give the streams of which more references lead nowhere than a report counts.

    Args:
        rows: What the target holds.
        tombstones: Those of it.
        report: What the run says.
        streams: What it has read; what it has left out is not compared.
    """
    told = () if report is None else report.streams
    counted = {one.name: one.dangling for one in told if one.is_complete}
    gone = {str(one.record["id"]) for one in tombstones}
    for stream, references in REFERENCES.items():
        if stream not in counted:
            continue
        lost = {
            f"{to}:{key}"
            for to, (field, name) in references.items()
            if to in counted and to in streams
            for record in rows.get(stream, ())
            if record.is_live
            for key in _keys(record.record, field, name)
        }
        lost -= {f"{to}:{one.key}" for to in references for one in rows.get(to, ())} | gone
        if len(lost) > counted[stream]:
            text = f"{counted[stream]} of {len(lost)} are counted: {', '.join(sorted(lost)[:3])}"
            yield Violation("dangling", stream, "", text)


def _keys(row: dict[str, Any], field: str, name: str) -> Iterator[str]:
    held: Any = row.get(field)
    listed: Any = held.get(name) if isinstance(held, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    for one in cast("Sequence[Any]", listed or ()):
        if isinstance(one, dict) and (key := cast("dict[str, Any]", one).get("id")) is not None:
            yield str(key)
