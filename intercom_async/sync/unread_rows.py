"""Rows that cannot be read by their ids and that two sweeps have not met: a search judges them."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.errors import BadRequestError, ClosedError, IntercomError
from .control_rows import SEARCH_IDS, ControlRows
from .evidence import suspect, tombstone
from .holes import Hole
from .page_reader import ENDINGS, PageReader
from .sinks.entries import Entry
from .stream_run import StreamRun
from .writer import Batch


async def judge_unread(
    reader: PageReader,
    run: StreamRun,
    absent: Sequence[str],
    control_rows: ControlRows,
    settled_before: int,
) -> None:
    """Let rows go that a search does not find either, beside rows that it finds.

    Where rows cannot be searched by their ids, the two sweeps decide. What is not certain stays, as
    a suspect.

    Args:
        reader: Searches, and hands over.
        run: The stream.
        absent: The rows.
        control_rows: Finds rows that a search has to find.
        settled_before: H: what has changed since then may not be found yet.
    """
    gone: list[str] = list(absent)
    evidence = "two sweeps"
    try:
        controls = (await control_rows.of(run)).found
    except (*ENDINGS, ClosedError):
        raise
    except BadRequestError:
        pass
    except IntercomError as error:
        await _suspect(reader, run, absent, str(error))
        return
    else:
        gone, evidence = list[str](), "two sweeps and a search by id"
        for begin in range(0, len(absent), SEARCH_IDS):
            gone += await _missing(reader, run, absent[begin : begin + SEARCH_IDS], controls)
    rows = [(key, run.table.get(key)) for key in gone]
    recent = {key for key, held in rows if held is not None and held.version >= settled_before}
    reason = "it changed so lately that it may not be found yet"
    await _suspect(reader, run, sorted(recent), reason)
    await _let_go(reader, run, [key for key in gone if key not in recent], evidence)


async def _let_go(reader: PageReader, run: StreamRun, keys: Sequence[str], evidence: str) -> None:
    entries, filled = list[Entry](), list[Hole]()
    for key in keys:
        entries += tombstone(run, key, run.clock.now(), "deleted", evidence=evidence)
        filled += [Hole(kind="suspect", key=key), Hole(kind="record", key=key)]
    if filled:
        await reader.hand_over(Batch(run, entries, filled=filled))


async def _missing(
    reader: PageReader, run: StreamRun, ids: Sequence[str], controls: Sequence[str]
) -> list[str]:
    """Return those of some rows that a search does not find beside others that it finds.

    One that cannot be answered for fails its whole search: then each is searched alone.
    """
    try:
        found = await reader.find(run, [*ids, *controls])
    except (*ENDINGS, ClosedError):
        raise
    except IntercomError as error:
        if len(ids) > 1:
            each = [await _missing(reader, run, [key], controls) for key in ids]
            return [key for one in each for key in one]
        await _suspect(reader, run, ids, str(error))
        return []
    missing = [key for key in ids if key not in found]
    if controls and found.issuperset(controls):
        return missing
    await _suspect(reader, run, missing, "it cannot be read by its id, and no search finds others")
    return []


async def _suspect(reader: PageReader, run: StreamRun, keys: Sequence[str], reason: str) -> None:
    if keys:
        holes = [suspect(key, reason, run.clock.now()) for key in keys]
        await reader.hand_over(Batch(run, holes=holes))
