"""Takes a sink for one that several machines write to, or refuses it."""

from __future__ import annotations

from .arguments import checked_parts
from .errors import SyncConfigError
from .shard import Shard
from .sinks.base import Sink
from .sinks.postgres import PostgresSink
from .sinks.postgres_shards import PostgresRun, PostgresShard
from .sinks.sharding import PlanningTarget, ShardSink


def planning_target(sink: Sink) -> PlanningTarget:
    """Return the target of a run, for the process that plans or ends it.

    Raises:
        SyncConfigError: Only one process can write to it.
    """
    if not isinstance(sink, PostgresSink):
        raise _one_process_only(sink)
    return sink.another(PostgresRun)


def shard_target(sink: Sink, shard: Shard) -> ShardSink:
    """Return the target of a shard.

    Raises:
        SyncConfigError: Only one process can write to it.
    """
    if not isinstance(sink, PostgresSink):
        raise _one_process_only(sink)
    return sink.another(PostgresShard).of(shard.run, shard.number, shard.low, shard.high)


def _one_process_only(sink: Sink) -> SyncConfigError:
    where = checked_parts("sink", sink, "a sink", "open", "commit").where
    return SyncConfigError(
        f"{where} can be written to by one process only; shards need a PostgresSink"
    )
