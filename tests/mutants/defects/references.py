"""Defects of references: rows that refer to what is neither there nor known to be gone."""

from __future__ import annotations

from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "references_uncounted",
        "what a row refers to is not looked for in the stream that it is of",
        (
            Edit(
                "references.py",
                "if key in missing or self._tables[one.to].get(key) is not None:",
                "if key not in self._tables:",
            ),
        ),
    ),
    Mutant(
        "references_forgotten",
        "references that lead nowhere are counted by the run that reads them, and by no later one",
        (
            Edit(
                "referring.py",
                "            state.dangling[name] = keys[:MOST_REMEMBERED]\n",
                "            pass\n",
            ),
        ),
    ),
)
