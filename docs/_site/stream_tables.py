"""The streams of the sync: how they are read, and their columns."""

from __future__ import annotations

import msgspec

from intercom_async.sync.builtin_streams import STREAMS
from intercom_async.sync.streams import Children, Ranged, Stream


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
    """Return the columns of each stream."""
    lines: list[str] = []
    for stream in STREAMS:
        if stream.model is not None:
            names = [f"`{each.encode_name}`" for each in msgspec.structs.fields(stream.model)]
            lines += [f"### {stream.name}", "", ", ".join(names), ""]
    return "\n".join(lines)
