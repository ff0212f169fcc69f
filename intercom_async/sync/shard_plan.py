"""Cuts what is to be read of a workspace into shards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from intercom_async.client import Intercom
from intercom_async.models.admins import App
from .builtin_streams import STREAMS
from .checkpoint import Pass, State, StreamState, check_fits, read_state
from .chosen_streams import default_streams
from .cut_points import BEGINNING
from .errors import ShardRunError, TargetError
from .evidence import TOMBSTONES, Tombstone
from .outage import OutageGate
from .partitions import Part
from .planner import count_and_cut
from .prepared import PreparedRuns
from .server_time import ServerTime
from .shard import Shard
from .sinks.base import Table, call
from .sinks.sharding import PlanningTarget, ShardRecord
from .stream_run import StreamRun
from .streams import Children, Ranged, Stream, parent_of, resolve


class ShardPlanner:
    """Plans a run.

    Args:
        view: The client, with bulk priority.
        target: Where the run is noted.
        app: The workspace.
        clock: The server's time.
        gate: Closes while the server does not answer.
    """

    def __init__(
        self, view: Intercom, target: PlanningTarget, app: App, clock: ServerTime, gate: OutageGate
    ) -> None:
        self._view = view
        self._target = target
        self._app = app
        self._clock = clock
        self._gate = gate

    async def plan(
        self,
        name: str,
        streams: Iterable[str | Stream] | None,
        *,
        rows_per_shard: int,
        is_full: bool,
    ) -> list[ShardRecord]:
        """Note the shards of a run in the target and return them."""
        target, workspace = self._target, self._app.id_code or ""
        opened = await call(target, target.open)
        if opened.damaged or opened.lost:
            lost = [opened.lost] if opened.lost else []
            reasons = "; ".join([*lost, *(reason for _, reason in opened.damaged)])
            raise TargetError(f"{target.where} is damaged: {reasons}; a sync with repair mends it")
        state = State(workspace=workspace, streams={}, is_dated=True)
        if opened.state is not None:
            state = read_state(opened.state, target.where)
        check_fits(state, workspace, target.where)
        state.is_dated = state.is_dated and self._clock.is_believed
        chosen = resolve(
            default_streams(None if opened.state is None else state)
            if streams is None
            else streams,
            STREAMS,
        )
        runs = PreparedRuns(self._view, state, self._app, self._clock, self._gate).of(chosen)
        tables = [run.sink_table for run in runs if run.is_shown]
        tables.append(Table(TOMBSTONES, "id", Tombstone, None, "found_at"))
        await call(target, target.begin, tables)
        ranged = [run for run in runs if isinstance(run.stream.source, Ranged)]
        for run in ranged:
            await self._open_pass(run, rows_per_shard, is_full=is_full)
        # Before the shards: should this process end here, the next plan finds the same spans.
        await call(target, target.commit, [], state.encode(whole=False))
        records: list[ShardRecord] = []
        for run in ranged:
            for spans in _grouped(run, rows_per_shard):
                records.append(self._record(name, len(records), run, spans, state))
        await call(target, target.plan, records)
        return records

    async def _open_pass(self, run: StreamRun, rows_per_shard: int, *, is_full: bool) -> None:
        """Begin a reading of everything in a stream, if it needs one, and cut it into spans."""
        state, source = run.state, cast("Ranged", run.stream.source)
        if state.pass_ is None:
            if state.seeded is not None and not is_full:
                return
            has_rows = await call(self._target, self._has_rows, run)
            state.pass_ = Pass(
                kind="sweep" if has_rows and not source.is_append_only else "seed",
                began=self._clock.now(),
                earliest=self._clock.not_after(run.newest),
            )
        if state.pass_.is_planned:
            return
        counted = await count_and_cut(
            run.client,
            source,
            source.partition_field,
            run.cut_points,
            BEGINNING,
            run.clock.now(),
            rate_per_s=self._view.statistics().rate_per_s,
            hint=self._app.created_at,
            rows_per_part=rows_per_shard,
        )
        state.pass_.spans[:] = counted.parts
        state.pass_.is_planned = True

    def _has_rows(self, run: StreamRun) -> bool:
        return run.is_shown and next(iter(self._target.rows(run.name)), None) is not None

    def _record(
        self, name: str, number: int, run: StreamRun, spans: Sequence[Part], state: State
    ) -> ShardRecord:
        counts = [span.count for span in spans]
        shard = Shard(
            run=name,
            number=number,
            workspace=state.workspace,
            stream=run.name,
            low=min(span.low for span in spans),
            high=max(span.high for span in spans),
            rows=None if None in counts else sum(count or 0 for count in counts),
            version=self._view.version,
        )
        pass_ = cast("Pass", run.state.pass_)
        own = StreamState(
            pass_=Pass(
                kind=pass_.kind,
                began=pass_.began,
                spans=[*spans],
                is_planned=True,
                earliest=pass_.earliest,
            ),
            seeded=run.state.seeded,
            version=run.state.version,
            zone=run.state.zone,
            is_shown=run.is_shown,
        )
        kept = {run.name: own}
        for child in run.children:
            kept[child.name] = StreamState(version=child.state.version, zone=child.state.zone)
        saved = State(workspace=state.workspace, streams=kept, is_dated=state.is_dated)
        body = saved.encode(whole=False)
        return ShardRecord(name, number, shard.to_json().encode(), body)


def check_covers(
    body: bytes | None, streams: Iterable[str | Stream] | None, *, is_full: bool, where: str
) -> None:
    """Refuse what the open run would leave out: its shards were planned for something else.

    Args:
        body: The state that it was planned in.
        streams: What is asked for now.
        is_full: Whether everything of it is to be read again.
        where: What messages call the target.

    Raises:
        ShardRunError: It says what the run leaves out.
    """
    state = State(workspace="", streams={}) if body is None else read_state(body, where)
    planned = {name for name, saved in state.streams.items() if saved.is_shown}
    wanted = () if streams is None else resolve(streams, STREAMS)
    left_out = [stream.name for stream in wanted if stream.name not in planned]
    if left_out:
        raise ShardRunError(
            f"{where}: the open run leaves out {', '.join(left_out)}; end it by finish_run first"
        )
    if not is_full:
        return
    known = {stream.name: stream for stream in (*STREAMS, *wanted)}
    names = {stream.name for stream in wanted} or planned
    names |= {
        parent_of(known[name], known.values()).name for name in names if _is_child(known, name)
    }
    changes = [
        name
        for name in sorted(names)
        if _can_be_swept(known, name)
        and ((held := state.streams.get(name)) is None or held.pass_ is None)
    ]
    if changes:
        raise ShardRunError(
            f"{where}: the open run is no full one, it reads only changes of {', '.join(changes)}; "
            "end it by finish_run first"
        )


def _is_child(known: Mapping[str, Stream], name: str) -> bool:
    return name in known and isinstance(known[name].source, Children)


def _can_be_swept(known: Mapping[str, Stream], name: str) -> bool:
    """Say whether a stream is read again by a full run; of a user's own that is not known."""
    source = known[name].source if name in known else None
    return isinstance(source, Ranged) and not source.is_append_only


def _grouped(run: StreamRun, rows_per_shard: int) -> Iterable[list[Part]]:
    """Give the spans of a stream that are not read, neighbours together up to a shard's rows."""
    group: list[Part] = []
    rows = 0
    spans = [] if run.state.pass_ is None else run.state.pass_.spans
    for span in sorted(spans, key=lambda span: span.low):
        if span.is_done:
            continue
        more = rows_per_shard if span.count is None else span.count
        if group and rows + more > rows_per_shard:
            yield group
            group, rows = [], 0
        group.append(span)
        rows += more
    if group:
        yield group
