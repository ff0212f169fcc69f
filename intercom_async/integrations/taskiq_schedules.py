"""Where taskiq's tasks wait for their time: a list in Redis that is read as JSON."""

from __future__ import annotations

from taskiq import AsyncBroker, ScheduleSource, TaskiqEvents
from taskiq.serializers import JSONSerializer
from taskiq_redis import ListRedisScheduleSource

from .taskiq_broker import check_url


class SyncScheduleSource(ListRedisScheduleSource):
    """Runs nobody's code, and closes what it has opened."""

    def __init__(self, url: str) -> None:
        super().__init__(check_url(url), serializer=JSONSerializer())

    async def shutdown(self) -> None:
        """Close the connections, which the library leaves to the garbage collector."""
        await super().shutdown()
        await self._connection_pool.disconnect()


def close_with(broker: AsyncBroker, source: ScheduleSource) -> None:
    """Close a source as its broker is closed, in workers and in programs that send."""
    for end in (TaskiqEvents.WORKER_SHUTDOWN, TaskiqEvents.CLIENT_SHUTDOWN):
        broker.add_event_handler(end, lambda _: source.shutdown())
