"""The scheduler in its situations, a short form: the report has all of them, and more seeds."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest

from tests.support.scheduler.scenarios import Goal, run, scenario
from tests.support.thoroughness import some_of

pytestmark = pytest.mark.once
SHORT_S = 35.0
SEEDS = (1,)

# Shorter runs weigh the beginning more, so what may be turned away is a little more than there.
CHECKED = {
    "alone": Goal(0.999, worst_window=0.99),
    "slow answers": Goal(0.98),
    "cold at 95 %": Goal(0.98, 0.0005),
    "limit doubled": Goal(0.98, 0.0005),
    "limit halved": Goal(0.98, 0.003),
    "date +7 s": Goal(0.98, 0.0005),
    "drift +500 ppm": Goal(0.98, 0.0005),
    "reordered": Goal(0.98, 0.0005),
    "1 % lost": Goal(0.98, 0.0005),
    "bursts 20 %": Goal(0.97, 0.003),
    "early edge 50 %": Goal(0.97, 0.003),
    "late edge 20 %": Goal(0.97, 0.002),
    "late edge 80 %": Goal(0.97, 0.008),
    "8 processes": Goal(0.99, 0.003, jain=0.97),
    "32 processes": Goal(0.97, 0.004, jain=0.9),
    "workspace squeezed": Goal(0.93, 0.005),
    "workspace full, 10 s": Goal(0.93, 0.005),
    "workspace full, 2 s": Goal(0.92, 0.008),
    "interactive on bulk": Goal(0.98, wait_p99_s=0.02),
}


QUICK = (
    *("alone", "cold at 95 %", "limit halved", "drift +500 ppm", "1 % lost", "late edge 20 %"),
    *("8 processes", "workspace squeezed", "interactive on bulk"),
)
"""One of each kind of situation."""


@pytest.mark.parametrize("name", some_of(CHECKED, QUICK))
def test_a_situation_is_mastered(name: str) -> None:
    short = replace(scenario(name), span_s=min(scenario(name).span_s, SHORT_S))

    outcomes = [run(short, seed) for seed in SEEDS]

    goal = CHECKED[name]
    assert median(outcome.utilisation for outcome in outcomes) >= goal.utilisation
    assert median(outcome.throttled for outcome in outcomes) <= goal.throttled
    assert min(outcome.worst_window for outcome in outcomes) >= goal.worst_window
    assert min(outcome.jain for outcome in outcomes) >= goal.jain
    assert max(outcome.wait_p99_s for outcome in outcomes) <= goal.wait_p99_s
