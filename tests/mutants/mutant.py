"""A defect as edits of the package's source."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import intercom_async

PACKAGE = Path(intercom_async.__file__).parent


class StaleMutantError(Exception):
    """The source no longer has the place that a mutant changes."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a file: the old text stands in it exactly once."""

    path: str
    """Below `intercom_async/sync`."""
    old: str
    new: str

    def apply(self, package: Path) -> None:
        """Change the file in a copy of the package.

        Raises:
            StaleMutantError: The old text is not there, or more than once.
        """
        path = package / "sync" / self.path
        source = path.read_text(encoding="utf-8")
        if source.count(self.old) != 1:
            raise StaleMutantError(f"{self.path}: {source.count(self.old)} × {self.old!r}")
        path.write_text(source.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A defect.

    Args:
        name: What the table calls it.
        defect: What went wrong, in a sentence.
        edits: How it is put back.
    """

    name: str
    defect: str
    edits: tuple[Edit, ...]

    def build(self, folder: Path) -> None:
        """Copy the package into a folder and put the defect back.

        Raises:
            StaleMutantError: The source has changed; write its edits again.
        """
        package = folder / "intercom_async"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        for edit in self.edits:
            edit.apply(package)
