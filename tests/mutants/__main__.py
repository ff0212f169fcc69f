"""Prints a table: after how many histories the machine finds each defect."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tests
from .defects import MUTANTS
from .mutant import Mutant

MOST = 2_000
"""Histories within which each defect has to be found."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 if any defect was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants; all by default")
    parser.add_argument("--sequences", type=int, default=MOST)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--form", default="jsonl")
    options = parser.parse_args(arguments)
    chosen = [one for one in MUTANTS if not options.names or one.name in options.names]
    missed = 0
    print(f"| {'mutant':28} | found after | by | defect |\n|---|--:|---|---|")  # noqa: T201
    for mutant in chosen:
        found = hunt(mutant, options.form, options.first_seed, options.sequences)
        missed += found is None
        number, rule = found or ("not found", "")
        print(f"| {mutant.name:28} | {number} | {rule} | {mutant.defect} |", flush=True)  # noqa: T201
    return 1 if missed else 0


def hunt(mutant: Mutant, form: str, first_seed: int, sequences: int) -> tuple[str, str] | None:
    """Let the machine search a mutant; return after how many histories it found what."""
    with tempfile.TemporaryDirectory() as folder:
        mutant.build(Path(folder))
        (Path(folder) / "tests").symlink_to(Path(tests.__file__).parent)
        command = [sys.executable, "-m", "tests.sync.machine", "--most", "1", "--tries", "0"]
        command += ["--form", form, "--sequences", str(sequences), "--minutes", "600"]
        command += ["--first-seed", str(first_seed)]
        run = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode not in (0, 1):
        return ("broken", run.stderr.strip().splitlines()[-1][:80])
    for line in run.stdout.splitlines():
        if line.startswith("found "):
            number, _, rule = line.removeprefix("found ").partition(" ")
            return number, rule
    return None


if __name__ == "__main__":
    sys.exit(main())
