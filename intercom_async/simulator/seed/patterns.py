"""Rows encoded by filling in a pattern, for seeded rows that differ in a few values only.

The pattern of a shape is made of its first row: that row is made and presented like any other, a
gap takes the place of each value that differs from row to row, and what is left is encoded once.
Rows of one shape are equal in everything else, which `test_patterns.py` checks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from intercom_async.simulator.rows import Row, encode_json

MARK = b"\\u0000"
"""How a character that no value of a seeded row has is written in JSON."""


class Gap(NamedTuple):
    """One value of a row that is filled in.

    Attributes:
        form: `%d` for an integer, which may stand in a row as text; `%b` for encoded text without
            its quotes.
        paths: The places of the value, each as keys and indices joined by dots. A place that a
            shape does not have, or that is null there, is left as it is.
    """

    form: bytes
    paths: str


class Pattern(NamedTuple):
    """A row of one shape with its gaps, and which value fills each of them in."""

    text: bytes
    chosen: itemgetter[Any]

    def fill(self, values: Sequence[bytes | int]) -> bytes:
        """Return the row that has these values, one for each `Gap` in order."""
        filled: bytes = self.text % self.chosen(values)
        return filled


class Patterns:
    """The patterns of one kind of row, by shape."""

    def __init__(self, *gaps: Gap) -> None:
        self._gaps = gaps
        self._known: dict[Hashable, Pattern] = {}

    def of(self, shape: Hashable, show: Callable[[], Row]) -> Pattern:
        """Return the pattern of a shape; the first time, of the row that `show` gives as sent."""
        found = self._known.get(shape)
        if found is None:
            found = self._known[shape] = self._make(show())
        return found

    def clear(self) -> None:
        """Forget all patterns, as what the rows show beside their values has changed."""
        self._known.clear()

    def _make(self, shown: Row) -> Pattern:
        """Make a pattern from a row as it is sent, which is changed."""
        for place, gap in enumerate(self._gaps):
            for path in gap.paths.split():
                _mark(shown, path.split("."), place)
        text, *pieces = encode_json(shown).replace(b"%", b"%%").split(MARK)
        places: list[int] = []
        for mark, rest in zip(pieces[::2], pieces[1::2], strict=True):
            place = int(mark.lstrip(b"n"))
            places.append(place)
            if mark.startswith(b"n"):  # a number has no quotes, unlike its mark
                text, rest = text[:-1], rest[1:]  # noqa: PLW2901 (the rest behind its quote)
            text += self._gaps[place].form + rest
        return Pattern(text, itemgetter(*places))


def _mark(shown: Any, steps: Sequence[str], place: int) -> None:
    """Put the number of a gap where a text or an integer stands."""
    for step in steps[:-1]:
        shown = _at(shown, step)
    value, last = _at(shown, steps[-1]), steps[-1]
    if isinstance(value, str):
        shown[last] = f"\0{place}\0"
    elif isinstance(value, int):
        shown[last] = f"\0n{place}\0"


def _at(shown: Any, step: str) -> Any:
    """Return what is at one step of a path; None where nothing is."""
    if isinstance(shown, list):
        rows: list[Any] = shown  # pyright: ignore[reportUnknownVariableType]
        return rows[int(step)] if -len(rows) <= int(step) < len(rows) else None
    return shown.get(step) if isinstance(shown, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
