"""Completes the lists inside rows: the API truncates them after ten entries.

A row with a cut list costs one call more for each page of each such list, whenever the row is new,
has changed, or is read by a sweep; and one more that reads the row, which has to be as it was: what
is written is one moment's row, not an old one with the lists of a newer one. Where the rest cannot
be had, the row stays as it came, and is a hole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import anyio
import msgspec

from intercom_async.errors import ClosedError, DecodeError, IntercomError, PaginationError
from .holes import Hole
from .merging import is_hasty
from .outage import OutageError, StoppedError, reading_group
from .raw_rows import Row
from .stream_run import StreamRun
from .streams import Embedded, Ranged

AT_ONCE = 8
"""Lists of a page's rows that are read side by side."""
PAGE = 50
"""Entries of a list that one call brings, for estimates."""
MAX_READS = 5
"""Readings of a row and its lists until no change came in between; then it is a hole."""


class _Object(msgspec.Struct):
    """An entry of which nothing is read."""


class _List(msgspec.Struct):
    data: list[_Object] | None = None
    total_count: int | None = None
    has_more: bool | None = None


class _Entry(msgspec.Struct):
    id: str | int
    consent_type: str | None = None


class Completed(NamedTuple):
    """Rows with whole lists, and what is missing."""

    rows: list[Row]
    holes: list[Hole]


async def complete(run: StreamRun, rows: Sequence[Row]) -> Completed:
    """Return rows with whole lists; those that are in the target as they are, are left out."""
    source = run.stream.source
    if not isinstance(source, Ranged) or not source.embedded:
        return Completed(list(rows), [])
    cut_lists = CutLists(source)
    found: dict[int, Row] = {}
    holes: list[Hole] = []
    limiter = anyio.Semaphore(AT_ONCE)

    async def one(place: int, source: Ranged, row: Row) -> None:
        async with limiter:
            try:
                found[place] = await _complete(run, source, row)
            except (ClosedError, StoppedError, OutageError):
                raise
            except IntercomError as error:
                found[place] = row
                reason = f"a list inside it: {error}"
                since = run.clock.now()
                holes.append(Hole(kind="record", key=row.key, reason=reason, since=since))

    async with reading_group() as group:
        for place, row in enumerate(rows):
            if not cut_lists.of(row.body):
                found[place] = row
            elif not _is_known(run, row):
                group.start_soon(one, place, source, row)
    return Completed([found[place] for place in sorted(found)], holes)


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
        self._decode = _lists_decoder(self._fields).decode

    def of(self, body: bytes) -> list[tuple[Embedded, int]]:
        """Return the cut lists of a row, with how many entries the row says they have."""
        found: Sequence[_List | None]
        try:
            found = msgspec.structs.astuple(self._decode(body))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            # One of them is no list; the others are read by themselves.
            found = [_read(body, field) for field in self._fields]
        cut: list[tuple[Embedded, int]] = []
        for each, one in zip(self._embedded, found, strict=True):
            if one is not None:
                total = one.total_count or 0
                if one.has_more or total > len(one.data or ()):
                    cut.append((each, total))
        return cut

    def calls_for(self, body: bytes) -> int:
        """Return about how many calls complete a row's lists; 0 where all of them are whole."""
        cut = self.of(body)
        lists = sum(max(1, math.ceil(total / PAGE)) for _, total in cut)
        return lists + 1 if cut and self._source.get is not None else lists


@lru_cache(maxsize=64)
def _lists_decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Return what reads some lists of a row in one pass, and skips the rest."""
    listed: list[Any] = [
        (f"f{number}", _List | None, msgspec.field(default=None, name=field))
        for number, field in enumerate(fields)
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Lists", listed))


def _read(body: bytes, field: str) -> _List | None:
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(fields.get(field, b"null"), type=_List | None)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


async def _complete(run: StreamRun, source: Ranged, row: Row) -> Row:
    """Return a row with whole lists, all of it as of one moment."""
    cut_lists = CutLists(source)
    before: dict[str, list[str]] | None = None
    for _ in range(MAX_READS):
        cut = cut_lists.of(row.body)
        lists = {each.field: await _ids(run, row.key, each) for each, _ in cut}
        is_short = any(len(lists[each.field]) < total for each, total in cut)
        if is_short and lists != before:
            # Fewer entries than were counted are taken for all once they come twice.
            before = lists
            continue
        now = await _read_again(run, source, row)
        if now.version == row.version and all(
            _count(now.body, name) == _count(row.body, name) for name in lists
        ):
            return _with_lists(row, lists)
        row = now
    raise PaginationError("it changes faster than it can be read")


async def _ids(run: StreamRun, key: str, each: Embedded) -> list[str]:
    entries: dict[str, None] = {}
    for raw in await each.read(run.client, key).raw().collect():
        try:
            entry = msgspec.json.decode(raw, type=_Entry)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise DecodeError(f"an entry of {each.field} has no readable 'id'") from None
        if each.consent_type is None or entry.consent_type == each.consent_type:
            entries[str(entry.id)] = None
    return list(entries)


async def _read_again(run: StreamRun, source: Ranged, row: Row) -> Row:
    if source.get is None:
        return row
    body = bytes((await run.client.send(source.get.at(row.key).into(msgspec.Raw))).data)
    return run.reader.read(body) or row


def _count(body: bytes, field: str) -> int | None:
    """Return how many entries a row says that a list has."""
    found = _read(body, field)
    return None if found is None else found.total_count


def _with_lists(row: Row, lists: Mapping[str, Sequence[str]]) -> Row:
    fields = msgspec.json.decode(row.body, type=dict[str, msgspec.Raw])
    for name, ids in lists.items():
        fields[name] = _whole(fields[name], ids)
    return row._replace(body=msgspec.json.encode(fields))


def _whole(raw: msgspec.Raw, ids: Sequence[str]) -> msgspec.Raw:
    """Return a list with an entry for each id, in the form of the entries that it has."""
    whole: dict[str, Any] = msgspec.json.decode(raw)
    shown: list[dict[str, Any]] = whole.get("data") or []
    by_id = {str(entry.get("id")): entry for entry in shown}
    first = shown[0] if shown else {}
    prefix = str(first.get("url", "")).rpartition("/")[0]
    data = [
        by_id.get(key) or {**first, "id": key, **({"url": f"{prefix}/{key}"} if prefix else {})}
        for key in ids
    ]
    whole.update(data=data, total_count=len(data), has_more=False)
    return msgspec.Raw(msgspec.json.encode(whole))
