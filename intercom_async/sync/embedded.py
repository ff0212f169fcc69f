"""Completes the lists inside rows: the API truncates them after ten entries.

A row with a cut list costs one call more for each page of each such list, whenever the row is new,
has changed, or is read by a sweep; and one more that reads the row, which has to be as it was: what
is written is one moment's row, not an old one with the lists of a newer one. Where the rest cannot
be had, the row stays as it came, and is a hole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple

import anyio
import msgspec

from intercom_async.errors import ClosedError, DecodeError, IntercomError, PaginationError
from .checkpoint import MANY_MISCOUNTED
from .cut_lists import is_any_cut, read_list, read_lists, shown_entries, shown_ids
from .holes import Hole
from .merging import is_hasty
from .outage import OutageError, StoppedError, reading_group
from .raw_rows import Row
from .short_lists import noting, short_hole
from .stream_run import StreamRun
from .streams import Embedded, Ranged

AT_ONCE = 8
"""Lists of a page's rows that are read side by side."""
PAGE = 50
"""Entries of a list that one call brings, for estimates."""
MAX_READS = 5
"""Readings of a row and its lists until no change came in between; then it is a hole."""

SHARED = ("type", "consent_type")
"""Fields that are the same in all entries of a list."""


class _Entry(msgspec.Struct):
    id: str | int
    consent_type: str | None = None


class Completed(NamedTuple):
    """Rows with whole lists, and what is missing."""

    rows: Sequence[Row]
    holes: list[Hole]
    note: Callable[[], None] | None = None
    """Changes the state, once the rows are written."""


async def complete(run: StreamRun, rows: Sequence[Row]) -> Completed:
    """Return rows with whole lists; those that are in the target as they are, are left out."""
    source = run.stream.source
    if not isinstance(source, Ranged) or not any(row.is_cut for row in rows):
        return Completed(rows, [], noting(run, {row.key: 0 for row in rows}, frozenset()))
    found: dict[int, Row] = {}
    holes: list[Hole] = []
    lacking: dict[str, int] = {}
    limiter = anyio.Semaphore(AT_ONCE)

    async def one(place: int, source: Ranged, row: Row) -> None:
        async with limiter:
            try:
                found[place], lacking[row.key] = await _complete(run, source, row)
            except (ClosedError, StoppedError, OutageError):
                raise
            except IntercomError as error:
                found[place] = row
                reason = f"a list inside it: {error}"
                since = run.clock.now()
                holes.append(Hole(kind="record", key=row.key, reason=reason, since=since))

    async with reading_group() as group:
        for place, row in enumerate(rows):
            if not row.is_cut:
                found[place] = row
            elif not _is_known(run, row):
                group.start_soon(one, place, source, row)
    lacking.update((row.key, 0) for row in rows if not row.is_cut)
    holes_of_short = [short_hole(run, key, lack) for key, lack in lacking.items()]
    short = [hole for hole in holes_of_short if hole is not None][:MANY_MISCOUNTED]
    note = noting(run, lacking, frozenset(str(hole.key) for hole in short))
    return Completed([found[place] for place in sorted(found)], holes + short, note)


def _is_known(run: StreamRun, row: Row) -> bool:
    """Say whether a row has not changed since its lists were read."""
    held = run.table.get(row.id)
    if run.is_sweeping or held is None or held.is_gone or not row.version:
        return False
    if held.read_at and is_hasty(held.version, held.read_at):
        return False
    if held.version != row.version or any(hole.key == row.key for hole in run.state.holes):
        return False
    run.unchanged += 1
    return True


class CutLists:
    """Says which lists of a row have more entries than the row shows.

    Args:
        source: Where the rows come from.
    """

    def __init__(self, source: Ranged) -> None:
        self._source = source
        self._embedded = source.embedded
        self._fields = tuple(each.field for each in source.embedded)

    def of(self, body: bytes) -> list[tuple[Embedded, int]]:
        """Return the cut lists of a row, with how many entries the row says they have."""
        return [
            (each, shown.total_count or 0)
            for each, shown in zip(self._embedded, read_lists(body, self._fields), strict=True)
            if shown is not None and is_any_cut([shown])
        ]

    def calls_for(self, body: bytes) -> int:
        """Return about how many calls complete a row's lists; 0 where all of them are whole."""
        cut = self.of(body)
        lists = sum(max(1, math.ceil(total / PAGE)) for _, total in cut)
        return lists + 1 if cut and self._source.get is not None else lists


