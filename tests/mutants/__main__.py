"""Prints a table: which of the machine's histories finds each defect.

Histories are drawn one a seed. Those that are most like the history that is kept of a mutant, or
are about its focus, are played, until one breaks the promise that the present source keeps: the
number of that history, counted from the first seed, is in how many the machine finds the defect at
most. With `--every` all are played in their order, and the number is exact. With `--spliced`
histories are played that are made of kept ones that do not find the mutant. `--again` plays the
history that was counted for each mutant, to see whether the number still holds. With `--kept`
each mutant's own history is played, which takes a minute; with `--tests` the ordinary test that a
mutant names is run. `--record` keeps what was counted in counts.json, and writes README.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import get_args

import msgspec

from tests.sync.machine.__main__ import memory_folder
from tests.sync.machine.generate import draw
from tests.sync.machine.steps import Form, History
from .child import call_with
from .defects import MUTANTS
from .hunting import Hunted, hunt, hunt_spliced, is_found
from .mutant import HISTORIES, Mutant
from .ordinary import fails_under
from .table import README, Count, counts, page, record

MOST = 2_000
"""Histories within which each defect has to be found."""
PLAYS = 40
"""How many of them are played, the likely ones first."""

NOT_FOUND = ("not found", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 if any defect was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants; all by default")
    parser.add_argument("--sequences", type=int, default=MOST)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--form", choices=get_args(Form), default="jsonl")
    parser.add_argument("--every", action="store_true", help="play every history, of any focus")
    parser.add_argument("--plays", type=int, default=PLAYS, help="histories to play a mutant")
    parser.add_argument("--spliced", action="store_true", help="make histories of kept ones")
    parser.add_argument("--again", action="store_true", help="play the counted histories only")
    parser.add_argument("--unfound", action="store_true", help="mutants that none has found only")
    parser.add_argument("--kept", action="store_true", help="play the histories that are kept only")
    parser.add_argument("--tests", action="store_true", help="run ordinary tests only")
    parser.add_argument("--record", action="store_true", help="write counts.json and README.md")
    parser.add_argument(
        "--keep", type=int, metavar="TRIES", help="keep what finds a mutant that has no history"
    )
    options = parser.parse_args(arguments)
    known = counts()
    chosen = [one for one in MUTANTS if _is_chosen(one, known.get(one.name, Count()), options)]
    missed = 0
    print("| Mutant | Within | By | Kept | Defect |\n|---|--:|---|---|---|", flush=True)  # noqa: T201
    for mutant in chosen:
        number, rule = _searched(mutant, options)
        missed += (number, rule) == NOT_FOUND
        if options.keep is not None and number.isdecimal() and not mutant.path.exists():
            keep(mutant, draw(options.first_seed + int(number) - 1, options.form), options.keep)
        cells = (mutant.name, number, rule, mutant.path.stem, mutant.defect)
        print(f"| {' | '.join(cells)} |", flush=True)  # noqa: T201
    if options.record:
        README.write_text(page(MUTANTS), encoding="utf-8")
    return 1 if missed else 0


def _is_chosen(mutant: Mutant, known: Count, options: argparse.Namespace) -> bool:
    if options.names and mutant.name not in options.names:
        return False
    if options.unfound and (known.within or known.spliced):
        return False
    if options.again:
        return bool(known.within)
    return mutant.path.exists() if options.kept else bool(mutant.test) or not options.tests


def _searched(mutant: Mutant, options: argparse.Namespace) -> tuple[str, str]:
    """Return by what a mutant is found, and what is broken then; keep what was counted."""
    if options.kept:
        return play_kept(mutant) or NOT_FOUND
    if options.tests:
        is_named = fails_under(mutant, mutant.test) and not fails_under(None, mutant.test)
        return ("test", mutant.test) if is_named else NOT_FOUND
    known = counts()
    count = known.get(mutant.name, Count())
    found = _again(mutant, count, options) if options.again else _hunted(mutant, options)
    if options.record:
        known[mutant.name] = count if options.again and found else _count(count, found, options)
        record(known, MUTANTS)
    return NOT_FOUND if found is None else (str(found.within), found.by)


def _again(mutant: Mutant, count: Count, options: argparse.Namespace) -> Hunted | None:
    """Play the history that was counted for a mutant once more."""
    if is_found(mutant, options.form, count.within, options.first_seed):
        return Hunted(count.within, count.played, count.by)
    return None


def _hunted(mutant: Mutant, options: argparse.Namespace) -> Hunted | None:
    if options.spliced:
        return hunt_spliced(mutant, options.form, options.sequences, options.plays)
    seeds = range(options.first_seed, options.first_seed + options.sequences)
    return hunt(mutant, options.form, seeds, 0 if options.every else options.plays)


def _count(before: Count, found: Hunted | None, options: argparse.Namespace) -> Count:
    """Return what is known of a mutant after another search."""
    if options.spliced:
        made = 0 if found else options.plays
        within = found.within if found else 0
        return msgspec.structs.replace(before, spliced=within, made=made)
    if found is None:
        tried = options.sequences if options.every else options.plays
        return msgspec.structs.replace(before, within=0, played=0, drawn=tried)
    return msgspec.structs.replace(
        before, within=found.within, played=found.played, by=found.by, drawn=0
    )


def play_kept(mutant: Mutant) -> tuple[str, str] | None:
    """Play a mutant's own history; return what it finds."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        rule = call_with(mutant, partial(_play, mutant.path, folder))
    return ("kept", rule) if rule else None


def keep(mutant: Mutant, history: History, tries: int) -> None:
    """Write a history that finds a mutant into its file, as small as some tries make it."""
    path = HISTORIES / f"{mutant.name}.json"
    path.write_bytes(_encoded(history))
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        if not tries:
            return
        small = call_with(mutant, partial(_shrunk, path, folder, tries)).encode()
        path.write_bytes(small)
        if call_with(None, partial(_play, path, folder)):
            path.write_bytes(_encoded(history))


def _play(path: Path, folder: str) -> str:
    from tests.sync.machine.search import broken, load  # noqa: PLC0415 (of the mutant)

    return next((f"{one.rule} {one.stream}" for one in broken(load(path), _target(folder))), "")


def _shrunk(path: Path, folder: str, tries: int) -> str:
    from tests.sync.machine.search import broken, fails_like, load  # noqa: PLC0415 (of the mutant)
    from tests.sync.machine.shrink import shrink  # noqa: PLC0415

    history, target = load(path), _target(folder)
    fails = fails_like(broken(history, target), target)
    return _encoded(shrink(history, fails, tries=tries)).decode()


def _encoded(history: History) -> bytes:
    return msgspec.json.format(msgspec.json.encode(history), indent=1) + b"\n"


def _target(folder: str) -> Path:
    return Path(folder) / "target"


if __name__ == "__main__":
    sys.exit(main())
