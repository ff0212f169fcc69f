"""The streams of the sync: how they are read, and their columns."""

from __future__ import annotations

from intercom_async.models._columns import Kind, columns_of
from intercom_async.models._descriptions import descriptions_of
from intercom_async.sync.builtin_streams import STREAMS
from intercom_async.sync.evidence import Tombstone
from intercom_async.sync.streams import Children, Ranged, Stream

TYPES: dict[Kind, str] = {
    "text": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "timestamp": "timestamp (UTC)",
    "json": "JSON",
}


def how(stream: Stream) -> str:
    """Say how a stream is read."""
    source = stream.source
    if isinstance(source, Ranged):
        return f"by time: `{source.partition_field}`, changes by `{source.cursor_field}`"
    if isinstance(source, Children):
        return f"inside `{source.parent}`"
    return "listed"


def streams() -> str:
    """Return the table of the streams."""
    lines = ["| Stream | Read | Key | Model |", "|---|---|---|---|"]
    for stream in STREAMS:
        model = stream.model
        cell = f"[`{model.__name__}`][{model.__module__}.{model.__name__}]" if model else ""
        lines.append(f"| `{stream.name}` | {how(stream)} | `{stream.key}` | {cell} |")
    return "\n".join(lines)


def columns() -> str:
    """Return the columns of each stream, a line for each type."""
    lines: list[str] = []
    for stream in STREAMS:
        if stream.model is not None:
            named: dict[str, list[str]] = {}
            for column in columns_of(stream.model):
                named.setdefault(TYPES[column.kind], []).append(f"`{column.name}`")
            lines += [f"### {stream.name}", ""]
            lines += [f"- **{kind}**: {', '.join(names)}" for kind, names in named.items()]
            lines.append("")
    return "\n".join(lines)


def tombstones() -> str:
    """Return the columns of the table of tombstones, with what each means."""
    about = descriptions_of(Tombstone)
    lines = ["| Column | Type | |", "|---|---|---|"]
    for column in columns_of(Tombstone):
        meaning = about.get(column.name, "")
        lines.append(f"| `{column.name}` | {TYPES[column.kind]} | {meaning} |")
    return "\n".join(lines)
