"""One app's windows: whether a call may go now, and if not, when to look again.

Pure: it is told the time, keeps no timer and knows no task. See the package's docstring for why it
does what it does.
"""

from __future__ import annotations

import math
from random import Random

from intercom_async.response import Window
from .attribution import place, rank_in
from .cold_start import Cold
from .probes import MOST, Scouts
from .reserve import Reserve
from .server_clock import LimiterClock
from .token_bucket import Pace, even_rate
from .usage import ROUNDING, Foreign
from .window_budget import Ledger
from .window_schedule import Grid
from .workspace_limiter import Workspace

EPSILON_S = 1e-4
"""So that a timer set for the end of a window fires after it."""
REMEMBERED = 20
"""Windows whose use is remembered."""


class Gate:
    """The windows of one app.

    Args:
        limit: Calls a window, until a reply says it.
        workspace: The windows of the workspace that the app belongs to.
        grid: Where windows end; apps of one server share it.
        clock: The server's clock; shared as well.
        random: Spreads second looks, so that processes do not look in step.
    """

    __slots__ = (
        "_ledgers",
        "_length_ms",
        "_looked_at",
        "_named",
        "_random",
        "_soft",
        "_span",
        "_span_of",
        "_span_until",
        "_uplink_s",
        "clock",
        "cold",
        "counts_itself",
        "foreign",
        "frozen",
        "grid",
        "has_headers",
        "is_probing",
        "limit",
        "newest",
        "outstanding",
        "pace",
        "reserve",
        "rtt_s",
        "scouts",
        "shares",
        "suspects",
        "workspace",
    )

    def __init__(
        self, limit: int, workspace: Workspace, grid: Grid, clock: LimiterClock, random: Random
    ) -> None:
        self.limit: int = limit
        self.workspace: Workspace = workspace
        self.grid: Grid = grid
        self.clock: LimiterClock = clock
        self._random = random
        self._ledgers: dict[int, Ledger] = {}
        self._length_ms = grid.length_ms
        self._named: Ledger | None = None
        self.newest: int = 0
        """The latest window that was looked at."""
        self.frozen: int = 0
        """A Reset that stays the same while the count begins anew; it is not believed."""
        self._looked_at: tuple[Ledger, ...] = ()
        self._soft = 0
        self._span: tuple[Ledger, ...] = ()
        self._span_of = (-1, -1)
        self._span_until = -math.inf
        self._uplink_s = grid.tuning.uplink_s
        self.rtt_s: float = 0.0
        """How long calls take, on the average."""
        self.foreign: Foreign = Foreign()
        self.reserve: Reserve = Reserve()
        self.pace: Pace = Pace()
        self.cold: Cold = Cold()
        self.scouts: Scouts = Scouts()
        self.outstanding: int = 0
        """Permits given and not come back."""
        self.is_probing: bool = False
        """Whether one call at a time finds out if a storm is over."""
        self.has_headers: bool | None = None
        """None until a reply came; False where a proxy strips the headers."""
        self.counts_itself: bool = True
        """Whether `Remaining` is lower by the very call it answers."""
        self.suspects: int = 0
        """Replies in a row whose Reset contradicts what is known."""
        self.shares: list[float] = []
        """How much of each of the last windows was used."""

    # Windows ---------------------------------------------------------------------------------

    @property
    def is_known(self) -> bool:
        """Whether there are windows to go by."""
        return self.clock.is_known and self.has_headers is not False

    def span(self, now: float) -> tuple[Ledger, ...]:
        """Return the windows, the first one first, that a call sent now may be counted in."""
        clock, grid = self.clock, self.grid
        versions = (clock.version, grid.version)
        if now < self._span_until and self._span_of == versions:
            return self._span
        low, high = clock.counting(now)
        high += self._uplink_s
        first, last = grid.window_at(now + low), grid.window_at(now + high)
        if not self._span or self._span[0].window != first or self._span[-1].window != last:
            self._span = tuple(map(self.ledger, range(first, last + 1, grid.length_ms)))
        # Until the next window comes into reach; drift is far less than a millisecond by then.
        self._span_until = min(first / 1000 - low, last / 1000 - high) - EPSILON_S * grid.length_s
        self._span_of = versions
        return self._span

    def ledger(self, window: int) -> Ledger:
        """Return the account of a window, and close those that are over for good."""
        found = self._ledgers.get(window)
        if found is not None:
            return found
        if self._length_ms != self.grid.length_ms:
            # Names of windows of another length say nothing of how old these are.
            self._length_ms, self.newest = self.grid.length_ms, 0
        far_ms = 2 * self._length_ms
        if self.newest - 3 * far_ms < window < self.newest - far_ms:
            # A reply that comes this late tells of a window whose account is closed.
            return Ledger(window, self.limit)
        found = Ledger(window, self.limit, self.workspace.ledger(window))
        self._ledgers[window] = found
        if not self.newest - far_ms <= window <= self.newest:
            self.newest = window
            self.reserve.fade()
            for old in [old for old in self._ledgers if abs(old - window) > far_ms]:
                self._close(self._ledgers.pop(old))
            # What is closed is charged no more.
            self._span, self._span_until = (), -math.inf
        return found

    def last_named(self) -> Ledger | None:
        """Return the account of the window that a reply has named last."""
        return self._ledgers.get(self.grid.last_ms)

    def _close(self, ledger: Ledger) -> None:
        """Remember what a window was like: how full it got, and how much of it others took."""
        self.shares = [*self.shares[1 - REMEMBERED :], min(1.0, ledger.used / ledger.limit)]
        self.foreign.close(ledger)

    def opens(self, ledger: Ledger, now: float) -> float:
        """Return the moment from which a call cannot be counted in a window any more."""
        return ledger.window / 1000 - self.clock.counting(now)[0] + EPSILON_S

    def left_s(self, ledger: Ledger, now: float) -> float:
        """Return how much of a window is likely to be left."""
        left_s = ledger.window / 1000 - now - self.clock.likely(now)
        return min(left_s, self.grid.tuning.window_s) if left_s > 0.0 else 0.0

    def _release_s(self) -> float:
        """Return how long before a window's end nothing is kept for interactive calls any more."""
        return self.grid.tuning.release_s + self.clock.lead_s

    # Deciding --------------------------------------------------------------------------------

    def look(self, now: float, *, cost: int, hurried: bool, paced: bool) -> float:
        """Return 0.0 if a call may go, else the moment to look again; infinity: after a reply.

        Args:
            now: Loop time.
            cost: What it counts.
            hurried: Whether what is kept for interactive calls is within its reach.
            paced: Whether it is spread over the window.
        """
        if self.is_probing and self.outstanding:
            return math.inf
        if not self.is_known:
            # Without a window: a few at first, then evenly as the settings say.
            self._looked_at = ()
            if self.has_headers is None:
                return self.cold.look(now, hurried=hurried)
            return self.pace.next_at if self.pace.next_at > now else 0.0
        if paced and self.pace.next_at > now:
            return self._look_at_pace(now)
        span = self._looked_at = self.span(now)
        for ledger in reversed(span):
            again = self._look_at(ledger, now, cost=cost, hurried=hurried)
            again = again or self._look_at_workspace(ledger, now, cost=cost, paced=paced)
            if again:
                return again
        return 0.0

    def _look_at_pace(self, now: float) -> float:
        """Return when the pace allows a call, or when to look at it again."""
        again = self.pace.next_at
        soon = now + self.grid.tuning.second_look_s
        if again > soon:
            # It was slow when the last call went; what is left since may allow it to be faster.
            self.pace.hasten(self.rate_per_s(now))
            again = min(max(self.pace.next_at, now + EPSILON_S), soon)
        return again

    def _look_at(self, ledger: Ledger, now: float, *, cost: int, hurried: bool) -> float:
        """Return 0.0 if a window has room, else when to look again."""
        if ledger.is_full:
            return self.opens(ledger, now)
        if cost > 1:
            # A call that no window is large enough for has one for itself.
            cost = min(cost, ledger.limit)
        hard, soft = self.room(ledger, now, hurried=hurried)
        self._soft = soft
        if hard < cost:
            return self.opens(ledger, now)
        is_alone = ledger.foreign <= ROUNDING or self.foreign.is_absent
        if hard <= MOST and not hurried and is_alone:
            again = self.scouts.moment(hard, ledger, self.clock, now, rtt_s=self.rtt_s)
            if again:
                return again if again > now else 0.0
        if soft >= cost or (cost > 1 and not ledger.charged and hard >= cost):
            return 0.0
        # There is room that a margin or a reserve holds back: both shrink, so look again soon.
        pause_s = self.grid.tuning.second_look_s * self._random.uniform(0.5, 1.5)
        if not self.reserve.per_s:
            return now + pause_s
        # Shortly before the end nothing is kept for interactive calls any more.
        released_s = max(0.0, self.left_s(ledger, now) - self._release_s())
        return now + min(pause_s, released_s + EPSILON_S)

    def _look_at_workspace(self, ledger: Ledger, now: float, *, cost: int, paced: bool) -> float:
        """Return 0.0 if the workspace's same window has room, else when to look again."""
        shared, workspace = ledger.workspace, self.workspace
        if shared is None:
            return 0.0
        if shared.is_full or shared.charged + cost > workspace.limit:
            return self.opens(ledger, now)
        if workspace.quota is None:
            return 0.0
        is_allowed = workspace.allows(
            shared, workspace.quota, left_s=self.left_s(ledger, now), paced=paced
        )
        if is_allowed is None:
            return now + self.grid.tuning.second_look_s * self._random.uniform(0.5, 1.5)
        return 0.0 if is_allowed else self.opens(ledger, now)

    def room(self, ledger: Ledger, now: float, *, hurried: bool) -> tuple[int, int]:
        """Return what is left of a window, and what of it may be given out now."""
        # What went blindly may be counted in any window.
        charged = ledger.outstanding + ledger.acknowledged + ledger.lost + self.cold.given
        kept = not hurried and self.reserve.per_s > 0.0
        if not kept and ledger.top <= charged and not self.foreign.is_expected:
            hard = ledger.limit - charged
            return hard, hard
        left_s = self.left_s(ledger, now)
        foreign = self.foreign.estimate(ledger)
        soft = hard = ledger.limit - foreign - charged
        length_s = self.grid.length_s
        if foreign > ROUNDING or self.foreign.is_expected:
            soft -= self.foreign.margin(
                now,
                foreign,
                ledger.limit,
                rtt_s=self.rtt_s,
                part=1.0 - left_s / length_s,
                window_s=length_s,
            )
        if kept:
            soft -= self.reserve.kept(ledger.limit, left_s, self._release_s())
        return hard, soft

    def rate_per_s(self, now: float) -> float:
        """Return how fast paced calls may go: what is left over the time that is left."""
        if not self.is_known:
            return self.limit / self.grid.length_s
        ledger = self.span(now)[0]
        _, soft = self.room(ledger, now, hurried=False)
        return even_rate(self, ledger, soft, now)

    # Accounting ------------------------------------------------------------------------------

    def charge(
        self, now: float, *, cost: int, paced: bool
    ) -> tuple[tuple[Ledger, ...], tuple[int, ...]]:
        """Charge a call that `look` has just let go to every window that may count it.

        Returns:
            The windows, and how many calls of ours each has with this one; without a window, how
            many have gone blindly.
        """
        self.outstanding += 1
        charged = self._looked_at
        if not charged:
            self.cold.given += 1
            self.cold.total += 1
            self.pace.spend(now, self.rate_per_s(now), cost)
            return (), (self.cold.total,)
        if paced:
            self.pace.spend(now, even_rate(self, charged[0], self._soft, now), cost)
        self.scouts.went(now)
        if len(charged) == 1:  # as nearly always
            return charged, (charged[0].charge(cost),)
        return charged, tuple([ledger.charge(cost) for ledger in charged])

    def settle(self, charged: tuple[Ledger, ...], cost: int) -> None:
        """Take a charge back: a reply has come, or nothing was sent."""
        self.outstanding -= 1
        if not charged:
            self.cold.given -= 1
        for ledger in charged:
            ledger.settle(cost)

    def lose(self, charged: tuple[Ledger, ...], cost: int) -> None:
        """Leave a charge where it is: the call may have been counted."""
        self.settle(charged, cost)
        for ledger in charged:
            ledger.lose(cost)

    def acknowledge(
        self,
        charged: tuple[Ledger, ...],
        reply: Window,
        *,
        cost: int,
        ranks: tuple[int, ...] = (),
        sent: float,
        received: float,
        rejected: bool = False,
        date: float | None = None,
    ) -> Ledger | None:
        """Take a reply in; return the window it was counted in, if it says so."""
        used = reply.used
        window = place(self, reply, used, sent, received, certain=rejected, date=date)
        if window is None:
            self.settle(charged, cost)
            self._note_silence(charged, reply, cost)
            return None
        self.has_headers = True
        if len(charged) == 1 and charged[0].window == window:  # as nearly always
            ledger, rank = charged[0], ranks[0] if ranks else 0
            self.outstanding -= 1
            ledger.serve(cost)
        else:
            ledger = self._recount(charged, window, cost)
            rank = rank_in(ledger, charged, ranks) if ranks else 0
        if ledger is not self._named:
            self._named = self.foreign.move_on(self._named, ledger)
        if used is not None:
            if used == 0:
                # The very call that this answers is counted by now: it is subtracted later.
                self.counts_itself = False
            if not self.counts_itself:
                used += cost
        ledger.see(reply.limit, used, sent=sent, rank=rank)
        if reply.limit and window >= self.newest:
            self.limit = ledger.limit
        rtt_s = received - sent
        self.rtt_s = 0.9 * self.rtt_s + 0.1 * rtt_s if self.rtt_s else rtt_s
        left_s = window / 1000 - sent - self.clock.likely(sent)
        tuning = self.grid.tuning
        self.foreign.watch(
            ledger, received, sent=sent, part=1.0 - left_s / tuning.window_s, tuning=tuning
        )
        return ledger

    def _recount(self, charged: tuple[Ledger, ...], window: int, cost: int) -> Ledger:
        """Move a charge that several windows have, or another one, to where it was counted."""
        self.settle(charged, cost)
        found = [each for each in charged if each.window == window]
        ledger = found[0] if found else self.ledger(window)
        if charged and not found:
            self._uplink_s = min(self._uplink_s * 1.5, self.grid.tuning.uplink_most_s)
            self._span_until = -math.inf
        ledger.acknowledge(cost)
        return ledger

    def _note_silence(self, charged: tuple[Ledger, ...], reply: Window, cost: int) -> None:
        """Keep the charges of a reply that does not say its window."""
        if self.has_headers is None and not self.suspects:
            self.has_headers = False
        if reply.limit:
            self.limit = reply.limit
        for ledger in charged:
            ledger.acknowledge(cost)
