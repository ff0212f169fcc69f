"""Each mutant still applies to the source, and has a history that finds it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.sync.machine.focus import FOCUSES
from tests.sync.machine.later_foci import LATER
from tests.sync.machine.search import load
from .defects import MUTANTS
from .design_list import NAMED
from .mutant import HISTORIES, Mutant
from .ordinary import ROOT
from .table import README, counts, page


@pytest.mark.parametrize("mutant", MUTANTS, ids=[one.name for one in MUTANTS])
def test_a_mutant_applies(mutant: Mutant) -> None:
    for path, source in mutant.sources().items():
        assert source != path.read_text(encoding="utf-8")
        compile(source, path, "exec")


def test_names_are_their_own() -> None:
    assert [name for name, count in Counter(one.name for one in MUTANTS).items() if count > 1] == []


def test_what_the_design_names_is_put_back() -> None:
    assert {*NAMED} <= {one.name for one in MUTANTS}


def test_its_focus_and_its_history_are_there() -> None:
    foci = {one.name for one in (*FOCUSES, *LATER)}

    for mutant in MUTANTS:
        assert mutant.focus in foci
        assert not mutant.history or load(mutant.path).steps


def test_no_history_is_without_its_mutant() -> None:
    wanted = {one.path for one in MUTANTS if one.path.parent == HISTORIES}

    assert {*HISTORIES.glob("*.json")} <= wanted


def test_the_ordinary_tests_that_they_name_are_there() -> None:
    for mutant in MUTANTS:
        file, _, name = mutant.test.partition("::")
        if mutant.test:
            assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8")


def test_the_tables_are_as_the_program_writes_them() -> None:
    assert README.read_text(encoding="utf-8") == page(MUTANTS)
    assert {*counts()} <= {one.name for one in MUTANTS}
