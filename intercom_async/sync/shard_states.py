"""Compares what shards remember with what was planned, so that no span of a plan is lost.

A shard is read only as it was planned: with the API version and the zone of the plan, as a server
that counts other days leaves out those at which spans were cut. What no shard answers for in the
end is left to the process that ends the run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from intercom_async.models.admins import App
from .checkpoint import Pass, State, StreamState, check_fits, read_state
from .errors import SyncError, TargetError
from .holes import add
from .partitions import Part
from .shard import Shard
from .sinks.base import call
from .sinks.sharding import PlanningTarget, ShardRecord
from .stream_run import StreamRun
from .streams import Children

log: logging.Logger = logging.getLogger("intercom_async.sync")


def check_as_planned(state: State, shard: Shard, version: str, app: App) -> None:
    """Refuse a shard that would not be read as it was planned.

    Args:
        state: What the shard remembers.
        shard: The shard.
        version: API version of the client.
        app: The workspace, as it is now.

    Raises:
        SyncError: The API version or the zone is another one, or it is not known what the shard
            is to read.
    """
    zone = app.timezone or ""
    for saved in state.streams.values():
        if saved.version is not None and (saved.version, saved.zone) != (version, zone):
            raise SyncError(
                f"the run was planned with API version {saved.version} and zone "
                f"{saved.zone or 'none'}, now they are {version} and {zone or 'none'}: "
                "plan it again"
            )
    own = state.streams.get(shard.stream)
    if own is None or own.pass_ is None or not own.pass_.is_planned or not own.pass_.spans:
        raise SyncError(
            f"the target does not say what shard {shard.number} of {shard.stream} is to read, as "
            "another version of the package wrote it: plan it again"
        )


def is_read(run: StreamRun) -> bool:
    """Say whether everything of a stream was read that a shard covers."""
    pass_ = run.state.pass_
    is_child = isinstance(run.stream.source, Children)
    return not run.is_open and (is_child or (pass_ is not None and pass_.is_done))


async def unread_shards(target: PlanningTarget, version: str, app: App) -> list[Shard] | None:
    """Return the shards of the open run that are not read yet.

    None where no run is open, or where it cannot go on as it was planned and is void.

    Raises:
        TargetError: The run is of another workspace.
    """
    records = await call(target, target.pending)
    unread: list[Shard] = []
    for record in records:
        shard, state = Shard.from_json(record.spec), read_state(record.state, target.where)
        check_fits(state, app.id_code or "", target.where)
        if shard.version != version:
            return None
        if record.is_done:
            continue
        try:
            check_as_planned(state, shard, version, app)
        except SyncError:
            return None
        unread.append(shard)
    return unread if records else None


def merged_state(body: bytes | None, shards: Sequence[ShardRecord]) -> bytes:
    """Return the state of a sync that has read what all shards of a run have.

    Spans that were planned and that no shard has stay open: the end of the run reads them.

    Args:
        body: The state in which the run was planned.
        shards: All shards of the run.

    Raises:
        TargetError: What was planned is not known.
    """
    if body is None:
        raise TargetError("the run has no state that it was planned in")
    state = read_state(body, "the run")
    read: dict[str, list[Part]] = {}
    for shard in shards:
        done = read_state(shard.state, "a shard")
        state.is_dated = state.is_dated and done.is_dated
        for name, own in done.streams.items():
            planned = state.streams.get(name)
            if planned is None:
                raise TargetError(f"the run has shards of {name}, which was not planned")
            read.setdefault(name, []).extend(_spans_as_planned(planned, own))
            for hole in own.holes:
                add(planned.holes, hole)
            planned.note_lacking(own)
    for name, saved in state.streams.items():
        if saved.pass_ is not None and saved.pass_.is_planned:
            _put_together(name, saved.pass_, read.get(name, []))
    return state.encode(whole=False)


def _put_together(name: str, planned: Pass, read: Sequence[Part]) -> None:
    """Put spans of shards in the place of those that were planned, but for what no shard has."""
    before = [span for span in planned.spans if span.is_done]
    lost = [span for span in planned.spans if not span.is_done and not _is_in(read, span)]
    if lost:
        what = ", ".join(f"{span.floor} to {span.high}" for span in lost)
        log.warning("%s: no shard has read %s; the end of the run does", name, what)
    planned.spans[:] = [*before, *lost, *read]


def _spans_as_planned(planned: StreamState, own: StreamState) -> Sequence[Part]:
    """Return the spans of a shard, unless they were read with another version or zone."""
    if own.pass_ is None or (own.version, own.zone) != (planned.version, planned.zone):
        return ()
    return own.pass_.spans


def _is_in(spans: Iterable[Part], whole: Part) -> bool:
    """Say whether spans cover all of another one that is not read yet."""
    reached = whole.floor
    for span in sorted(spans, key=lambda span: span.floor):
        if span.floor <= reached:
            reached = max(reached, span.high)
    return reached >= whole.high
