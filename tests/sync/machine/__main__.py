"""Searches for hours, or plays one history again.

python -m tests.sync.machine --minutes 60 --form jsonl --keep findings
python -m tests.sync.machine --play findings/missing-contacts-17.json
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import get_args

from . import postgres
from .history import play
from .search import broken, load, save, search
from .steps import Form

FORMS: tuple[Form, ...] = get_args(Form)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.sync.machine", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--form", choices=FORMS, action="append")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--sequences", type=int, default=10**9)
    parser.add_argument("--keep", type=Path, help="a folder for what is found")
    parser.add_argument("--most", type=int, default=20, help="findings after which to end")
    parser.add_argument("--tries", type=int, default=300, help="histories to shrink a finding")
    parser.add_argument("--play", type=Path, help="a history to play again")
    parser.add_argument("--kept", type=Path, help="a folder of histories: the first that fails")
    options = parser.parse_args(arguments)
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        try:
            if options.play is not None:
                return _play(options.play, Path(folder))
            if options.kept is not None:
                return _play_kept(options.kept, Path(folder))
            return _search(options, Path(folder))
        finally:
            postgres.stop()


def memory_folder() -> str | None:
    """Return a folder in memory, where synced bytes cost nothing; None leaves it to the system."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a folder made by tempfile)


def _play(path: Path, folder: Path) -> int:
    story = play(load(path), folder / "target")
    for run in story.runs:
        print(run.report or repr(run.error), f"{run.calls} calls", sep="\n  ")  # noqa: T201
    for one in story.broken:
        print(one)  # noqa: T201
    return 1 if story.broken else 0


def _play_kept(kept: Path, folder: Path) -> int:
    for path in sorted(kept.glob("*.json")):
        for one in broken(load(path), folder / "target")[:1]:
            print(f"found {path.stem} {one.rule} {one.stream}")  # noqa: T201
            return 1
    return 0


def _search(options: argparse.Namespace, folder: Path) -> int:
    forms: tuple[Form, ...] = tuple(options.form or FORMS)
    found = 0
    for form in forms:
        ends_at = time.monotonic() + 60 * options.minutes / len(forms)  # noqa: TID251 (real time)
        seeds = itertools.islice(itertools.count(options.first_seed), options.sequences)
        played, rules = 0, Counter[str]()
        over = partial(_is_over, ends_at)
        for finding in search(folder / "target", form, seeds, is_over=over, tries=options.tries):
            played += 1
            if finding is None:
                continue
            found += 1
            rules[finding.violations[0].rule] += 1
            kept = save(finding, options.keep) if options.keep else finding.name
            first = finding.violations[0]
            print(f"found {played} {first.rule} {first.stream}", flush=True)  # noqa: T201
            print(f"{form}: {kept}: {first}", flush=True)  # noqa: T201
            if rules.total() >= options.most:
                break
        print(f"{form}: {played} histories, {dict(rules)}", flush=True)  # noqa: T201
    return 1 if found else 0


def _is_over(ends_at: float) -> bool:
    return time.monotonic() > ends_at  # noqa: TID251 (real time)


if __name__ == "__main__":
    sys.exit(main())
