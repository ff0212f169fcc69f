"""How long the interactive calls of a soak took, and what each of them met meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from intercom_async import Priority
from intercom_async.clock import CLOCK
from intercom_async.request.observer import Attempt, CallOutcome, ObservedCall, Observer
from intercom_async.simulator import Simulator

CANCELLED = "CancelledError"
UNCERTAIN_S = 0.05
"""Seconds after the end of a window for which a client may take it to last yet."""
MAX_SLOWDOWN = 2.0
"""Times that interactive calls which met nothing may take longer than without trouble, at p99."""
UNNOTICED_S = 0.01
"""Seconds that do not count as longer."""


def is_as_quick(soaked: dict[str, float], plain: dict[str, float]) -> bool:
    """Return whether calls took hardly longer than others; not so if there were none of either."""
    return all(
        soaked[name] <= MAX_SLOWDOWN * plain[name] + UNNOTICED_S for name in ("wait_p99_s", "p99_s")
    )


@dataclass(slots=True)
class Span:
    """A part of the soak, in loop time."""

    begins: float
    ends: float = math.inf

    def meets(self, begins: float, ends: float) -> bool:
        """Return whether it has a moment in common with another part."""
        return self.begins <= ends and begins <= self.ends


@dataclass(frozen=True, slots=True)
class Latency:
    """One interactive call that was not cancelled."""

    began: float
    ended: float
    wait_s: float
    has_met_fault: bool
    """Whether one of its own requests met a fault."""


class Latencies(Observer):
    """Observes all calls, and tells what the interactive ones met.

    A call meets an outage when the server is gone at any moment of its life; a recovery, when the
    server is back and no answer has told the client so; a full window, when the server has said
    that a window is used up, until that window ends: that a limit is raised meanwhile is nothing
    that a client can know which keeps to what it was told.
    """

    def __init__(self, simulator: Simulator) -> None:
        self.calls: list[Latency] = []
        self.outages: list[Span] = []
        """When the server was gone."""
        self.recoveries: list[Span] = []
        """When it was back and the client did not know."""
        self.full_windows: list[Span] = []
        self._simulator = simulator

    def go_down(self) -> None:
        """Note that the server is gone."""
        self._end_recovery()
        self.outages.append(Span(CLOCK.now()))

    def go_up(self) -> None:
        """Note that it is back."""
        self.outages[-1].ends = now = CLOCK.now()
        self.recoveries.append(Span(now))

    def call_began(self, call: ObservedCall) -> None:
        """Note when."""
        call.state[self] = CLOCK.now()
        self._look()

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:  # noqa: ARG002 (Observer's)
        """Note that the server answers."""
        if attempt.status is not None:
            self._end_recovery()
        self._look()

    def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
        """Keep what an interactive call took."""
        if call.priority is Priority.INTERACTIVE and outcome.error != CANCELLED:
            has_met_fault = outcome.attempts > 1 or outcome.error is not None
            self.calls.append(Latency(call.state[self], CLOCK.now(), outcome.wait_s, has_met_fault))

    def _end_recovery(self) -> None:
        if self.recoveries and self.recoveries[-1].ends == math.inf:
            self.recoveries[-1].ends = CLOCK.now()

    def _look(self) -> None:
        """Note a window that is full."""
        app, now = self._simulator.status().apps[0], CLOCK.now()
        if app.remaining <= 0 and not (self.full_windows and now < self.full_windows[-1].ends):
            self.full_windows.append(Span(now, now + app.reset_at - CLOCK.unix() + UNCERTAIN_S))

    def figures(self) -> dict[str, dict[str, float]]:
        """Return count and percentiles: of all calls, and of ever fewer that met ever less.

        The last line are calls that met nothing, before it those with a fault beside them.
        """

        def spared(spans: list[Span]) -> Callable[[Latency], bool]:
            return lambda call: not any(span.meets(call.began, call.ended) for span in spans)

        lines = {"all": self.calls}
        kept = lines["no outage"] = list(filter(spared(self.outages), self.calls))
        kept = lines["no outage, recovery"] = list(filter(spared(self.recoveries), kept))
        lines["no outage, recovery, fault"] = [call for call in kept if not call.has_met_fault]
        kept = lines["no outage, recovery, full window"] = list(
            filter(spared(self.full_windows), kept)
        )
        lines["nothing"] = [call for call in kept if not call.has_met_fault]
        return {name: _percentiles(calls) for name, calls in lines.items()}


def _percentiles(calls: list[Latency]) -> dict[str, float]:
    elapsed_s = [call.ended - call.began for call in calls]
    waits_s = [call.wait_s for call in calls]
    return {"count": len(calls), "wait_p99_s": percentile(waits_s, 0.99)} | {
        f"p{share}_s": percentile(elapsed_s, share / 100) for share in (50, 90, 99)
    }


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share of all lies; NaN without any."""
    return round(sorted(values)[int(share * len(values))], 4) if values else math.nan
