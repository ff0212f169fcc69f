"""The defects, most of them as they were found in connectors, in reviews or in earlier versions."""

from __future__ import annotations

from tests.mutants.mutant import Mutant
from . import (
    absence,
    children,
    counts,
    deletion_lists,
    endings,
    reading,
    references,
    surplus,
    targets,
    times,
)

MUTANTS: tuple[Mutant, ...] = (
    *reading.MUTANTS,
    *counts.MUTANTS,
    *absence.MUTANTS,
    *surplus.MUTANTS,
    *deletion_lists.MUTANTS,
    *times.MUTANTS,
    *children.MUTANTS,
    *references.MUTANTS,
    *targets.MUTANTS,
    *endings.MUTANTS,
)
"""All of them; README.md says by which history or test each is found."""
