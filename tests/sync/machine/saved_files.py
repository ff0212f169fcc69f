"""What the files that a sync has saved are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .claims import PARENTS, Named
from .files import body_of
from .oracles import Violation
from .targets import Record, Rows


def whole(
    folder: Path, rows: Rows, streams: tuple[str, ...], claims: Named, cap: int
) -> Iterator[Violation]:
    """Each file of a live part is there as it is, or its conversation is named.

    What no answer gives any longer, as it holds the newest `cap` parts, has no link to be fetched.
    """
    for stream in streams:
        parent_stream = PARENTS.get(stream)
        if parent_stream is None or parent_stream not in streams:
            continue
        field = parent_stream.removesuffix("s") + "_id"
        live = {one.key for one in rows.get(parent_stream, ()) if one.is_live}
        given: dict[str, list[Record]] = {}
        for row in sorted(rows.get(stream, ()), key=lambda row: int(row.record["id"])):
            if row.is_live:
                given.setdefault(str(row.record[field]), []).append(row)
        newest = [(parent, row) for parent in given.keys() & live for row in given[parent][-cap:]]
        for parent, row in newest:
            for number, file in enumerate(row.record.get("attachments") or (), 1):
                path = (
                    folder / parent_stream / parent / f"{row.record['id']}-{number}-{file['name']}"
                )
                problem = _problem(path, file["name"])
                if problem and not claims.covers(stream, parent, []):
                    yield Violation("file", stream, parent, f"{path.name}: {problem}")


def _problem(path: Path, name: str) -> str:
    if not path.exists():
        return "it is not there"
    return "" if path.read_bytes() == body_of(name) else "it holds something else"


def outlived(folder: Path, rows: Rows, streams: tuple[str, ...]) -> Iterator[Violation]:
    """No file is left of what is gone, where rows that are gone are removed or blanked."""
    for stream in streams:
        parent_stream = PARENTS.get(stream)
        if parent_stream is None or not (folder / parent_stream).exists():
            continue
        live = {one.key for one in rows.get(parent_stream, ()) if one.is_live}
        for each in (folder / parent_stream).iterdir():
            if each.is_dir() and each.name not in live and any(each.iterdir()):
                yield Violation("file outlives", stream, each.name)
