"""Prints a table: after how many histories the machine finds each defect.

With `--kept` the histories in `tests/sync/histories` are played instead, which takes seconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import tests
from tests.sync.machine.__main__ import memory_folder
from tests.sync.machine.generate import draw
from tests.sync.machine.search import broken
from tests.sync.machine.steps import Form
from .defects import MUTANTS
from .mutant import Mutant

KEPT = Path(tests.__file__).parent / "sync" / "histories"
MOST = 2_000
"""Histories within which each defect has to be found."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 if any defect was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants; all by default")
    parser.add_argument("--sequences", type=int, default=MOST)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--form", choices=get_args(Form), default="jsonl")
    parser.add_argument("--kept", action="store_true", help="play the histories that are kept only")
    options = parser.parse_args(arguments)
    chosen = [one for one in MUTANTS if not options.names or one.name in options.names]
    missed = 0
    print(f"| {'mutant':28} | found after | by | defect |\n|---|--:|---|---|")  # noqa: T201
    for mutant in chosen:
        if options.kept:
            found = play_kept(mutant)
        else:
            found = hunt(mutant, options.form, options.first_seed, options.sequences)
        missed += found is None
        number, rule = found or ("not found", "")
        print(f"| {mutant.name:28} | {number} | {rule} | {mutant.defect} |", flush=True)  # noqa: T201
    return 1 if missed else 0


def play_kept(mutant: Mutant) -> tuple[str, str] | None:
    """Play the kept histories against a mutant; return the first that finds it, and by what."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        mutant.build(Path(folder))
        (Path(folder) / "tests").symlink_to(Path(tests.__file__).parent)
        return _machine(folder, ["--kept", str(KEPT)])


def hunt(mutant: Mutant, form: Form, first_seed: int, sequences: int) -> tuple[str, str] | None:
    """Let the machine search a mutant; return after how many histories it found what.

    A history counts only if the present source keeps the promise in it.
    """
    played = 0
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        mutant.build(Path(folder))
        (Path(folder) / "tests").symlink_to(Path(tests.__file__).parent)
        while played < sequences:
            found = _search(folder, form, first_seed + played, sequences - played)
            if found is None:
                return None
            number, rule = found
            played += number
            history = draw(first_seed + played - 1, form)
            if not broken(history, Path(folder) / "target"):
                return str(played), rule
    return None


def _search(folder: str, form: str, first_seed: int, sequences: int) -> tuple[int, str] | None:
    """Search a mutant from one seed on; return how many histories it took, and what was broken."""
    options = ["--most", "1", "--tries", "0", "--minutes", "600"]
    options += ["--form", form, "--sequences", str(sequences), "--first-seed", str(first_seed)]
    found = _machine(folder, options)
    return None if found is None else (int(found[0]), found[1])


def _machine(folder: str, options: Sequence[str]) -> tuple[str, str] | None:
    """Run the machine in a folder; return what it says of its first finding."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.sync.machine", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": folder},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stderr[-2_000:])
    for line in run.stdout.splitlines():
        if line.startswith("found "):
            number, _, rule = line.removeprefix("found ").partition(" ")
            return number, rule
    return None


if __name__ == "__main__":
    sys.exit(main())
