"""Histories are drawn and made the same again, and those are played first that are like another."""

from __future__ import annotations

import pytest

from tests.sync.machine import generate
from tests.sync.machine.generate import draw, focus_of
from tests.sync.machine.later_foci import LATER
from tests.sync.machine.splice import splice
from .likeness import ranked

SEEDS = range(60)


def test_a_focus_that_is_added_later_leaves_the_other_histories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {one.name for one in LATER}
    others = [seed for seed in range(600) if focus_of(seed) not in names]
    drawn = {seed: draw(seed) for seed in others[:60]}
    monkeypatch.setattr(generate, "LATER", ())

    assert 0 < 600 - len(others) < 270
    assert {seed: draw(seed) for seed in drawn} == drawn


def test_a_history_is_made_the_same_again_of_histories_of_the_corpus() -> None:
    corpus = [draw(seed) for seed in SEEDS]
    made = [splice(seed, corpus) for seed in SEEDS]

    assert [splice(seed, corpus) for seed in SEEDS] == made
    assert all(one.history.steps and set(one.made_of) <= {*corpus} for one in made)
    assert sum(one.history not in corpus for one in made) > len(SEEDS) * 0.9
    for one in made:
        settings = one.history.settings
        assert settings.lookback_s or not (settings.late_s or settings.is_stale)


@pytest.mark.parametrize("seed", [3, 17, 42])
def test_a_history_is_most_like_itself(seed: int) -> None:
    drawn = [(other, draw(other)) for other in SEEDS]

    assert ranked(draw(seed), drawn)[0] == seed
