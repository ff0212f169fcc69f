"""dlt: a workspace as a source, for any of dlt's destinations; needs dlt.

    pipeline = dlt.pipeline("intercom", destination="duckdb", dataset_name="intercom")
    pipeline.run(intercom(streams=["contacts", "conversations"]))

Streams are those of `intercom_async.sync`. What can be asked for by a span of time is merged by its
key and read incrementally by when it changed; the first run is cut into spans that are read
concurrently, as a sync does it. Lists that have no spans are read whole and replace their table.
All resources of a source share one client, whose scheduler keeps to the limit.

The state is dlt's. Unlike a sync, a run does not look for rows that are gone.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, cast

import msgspec
from anyio.from_thread import BlockingPortal, start_blocking_portal

from intercom_async.client import Intercom
from intercom_async.config import DEFAULT_VERSION, Region, check_count
from intercom_async.models._columns import columns_of
from intercom_async.moments import to_unix
from intercom_async.priority import Priority
from intercom_async.sync.builtin_streams import STREAMS
from intercom_async.sync.streams import Children, Ranged, Stream, resolve
from intercom_async.sync.ungrouped import ungrouped
from ._arguments import check_streams
from ._dlt_reading import Batches, read_children, read_list, read_spans

try:
    import dlt
except ImportError as _missing:
    raise ImportError("this needs dlt: pip install 'intercom-async[dlt]'") from _missing

LOOKBACK_S = 3600
"""Seconds before the last change for which rows are read again: a search finds some rows late, and
merging makes nothing of those that come twice (test_dlt.py::test_what_search_finds_late_comes…)."""
PARENTS = 50
"""Rows whose children are read concurrently."""

Row = dict[str, Any]


class _Connection:
    """One client in a thread of its own, from the first resource that reads to the last one."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._users = 0
        self._stack = ExitStack()
        self._open: tuple[BlockingPortal, Intercom] | None = None

    @contextmanager
    def __call__(self) -> Generator[tuple[BlockingPortal, Intercom]]:
        """Return the thread's portal and the client, open."""
        with self._lock:
            if self._open is None:
                portal = self._stack.enter_context(start_blocking_portal())
                client = portal.call(self._make)
                self._stack.enter_context(portal.wrap_async_context_manager(client))
                self._open = portal, client
            self._users += 1
            opened = self._open
        try:
            yield opened
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._open = None
                    self._stack.close()

    async def _make(self) -> Intercom:
        return Intercom(priority=Priority.BULK, **self._options)


@dlt.source(name="intercom", section="intercom")
def intercom(
    token: str = cast("str", dlt.secrets.value),
    streams: Sequence[str] | None = None,
    *,
    region: Region | None = None,
    base_url: str | None = None,
    version: str = DEFAULT_VERSION,
    since: datetime | int | None = None,
    lookback_s: int = LOOKBACK_S,
) -> Iterable[Any]:
    """Return a workspace's streams as resources.

    Args:
        token: Access token; by default dlt's secret `sources.intercom.token`.
        streams: Names of streams; all of them by default.
        region: As of `Intercom`.
        base_url: As of `Intercom`.
        version: As of `Intercom`.
        since: Rows that have changed before this moment are left out of the first run.
        lookback_s: Seconds before the last change for which rows are read again.

    Raises:
        ConfigError: A setting cannot work, or there is no such stream.
    """
    names = check_streams(streams)
    check_count("lookback_s", lookback_s, least=0)
    # Made to be refused now, and not in the first of the resources.
    Intercom(token, region=region, base_url=base_url, version=version)
    chosen = resolve(names if names is not None else [each.name for each in STREAMS], STREAMS)
    first = None if since is None else to_unix("since", since)
    connect = _Connection(
        {"token": token, "region": region, "base_url": base_url, "version": version}
    )
    made: dict[str, Any] = {}
    for stream in chosen:
        if isinstance(stream.source, Children):
            name = stream.source.parent
            parent = made.get(name)
            if parent is None:
                known = next(each for each in STREAMS if each.name == name)
                parent = _ranged(connect, known, first, lookback_s).with_name(f"{name}_of_parts")
                parent.selected = False
                made[name] = parent
            made[stream.name] = parent | _children(connect, stream)
        elif isinstance(stream.source, Ranged):
            made[stream.name] = _ranged(connect, stream, first, lookback_s)
        else:
            made[stream.name] = _whole(connect, stream)
    return [made[stream.name] for stream in chosen]


def _hints(stream: Stream) -> dict[str, Any]:
    """Return the columns of moments, which come as UNIX seconds."""
    if stream.model is None:
        return {}
    moments = [each.name for each in columns_of(stream.model) if each.kind == "timestamp"]
    return {name: {"data_type": "timestamp"} for name in moments}


def _ranged(connect: _Connection, stream: Stream, first: int | None, lookback_s: int) -> Any:
    """Return a stream that is read by spans of time."""
    source = cast("Ranged", stream.source)
    field = source.cursor_field

    def rows(
        changed: Any = dlt.sources.incremental(  # noqa: B008 (how dlt finds the cursor)
            field, initial_value=first, lag=lookback_s, on_cursor_value_missing="include"
        ),
    ) -> Iterator[list[Row]]:
        start = changed.start_value
        with connect() as (portal, client):
            yield from _batches(portal, read_spans(client, source, start))

    return dlt.resource(
        rows,
        name=stream.name,
        primary_key=stream.key,
        write_disposition="merge",
        columns=_hints(stream),
    )


def _whole(connect: _Connection, stream: Stream) -> Any:
    """Return a list that is read whole."""

    def rows() -> Iterator[list[Row]]:
        with connect() as (portal, client):
            yield from _batches(portal, read_list(client, stream))

    return dlt.resource(
        rows,
        name=stream.name,
        primary_key=stream.key,
        write_disposition="replace",
        columns=_hints(stream),
    )


def _children(connect: _Connection, stream: Stream) -> Any:
    """Return the rows inside the rows of another stream, those of several read concurrently."""
    source = cast("Children", stream.source)

    def rows(parents: list[Row]) -> Iterator[list[Row]]:
        keys = [str(parent["id"]) for parent in parents]
        with connect() as (portal, client):
            for begin in range(0, len(keys), PARENTS):
                with ungrouped():
                    some = keys[begin : begin + PARENTS]
                    found = portal.call(read_children, client, source, some)
                yield [
                    {**msgspec.json.decode(body), source.parent_field: key} for key, body in found
                ]

    return dlt.transformer(
        rows,
        name=stream.name,
        primary_key=(source.parent_field, stream.key),
        write_disposition="merge",
        columns=_hints(stream),
    )


def _batches(portal: BlockingPortal, batches: Batches) -> Iterator[list[Row]]:
    """Yield what a reader in the other thread reads; a caller that stops early ends it."""
    manager = portal.wrap_async_context_manager(batches)
    take = manager.__enter__()
    try:
        while (bodies := portal.call(take)) is not None:
            yield [msgspec.json.decode(body) for body in bodies]
    finally:
        # Without the GeneratorExit of a caller that stops early: no task may end with one.
        with ungrouped():
            manager.__exit__(None, None, None)
