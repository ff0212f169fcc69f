"""Runs one history in virtual time and returns what it breaks."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import IntercomError, UnauthorizedError
from intercom_async.pagination import company_scroll
from intercom_async.request import session
from intercom_async.scheduler import scheduler
from intercom_async.simulator import Quirks, Simulator
from intercom_async.simulator.routes import companies
from intercom_async.simulator.virtual_loop import VirtualLoop, run_virtual
from intercom_async.sync import TargetError, child_reader, doubtful_rows, policy, reconcile, sync
from intercom_async.sync.errors import ShardRunError
from intercom_async.sync.evidence import TOMBSTONES
from intercom_async.sync.outage import OutageError, StoppedError
from intercom_async.sync.sinks.failures import UnexpectedFailureError
from . import columns, oracles, postgres, references, saved_files
from .claims import Claims, Named, Radius, behind
from .crashing_disk import Killed
from .damage import LOSES_STATE, damage, published, recovered
from .oracles import Violation
from .runner import FILES, Outcome, Runner
from .search_index import SearchIndex
from .steps import Change, History, Run, Settings
from .targets import Rows, make_sink, read
from .waiting import both, following
from .workspace import Workspace

REST_S = 2 * 86_400
"""Time without changes before the last two runs: longer than a lookback and any lateness."""


PATIENCE_S = 600
"""Seconds of an outage that a sync waits out by itself."""
STOPS_WITHIN_S = 10
"""How long a run may go on once it is told to stop."""
QUIET_CALLS = 20
"""What a run without changes may cost beyond one that looks at everything."""


class SameAgain(random.Random):
    """Dice that fall the same way each time."""

    def __init__(self) -> None:
        super().__init__(1)


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
                is_gone_late=settings.is_gone_late,
                sorting=settings.sorting,
                zone=settings.server_zone or settings.zone,
            ),
            settings,
        )
        self.workspace.step = self._step_clock
        tags = self.simulator.call("GET", "/tags")["data"]
        self.workspace.truth.others["tags"] = frozenset(str(one["id"]) for one in tags)
        self._older = folder.with_name(f"{folder.name}.older")
        shutil.rmtree(self._older, ignore_errors=True)
        self._keeps_older = any(
            isinstance(step, Run) and step.damage == "older" for step in history.steps
        )
        self._said_wrong_times = any(
            failure.kind == "ahead"
            for step in history.steps
            if isinstance(step, Run)
            for failure in step.failures
        )
        self._runner = Runner(self.simulator, self.workspace, settings, folder)
        self.runs: list[Outcome] = []
        self._known = frozenset[str]()
        self._held: dict[str, frozenset[str]] = {}
        self.broken: list[Violation] = []

    async def play(self, steps: tuple[Change | Run, ...]) -> None:
        """Bring the steps about, one after the other, until something is broken."""
        for step in steps:
            if isinstance(step, Run):
                await self.sync(step)
                if self.broken:
                    return
            else:
                await self.workspace.apply(step)
        await self._rest()

    def _step_clock(self, seconds: int) -> None:
        self._loop.start_at += seconds
        self.simulator.clock.move(-seconds)

    async def _rest(self) -> None:
        """Without faults and changes one run completes, and the next one finds nothing to do."""
        if self.settings.is_large and not self.workspace.truth.live("contacts"):
            # That many are archived is known once a search finds another contact.
            await self.workspace.apply(Change("create", "contacts"))
        await CLOCK.sleep(REST_S)
        self.simulator.quirks = quirks_of(self.settings, is_moving=False)
        self.workspace.index.keep_order()
        outcome = await self.sync(Run(repair=True))
        if self.broken:
            return
        if not Claims(outcome.report).is_complete:
            said = repr(outcome.error or outcome.report)
            self.broken.append(Violation("not healed", "", "", said[:600]))
            return
        await CLOCK.sleep(REST_S)
        looked = await self.sync(Run(reconcile="now"))
        if self._said_wrong_times and not Claims(looked.report).is_complete:
            # Many rows say their right time by now, which is earlier: a sweep settles them.
            looked = await self.sync(Run(reconcile="now"))
        if self.broken:
            return
        truth, settings = self.workspace.truth, self.settings
        self.broken += oracles.at_rest(self.rows(), truth, settings.streams, settings.part_cap)
        before = published(settings.form, self.folder)
        again = await self.sync(Run())
        if published(settings.form, self.folder) != before:
            self.broken.append(Violation("not quiet", "", "", "files changed without a change"))
        if again.calls > QUIET_CALLS + looked.calls:
            self.broken.append(Violation("not quiet", "", "", f"{again.calls} calls"))

    def rows(self) -> Rows:
        """Return what the target holds."""
        return read(self.settings.form, self.folder, self.settings.streams)

    async def sync(self, run: Run) -> Outcome:
        """Run a sync, and compare."""
        put_back = damage(run, self.settings.form, self.folder, self._older) if run.damage else None
        if run.is_stranger and any(not Claims(one.report).is_silent for one in self.runs):
            return await self._refused(run, "a token of another workspace was taken")
        if put_back is not None and run.damage in LOSES_STATE:
            outcome = await self._refused(run, "a target without a state was taken")
            put_back()
            return outcome
        return await self._compared(run)

    async def _compared(self, run: Run) -> Outcome:
        """Run a sync, and compare what it leaves with what was there."""
        before = {} if run.damage else self.rows()
        outcome = await self._run(msgspec.structs.replace(run, is_stranger=False))
        if run.is_awaited:
            run = following(run)
        if run.damage and isinstance(outcome.error, TargetError) and not _is_defect(outcome.error):
            # It was noticed; what can be read of the target does not matter until it is repaired.
            mending = Run(run.streams, repair=True, departed=run.departed, dropped=run.dropped)
            outcome = await self._run(mending)
        try:
            after = self.rows()
        except Exception as error:  # noqa: BLE001 (a target that cannot be read is a finding)
            self.broken.append(Violation("unreadable", "", "", repr(error)[:300]))
            return outcome
        self._held = {
            stream: frozenset(one.key for one in records if one.is_live)
            for stream, records in after.items()
        }
        self.broken += oracles.doubled(after)
        self.broken += oracles.backwards(before, after, self.workspace.truth)
        self.broken += oracles.outlived(before, after, self.workspace.truth)
        self.broken += self._wrong_ending(run, outcome)
        claims = Claims(outcome.report)
        if not claims.is_silent:
            self.broken += self._published(after, run, outcome, claims)
        return outcome

    def _published(
        self, rows: Rows, run: Run, outcome: Outcome, claims: Claims
    ) -> Iterator[Violation]:
        """Give what is wrong with the rows of a run that has ended."""
        if not self._older.exists() and self._keeps_older:
            shutil.copytree(self.folder, self._older)
        for stream in set(run.dropped) & rows.keys():
            yield Violation("dropped", stream, "", "its rows are still there")
        yield from self._whole(rows, run, outcome, claims)
        gone = read(self.settings.form, self.folder, [TOMBSTONES]).get(TOMBSTONES, ())
        yield from references.uncounted(rows, gone, outcome.report, self.streams(run))
        if self.workspace.drift.has_begun:
            yield from columns.agreeing(rows)
        if self.settings.saves_files:
            files, is_kept = self.folder / FILES, run.departed == "keep"
            cap = self.settings.part_cap
            yield from saved_files.whole(files, rows, self.streams(run), claims, cap)
            if claims.is_complete and not is_kept:
                yield from saved_files.outlived(files, rows, self.streams(run))
        if run.reconcile == "now" and claims.is_complete and self.settings.is_exact:
            streams, cap = self.streams(run), self.settings.part_cap
            yield from oracles.equal(rows, self.workspace.truth, streams, outcome.span, cap)
        if self._is_only_poisoned(run):
            hidden = behind(outcome.poisoned, self.settings, self.workspace.truth)
            reach = Radius(outcome.poisoned | hidden)
            yield from self._whole(rows, run, outcome, reach)

    async def _refused(self, run: Run, otherwise: str) -> Outcome:
        """Run a sync that may do no more to the target than to open it."""
        before = recovered(self.settings.form, self.folder)
        rows = self._live_marks()
        outcome = await self._run(run)
        if (
            not isinstance(outcome.error, TargetError | Killed)
            and not Claims(outcome.report).is_silent
        ):
            self.broken.append(Violation("taken", "", "", otherwise))
        if published(self.settings.form, self.folder) != before:
            self.broken.append(Violation("taken", "", "", "files of it were changed"))
        if self._live_marks() != rows:
            self.broken.append(Violation("taken", "", "", "rows of it were changed"))
        return outcome

    def _live_marks(self) -> dict[str, set[str]]:
        """Return the rows of a database; files are compared as they are."""
        if self.settings.form not in ("duckdb", "postgres"):
            return {}
        return {
            stream: {f"{one.key} {one.is_live} {one.record}" for one in records}
            for stream, records in self.rows().items()
        }

    def _wrong_ending(self, run: Run, outcome: Outcome) -> Iterator[Violation]:
        """Give what is wrong with how a run ended, whatever it brought."""
        error = outcome.error
        is_expected = isinstance(error, IntercomError | Killed)
        if error is not None and (not is_expected or isinstance(error, StoppedError | OutageError)):
            yield Violation("crash", "", "", repr(error)[:600])
        is_begun = any(not path.endswith("/me") for path in outcome.paths)
        is_expected = isinstance(error, TargetError | Killed | UnauthorizedError)
        # Where processes were stopped or failed, shards are left over: then the run cannot end.
        is_expected = is_expected or isinstance(error, ShardRunError)
        if is_begun and error is not None and (_is_defect(error) or not is_expected):
            yield Violation("died", "", "", repr(error)[:600])
        if outcome.stopping_s > STOPS_WITHIN_S:
            yield Violation("slow stop", "", "", f"{outcome.stopping_s:.0f} s")
        if self._must_complete(run) and not Claims(outcome.report).is_complete:
            yield Violation("gave up", "", "", repr(error or outcome.report)[:600])
        is_provoked = run.damage not in ("", "journal") or run.full_at_write or run.is_twin
        is_provoked = is_provoked or (run.is_awaited and self.settings.form == "objects")
        if isinstance(error, TargetError) and not is_provoked:
            yield Violation("refused", "", "", str(error))

    def streams(self, run: Run) -> tuple[str, ...]:
        """Return the streams that a run reads."""
        return tuple(
            name for name in run.streams or self.settings.streams if name not in run.dropped
        )

    def _whole(self, rows: Rows, run: Run, outcome: Outcome, claims: Named) -> Iterator[Violation]:
        streams, cap = self.streams(run), self.settings.part_cap
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
            or self.settings.is_large
            # Some lists take more readings than a run makes.
            or self.settings.sorting == "ties"
            # A row that goes is found by search still, and not by its id: that is a hole.
            or self.settings.is_gone_late
            or any(not Claims(one.report).is_complete for one in self.runs[:-1])
        ):
            return False
        return _is_plain(msgspec.structs.replace(run, shards=(), rows_per_shard=0)) and all(
            (one.kind == "relapse" or (one.kind == "outage" and one.times == 1))
            and one.pick < PATIENCE_S
            for one in run.failures
        )

    async def _run(self, run: Run) -> Outcome:
        names = frozenset[str]() if run.repair or run.damage else self._known - {*run.dropped}
        known = {name: self._held.get(name, frozenset[str]()) for name in names}
        self._runner.is_interrupted = bool(self.runs) and Claims(self.runs[-1].report).is_silent
        if run.is_awaited:
            first, outcome = await both(self._runner, run, self.streams(run), known)
            self.runs.append(first)
            self.broken += self._wrong_ending(run, first)
        else:
            outcome = await self._runner.run(run, self.streams(run), self._refused_twin, known)
        self.runs.append(outcome)
        if not Claims(outcome.report).is_silent:
            self._known = names | Claims(outcome.report).met
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
            sink = make_sink(self.settings.form, self.folder)
            await sync(client, self.settings.streams, sink=sink)
        except TargetError:
            return
        self.broken.append(Violation("twin", "", "", "a second sync wrote to the same target"))


def _is_defect(error: BaseException | None) -> bool:
    """Tell whether a run ended by what nobody had expected of its sink."""
    return isinstance(error, UnexpectedFailureError)


def _is_plain(run: Run) -> bool:
    """Tell whether nothing happens to a run but failures of calls, and changes meanwhile."""
    return run == Run(
        run.streams,
        full=run.full,
        reconcile=run.reconcile,
        departed=run.departed,
        dropped=run.dropped,
        during=run.during,
        failures=run.failures,
    )


def quirks_of(settings: Settings, *, is_moving: bool) -> Quirks:
    """Return the simulator's peculiarities for a history."""
    return Quirks(
        max_parts=settings.part_cap,
        moving_orders=1 if is_moving else 0,
        hide_has_more=settings.hides_has_more,
    )


def play(history: History, folder: Path) -> Story:
    """Run a history in an empty folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    if history.settings.form == "postgres":
        postgres.clear()

    async def main() -> Story:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        story = Story(history, folder, loop)
        await story.play(history.steps)
        return story

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(company_scroll, "MAX_LISTED", history.settings.listed)
        patch.setattr(companies, "SCROLL_SIZE", min(100, history.settings.listed))
        patch.setattr(child_reader, "LONGEST_ANSWER", history.settings.part_cap)
        # The jitter of retries: a history is played the same again.
        patch.setattr(session, "Random", SameAgain)
        patch.setattr(scheduler, "Random", SameAgain)
        if history.settings.is_costly:
            patch.setattr(policy, "CHEAP_S", 0.0)
        if history.settings.is_large:
            patch.setattr(reconcile, "MANY", 1)
            patch.setattr(doubtful_rows, "MOST_BY_ID", 1)
        return run_virtual(main())
