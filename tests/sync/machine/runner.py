"""One sync of a history: its client, its target, and what happens to them."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio

from intercom_async import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import ConnectionLostError
from intercom_async.scheduler import Scheduler
from intercom_async.simulator import Simulator
from intercom_async.sync import STREAMS, Ranged, Report, Sink, Stream, sync
from intercom_async.sync.sinks import ending
from intercom_async.sync.sinks.disk import OS_DISK, Disk
from intercom_async.sync.sinks.object_store import ObjectStore
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import FIRST_FAILURE, Reply, Request, StreamReply
from tests.support.folder_objects import FolderObjects
from . import files, postgres
from .claims import PARENTS
from .crashing_disk import CrashingDisk, Killed
from .crashing_objects import CrashingObjects
from .network import Network
from .oracles import Span
from .sharded import ShardedRun
from .steps import Run, Settings
from .targets import make_sink
from .workspace import Workspace

FILES = "files"
"""The folder of files that were saved, beside the target."""


PATIENT_S = 10 * 86_400
"""Seconds for which a second sync waits for its target."""
FEW_ROWS = 12
"""A run that is told to stop at a write goes on for fewer rows, so that what it publishes ends."""
KNOWN = {stream.name: stream for stream in STREAMS}


@dataclass(slots=True)
class Outcome:
    """What one run came to."""

    span: Span
    report: Report | None = None
    error: BaseException | None = None
    calls: int = 0
    paths: list[str] = field(default_factory=list[str])
    poisoned: frozenset[str] = frozenset()
    stopping_s: float = 0.0
    """How long it went on after it was told to stop."""


class FileTransport(MemoryTransport):
    """Answers from a function; a connection may end in the middle of a file."""

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        """Give the next answer."""
        reply = await self.exchange(request, on_sent)
        if reply.status >= FIRST_FAILURE:
            return reply
        if not files.is_cut(reply):
            return StreamReply(reply.status, reply.headers, _chunks(reply.body), _nothing)

        async def half() -> AsyncIterator[bytes]:
            yield reply.body[: len(reply.body) // 2]
            raise ConnectionLostError("the connection was lost", call=request.name)

        return StreamReply(reply.status, reply.headers, half(), _nothing)


def _nothing() -> None:
    """There is no connection to give back."""


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


class Runner:
    """Runs syncs of one target.

    Args:
        simulator: The server.
        workspace: What changes during calls.
        settings: Those of the history.
        folder: Where the target is.
    """

    def __init__(
        self, simulator: Simulator, workspace: Workspace, settings: Settings, folder: Path
    ) -> None:
        self._simulator = simulator
        self._workspace = workspace
        self._settings = settings
        self._folder = folder
        self.is_interrupted: bool = False
        """Whether the run before was stopped or killed."""
        self.has_rival: bool = False
        """Whether another run of the target is under way."""

    async def run(
        self,
        run: Run,
        streams: Iterable[str],
        twin: Callable[[Intercom], Awaitable[None]],
        known: Mapping[str, frozenset[str]],
    ) -> Outcome:
        """Run a sync.

        Args:
            run: What happens to it.
            streams: What it reads.
            twin: Begins a second one meanwhile.
            known: Streams of which the target has rows, with the keys of those that are live.
        """
        settings, begun_at = self._settings, self._workspace.now()
        stop = anyio.Event()
        disk = CrashingDisk(self._folder, kill_at=run.kill_at_write, full_at=run.full_at_write)
        objects = CrashingObjects(
            self._folder / "target",
            kill_at=run.kill_at_write,
            full_at=run.full_at_write,
            keeping=run.keeping,
        )
        network = Network(self._simulator.answer, self._workspace, settings, run, stop)
        network.is_stranger = run.is_stranger
        network.known = known
        if run.stop_at_write:
            disk.hooks[run.stop_at_write] = objects.hooks[run.stop_at_write] = network.stop
        if settings.form == "postgres" and not self.has_rival:
            postgres.wait_for_end()
        outcome = Outcome(Span(begun_at, begun_at, settings.lookback_s))
        try:
            async with self._client(network) as client:
                if run.is_twin or run.is_awaited:
                    network.at_call(3, lambda: twin(client))
                sink = make_sink(settings.form, self._folder, *self._disks(disk, objects))
                chosen = streams_of(settings, streams)
                with _goes_on_for_few_rows(run):
                    outcome.report = await self._read(client, network, chosen, sink, run, stop)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 (each is looked at)
            outcome.error = _first(error)
        if isinstance(outcome.error, Killed) and settings.form != "objects":
            disk.crash(run.keeping, random.Random(disk.operations))
        outcome.span = self._span(run, begun_at, outcome.report)
        outcome.calls, outcome.paths = network.calls, network.paths
        if network.stopped_at is not None:
            outcome.stopping_s = CLOCK.now() - network.stopped_at
        outcome.poisoned = network.poisoned
        return outcome

    def _disks(self, disk: CrashingDisk, objects: CrashingObjects) -> tuple[Disk, ObjectStore]:
        """Return where a run writes; nothing happens to the disk of one that waits for another."""
        if self.has_rival:
            return OS_DISK, FolderObjects(self._folder / "target")
        return disk, objects

    async def _read(
        self,
        client: Intercom,
        network: Network,
        streams: list[Stream],
        sink: Sink,
        run: Run,
        stop: anyio.Event,
    ) -> Report:
        """Run a sync, or one in shards."""
        if run.rows_per_shard:
            sharded = ShardedRun(
                client, network, streams, run, self._settings, self._folder, sink, stop
            )
            return await sharded.run()
        return await sync(
            client, streams, sink=sink, lookback_s=self._settings.lookback_s, stop=stop,
            attachments=self._files(streams), **options_of(run),
        )  # fmt: skip

    def _files(self, streams: Iterable[Stream]) -> Path | None:
        """Return the folder for files, where the history has one and the run reads what has any."""
        names = {stream.name for stream in streams}
        has_files = any({parts, whole} <= names for parts, whole in PARENTS.items())
        return self._folder / FILES if self._settings.saves_files and has_files else None

    def _client(self, network: Network) -> Intercom:
        return Intercom(
            self._simulator.token,
            base_url="http://127.0.0.1:1",
            version=self._workspace.version,
            transport=FileTransport(network),
            scheduler=Scheduler(),
        )

    def _span(self, run: Run, begun_at: float, report: Report | None) -> Span:
        span = Span(begun_at, self._workspace.now(), self._settings.lookback_s)
        if report is None:
            return span
        # What one that goes on knows of deletions may be a lookback older.
        is_own = not (self.is_interrupted or any(one.was_resumed for one in report.streams))
        if is_own and run.reconcile != "never" and not self._settings.is_costly:
            return span
        return dataclasses.replace(span, checked_to=float(report.deletions_to or 0))


@contextmanager
def _goes_on_for_few_rows(run: Run) -> Generator[None]:
    """Let a run that is told to stop at a write end while it publishes, though it has few rows."""
    before = ending.GOES_ON_ROWS
    if run.stop_at_write:
        ending.GOES_ON_ROWS = run.stop_at_write % FEW_ROWS
    try:
        yield
    finally:
        ending.GOES_ON_ROWS = before


def options_of(run: Run) -> dict[str, Any]:
    """Return the options of a sync."""
    options: dict[str, Any] = {
        "full": run.full,
        "reconcile": run.reconcile,
        "repair": run.repair,
        "verify": run.verify or run.damage == "flip",
        "hard_delete": run.departed == "drop",
        "erase_deleted": run.departed == "erase",
        "drop_streams": run.dropped,
        "wait_s": PATIENT_S if run.is_awaited else 0,
    }
    if run.since_s is not None:
        options["since"] = int(CLOCK.unix()) - run.since_s
    return options


def streams_of(settings: Settings, names: Iterable[str]) -> list[Stream]:
    """Return streams whose pages and parts are so small that a few rows fill some of each."""
    found: list[Stream] = []
    for one in (KNOWN[name] for name in names):
        source = one.source
        if isinstance(source, Ranged):
            source = dataclasses.replace(
                source, per_page=settings.per_page, part_pages=settings.part_pages
            )
        found.append(dataclasses.replace(one, source=source))
    return found


def _first(error: BaseException) -> BaseException:
    """Return a kill out of a group; other groups are findings."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    group = cast("BaseExceptionGroup[BaseException]", error)
    return group if group.subgroup(Killed) is None else Killed()
