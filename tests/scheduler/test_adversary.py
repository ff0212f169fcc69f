"""Whatever is asked for, in any lane: no lane starves, no person waits while there is room."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import Phase, given, settings

from tests.support.scheduler.adversary import Situation, play
from tests.support.thoroughness import IS_THOROUGH

FEW = (0.0, 0.0, 0.01, 0.05, 0.1, 0.3)
FLOODS = (0.8, 1.05, 1.3, 2.0, 3.0)
demands = st.one_of(
    *(
        st.tuples(*(st.sampled_from(FLOODS if lane == flooding else FEW) for lane in range(4)))
        for flooding in range(4)
    ),
    st.tuples(*(st.sampled_from(FEW + FLOODS) for _ in range(4))).filter(any),
)
besides = st.one_of(
    st.just((0, 0, 0, 0)),
    st.tuples(*(st.sampled_from(FEW) for _ in range(4))),
    st.tuples(*(st.sampled_from(FEW + FLOODS) for _ in range(4))),
)
costs = st.one_of(st.just((1, 1, 1, 1)), st.tuples(*(st.sampled_from([1, 4]) for _ in range(4))))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    limit = draw(st.sampled_from([1, 2, 3, 5, 7, 8, 10, 13, 20, 30, 50, 100, 300, 1667, 10_000]))
    shares = st.sampled_from([None, None, max(1, limit // 2), max(1, limit - 1)])
    return Situation(
        demands=draw(demands),
        beside=draw(besides),
        limit=limit,
        window_s=draw(st.sampled_from([10.0, 60.0])),
        workspace=draw(shares),
        places=draw(st.sampled_from([None, None, 1, 2, 10])),
        costs=draw(costs),
        together=draw(st.sampled_from([1, 5, 30])),
        answer_s=draw(st.sampled_from([0.05, 0.1, 0.5, 2.0, 10.0, 50.0])),
        lost=draw(st.sampled_from([0.0, 0.0, 0.05])),
        overloaded=draw(st.sampled_from([0.0, 0.0, 0.05])),
        cancelled=draw(st.sampled_from([0.0, 0.2, 0.7])),
        patience_s=draw(st.sampled_from([None, 1.0, 12.0])),
        is_told=draw(st.sampled_from([True, True, False])),
        are_apart=draw(st.booleans()),
        seed=draw(st.integers(0, 1000)),
    )


FOUND = {
    "blind calls of two apps": Situation(
        demands=(2.0, 0.01, 0, 0),
        beside=(0.3, 0, 1.05, 0),
        limit=20,
        workspace=19,
        together=30,
        answer_s=50.0,
        cancelled=0.7,
        patience_s=1.0,
        seed=343,
    ),
    "blind calls of two moments in one window": Situation(
        demands=(0, 0, 1.05, 0),
        workspace=50,
        together=30,
        answer_s=50.0,
        patience_s=1.0,
        seed=313156,
    ),
    "blind calls of a small limit": Situation(
        demands=(0.3, 0, 0.01, 2.0),
        limit=7,
        workspace=6,
        together=30,
        answer_s=50.0,
        cancelled=0.7,
        patience_s=12.0,
        seed=314784,
    ),
    "a lane whose calls all give up": Situation(
        demands=(0.3, 3.0, 0.1, 0.01),
        window_s=60.0,
        places=1,
        answer_s=0.5,
        lost=0.05,
        overloaded=0.05,
        patience_s=12.0,
        windows=3.0,
        seed=615177,
    ),
    "less than one call of others who were never there": Situation(
        demands=(2.0, 0.8, 0.1, 0.3),
        window_s=60.0,
        places=10,
        answer_s=0.05,
        patience_s=12.0,
        is_told=False,
        windows=5.0,
        seed=335881,
    ),
    "places that the people of another app take": Situation(
        demands=(3.0, 0.02, 0, 0),
        beside=(0.05, 0.03, 0.02, 0.02),
        workspace=200,
        places=2,
        answer_s=0.5,
        windows=6.0,
    ),
    "a kept place and a workspace's window that another app takes": Situation(
        demands=(2.0, 0.02, 0, 0),
        beside=(0.05, 0.033, 0, 0.017),
        workspace=60,
        places=2,
        answer_s=0.3,
        windows=6.0,
        seed=4,
    ),
    "a workspace's window that the people of another scheduler take": Situation(
        demands=(3.0, 0.02, 0.02, 0.02),
        beside=(0.05, 0.03, 0.02, 0.02),
        workspace=60,
        are_apart=True,
        windows=8.0,
    ),
    "a workspace's window that the normal calls of another scheduler take": Situation(
        demands=(0.02, 3.0, 0.02, 0.02),
        beside=(0.05, 0.3, 0, 0),
        workspace=90,
        are_apart=True,
        windows=8.0,
    ),
    "a workspace's window that the people of another app take": Situation(
        demands=(3.0, 0.02, 0, 0), beside=(0.05, 0.03, 0.02, 0.02), workspace=60, seed=2
    ),
    "answers that name windows six lengths ago": Situation(
        demands=(3.0, 0.05, 0.05, 2.0),
        limit=30,
        workspace=46,
        costs=(1, 1, 1, 4),
        together=5,
        answer_s=50.0,
        patience_s=12.0,
        windows=6.0,
        seed=761016,
    ),
    "six windows one of which is the present one": Situation(
        demands=(0.3, 0, 0, 2.0),
        limit=7,
        workspace=6,
        together=30,
        answer_s=80.0,
        seed=25,
    ),
    "calls heavier than the window": Situation(
        demands=(0, 1.05, 1.05, 0.3),
        beside=(0.01, 0.01, 2.0, 0),
        limit=1,
        window_s=60.0,
        workspace=2,
        costs=(1, 1, 4, 4),
        answer_s=0.05,
        are_apart=True,
        seed=683206,
    ),
}
"""What the search has found, each broken when it was found."""


@pytest.mark.parametrize("situation", FOUND.values(), ids=FOUND)
def test_what_was_found_holds(situation: Situation) -> None:
    assert play(situation) == []


# The same situations are drawn in each run, and others in `nox -s chaos` alone: what it finds is to
# be mended there, and not to turn up where something else is tested.
@settings(
    max_examples=2_000 if IS_THOROUGH else 6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate] if IS_THOROUGH else [Phase.generate],
    derandomize=not IS_THOROUGH,
)
@given(situation=situations())
def test_no_demand_starves_a_lane_or_keeps_a_person_waiting(situation: Situation) -> None:
    assert play(situation) == []
