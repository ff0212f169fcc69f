"""A defect as edits of the package's source."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import intercom_async
import tests
from .design_list import NAMED

PACKAGE = Path(intercom_async.__file__).parent
HISTORIES = Path(__file__).parent / "histories"
KEPT = Path(tests.__file__).parent / "sync" / "histories"


class StaleMutantError(Exception):
    """The source no longer has the place that a mutant changes."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a file: the old text stands in it exactly once."""

    path: str
    """Below `intercom_async/sync`."""
    old: str
    new: str

    def apply(self, source: str) -> str:
        """Return the changed text of the file.

        Raises:
            StaleMutantError: The old text is not there, or more than once.
        """
        if source.count(self.old) != 1:
            raise StaleMutantError(f"{self.path}: {source.count(self.old)} × {self.old!r}")
        return source.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A defect.

    Args:
        name: What the table calls it.
        defect: What went wrong, in a sentence.
        edits: How it is put back.
        history: The history in `tests/sync/histories` that breaks the promise under it; by default
            one of the mutant's name, which is beside it.
        focus: What the histories are about among which it is looked for first; see
            `tests.sync.machine.focus`.
        test: An ordinary test that fails under it, of a defect that no history shows.
    """

    name: str
    defect: str
    edits: Sequence[Edit]
    history: str = ""
    focus: str = ""
    test: str = ""

    @property
    def is_core(self) -> bool:
        """Whether the design of the sync names it."""
        return self.name in NAMED

    @property
    def path(self) -> Path:
        """Where the history is that breaks the promise under it."""
        return (KEPT / self.history if self.history else HISTORIES / self.name).with_suffix(".json")

    def sources(self) -> Mapping[Path, str]:
        """Return the changed files and their texts.

        Raises:
            StaleMutantError: The source has changed; write its edits again.
        """
        found: dict[Path, str] = {}
        for edit in self.edits:
            path = (PACKAGE / "sync" / edit.path).resolve()
            found[path] = edit.apply(found.get(path) or _text(path))
        return found


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
