"""Which window a reply was counted in, and what to do when its headers contradict what is known.

A reply *contradicts* the schedule when it names a window that should be over, or one that should
not have begun, by the known offset of the server's clock. One sample is no evidence for a change of
the model, so the explanations are tried in this order:

1. *Date* had been used to bound the offset: it is dropped.
2. *The clock* was set or is slewed: the offset follows, after one 429 or two other replies in a
   row, if the window is on the schedule and not far off. A reply whose request left before the last
   such shift proves nothing. Two shifts within two and a half windows are a drift.
3. *The length*: at least five replies name one window over more than one and a half lengths, and
   its count never starts again.
4. *Everything*: five replies in a row name windows that are far off or not on the schedule; offset
   and schedule are learned again.

Headers can be impossible, too: a count that is lower than the number of our own calls counted
before, more of our calls served than the window allows, the last place of a window given twice, a
limit or an end that changes again and again while the count goes on. Five such replies, and over
one in twenty, and their Reset is not believed any more: the settings' pace holds until three other
windows in a row are consistent, and twice as many each time that this turns out to be wrong. So
headers that never change, as those of many test servers, slow nothing down.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from intercom_async.response import Window
from .server_clock import DRIFT, ServerClock
from .window_budget import FEW_LEFT, BudgetTable, WindowBudget
from .window_schedule import WindowSchedule

MAX_DATE_GAP_S = 120.0
"""Seconds. A first Reset further than this from the Date of its reply is no end of a window
(test_window_matching.py: "reset far ahead")."""
NEAR_SHARE = 0.75
"""Fraction of a window up to which a contradiction can be explained by the clock
(test_contradictions.py::test_a_clock_that_steps_is_followed)."""
MIN_AGREEING_NEAR = 2
"""Replies in a row, other than a 429, that show that the clock was set
(test_contradictions.py::test_one_late_reply_moves_nothing)."""
MIN_AGREEING_FAR = 5
"""Replies in a row that show anything else, or that the headers are not true
(test_window_matching.py: "one in ten")."""
SOUND_FOR_ONE = 20
"""Sound replies that make up for one that is impossible: headers of which more cannot be true are
not believed (test_contradictory_counts.py::test_counts_that_cannot_be_true_slow_nothing_down)."""
DOUBT_GAPS_S = (0.25, 0.5, 1.0)
"""Seconds until a window that has outlived the schedule is tried again, first to later times, for
windows of ten seconds (test_contradictions.py::test_a_clock_that_steps_is_followed)."""
PATIENT_SHARE, PATIENT_GAP_SHARE = 0.6, 0.5
"""After this fraction of a window in doubt, tries lie this fraction apart: it is no step of a clock
(test_contradictions.py::test_a_constant_reset_slows_nothing_down)."""
DRIFT_WINDOWS = 2.5
"""Windows within which two shifts are a drift of the clocks
(test_contradictions.py::test_a_slewed_clock_is_followed)."""
OUTLASTING_LENGTHS = 1.5
"""Lengths over which replies name one window until it is taken for a longer one; steps of a clock
by up to half a window cannot look like it
(test_contradictions.py::test_windows_of_a_minute_are_learned)."""
CONSISTENT_WINDOWS, MAX_CONSISTENT_WINDOWS = 3, 200
"""Windows in a row that are consistent until headers are believed again: the first time, and at
most; twice as many after each time that they were not believed again
(test_contradictory_counts.py::test_counts_that_cannot_be_true_slow_nothing_down)."""


class WindowMatcher:
    """Matches replies to windows and weighs those that contradict what is known.

    Args:
        clock: Offset of the server's clock; learns from every reply.
        schedule: When windows end; learns from every reply.
        budgets: Open windows of the app.
        on_distrust: Called when the headers are not believed any more.
    """

    __slots__ = (
        "_agreeing_far",
        "_agreeing_near",
        "_budgets",
        "_consistent",
        "_distrusted_ms",
        "_doubt_since",
        "_doubts",
        "_is_drifting",
        "_last_consistent",
        "_named",
        "_needed",
        "_offset_before",
        "_on_distrust",
        "_schedule",
        "_shifted_at",
        "clock",
        "has_headers",
        "impossible",
    )

    def __init__(
        self,
        clock: ServerClock,
        schedule: WindowSchedule,
        budgets: BudgetTable,
        *,
        on_distrust: Callable[[], None],
    ) -> None:
        self.clock: ServerClock = clock
        self._schedule = schedule
        self._budgets = budgets
        self._on_distrust = on_distrust
        self.has_headers: bool | None = None
        """None until a reply came; False where headers are stripped or not believed."""
        self.impossible: float = 0.0
        """Replies whose headers cannot be true, less those whose headers must be."""
        self._agreeing_near = 0
        """Replies in a row that contradict the clock by little."""
        self._agreeing_far = 0
        """Replies in a row that contradict everything."""
        self._shifted_at = -math.inf
        """When the clock was shifted last."""
        self._doubt_since: float | None = None
        """When the window that outlives the schedule should have been over; None if none does."""
        self._doubts = 0
        """Shifts since then."""
        self._offset_before = 0.0
        """Likely offset before the first of them."""
        self._is_drifting = False
        """Whether the window before was in doubt as well."""
        self._named: tuple[int, float, int] = (0, 0.0, 0)
        """A window that replies name although it should be over: its end, when it was named first
        and how often."""
        self._distrusted_ms = 0
        """A Reset that is not believed; 0 while there is none."""
        self._consistent = 0
        self._needed = 0
        """Windows in a row that have to be consistent for headers to be believed again."""
        self._last_consistent: tuple[int, float] = (0, 0.0)

    @property
    def is_distrusted(self) -> bool:
        """Whether the headers are not believed."""
        return self._distrusted_ms != 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether a window has outlived the schedule, so that its end is not known."""
        return self._doubt_since is not None

    def match(
        self,
        reply: Window,
        sent: float,
        received: float,
        *,
        is_certain: bool = False,
        date: float | None = None,
    ) -> int | None:
        """Return the window that a reply names, in milliseconds; None if it names none.

        Args:
            reply: What the headers say.
            sent: When the request left.
            received: When the reply came.
            is_certain: Whether the server has answered 429, so that what it says counts.
            date: The Date header in UNIX seconds, where the server's clock is not known yet.
        """
        reset_at = reply.reset_at
        if reset_at is None:
            return None
        reset_ms = round(reset_at * 1000)
        clock, schedule = self.clock, self._schedule
        start = reset_at - schedule.length_s
        if (
            reset_ms == schedule.last_reset_ms
            and not self._distrusted_ms
            and clock.try_window(start, reset_at, sent, received)
        ):
            # The same window as that of the reply before, as nearly always.
            self._agreeing_near = self._agreeing_far = 0
            return reset_ms
        if self._distrusted_ms:
            is_last = not is_certain and reply.remaining in FEW_LEFT
            if not self._is_consistent(reset_ms, received, is_last=is_last):
                return None
        if clock.is_known:
            contradiction_s = clock.contradiction_s(start, reset_at, sent=sent, received=received)
            if contradiction_s and not clock.rests_on_date(contradiction_s):
                return self._weigh(
                    reset_ms, reply.used, contradiction_s, sent, received, is_certain=is_certain
                )
        elif date is not None and abs(reset_at - date) > MAX_DATE_GAP_S:
            self.distrust(reset_ms)
            return None
        return self._learn(reset_ms, reply.used, sent, received)

    def note_missing_headers(self) -> None:
        """Note a reply that matches no window."""
        if self.has_headers is None and not self._agreeing_far:
            self.has_headers = False

    def note_impossible(self, reset_ms: int) -> None:
        """Note a reply whose counts cannot be true."""
        self.impossible += 1
        if self.impossible >= MIN_AGREEING_FAR:
            self.distrust(reset_ms)

    def note_sound(self) -> None:
        """Note a reply whose counts must be true, after some whose counts cannot be."""
        self.impossible = max(0.0, self.impossible - 1 / SOUND_FOR_ONE)

    def distrust(self, reset_ms: int) -> None:
        """Believe a Reset no more; the settings' pace holds."""
        self._distrusted_ms = reset_ms
        self._consistent, self.impossible = 0, 0.0
        self._needed = min(max(CONSISTENT_WINDOWS, 2 * self._needed), MAX_CONSISTENT_WINDOWS)
        self._last_consistent = (reset_ms, 0.0)
        self.has_headers = False
        self._forget()
        self._schedule.reset()
        self._on_distrust()

    # Weighing --------------------------------------------------------------------------------

    def _learn(self, reset_ms: int, used: int | None, sent: float, received: float) -> int | None:
        """Learn from a window that is possible; return it if it fits the others."""
        schedule, clock = self._schedule, self.clock
        if reset_ms != schedule.last_reset_ms:
            last = self._last_named()
            restarted = used is not None and last is not None and used < last.highest_used_seen
            if not schedule.learn(reset_ms, count_restarted=restarted):
                self.note_impossible(reset_ms)
                return None
            self._named = (reset_ms, sent, 0)
            if self._doubt_since is None and clock.drift > DRIFT:
                clock.relax_drift()
            self._end_doubt()
        reset_at = reset_ms / 1000
        start = reset_at - schedule.length_s
        clock.observe_window(start, reset_at, sent=sent, received=received)
        self._agreeing_near = self._agreeing_far = 0
        return reset_ms

    def _weigh(
        self,
        reset_ms: int,
        used: int | None,
        contradiction_s: float,
        sent: float,
        received: float,
        *,
        is_certain: bool,
    ) -> int | None:
        """Return the window of a reply that contradicts the clock, or None; act on evidence."""
        schedule = self._schedule
        is_near = schedule.fits(reset_ms) and abs(contradiction_s) <= NEAR_SHARE * schedule.length_s
        if contradiction_s > 0.0 and self._has_outlasted(reset_ms, used, received):
            schedule.lengthen()
            self._end_doubt()
            end = reset_ms / 1000
            self.clock.restart_longer(
                end - schedule.length_s,
                end,
                # When it was sent is known: it took about as long as this one.
                first_received=self._named[1] + received - sent,
                sent=sent,
                received=received,
            )
            return reset_ms
        if sent <= self._shifted_at:
            return reset_ms if is_near else None
        if is_near:
            self._agreeing_near += 1
            if is_certain or self._agreeing_near >= MIN_AGREEING_NEAR:
                self._shift(reset_ms, contradiction_s, sent, received)
            return reset_ms
        self._agreeing_far += 1
        if self._agreeing_far < MIN_AGREEING_FAR:
            return None
        self._forget()
        return self._learn(reset_ms, used, sent, received)

    def _shift(self, reset_ms: int, contradiction_s: float, sent: float, received: float) -> None:
        """Let the clock follow a reply that names a window on the schedule."""
        clock, schedule = self.clock, self._schedule
        length_s, reset_at = schedule.length_s, reset_ms / 1000
        if self._doubt_since is None:
            self._is_drifting = received - self._shifted_at < DRIFT_WINDOWS * length_s
            self._offset_before = clock.likely_offset(received)
        if contradiction_s < 0.0:
            clock.shift_ahead(reset_at - length_s, received=received)
            self._end_doubt()
        else:
            if self._doubt_since is None:
                self._doubt_since = received
            gap_s = DOUBT_GAPS_S[min(self._doubts, len(DOUBT_GAPS_S) - 1)] * schedule.scale
            if received - self._doubt_since > PATIENT_SHARE * length_s:
                gap_s = PATIENT_GAP_SHARE * length_s
            clock.shift_back(reset_at, sent=sent, received=received, gap_s=gap_s)
            self._doubts += 1
        if self._is_drifting:
            shift_s = abs(clock.likely_offset(received) - self._offset_before)
            clock.learn_drift(shift_s / length_s)
        schedule.last_reset_ms = reset_ms
        self._shifted_at = received
        self._agreeing_near = self._agreeing_far = 0

    def _has_outlasted(self, reset_ms: int, used: int | None, received: float) -> bool:
        """Return whether replies have named a window for too long for the length to be true."""
        named_ms, first_at, count = self._named
        budget = self._budgets.get(reset_ms)
        restarted = used is not None and budget is not None and used < budget.highest_used_seen // 2
        if named_ms != reset_ms or restarted:
            first_at, count = received, 0
        self._named = (reset_ms, first_at, count + 1)
        span_s = OUTLASTING_LENGTHS * self._schedule.length_s
        return count + 1 >= MIN_AGREEING_FAR and received - first_at > span_s

    def _is_consistent(self, reset_ms: int, received: float, *, is_last: bool) -> bool:
        """Return whether headers that were not believed are believed again.

        Args:
            reset_ms: The window that a reply names.
            received: When it came.
            is_last: Whether, by the reply, its call was among the last that the window serves.
        """
        last_ms, last_at = self._last_consistent
        if reset_ms in (self._distrusted_ms, last_ms):
            return False
        gap_s, passed_s = (reset_ms - last_ms) / 1000, received - last_at
        # Windows follow one another as time passes, to within one of them.
        length_s, length_ms = self._schedule.length_s, self._schedule.length_ms
        is_multiple = (reset_ms - last_ms) % length_ms == 0
        follows = is_multiple and abs(gap_s - passed_s) <= length_s
        if is_last:
            # The first call of ours in a window: others would have to fill all of them.
            self._consistent = 0
        else:
            self._consistent = self._consistent + 1 if follows else 1
        self._last_consistent = (reset_ms, received)
        if self._consistent < self._needed:
            return False
        self._distrusted_ms = 0
        return True

    def _last_named(self) -> WindowBudget | None:
        return self._budgets.get(self._schedule.last_reset_ms)

    def _end_doubt(self) -> None:
        self._doubt_since = None
        self._doubts = 0

    def _forget(self) -> None:
        """Learn offset and schedule again."""
        self.clock.forget()
        self._schedule.forget()
        self._doubt_since = None
        self._doubts = self._agreeing_near = self._agreeing_far = 0
