"""Each rule that real use has asked for earns its keep: without it, a situation goes wrong.

`ABLATIONS` are rules that are taken away here; `ELSEWHERE` names the tests that fail without the
others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from intercom_async.clock import CLOCK
from intercom_async.errors import WaitTooLongError
from intercom_async.priority import Priority
from intercom_async.scheduler import dispatcher, feedback, lanes
from intercom_async.scheduler.limits import (
    cold_start,
    probes,
    server_clock,
    window_matching,
)
from tests.support.scheduler.clients import Sender
from tests.support.scheduler.hardships import HARDSHIPS, LIMIT, STEADY
from tests.support.scheduler.neighbours import at_the_edge
from tests.support.scheduler.scenarios import Goal, Scenario, Waits, nearly_used_up, run
from tests.support.scheduler.server import Server
from tests.support.virtual_time import run_virtual
from .test_ablations import both_ways, reach
from .test_wait_estimate import CROWD, history, wait_of_one

SEED = 3


@dataclass(frozen=True, slots=True)
class Ablation:
    """A rule, what takes it away, and the situation that goes wrong without it."""

    rule: str
    take_away: Callable[[pytest.MonkeyPatch], None]
    situation: Scenario


def hardship(name: str, span_s: float, **changes: Any) -> Scenario:
    found = next(each for each in HARDSHIPS if each.name == name)
    return replace(found, span_s=span_s, **changes)


def attribute(owner: Any, name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Return what replaces one attribute."""
    return lambda patch: patch.setattr(owner, name, value)


def without_kept_places(patch: pytest.MonkeyPatch) -> None:
    prepare = dispatcher.Dispatcher.__init__

    def keep_none(self: Any, *arguments: Any, **options: Any) -> None:
        prepare(self, *arguments, **options)
        self._soft_cap = self._max_in_flight

    patch.setattr(dispatcher.Dispatcher, "__init__", keep_none)


async def come_once(sender: Sender, _server: Server, _random: Random, waits: Waits) -> None:
    await CLOCK.sleep(8.0)
    await waits.call(sender, Priority.INTERACTIVE)


def at_once(_probe: probes.Probe, _now: float) -> float:
    return 0.0


def restart_only(
    self: Any, start: float, end: float, *, first_received: float, **when: Any
) -> None:
    del first_received
    self.restart(start, end, **when)


def nothing(*_arguments: Any, **_options: Any) -> None:
    """Do nothing."""


