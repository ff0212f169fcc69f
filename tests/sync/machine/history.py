"""Runs one history in virtual time and returns what it breaks."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio

from intercom_async import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import IntercomError
from intercom_async.scheduler import Scheduler
from intercom_async.simulator import Quirks, Simulator
from intercom_async.simulator.virtual_loop import VirtualLoop, run_virtual
from intercom_async.sync import STREAMS, Ranged, Report, Stream, TargetError, sync
from intercom_async.sync.outage import OutageError, StoppedError
from intercom_async.transport import MemoryTransport
from . import oracles
from .claims import Claims, Named, Radius
from .crashing_disk import CrashingDisk, Killed
from .crashing_objects import CrashingObjects
from .network import Network
from .oracles import Span, Violation
from .search_index import SearchIndex
from .steps import Change, History, Run, Settings
from .targets import Rows, make_sink, read
from .workspace import Workspace

REST_S = 2 * 86_400
"""Time without changes before the last two runs: longer than a lookback and any lateness."""


PATIENCE_S = 600
"""Seconds of an outage that a sync waits out by itself."""
QUIET_CALLS = 20
"""What a run without changes may cost beyond one that looks at everything."""
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


class Story:
    """A history under way."""

    def __init__(self, history: History, folder: Path, loop: VirtualLoop) -> None:
        self.settings: Settings = history.settings
        self.folder = folder
        self._loop = loop
        settings = history.settings
        self.simulator = Simulator(
            contacts=0,
            conversations=0,
            companies=0,
            tickets=0,
            timezone=settings.server_zone or settings.zone,
            quirks=quirks_of(settings, is_moving=settings.is_moving),
        )
        for article in self.simulator.call("GET", "/articles", query={"per_page": "150"})["data"]:
            # Sixty that no history speaks of would be most of what its runs read.
            self.simulator.call("DELETE", f"/articles/{article['id']}")
        self.workspace: Workspace = Workspace(
            self.simulator,
            SearchIndex(
                late_s=settings.late_s,
                is_stale=settings.is_stale,
                zone=settings.server_zone or settings.zone,
            ),
            settings,
        )
        self.runs: list[Outcome] = []
        self.broken: list[Violation] = []

    async def play(self, steps: tuple[Change | Run, ...]) -> None:
        """Bring the steps about, one after the other, until something is broken."""
        for step in steps:
            if isinstance(step, Run):
                await self.sync(step)
                if self.broken:
                    return
            elif step.do == "step_clock":
                self._loop.start_at += step.seconds
                self.simulator.clock.move(-step.seconds)
            else:
                await self.workspace.apply(step)
        await self._rest()

    async def _rest(self) -> None:
        """Without faults and changes one run completes, and the next one finds nothing to do."""
        await CLOCK.sleep(REST_S)
        self.simulator.quirks = quirks_of(self.settings, is_moving=False)
        outcome = await self.sync(Run(repair=True))
        if self.broken:
            return
        if not Claims(outcome.report).is_complete:
            said = repr(outcome.error or outcome.report)
            self.broken.append(Violation("not healed", "", "", said[:600]))
            return
        await CLOCK.sleep(REST_S)
        await self.sync(Run(reconcile="now"))
        if self.broken:
            return
        truth, settings = self.workspace.truth, self.settings
        self.broken += oracles.at_rest(self.rows(), truth, settings.streams)
        before = published(self.folder)
        again = await self.sync(Run())
        if published(self.folder) != before:
            self.broken.append(Violation("not quiet", "", "", "files changed without a change"))
        if again.calls > QUIET_CALLS + outcome.calls:
            self.broken.append(Violation("not quiet", "", "", f"{again.calls} calls"))

    def rows(self) -> Rows:
        """Return what the target holds."""
        return read(self.settings.form, self.folder, self.settings.streams)

    async def sync(self, run: Run) -> Outcome:
        """Run a sync, and compare."""
        if run.damage:
            damage(run, self.settings, self.folder)
        before = {} if run.damage else self.rows()
        outcome = await self._run(run)
        self.runs.append(outcome)
        if run.damage and isinstance(outcome.error, TargetError):
            # It was noticed; what can be read of the target does not matter until it is repaired.
            outcome = await self._run(Run(streams=run.streams, repair=True))
            self.runs.append(outcome)
        try:
            after = self.rows()
        except Exception as error:  # noqa: BLE001 (a target that cannot be read is a finding)
            self.broken.append(Violation("unreadable", "", "", repr(error)[:300]))
            return outcome
        self.broken += oracles.doubled(after)
        self.broken += oracles.backwards(before, after, self.workspace.truth)
        self.broken += self._wrong_ending(run, outcome)
        claims = Claims(outcome.report)
        if not claims.is_silent:
            self.broken += self._whole(after, run, outcome, claims)
            if self._is_only_poisoned(run):
                self.broken += self._whole(after, run, outcome, Radius(outcome.poisoned))
        return outcome

    def _wrong_ending(self, run: Run, outcome: Outcome) -> Iterator[Violation]:
        """Give what is wrong with how a run ended, whatever it brought."""
        error = outcome.error
        is_expected = isinstance(error, IntercomError | Killed)
        if error is not None and (not is_expected or isinstance(error, StoppedError | OutageError)):
            yield Violation("crash", "", "", repr(error)[:600])
        is_begun = any(not path.endswith("/me") for path in outcome.paths)
        if is_begun and error is not None and not isinstance(error, TargetError | Killed):
            yield Violation("died", "", "", repr(error)[:600])
        if self._must_complete(run) and not Claims(outcome.report).is_complete:
            yield Violation("gave up", "", "", repr(error or outcome.report)[:600])
        is_provoked = run.damage or run.full_at_write or run.is_twin
        if isinstance(error, TargetError) and not is_provoked:
            yield Violation("refused", "", "", str(error))

    def _whole(self, rows: Rows, run: Run, outcome: Outcome, claims: Named) -> Iterator[Violation]:
        streams, cap = run.streams or self.settings.streams, self.settings.part_cap
        return oracles.whole(rows, self.workspace.truth, streams, outcome.span, claims, cap)

    def _is_only_poisoned(self, run: Run) -> bool:
        """Tell whether a record that cannot be read is all that is wrong, now and before."""
        if any(not Claims(one.report).is_complete for one in self.runs[:-1]):
            return False
        return _is_plain(run) and {one.kind for one in run.failures} == {"poison"}

    def _must_complete(self, run: Run) -> bool:
        """Tell whether nothing happens to a run but outages that it has the patience for.

        One that never looks for what is gone names that as missing after a week.
        """
        if (
            run.reconcile == "never"
            or self.settings.is_moving
            or any(not Claims(one.report).is_complete for one in self.runs[:-1])
        ):
            return False
        return _is_plain(run) and all(
            one.kind == "outage" and one.pick < PATIENCE_S for one in run.failures
        )

    async def _run(self, run: Run) -> Outcome:
        settings, begun_at = self.settings, self.workspace.now()
        stop = anyio.Event()
        disk = CrashingDisk(self.folder, kill_at=run.kill_at_write, full_at=run.full_at_write)
        objects = CrashingObjects(
            self.folder / "target",
            kill_at=run.kill_at_write,
            full_at=run.full_at_write,
            keeping=run.keeping,
        )
        network = Network(self.simulator.answer, self.workspace, settings, run, stop)
        outcome = Outcome(Span(begun_at, begun_at, settings.lookback_s))
        options: dict[str, Any] = {
            "repair": run.repair,
            "verify": run.verify or run.damage == "flip",
        }
        if run.since_s is not None:
            options["since"] = int(CLOCK.unix()) - run.since_s
        try:
            async with Intercom(
                self.simulator.token,
                base_url="http://127.0.0.1:1",
                version=self.workspace.version,
                transport=MemoryTransport(network),
                scheduler=Scheduler(),
            ) as client:
                if run.is_twin:
                    network.at_call(3, lambda: self._refused_twin(client))
                outcome.report = await sync(
                    client,
                    streams_of(settings, run.streams or settings.streams),
                    sink=make_sink(settings.form, self.folder, disk, objects),
                    full=run.full,
                    lookback_s=settings.lookback_s,
                    reconcile=run.reconcile,
                    stop=stop,
                    **options,
                )
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 (each is looked at)
            outcome.error = _first(error)
        if isinstance(outcome.error, Killed) and settings.form != "objects":
            disk.crash(run.keeping, random.Random(disk.operations))
        outcome.span = Span(begun_at, self.workspace.now(), settings.lookback_s)
        if outcome.report is not None and run.reconcile == "never":
            checked_to = float(outcome.report.deletions_to or 0)
            outcome.span = dataclasses.replace(outcome.span, checked_to=checked_to)
        outcome.calls, outcome.paths = network.calls, network.paths
        outcome.poisoned = network.poisoned
        return outcome

    async def _refused_twin(self, client: Intercom) -> None:
        """Begin a second sync of the same target, which is refused.

        In object storage it is the first one that is refused from then on: the second goes on.
        """
        if self.settings.form == "objects":
            twin = make_sink("objects", self.folder)
            twin.open()
            twin.close()
            return
        try:
            await sync(
                client, self.settings.streams, sink=make_sink(self.settings.form, self.folder)
            )
        except TargetError:
            return
        self.broken.append(Violation("twin", "", "", "a second sync wrote to the same target"))


def _is_plain(run: Run) -> bool:
    """Tell whether nothing happens to a run but failures of calls, and changes meanwhile."""
    return run == Run(
        run.streams,
        full=run.full,
        reconcile=run.reconcile,
        during=run.during,
        failures=run.failures,
    )


def streams_of(settings: Settings, names: Iterable[str]) -> list[str | Stream]:
    """Return streams whose pages and parts are so small that a few rows fill some of each."""
    found: list[str | Stream] = []
    for one in (KNOWN[name] for name in names):
        source = one.source
        if isinstance(source, Ranged):
            source = dataclasses.replace(
                source, per_page=settings.per_page, part_pages=settings.part_pages
            )
        found.append(dataclasses.replace(one, source=source))
    return found


def quirks_of(settings: Settings, *, is_moving: bool) -> Quirks:
    """Return the simulator's peculiarities for a history."""
    return Quirks(
        max_parts=settings.part_cap,
        moving_orders=1 if is_moving else 0,
        hide_has_more=settings.hides_has_more,
    )


