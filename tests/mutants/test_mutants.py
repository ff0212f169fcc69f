"""Each mutant still applies to the source, and the machine finds one of them right away."""

from __future__ import annotations

from pathlib import Path

import pytest

from .defects import MUTANTS
from .mutant import Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=[one.name for one in MUTANTS])
def test_a_mutant_applies(mutant: Mutant, tmp_path: Path) -> None:
    mutant.build(tmp_path)

    for edit in mutant.edits:
        source = (tmp_path / "intercom_async" / "sync" / edit.path).read_text(encoding="utf-8")
        compile(source, edit.path, "exec")


def test_names_are_their_own() -> None:
    names = [one.name for one in MUTANTS]

    assert len(set(names)) == len(names)
