"""What a run reads of a stream, and how far back: decisions from the state alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import cast

from .checkpoint import Pass, PassKind, StreamState
from .holes import Hole
from .key_table import GONE, Held
from .run_options import Reconcile
from .stream_run import StreamRun
from .streams import Children, Listing, Ranged
from .surplus import has_surplus, named_surplus

CHEAP_S = 60.0
"""A sweep that takes less of the rate than this is made in each run that has no list of deleted
rows (test_sync_model.py::test_a_nightly_run)."""
REREAD_EVERY_S = 7 * 86_400
"""Seconds between two readings of the children of recent parents (as below)."""
RECENT_S = 30 * 86_400
"""How often children of parents that changed so lately are read again, changed or not: it is not
documented that each new part moves its parent
(test_sync_model.py::test_recent_parents_are_reread)."""
PLANNED_SHARE = 0.9
"""Part of `reconcile_within_s` after which a costly sweep is made, so that it is in time."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a run reads.

    Args:
        started_at: S, the server's time at the beginning.
        lookback_s: For how long after its change a row may be found late.
        reconcile: When rows that are gone are looked for.
        reconcile_within_s: How old the last look for them may be.
        since: Changes are read from no later than this moment.
        is_full: Read everything.
        is_resumed: The run goes on with one that was stopped or killed.
        is_dated: What that one has read is as old as it noted, since its clocks agreed.
    """

    started_at: int
    lookback_s: int
    reconcile: Reconcile
    reconcile_within_s: int
    since: int | None = None
    is_full: bool = False
    is_resumed: bool = False
    is_dated: bool = False

    @property
    def settled_before(self) -> int:
        """H: what has not changed since then is found by every reading."""
        return self.started_at - self.lookback_s

    @property
    def asks_lists(self) -> bool:
        """Whether the server is asked which rows were deleted."""
        return self.reconcile == "auto"

    def tail_from(self, base: int | None) -> int | None:
        """Return from when on changes are read; None if they are not."""
        known = [] if base is None else [base - self.lookback_s]
        if self.since is not None:
            known.append(self.since)
        return max(0, min(known)) if known else None

    def checked_to(self, state: StreamState) -> int | None:
        """Return R of a stream: up to when rows that are gone are known.

        A search finds a row that went for as long as it may miss one that came, so a look tells
        what had gone a lookback before it.
        """
        known = [moment for moment in (state.swept, state.deletions) if moment is not None]
        return max(known) - self.lookback_s if known else None

    def all_checked_to(self, runs: Sequence[StreamRun]) -> int | None:
        """Return R of a run: that of the stream that was looked at first, if all were."""
        known = [
            self.checked_to(run.state)
            for run in runs
            if isinstance(run.stream.source, Ranged) and not run.stream.source.is_append_only
        ]
        found = [moment for moment in known if moment is not None]
        return min(found) if found and len(found) == len(known) else None

    def warnings(self, runs: Sequence[StreamRun]) -> list[str]:
        """Warn of rows found so late that the lookback may be too short, and of rows not found."""
        late = [
            f"{run.name}: a row was found {run.latest_find_s} s after its change; the lookback of "
            f"{self.lookback_s} s may be too short"
            for run in runs
            if self.lookback_s and run.latest_find_s > self.lookback_s / 2
        ]
        return late + [
            f"{run.name}: the server counts {left_over:,} rows more than it gives; a sweep looked "
            "for them"
            for run in runs
            if (left_over := named_surplus(run))
        ]

    def asks_again(self, source: Ranged | Listing | Children, found_at: int) -> bool:
        """Say whether a row that went is asked for again: until a sweep has to have met it.

        An archived row may come back at any time, also after that sweep. What went after H is not
        asked for, as a search may still find it.

        Args:
            source: What the row is of.
            found_at: When the row was found to be gone.
        """
        may_return = isinstance(source, Ranged) and source.archives
        since = 0 if may_return else self.started_at - self.reconcile_within_s
        return since <= found_at <= self.settled_before

    def next_pass(
        self,
        run: StreamRun,
        rate_per_s: float,
        now: int,
        *,
        is_doubted: bool = False,
        is_end: bool = False,
    ) -> Pass | None:
        """Return the reading of everything that a stream is in, or that it begins now.

        Args:
            run: The stream.
            rate_per_s: Calls a second that the limit allows.
            now: The server's time.
            is_doubted: Whether nothing but a sweep can tell what has gone.
            is_end: Whether everything else is read.
        """
        state, source = run.state, run.stream.source
        if state.pass_ is not None or not isinstance(source, Ranged):
            return state.pass_
        if state.seeded is None:
            if self.since is not None and not self.is_full and self.reconcile != "now":
                return None
            kind: PassKind = "sweep" if len(run.table) and not source.is_append_only else "seed"
        elif self._is_sweep_due(run, source, rate_per_s, is_doubted=is_doubted, is_end=is_end):
            kind = "seed" if source.is_append_only else "sweep"
        else:
            return None
        run.was_swept, run.is_doubtful = True, False
        return Pass(kind=kind, began=now, earliest=run.clock.not_after(run.newest))

    def _is_sweep_due(
        self,
        run: StreamRun,
        source: Ranged,
        rate_per_s: float,
        *,
        is_doubted: bool,
        is_end: bool,
    ) -> bool:
        if source.is_append_only:
            return (self.is_full or self.reconcile == "now") and not run.was_swept
        is_doubted = is_doubted or any(hole.kind == "list" for hole in run.state.holes)
        # One that was swept, and has fewer rows than were counted, is swept once more.
        lacks_rows = has_surplus(run)
        if lacks_rows or self.is_full or self.reconcile == "now" or is_doubted:
            return lacks_rows or not run.was_swept
        if self.reconcile == "never" or run.was_swept:
            return False
        # A list of deleted rows tells of a row sooner, but nothing of one that it leaves out.
        age = self.started_at - (run.state.swept or 0)
        if age >= PLANNED_SHARE * self.reconcile_within_s:
            return True
        if self._has_looked(run, is_end=is_end):
            return False
        calls = run.table.count(without=GONE) / source.per_page + 1
        return calls / max(rate_per_s, 1e-9) <= CHEAP_S

    def is_list_due(self, run: StreamRun) -> bool:
        """Say whether a run asks once more, at its end, which rows of a stream were deleted.

        What one before has begun does not tell what went until this one began. And a row that this
        one has not met, and that can be read by its id, may have been archived meanwhile.
        """
        suspects = (hole for hole in run.state.holes if hole.kind == "suspect")
        return run.was_resumed or any(hole.since >= self.started_at for hole in suspects)

    def is_counted(self, run: StreamRun, rate_per_s: float) -> bool:
        """Say whether all rows of a stream are counted.

        They are where this run is to make no sweep of it, and where it goes on with a reading of
        everything, of which it does not know what was counted when that began.

        Args:
            run: The stream.
            rate_per_s: Calls a second that the limit allows.
        """
        state, source = run.state, cast("Ranged", run.stream.source)
        if source.is_append_only:
            return False
        if state.pass_ is not None or state.seeded is None:
            return run.was_resumed
        due = self._is_sweep_due(run, source, rate_per_s, is_doubted=False, is_end=True)
        return not (due or run.was_swept)

    def _has_looked(self, run: StreamRun, *, is_end: bool) -> bool:
        """Say whether it is known what is gone, without a further look.

        As long as there is more to read, a look of an earlier run counts if this one goes on with
        it within a lookback: it may be killed as well, and so may many. At the end, R has to be H.
        """
        if run.was_told:
            # How far it has proven that may be doubtful by the clocks; another would prove no more.
            return True
        checked = self.checked_to(run.state)
        if checked is None or not (self.is_resumed or run.was_resumed):
            return False
        return checked >= self.settled_before - (0 if is_end else self.lookback_s)

    def has_list(self, run: StreamRun) -> bool:
        """Say whether the run with which this one goes on has read a list late enough.

        What it read from H on is what this run promises, too: a run that is killed while it reads
        other streams costs no second reading of a long list.
        """
        if self.is_full or self.reconcile == "now" or not run.was_listed or run.state.holes:
            return False
        return self._is_late_enough(run.state.swept or 0)

    def reread_from(self, run: StreamRun) -> int | None:
        """Return since when parents have changed whose children are read again; None if none are.

        Args:
            run: A stream of children.
        """
        last = run.state.reread
        if last is None and not len(run.families):
            return None
        is_refused = any(hole.kind == "stream" for hole in run.state.holes)
        is_old = last is None or self.started_at - last >= REREAD_EVERY_S
        # What a stopped look at everything has read of the parents does not come again.
        is_stopped = self.reconcile == "now" and run.parent is not None and run.parent.was_resumed
        is_due = self.is_full or is_old or is_refused or is_stopped
        return self.started_at - RECENT_S if is_due else None

    @property
    def uncounted_from(self) -> float:
        """Since when parents have changed of which a sweep rereads children that they do not count.

        Nothing else tells of a child that moves no time of its parent. A sweep that a run makes of
        itself leaves them to the weekly rereading.
        """
        return self.started_at - RECENT_S if self.reconcile == "now" else inf

    def is_reread(self, family: Held | None, since: int) -> bool:
        """Say whether children are read again: not if an earlier run did so late enough.

        Args:
            family: What is known of their reading.
            since: When their parent has to have changed at the latest.
        """
        if family is None or family.version < since:
            return False
        return not self._is_late_enough(family.read_at)

    def _is_late_enough(self, read_at: int) -> bool:
        """Say whether what the run with which this one goes on has read need not be read again.

        Not where it was read in the second of H: a row may have come later in that second.
        """
        return self.is_dated and self.settled_before < read_at <= self.started_at

    def overdue(self, run: StreamRun) -> Hole | None:
        """Return the hole of a stream of which the last look for rows that are gone is too old."""
        source, state = run.stream.source, run.state
        if not isinstance(source, Ranged) or source.is_append_only or state.pass_ is not None:
            return None
        swept = state.swept
        needed = self.started_at - self.reconcile_within_s
        if state.seeded is None:
            if not run.was_followed:
                return None
            # Only changes were read, by more than one run: none of them shows what went in between.
            needed = self.started_at
        if swept is not None and swept >= needed:
            return None
        reason = "the last look for rows that are gone is too old; --reconcile makes one"
        if run.was_swept:
            # This run has looked: how far that proves what has gone is doubtful by the clocks.
            reason = (
                "it is not certain when rows that are gone were last looked for: the server's Date "
                "is missing, or ahead of this machine's clock; set the clock, or look at the proxy"
            )
        low = None if swept is None else swept - self.lookback_s
        return Hole(kind="sweep", low=low, since=self.started_at, reason=reason)

    def unseeded(self, run: StreamRun) -> Hole | None:
        """Return the hole of a stream of which only changes were read."""
        if not isinstance(run.stream.source, Ranged):
            return None
        reason = "since left them out; a run without it reads them"
        return Hole(kind="unseeded", high=self.since, since=self.started_at, reason=reason)
