"""Rows that cannot be read by id, and of which nothing tells how new they are: a search shows them.

What two readings show is theirs: the page that they were met on and a search by their ids, or two
such searches.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from intercom_async.errors import ClosedError, IntercomError
from .control_rows import SEARCH_IDS
from .holes import Hole
from .page_reader import ENDINGS, PageReader
from .stream_run import StreamRun
from .streams import Ranged
from .writer import Batch

SEARCHES = 2
"""Searches of which the second one shows what the first one has, or it stays a hole."""


async def search_again(reader: PageReader, run: StreamRun, holes: Sequence[Hole]) -> None:
    """Search rows until two readings show the same of each; what is held counts as one.

    Not those with lists inside them: a search does not tell whether these are whole by now.

    Args:
        reader: Searches, and hands over.
        run: Their stream.
        holes: The holes of the rows.
    """
    source = run.stream.source
    if not isinstance(source, Ranged) or source.is_append_only or source.embedded:
        return
    named = {hole.key: hole for hole in holes if hole.key is not None}
    keys = list(named)
    for begin in range(0, len(keys), SEARCH_IDS):
        await _search(reader, run, [named[key] for key in keys[begin : begin + SEARCH_IDS]])


async def _search(reader: PageReader, run: StreamRun, holes: Sequence[Hole]) -> None:
    left = {hole.key: hole for hole in holes if hole.key is not None}
    for _ in range(SEARCHES):
        run.earlier.begin()
        try:
            found = await reader.find(run, list(left))
        except (*ENDINGS, ClosedError):
            raise
        except IntercomError as error:
            again = [msgspec.structs.replace(hole, reason=str(error)) for hole in left.values()]
            await reader.hand_over(Batch(run, holes=again))
            return
        known = [key for key in left if key in found and key not in run.earlier.shown]
        if known:
            await reader.hand_over(Batch(run, filled=[left.pop(key) for key in known]))
        if not left:
            return
