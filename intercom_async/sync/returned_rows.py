"""Asks for rows that went lately whether they are there: what said that they went may be wrong.

A row that comes back without a change of its own is among no changes. The next sweep would meet it;
until then it would be missing from a target that says complete.
"""

from __future__ import annotations

from intercom_async.errors import ClosedError, IntercomError
from .holes import Hole
from .page_reader import ENDINGS, PageReader
from .page_reading import MAX_IDS
from .reconcile import Reconciler
from .stream_run import StreamRun
from .streams import Ranged


async def look_for_returned(run: StreamRun, reader: PageReader, reconciler: Reconciler) -> None:
    """Search rows that went since a sweep was due, and read by its id each that is found.

    At most a page of them, the latest: a call where some went, and one more for each that is found.
    None where none went, or where this run has swept. A sweep has met the others, or will. Contacts
    are asked for however long ago they went: one that is unarchived may change no time of its own.

    Args:
        run: Their stream.
        reader: Searches.
        reconciler: Reads what is found, and hands it over.
    """
    source = run.stream.source
    if run.was_swept or not isinstance(source, Ranged) or source.get is None:
        return
    latest = dict.fromkeys(key for _, key in sorted(run.departed, reverse=True))
    keys = [key for key in latest if (held := run.table.get(key)) and held.is_gone]
    if not keys:
        return
    try:
        found = await reader.find(run, keys[:MAX_IDS], hands_over=False, proves=False)
    except (*ENDINGS, ClosedError):
        raise
    except IntercomError:
        return
    holes = [Hole(kind="record", key=key, since=run.clock.now()) for key in sorted(found)]
    await reconciler.retry_records(run, holes)
