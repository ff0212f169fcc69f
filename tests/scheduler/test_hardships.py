"""The scheduler under what real use does to it, a short form: the report has more seeds of all.

Some more situations are in test_rules.py, with and without the rule that masters them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.scheduler.hardships import HARDSHIPS
from tests.support.scheduler.scenarios import Scenario, run

pytestmark = pytest.mark.once
SHORT_S = {
    "demand 105 %, interactive": 65.0,
    "demand 300 %, interactive": 65.0,
    "demand 130 %, bulk": 65.0,
    "16 processes, interactive": 35.0,
    "clock +1 s": 75.0,
    "slow call at a probe": 75.0,
    "cold failure": 95.0,
    "a week idle, +200 ppm": 0.0,
}
"""Seconds that a situation is cut to; 0 keeps all of it."""


@pytest.mark.parametrize("name", SHORT_S)
def test_a_hardship_is_mastered(name: str) -> None:
    found: Scenario = next(each for each in HARDSHIPS if each.name == name)
    short = replace(found, span_s=SHORT_S[name] or found.span_s)

    assert run(short, 3).misses(found.goal) == []
