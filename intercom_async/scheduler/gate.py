"""One app's windows: whether a call may go now, and if not, when to look again.

Pure: it is told the time, keeps no timer and knows no task. See the package's docstring for why it
does what it does.
"""

from __future__ import annotations

import math
from random import Random

from intercom_async.window import Window

from .ledger import Ledger
from .limiter_clock import LimiterClock
from .pace import Pace
from .tuning import Tuning

EPSILON_S = 1e-4
"""So that a timer set for the end of a window fires after it."""


class Gate:
    """The windows of one app.

    Args:
        limit: Calls a window, until a reply says it.
        tuning: Spans and shares, scaled to the window's length.
        clock: The server's clock; apps of one server share it.
        random: Spreads second looks, so that processes do not look in step.
    """

    __slots__ = (
        "_clock",
        "_foreign_per_s",
        "_foreign_seen",
        "_foreign_share",
        "_ledgers",
        "_newest",
        "_phase",
        "_random",
        "_rtt_s",
        "_tuning",
        "_uplink_s",
        "arrivals_per_s",
        "cold",
        "counts_itself",
        "has_headers",
        "is_probing",
        "limit",
        "outstanding",
        "pace",
        "shares",
    )

    def __init__(self, limit: int, tuning: Tuning, clock: LimiterClock, random: Random) -> None:
        self.limit = limit
        self._tuning = tuning
        self._clock = clock
        self._random = random
        self._ledgers: dict[int, Ledger] = {}
        self._newest = -1
        self._phase = 0.0
        self._uplink_s = tuning.uplink_s
        self._rtt_s = 0.0
        self._foreign_share = 0.0
        self._foreign_per_s = 0.0
        self._foreign_seen: tuple[float, int, int] | None = None
        self.arrivals_per_s = 0.0
        self.pace = Pace()
        self.cold = 0
        """Permits given before any window was known."""
        self.outstanding = 0
        """Permits given and not come back."""
        self.is_probing = False
        """Whether one call at a time finds out if a storm is over."""
        self.has_headers: bool | None = None
        """None until a reply came; False where a proxy strips the headers."""
        self.counts_itself = True
        """Whether `Remaining` is lower by the very call it answers."""
        self.shares: list[float] = []
        """How much of each of the last windows was used."""

    @property
    def window_s(self) -> float:
        """The length of a window."""
        return self._tuning.window_s

    # Windows ---------------------------------------------------------------------------------

    def _index(self, server_time: float) -> int:
        return math.floor((server_time - self._phase) / self._tuning.window_s)

    def span(self, now: float) -> tuple[int, int]:
        """Return the first and the last window that a call sent now may be counted in."""
        low, high = self._clock.bounds(now)
        return self._index(now + low), self._index(now + high + self._uplink_s)

    def ledger(self, index: int) -> Ledger:
        """Return the account of a window, and close those that are over for good."""
        found = self._ledgers.get(index)
        if found is None:
            found = self._ledgers[index] = Ledger(self.limit)
            if index > self._newest:
                self._newest = index
                for old in [old for old in self._ledgers if old < index - 2]:
                    self._close(self._ledgers.pop(old))
        return found

    def _close(self, ledger: Ledger) -> None:
        """Remember what a window was like: how full it got, and how much of it others took."""
        if ledger.limit <= 0:
            return
        self.shares = [*self.shares[-19:], min(1.0, ledger.used / ledger.limit)]
        foreign = ledger.foreign_at_most / ledger.limit
        self._foreign_share = 0.5 * self._foreign_share + 0.5 * foreign

    def end_of(self, index: int) -> float:
        """Return a window's end on the server's clock."""
        return self._phase + (index + 1) * self._tuning.window_s

    def opens(self, index: int, now: float) -> float:
        """Return the moment from which a call cannot be counted in window `index` any more."""
        return self.end_of(index) - self._clock.bounds(now)[0] + EPSILON_S

    def elapsed_s(self, index: int, now: float) -> float:
        """Return how much of a window has gone, by the middle of what is possible."""
        low, high = self._clock.bounds(now)
        start = self.end_of(index) - self._tuning.window_s
        return min(max(now + (low + high) / 2 - start, 0.0), self._tuning.window_s)

    @property
    def is_known(self) -> bool:
        """Whether there are windows to go by."""
        return self._clock.is_known and self.has_headers is not False

    def is_roomy(self, now: float, waiting: int, part: float) -> bool:
        """Say whether what waits is a small part of what is left, and nobody else is there."""
        index = self.span(now)[0]
        _, soft = self.room(index, now, reserved=True)
        return waiting <= soft * part and self.ledger(index).foreign_at_least == 0

    # Deciding --------------------------------------------------------------------------------

    def look(self, now: float, *, cost: int, reserved: bool, paced: bool) -> float:
        """Return 0.0 if a call may go, else the moment to look again; infinity: after a reply.

        Args:
            now: Loop time.
            cost: What it counts.
            reserved: Whether what is kept for interactive calls is out of its reach.
            paced: Whether it is spread over the window.
        """
        if self.is_probing and self.outstanding:
            return math.inf
        if not self.is_known:
            return self._look_blind(now)
        first, last = self.span(now)
        for index in range(last, first - 1, -1):
            again = self._look_at(index, now, cost=cost, reserved=reserved)
            if again:
                return again
        if paced:
            again = self.pace.next_at
            if again > now:
                return again
        return 0.0

    def _look_blind(self, now: float) -> float:
        """Decide without a window: a few at first, then evenly as the settings say."""
        if self.has_headers is None:
            return 0.0 if self.cold < self._tuning.burst_cold else math.inf
        again = self.pace.next_at
        return again if again > now else 0.0

    def _look_at(self, index: int, now: float, *, cost: int, reserved: bool) -> float:
        """Return 0.0 if a window has room, else when to look again."""
        ledger = self.ledger(index)
        if ledger.is_full:
            return self.opens(index, now)
        hard, soft = self.room(index, now, reserved=reserved)
        if soft >= cost:
            return 0.0
        if hard >= cost:
            # There is room that a margin or a reserve holds back: both shrink, so look again soon.
            return now + self._tuning.second_look_s * self._random.uniform(0.5, 1.5)
        return self.opens(index, now)

    def room(self, index: int, now: float, *, reserved: bool) -> tuple[int, int]:
        """Return what is left of a window, and what of it may be given out now."""
        ledger = self.ledger(index)
        elapsed_s = self.elapsed_s(index, now)
        expected = self._foreign_share * ledger.limit * elapsed_s / self._tuning.window_s
        foreign = ledger.foreign(expected)
        hard = ledger.limit - foreign - ledger.charged
        soft = hard
        if foreign > 2:  # noqa: PLR2004 (one or two are rounding, not a neighbour)
            soft -= math.ceil(self._foreign_per_s * self._rtt_s)
        if reserved and self.arrivals_per_s > 0:
            coming = self.arrivals_per_s * (self._tuning.window_s - elapsed_s)
            soft -= math.ceil(coming + 2.0 * math.sqrt(coming))
        return hard, soft

    def rate_per_s(self, now: float) -> float:
        """Return how fast paced calls may go: what is left over the time that is left."""
        tuning = self._tuning
        steady = self.limit / tuning.window_s
        if not self.is_known:
            return steady
        index = self.span(now)[0]
        _, soft = self.room(index, now, reserved=True)
        left_s = tuning.window_s - tuning.guard_s - self.elapsed_s(index, now)
        rate = min(max(soft, 1) / max(left_s, tuning.horizon_s), tuning.steepest * steady)
        if self.arrivals_per_s <= 0 and self.ledger(index).foreign_at_most == 0:
            # Nobody else: a floor keeps the last calls of a window from coming ever slower.
            rate = max(rate, steady)
        return rate

    # Accounting ------------------------------------------------------------------------------

    def charge(self, now: float, *, cost: int, paced: bool) -> tuple[int, ...]:
        """Charge a call to every window that may count it; return those."""
        self.outstanding += 1
        if not self.is_known:
            self.cold += 1
            self.pace.spend(now, self.rate_per_s(now), cost)
            return ()
        if paced:
            self.pace.spend(now, self.rate_per_s(now), cost)
        first, last = self.span(now)
        for index in range(first, last + 1):
            self.ledger(index).outstanding += cost
        return (first,) if first == last else tuple(range(first, last + 1))

    def refund(self, charged: tuple[int, ...], cost: int) -> None:
        """Take a charge back: nothing was sent."""
        self._settle(charged, cost)

    def lose(self, charged: tuple[int, ...], cost: int) -> None:
        """Leave a charge where it is: the call may have been counted."""
        self._settle(charged, cost)
        for index in charged:
            ledger = self._ledgers.get(index)
            if ledger is not None:
                ledger.lost += cost

    def _settle(self, charged: tuple[int, ...], cost: int) -> None:
        self.outstanding -= 1
        if not charged:
            self.cold -= 1
        for index in charged:
            ledger = self._ledgers.get(index)
            if ledger is not None:
                ledger.outstanding -= cost

    def acknowledge(
        self,
        charged: tuple[int, ...],
        window: Window,
        *,
        cost: int,
        sent: float,
        received: float,
    ) -> int | None:
        """Take a reply in; return the window it was counted in, if it says so."""
        self._settle(charged, cost)
        index = self._place(window, sent, received)
        if index is None:
            self._note_silence(charged, window, cost)
            return None
        self.has_headers = True
        if charged and index not in charged:
            self._uplink_s = min(self._uplink_s * 1.5, self._tuning.uplink_most_s)
        ledger = self.ledger(index)
        ledger.acknowledged += cost
        used = window.used
        if used == 0:
            # The very call that this answers is counted by now: the server subtracts it later.
            self.counts_itself = False
        if used is not None and not self.counts_itself:
            used += cost
        ledger.see(window.limit, used)
        if window.limit and index >= self._newest:
            self.limit = ledger.limit
        self._rtt_s = (
            0.9 * self._rtt_s + 0.1 * (received - sent) if self._rtt_s else received - sent
        )
        self._watch_foreign(index, ledger, received)
        return index

    def _note_silence(self, charged: tuple[int, ...], window: Window, cost: int) -> None:
        """Keep the charges of a reply that does not say its window."""
        if self.has_headers is None:
            self.has_headers = False
        if window.limit:
            self.limit = window.limit
        for index in charged:
            self.ledger(index).acknowledged += cost

    def _place(self, window: Window, sent: float, received: float) -> int | None:
        """Return which window a reply names, unless what it says cannot be."""
        reset_at = window.reset_at
        if reset_at is None:
            return None
        length = self._tuning.window_s
        if self._clock.is_known:
            low, high = self._clock.bounds(received)
            if not (sent + low - length < reset_at <= received + high + 2 * length):
                return None
        phase = round(reset_at % length, 3) % length
        if phase != self._phase:
            # Windows that end elsewhere than they did: what was known of them is void.
            self._phase = phase
            self._ledgers.clear()
            self._newest = -1
        self._clock.counted_in(reset_at - length, reset_at, sent=sent, received=received)
        return round((reset_at - phase) / length) - 1

    def fill(self, index: int) -> None:
        """Note that the server has turned a call away: nothing more fits into this window."""
        ledger = self.ledger(index)
        ledger.rejected += 1
        ledger.is_full = True
        if ledger.acknowledged <= ledger.rejected:
            # Not one call of ours was served: a storm. The next window begins with one probe.
            self.is_probing = True

    def _watch_foreign(self, index: int, ledger: Ledger, now: float) -> None:
        """Follow how fast others use the window up."""
        foreign = ledger.foreign_at_most
        seen = self._foreign_seen
        if seen is None or seen[1] != index:
            self._foreign_seen = (now, index, foreign)
            return
        if now - seen[0] >= self._tuning.foreign_span_s:
            slope = max(0.0, (foreign - seen[2]) / (now - seen[0]))
            self._foreign_per_s = 0.5 * self._foreign_per_s + 0.5 * slope
            self._foreign_seen = (now, index, foreign)
