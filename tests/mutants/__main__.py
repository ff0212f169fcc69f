"""Prints a table: which of the machine's histories finds each defect.

Histories are drawn one a seed. Those of a mutant's focus are played, seed by seed, until one breaks
the promise that the present source keeps: the number of that history, counted from the first seed,
is in how many the machine finds the defect at most. With `--every` all histories are played, and
the number is exact. With `--kept` each mutant's own history is played, which takes a minute; with
`--tests` the ordinary test that a mutant names is run. `--record` keeps what was counted in
counts.json, and writes README.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import get_args

import msgspec

from tests.sync.machine.__main__ import memory_folder
from tests.sync.machine.generate import draw, focus_of
from tests.sync.machine.steps import Form, History
from .child import call_with
from .defects import MUTANTS
from .mutant import HISTORIES, Mutant
from .ordinary import fails_under
from .table import README, Count, counts, page, record

MOST = 2_000
"""Histories within which each defect has to be found."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 if any defect was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants; all by default")
    parser.add_argument("--sequences", type=int, default=MOST)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--form", choices=get_args(Form), default="jsonl")
    parser.add_argument("--every", action="store_true", help="play every history, of any focus")
    parser.add_argument("--kept", action="store_true", help="play the histories that are kept only")
    parser.add_argument("--tests", action="store_true", help="run ordinary tests only")
    parser.add_argument("--record", action="store_true", help="write counts.json and README.md")
    parser.add_argument(
        "--keep", type=int, metavar="TRIES", help="keep what finds a mutant that has no history"
    )
    options = parser.parse_args(arguments)
    chosen = [one for one in MUTANTS if _is_chosen(one, options)]
    missed = 0
    known = counts()
    print("| Mutant | Within | By | Kept | Defect |\n|---|--:|---|---|---|")  # noqa: T201
    for mutant in chosen:
        found = _search(mutant, options)
        missed += found is None
        number, rule = found or ("not found", "")
        if options.keep is not None and number.isdecimal() and not mutant.path.exists():
            keep(mutant, draw(options.first_seed + int(number) - 1, options.form), options.keep)
        if options.record and not options.tests:
            known[mutant.name] = _count(known.get(mutant.name, Count()), number, rule, options)
            record(known, MUTANTS)
        cells = (mutant.name, number, rule, mutant.path.stem, mutant.defect)
        print(f"| {' | '.join(cells)} |", flush=True)  # noqa: T201
    if options.record:
        README.write_text(page(MUTANTS), encoding="utf-8")
    return 1 if missed else 0


def _is_chosen(mutant: Mutant, options: argparse.Namespace) -> bool:
    if options.names and mutant.name not in options.names:
        return False
    return mutant.path.exists() if options.kept else bool(mutant.test) or not options.tests


def _search(mutant: Mutant, options: argparse.Namespace) -> tuple[str, str] | None:
    """Return by what a mutant is found, and what is broken."""
    if options.kept:
        return play_kept(mutant)
    if options.tests:
        is_found = fails_under(mutant, mutant.test) and not fails_under(None, mutant.test)
        return ("test", mutant.test) if is_found else None
    seeds = range(options.first_seed, options.first_seed + options.sequences)
    return hunt(mutant, options.form, seeds, is_every=options.every)


def _count(before: Count, number: str, rule: str, options: argparse.Namespace) -> Count:
    """Return what is known of a mutant after a search, or after its own history was played."""
    if options.kept:
        return before if before.within or not rule else msgspec.structs.replace(before, by=rule)
    if not number.isdecimal():
        return msgspec.structs.replace(before, drawn=options.sequences)
    within, first = int(number), options.first_seed
    foci = [focus_of(seed, options.form) for seed in range(first, first + within)]
    played = within if options.every else foci.count(foci[-1])
    return Count(within=within, played=played, by=rule, earlier=before.earlier)


def play_kept(mutant: Mutant) -> tuple[str, str] | None:
    """Play a mutant's own history; return what it finds."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        rule = call_with(mutant, partial(_play, mutant.path, folder))
    return ("kept", rule) if rule else None


def hunt(
    mutant: Mutant, form: Form, seeds: range, *, is_every: bool = False
) -> tuple[str, str] | None:
    """Play histories against a mutant; return the number of the first that finds it, and by what.

    A history counts only if the present source keeps the promise in it.
    """
    chosen: list[int] = [seed for seed in seeds if is_every or focus_of(seed, form) == mutant.focus]
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        while chosen:
            told = call_with(mutant, partial(_first_broken, chosen, form, folder))
            if not told:
                return None
            seed, _, rule = told.partition(" ")
            if not call_with(None, partial(_first_broken, [int(seed)], form, folder)):
                return str(int(seed) - seeds.start + 1), rule
            chosen = [one for one in chosen if one > int(seed)]
    return None


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


def _first_broken(seeds: Sequence[int], form: Form, folder: str) -> str:
    return next(_broken(seeds, form, folder), "")


def _broken(seeds: Sequence[int], form: Form, folder: str) -> Iterator[str]:
    from tests.sync.machine.generate import draw  # noqa: PLC0415 (of the mutant)
    from tests.sync.machine.search import broken  # noqa: PLC0415

    for seed in seeds:
        for one in broken(draw(seed, form), _target(folder)):
            yield f"{seed} {one.rule} {one.stream}".rstrip()


def _encoded(history: History) -> bytes:
    return msgspec.json.format(msgspec.json.encode(history), indent=1) + b"\n"


def _target(folder: str) -> Path:
    return Path(folder) / "target"


if __name__ == "__main__":
    sys.exit(main())