def damage(run: Run, settings: Settings, folder: Path) -> None:
    """Damage the first file that readers see."""
    names = {
        "duckdb": "target.duckdb",
        "parquet": "target/*/*.parquet",
        "objects": "target/data/*/*/*.parquet",
    }
    pattern = names.get(settings.form, f"target/*.{settings.form}")
    path = next((one for one in sorted(folder.glob(pattern)) if one.stat().st_size > 1), None)
    if path is None:
        return
    body = path.read_bytes()
    if run.damage == "remove":
        path.unlink()
    elif run.damage == "cut":
        path.write_bytes(body[: len(body) // 2])
    else:
        place = len(body) // 2
        path.write_bytes(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])


def published(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the files that readers see."""
    return {
        str(path): path.read_bytes()
        for pattern in ("target/*.jsonl*", "target/*/*.parquet", "target/data/*/*/*.parquet")
        for path in folder.glob(pattern)
    }


def _first(error: BaseException) -> BaseException:
    """Return a kill out of a group; other groups are findings."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    group = cast("BaseExceptionGroup[BaseException]", error)
    return group if group.subgroup(Killed) is None else Killed()


def play(history: History, folder: Path) -> Story:
    """Run a history in an empty folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    random.seed(1)  # the jitter of retries

    async def main() -> Story:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        story = Story(history, folder, loop)
        await story.play(history.steps)
        return story

    return run_virtual(main())
