"""A merge takes no note of rows that came once, and its result is the same as if it did."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Departed, StoredRow, Table
from intercom_async.sync.sinks.entries import (
    Entry,
    Family,
    Frame,
    Gone,
    Put,
    SeenKeys,
    changed_by,
    repeated_by,
)
from intercom_async.sync.sinks.merge import Emitted, Fate, Merge

TABLE = Table("parts", "id", parent_field="of", version_field="created_at")


def history(random: Random, stored: list[StoredRow]) -> list[Entry]:
    """Return entries as a run makes them: a Put is the first where nothing came before it."""
    known = {row.id for row in stored}
    entries: list[Entry] = []
    for at in range(10, 10 + random.randrange(1, 14)):
        key, parent = random.choice("abc"), random.choice(["", "p", "q"])
        body = b'{"id":"%s","v":%d}' % (key.encode(), random.randrange(2))
        put = Put(TABLE.name, key, parent, body, at, at, digest_of(body))
        kind = random.randrange(6)
        if kind <= 2:
            is_first = put.id not in known
            entries.append(Put(TABLE.name, key, parent, body, at, at, put.digest, False, is_first))
            known.add(put.id)
        elif kind == 3:
            entries.append(Gone(TABLE.name, put.id, at))
            known.add(put.id)
        elif kind == 4:
            kept = random.choice([0, 0, at - 4])
            is_gone = random.random() < 0.3
            entries.append(Family(TABLE.name, parent or "p", at, 1, 0, kept, is_gone))
        else:
            entries += [SeenKeys(TABLE.name, [put.id]), Gone("others", "1", at)]
    return entries


class Frames:
    """A journal in memory.

    Args:
        frames: Its frames.
    """

    def __init__(self, *frames: list[Entry]) -> None:
        self._frames = frames

    def changes(self, table: str) -> bool:
        """Say whether any entry changes a table."""
        return any(table in changed_by(frame) for frame in self._frames)

    def frames(self, table: str, *, repeats: bool = False) -> Iterator[Frame]:
        """Give frames that have entries of a table."""
        begin = 0
        for frame in self._frames:
            if table in (repeated_by(frame) if repeats else changed_by(frame)):
                yield Frame(begin, frame)
            begin += len(frame)


def merged(
    journal: Frames, stored: list[StoredRow], departed: Departed
) -> tuple[list[Fate], list[Emitted]]:
    """Merge a journal with stored rows."""
    merge = Merge(TABLE, journal, departed)
    return [merge.fate(row) for row in stored], list(merge.new())


@pytest.mark.parametrize("departed", ["keep", "erase", "drop"])
def test_first_puts_need_no_note(departed: Departed) -> None:
    random = Random(7)
    firsts = 0
    for _ in range(400):
        stored = [
            StoredRow(key, parent, 5, digest_of(b'{"id":"%s","v":0}' % key.encode()), 0, 5)
            for key in "abc"
            for parent in ("", "p")
            if random.random() < 0.3
        ]
        entries = history(random, stored)
        cut = random.randrange(len(entries) + 1)
        plain: list[Entry] = [
            msgspec.structs.replace(one, is_first=False) if isinstance(one, Put) else one
            for one in entries
        ]
        firsts += entries != plain
        told = Frames(entries[:cut], entries[cut:])
        assert merged(told, stored, departed) == merged(Frames(plain), stored, departed)
    assert firsts > 200


def merged_staged(
    journal: Frames, entries: list[Entry], stored: list[StoredRow], departed: Departed
) -> tuple[list[Fate], list[Emitted]]:
    """Merge as a target with staging tables does: the last staged row of each key stands there."""
    staging = {one.id: one for one in entries if isinstance(one, Put) and one.is_staged}
    merge = Merge(TABLE, journal, departed)
    fates: list[Fate] = [merge.fate(row) for row in stored]
    gone: dict[str, int] = {}
    for put, fate in merge.staged():
        if fate == "drop":
            staging.pop(put.id, None)
        elif fate != "keep":
            gone[put.id] = int(fate)
    rows = [
        Emitted(put.body, put.digest, put.read_at, gone.get(key, 0)) for key, put in staging.items()
    ]
    return fates, [*rows, *merge.erased()]


@pytest.mark.parametrize("departed", ["keep", "erase", "drop"])
def test_rows_are_the_same_where_they_are_staged(departed: Departed) -> None:
    random = Random(8)
    for _ in range(600):
        stored = [
            StoredRow(key, parent, 5, digest_of(b'{"id":"%s","v":0}' % key.encode()), 0, 5)
            for key in "abc"
            for parent in ("", "p")
            if random.random() < 0.3
        ]
        entries = history(random, stored)
        staged: list[Entry] = [
            msgspec.structs.replace(one, is_staged=True) if isinstance(one, Put) else one
            for one in entries
        ]
        fates, rows = merged_staged(Frames(staged), staged, stored, departed)
        same_fates, same_rows = merged(Frames(entries), stored, departed)
        assert fates == same_fates
        assert sorted(rows, key=repr) == sorted(same_rows, key=repr)
