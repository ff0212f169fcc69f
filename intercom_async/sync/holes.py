"""What is missing from a target, by name, until a read or evidence fills it.

A hole covers whatever the target may lack or hold wrongly. It is kept in the target's state, so
each later run names it too and tries again; only a successful read, or evidence that the thing is
gone, removes it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

HoleKind = Literal["stream", "span", "record", "parent", "list", "suspect", "unseeded", "sweep"]
"""What a hole covers.

- ``stream``: all of it: the server refuses it;
- ``span``: rows with `field` from `low` up to and including `high`;
- ``record``: one row, by its key;
- ``parent``: the children of one row;
- ``list``: a list whose pages do not agree, or that is empty where rows were;
- ``suspect``: a row that may be gone: what is known of it disagrees;
- ``unseeded``: rows that changed before `high`, left out by ``since``;
- ``sweep``: rows that may have gone since `low`: the last sweep is too old.
"""


class Hole(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Something that the target may lack, or hold wrongly."""

    kind: HoleKind
    key: str | None = None
    """Id of the record, parent or suspect."""
    field: str | None = None
    low: int | None = None
    high: int | None = None
    slack: int = 0
    """Seconds before `low` and after `high` that belong to it, too: where the server compares days,
    it is not known whose days they are."""
    reason: str = ""
    since: int = 0
    """When it was found, UNIX seconds of the server."""
    tries: int = 1

    @property
    def place(self) -> tuple[str, str | None, str | None, int | None, int | None]:
        """What it covers: two holes of one place are the same."""
        return (self.kind, self.key, self.field, self.low, self.high)

    @property
    def what(self) -> str:
        """Name what it covers, for people."""
        if self.kind == "span":
            low, high = (self.low or 0) - self.slack, (self.high or 0) + self.slack
            return f"{self.field} from {low} to {high}"
        if self.key is not None:
            return self.key
        return {
            "stream": "all of it",
            "list": "the list",
            "unseeded": f"rows last changed before {self.high}",
            "sweep": f"rows that have gone since {self.low}",
        }.get(self.kind, self.kind)


def add(holes: list[Hole], found: Hole) -> None:
    """Note a hole; one that is known keeps the moment it was found and counts the try."""
    for number, hole in enumerate(holes):
        if hole.place == found.place:
            holes[number] = msgspec.structs.replace(
                hole, tries=hole.tries + 1, reason=found.reason or hole.reason
            )
            return
    holes.append(found)


def remove(holes: list[Hole], filled: Hole) -> None:
    """Remove a hole that a read or evidence has filled."""
    holes[:] = [hole for hole in holes if hole.place != filled.place]