SHORT_PLACES = hardship(
    "short places",
    60.0,
    guests=[come_once],
    goal=Goal(0.0, longest_waits_s=(1.0, math.inf, math.inf, math.inf)),
)
FULL_WINDOWS = Scenario(
    name="full windows",
    goal=Goal(0.0, 0.5),
    span_s=65.0,
    workers=60,
    work_lane=Priority.INTERACTIVE,
    neighbours=(at_the_edge(LIMIT, from_s=0.0),),
    settings=STEADY,
    server={"limit": LIMIT},
)
CONSTANT = hardship(
    "constant reset",
    65.0,
    settings=STEADY,
    server=dict(hardship("constant reset", 0.0).server, limit=LIMIT),
    goal=Goal(0.9, 0.001),
)
NEARLY_USED_UP = Scenario(
    name="nearly used up",
    goal=Goal(0.0, 0.01),
    span_s=15.0,
    script=nearly_used_up,
    settings=STEADY,
    server={"limit": LIMIT},
    skip=0,
)
ABLATIONS = (
    Ablation("2: a tenth of the places is kept", without_kept_places, SHORT_PLACES),
    Ablation(
        "3: the clock is doubted before the length",
        attribute(window_matching, "NEAR_SHARE", 0.0),
        hardship("clock -3 s", 75.0, goal=Goal(0.94, 0.005, silence_s=1.5)),
    ),
    Ablation(
        "3: while in doubt, one call after the other",
        attribute(window_matching.WindowMatcher, "is_in_doubt", False),
        hardship("clock -3 s", 75.0, goal=Goal(0.94, 0.005, silence_s=1.5)),
    ),
    Ablation(
        "3: two shifts are a drift",
        attribute(server_clock.ServerClock, "learn_drift", nothing),
        hardship("slew -8 %", 153.0, goal=Goal(0.97, 0.008)),
    ),
    Ablation(
        "3: a length is learned once windows outlast it",
        attribute(window_matching, "OUTLASTING_LENGTHS", math.inf),
        hardship("few in 60 s, unset", 200.0),
    ),
    Ablation(
        "3: Date is believed again with another length",
        attribute(server_clock.ServerClock, "restart_longer", restart_only),
        hardship("few in 60 s, unset", 200.0),
    ),
    Ablation(
        "4: impossible headers are not believed",
        attribute(window_matching.WindowMatcher, "note_impossible", nothing),
        CONSTANT,
    ),
    Ablation(
        "4: a rate that a 429 names is gone by",
        attribute(feedback, "named_rate", nothing),
        hardship("stripped headers", 65.0, goal=Goal(0.9, 0.02)),
    ),
    Ablation(
        "5: what is sent blindly grows with calls under way",
        attribute(cold_start, "EXTRA_PER_S", math.inf),
        NEARLY_USED_UP,
    ),
    Ablation(
        "6: one call probes a full window",
        attribute(probes.Probe, "retry_at", at_once),
        FULL_WINDOWS,
    ),
)

ELSEWHERE = {
    "1: an overdue head is owed": "test_ablations.py::test_without_owed_heads_a_lane_starves",
    "5: no more blind calls than a window takes": (
        "test_ablations.py::test_without_a_base_that_fits_small_limits_are_exceeded"
    ),
    "7: full windows cost no attempt": (
        "../request/test_session.py::test_full_windows_cost_no_attempt"
    ),
    "8: a charge is settled first": (
        "test_feedback.py::test_hostile_headers_leave_nothing_charged_and_nobody_waiting"
    ),
    "9: only the least wait refuses": (
        "test_rules.py::test_without_the_least_wait_calls_are_refused_for_nothing"
    ),
    "10: a reserve that all keep": (
        "test_ablations.py::test_the_shared_reserve_keeps_interactive_calls_fast"
    ),
    "outage: one call finds out": (
        "../request/test_outage_queue.py"
        "::test_probes_are_few_and_the_last_comes_soon_after_recovery"
    ),
}


def test_every_rule_has_a_test_that_fails_without_it() -> None:
    rules = {each.rule.split(":")[0] for each in ABLATIONS} | {
        key.split(":")[0] for key in ELSEWHERE
    }

    assert rules == {*map(str, range(1, 11)), "outage"}
    for found in ELSEWHERE.values():
        path, _, name = found.partition("::")
        assert f"def {name}(" in (Path(__file__).parent / path).read_text()


@pytest.mark.once
@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda each: each.rule)
def test_without_a_rule_a_situation_goes_wrong(
    ablation: Ablation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def goes_well() -> None:
        outcome = run(ablation.situation, SEED)
        reach(not outcome.misses(ablation.situation.goal), outcome)

    both_ways(goes_well, lambda: ablation.take_away(monkeypatch))


def test_without_the_least_wait_calls_are_refused_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = history(Priority.NORMAL, 20, CROWD, ceiling=1.0)
    waited_s = run_virtual(wait_of_one(told, None)) or 0.0

    def goes_well() -> None:
        try:
            run_virtual(wait_of_one(told, waited_s + 0.1))
        except WaitTooLongError as error:
            reach(False, error)

    def all_before(self: Any, entry: Any) -> tuple[int, int]:
        return self.ahead(entry.priority) - 1, 0

    both_ways(goes_well, lambda: monkeypatch.setattr(lanes.Lanes, "surely_before", all_before))
