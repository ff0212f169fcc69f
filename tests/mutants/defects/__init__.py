"""The defects, most of them as they were found in connectors, in reviews or in earlier versions."""

from __future__ import annotations

from tests.mutants.mutant import Mutant
from . import absence, children, counts, endings, reading, targets, times

MUTANTS: tuple[Mutant, ...] = (
    *reading.MUTANTS,
    *counts.MUTANTS,
    *absence.MUTANTS,
    *times.MUTANTS,
    *children.MUTANTS,
    *targets.MUTANTS,
    *endings.MUTANTS,
)
"""All of them; each is found within `MOST` histories."""
