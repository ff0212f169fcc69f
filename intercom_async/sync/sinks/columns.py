"""The columns of a stream's table: its key, its model's fields, fields seen since, and our own.

A field gets the column of its name; where two names differ in case only, or one is taken by a
column of ours, a number is put behind. The whole row stands in ``record``, so nothing that the API
sends is lost, whatever its columns hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from intercom_async.models._columns import Kind, columns_of
from intercom_async.sync.errors import UNREADABLE
from intercom_async.sync.raw_rows import top_level
from .base import Table

RECORD, DIGEST = "record", "_digest"
SYNCED_AT, DELETED_AT = "_synced_at", "_deleted_at"
OWN = (RECORD, SYNCED_AT, DELETED_AT, DIGEST)
"""Columns of ours: the row, when its content came, when it was found gone, 64 bits of content."""
OLDER = ("_run",)
"""A column that an earlier version made."""
MAX_EXTRA = 256
"""Columns beyond the model's; further fields stand in ``record`` only
(test_generations.py::test_a_strange_row_is_a_row)."""

STRANGE = re.compile(r'["\\\x00-\x1f]')
"""What no field of a struct can have in its name."""
_NOTHING = msgspec.Raw(b"")
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class TableColumn(NamedTuple):
    """A column, with the field it is filled from."""

    name: str
    field: str
    kind: Kind


class TableColumns:
    """The columns of a table, which grow as rows bring fields that are new.

    Args:
        table: The table.
        extra: Fields beyond the model's, in the order in which they came.
        own: Columns of ours, whose names no field can have.
    """

    def __init__(
        self, table: Table, extra: Iterable[str] = (), *, own: Iterable[str] = OWN
    ) -> None:
        self._taken = {name.lower() for name in (*own, *OLDER)}
        self._fields: set[str] = set()
        self.all: list[TableColumn] = []
        self.extra: list[str] = []
        """Fields beyond the model's that have columns."""
        self._decoder: msgspec.json.Decoder[Any] | None = None
        self._add(table.key, "text")
        if table.parent_field is not None:
            self._add(table.parent_field, "text")
        for column in () if table.model is None else columns_of(table.model):
            self._add(column.name, column.kind)
        if table.version_field is not None and (table.parent_field or table.model is None):
            # Which rows are older is read of it, also where no model has it.
            self._add(table.version_field, "timestamp")
        self.grow(extra)

    def named(self, field: str | None) -> str | None:
        """Return the column of a field; None if it has none."""
        return next((column.name for column in self.all if column.field == field), None)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The field and the kind of each column."""
        return [(column.field, column.kind) for column in self.all]

    def grow(self, fields: Iterable[str]) -> list[TableColumn]:
        """Add a column for each field that has none; return those that were added."""
        added: list[TableColumn] = []
        for field in fields:
            if field not in self._fields and len(self.extra) < MAX_EXTRA:
                self.extra.append(field)
                added.append(self._add(field, "json"))
            self._fields.add(field)
            self._decoder = None
        return added

    @property
    def known(self) -> list[str] | None:
        """Fields that have a column, or will never have one; None of a table that takes no more."""
        return None if len(self.extra) >= MAX_EXTRA else sorted(self._fields)

    def unknown(self, bodies: Sequence[bytes]) -> set[str]:
        """Return the fields of some rows that have no column, and may get one."""
        return self._unknown(bodies) if self._together(bodies) is None else set()

    def unknown_and_repeated(self, bodies: Sequence[bytes]) -> tuple[set[str], dict[int, bytes]]:
        """Return what `unknown` does, and the rows that have a field twice.

        Those by their place, with the last value of each field. What is read of a row and written
        again is shorter where a value took another's place.
        """
        together = self._together(bodies)
        if together is None:
            return self._unknown(bodies), self._repeated(bodies)
        page, rows = together
        is_whole = len(msgspec.json.encode(rows)) == len(page)
        return set(), {} if is_whole else self._repeated(bodies)

    def _together(self, bodies: Sequence[bytes]) -> tuple[bytes, Any] | None:
        """Return some rows as one text, and as what is read of it; None if a field is unknown.

        It takes half of what they cost one by one.
        """
        if self._decoder is None:
            self._decoder = self._known_only()
        if self._decoder is not None:
            page = b"[%b]" % b",".join(bodies)
            with suppress(*UNREADABLE):
                return page, self._decoder.decode(page)
        return None

    def _unknown(self, bodies: Iterable[bytes]) -> set[str]:
        found: set[str] = set()
        for body in bodies:
            try:
                found.update(_KEYS.decode(body))
            except UNREADABLE:
                # Too deep for a decoder; the whole of it stands in the record.
                found.update(name for name, _ in top_level(body))
        return found - self._fields

    def _repeated(self, bodies: Iterable[bytes]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for place, body in enumerate(bodies):
            with suppress(*UNREADABLE):  # too deep for a decoder
                once = msgspec.json.encode(_KEYS.decode(body))
                # Without the spaces of either, as a value keeps those that it came with.
                lengths = [len(msgspec.json.format(text, indent=-1)) for text in (once, body)]
                if lengths[0] < lengths[1]:
                    found[place] = once
        return found

    def _known_only(self) -> msgspec.json.Decoder[Any] | None:
        """Return what reads rows, and refuses those with other fields; None if nothing can."""
        if any(map(STRANGE.search, self._fields)):
            return None
        listed: list[Any] = [
            (f"f{number}", msgspec.Raw, msgspec.field(default=_NOTHING, name=name))
            for number, name in enumerate(sorted(self._fields))
        ]
        row: Any = msgspec.defstruct(
            "Known", listed, forbid_unknown_fields=True, omit_defaults=True, gc=False
        )
        return msgspec.json.Decoder(list[row])

    def _add(self, field: str, kind: Kind) -> TableColumn:
        for known in self.all:
            if known.field == field:
                return known
        base = field.replace("\0", "") or "field"
        name, number = base, 2
        while name.lower() in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name.lower())
        self._fields.add(field)
        column = TableColumn(name, field, kind)
        self.all.append(column)
        return column