async def _complete(run: StreamRun, source: Ranged, row: Row) -> tuple[Row, int]:
    """Return a row with whole lists, all of it as of one moment, and how many entries they lack."""
    cut_lists, lacking = CutLists(source), list[str]()
    before: dict[str, list[str]] | None = None
    for _ in range(MAX_READS):
        cut = cut_lists.of(row.body)
        lists = {each.field: await _ids(run, row.key, each) for each, _ in cut}
        is_short = any(len(lists[each.field]) < total for each, total in cut)
        if is_short and lists != before:
            # Fewer entries than were counted are believed to be so once they come twice.
            before = lists
            continue
        now = await _read_again(run, source, row)
        if now.version == row.version and all(
            _count(now.body, name) == _count(row.body, name) for name in lists
        ):
            lacking = [each.field for each, _ in cut if _lacks(lists[each.field], now.body, each)]
            if not lacking:
                totals = {each.field: total for each, total in cut}
                lack = sum(max(0, total - len(lists[name])) for name, total in totals.items())
                return _with_lists(row, lists, totals), lack
        row = now
    if lacking:
        raise PaginationError(f"{', '.join(lacking)} without entries that the row itself shows")
    raise PaginationError("it changes faster than it can be read")


async def _ids(run: StreamRun, key: str, each: Embedded) -> list[str]:
    entries: dict[str, None] = {}
    async with aclosing(each.read(run.client, key).raw().pages()) as pages:
        async for page in pages:
            if page.was_null:
                raise PaginationError(f"null stands in place of the entries of {each.field}")
            found = (_id_of(raw, each) for raw in page.items)
            entries.update((name, None) for name in found if name is not None)
    return list(entries)


def _id_of(raw: bytes, each: Embedded) -> str | None:
    """Return the id of an entry; None of one that belongs to another list.

    Raises:
        DecodeError: It has none that can be read.
    """
    try:
        entry = msgspec.json.decode(raw, type=_Entry)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise DecodeError(f"an entry of {each.field} has no readable 'id'") from None
    is_of_it = each.consent_type is None or entry.consent_type == each.consent_type
    return str(entry.id) if is_of_it else None


def _lacks(ids: Sequence[str], body: bytes, each: Embedded) -> bool:
    """Say whether a whole list lacks what the row shows of it: then it is not whole.

    Lists of subscriptions are: they name only what somebody has chosen.
    """
    if each.consent_type is not None:
        return False
    return not set(shown_ids(body, each.field)) <= set(ids)


async def _read_again(run: StreamRun, source: Ranged, row: Row) -> Row:
    if source.get is None:
        return row
    body = bytes((await run.client.send(source.get.at(row.key).into(msgspec.Raw))).data)
    found = run.read([body])[0]
    return row if found is None or found.key != row.key else found


def _count(body: bytes, field: str) -> int | None:
    """Return how many entries a row says that a list has."""
    found = read_list(body, field)
    return None if found is None else found.total_count


def _with_lists(row: Row, lists: Mapping[str, Sequence[str]], totals: Mapping[str, int]) -> Row:
    fields = msgspec.json.decode(row.body, type=dict[str, msgspec.Raw])
    for name, ids in lists.items():
        fields[name] = _whole(fields[name], ids, totals[name])
    return msgspec.structs.replace(row, body=msgspec.json.encode(fields), is_cut=False)


def _whole(raw: msgspec.Raw, ids: Sequence[str], total: int) -> msgspec.Raw:
    """Return a list with an entry for each id, in the form of the entries that it has.

    One with fewer than are counted says so, as it did before.
    """
    whole: dict[str, Any] = msgspec.json.decode(raw)
    shown = shown_entries(raw)
    by_id = {str(entry.get("id")): entry for entry in shown}
    first = shown[0] if shown else {}
    data = [by_id.get(key) or _like(first, key) for key in ids]
    whole.update(data=data, total_count=max(len(data), total), has_more=len(data) < total)
    return msgspec.Raw(msgspec.json.encode(whole))


def _like(first: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return an entry with what it shares with another of its list; other fields are not its."""
    entry = {name: first[name] for name in SHARED if name in first} | {"id": key}
    url, own = first.get("url"), str(first.get("id"))
    if isinstance(url, str) and url.endswith(f"/{own}"):
        entry["url"] = url.removesuffix(own) + key
    return entry
