"""Writes the tables of README.md from the mutants and from what was counted of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from .mutant import Mutant

COUNTS = Path(__file__).parent / "counts.json"
README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- begin of the tables -->", "<!-- end of the tables -->"


class Count(msgspec.Struct, omit_defaults=True):
    """What searches for a mutant came to."""

    within: int = 0
    """A history that finds it, counted from the first seed; 0 if none did."""
    played: int = 0
    """How many histories were played until then."""
    by: str = ""
    """What is broken in it, or in the mutant's own history."""
    drawn: int = 0
    """How many histories were played in vain."""
    spliced: int = 0
    """Within how many histories that are made of kept ones it is found; 0 if in none."""
    made: int = 0
    """How many of these were played in vain."""
    earlier: int = 0
    """Within how many it was found in an earlier source, by an earlier generator."""


def counts() -> dict[str, Count]:
    """Return what was counted, by mutant."""
    return msgspec.json.decode(COUNTS.read_bytes(), type=dict[str, Count])


def record(found: dict[str, Count], mutants: Iterable[Mutant]) -> None:
    """Keep what was counted, in the order of the mutants."""
    kept = {one.name: found[one.name] for one in mutants if one.name in found}
    COUNTS.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")


def tables(mutants: Iterable[Mutant]) -> str:
    """Return the tables: by the machine, by an ordinary test, by neither."""
    known, all_of = counts(), list(mutants)
    by_machine = [one for one in all_of if one.path.exists() or _is_found(known, one)]
    by_test = [one for one in all_of if one.test and one not in by_machine]
    others = [one for one in all_of if one not in by_machine and one not in by_test]
    drawn = sum(bool(_of(known, one).within) for one in by_machine)
    spliced = sum(_is_found(known, one) for one in by_machine) - drawn
    kept = len(by_machine) - drawn - spliced
    head = (
        f"Of {len(all_of)} mutants, {len(by_machine)} break the promise in a history: {drawn} in "
        f"one that is drawn freely, {spliced} of the others in one that is made of kept histories "
        f"of which none finds it, and {kept} in one that is kept only. "
        f"{len(by_test)} are found by an ordinary test, and {len(others)} by neither."
    )
    parts = [head, "", *_machine(by_machine, known)]
    parts += ["", "## Found by an ordinary test", "", *_tests(by_test)]
    if others:
        parts += ["", "## Not found", "", *_others(others, known)]
    return "\n".join(parts)


def page(mutants: Iterable[Mutant]) -> str:
    """Return README.md with the tables as they are now."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables(mutants)}\n\n{END}{rest.partition(END)[2]}"


def _is_found(known: dict[str, Count], mutant: Mutant) -> bool:
    return bool(_of(known, mutant).within or _of(known, mutant).spliced)


def _machine(mutants: Iterable[Mutant], known: dict[str, Count]) -> Iterator[str]:
    yield "| Mutant | Drawn | Played | Made | By | History | Defect |"
    yield "|---|--:|--:|--:|---|---|---|"
    for one in mutants:
        count = _of(known, one)
        stem = one.path.stem if one.path.exists() else ""
        drawn = count.within or ("no" if count.drawn else "")
        made = count.spliced or (f"> {count.made}" if count.made else "")
        played = count.played or count.drawn
        yield _row(one.name, drawn, played, made, count.by, stem, one.defect)


def _tests(mutants: Iterable[Mutant]) -> Iterator[str]:
    yield "| Mutant | Test | Defect |\n|---|---|---|"
    for one in mutants:
        yield _row(one.name, one.test.removeprefix("tests/"), one.defect)


def _others(mutants: Iterable[Mutant], known: dict[str, Count]) -> Iterator[str]:
    yield "| Mutant | Focus | Played | Made | Earlier | Defect |\n|---|---|--:|--:|--:|---|"
    for one in mutants:
        count = _of(known, one)
        yield _row(one.name, one.focus, count.drawn, count.made, count.earlier, one.defect)


def _of(known: dict[str, Count], mutant: Mutant) -> Count:
    return known.get(mutant.name, Count())


def _row(*cells: str | int) -> str:
    return f"| {' | '.join(str(cell or '') for cell in cells)} |"
