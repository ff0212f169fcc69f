"""Writes the tables of README.md from the mutants and from what was counted of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from .design_list import NAMED
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
    """Return the tables: of the design's list, and of the others by what finds them."""
    known, all_of = counts(), list(mutants)
    core = [one for one in all_of if one.is_core]
    others = [one for one in all_of if not one.is_core]
    by_machine = [one for one in others if one.path.exists() or _is_found(known, one)]
    by_test = [one for one in others if one.test and one not in by_machine]
    unfound = [one for one in others if one not in by_machine and one not in by_test]
    parts = [_head(all_of, known), "", "## Named by the design", "", _head(core, known), ""]
    parts += _machine(core, known)
    parts += ["", "## Found later, in the machine", "", *_machine(by_machine, known)]
    parts += ["", "## Found later, in an ordinary test", "", *_tests(by_test)]
    if unfound:
        parts += ["", "## Not found", "", *_others(unfound, known)]
    return "\n".join(parts)


def _head(mutants: Sequence[Mutant], known: dict[str, Count]) -> str:
    """Say how many of some mutants are found, and by what."""
    drawn = sum(bool(_of(known, one).within) for one in mutants)
    spliced = sum(_is_found(known, one) for one in mutants) - drawn
    rest = [one for one in mutants if not _is_found(known, one)]
    kept = sum(one.path.exists() for one in rest)
    by_test = sum(bool(one.test) and not one.path.exists() for one in rest)
    text = (
        f"Of {len(mutants)} mutants, {drawn + spliced + kept} break the promise in a history: "
        f"{drawn} in one that is drawn freely, {spliced} of the others in one that is made of kept "
        f"histories of which none finds it, and {kept} in one that is kept only. "
        f"{by_test} are found by an ordinary test"
    )
    left = len(rest) - kept - by_test
    return f"{text}, and {left} by neither." if left else f"{text}."


def page(mutants: Iterable[Mutant]) -> str:
    """Return README.md with the tables as they are now."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables(mutants)}\n\n{END}{rest.partition(END)[2]}"


def _is_found(known: dict[str, Count], mutant: Mutant) -> bool:
    return bool(_of(known, mutant).within or _of(known, mutant).spliced)


def _machine(mutants: Iterable[Mutant], known: dict[str, Count]) -> Iterator[str]:
    yield "| Mutant | Drawn | Played | Made | By | History or test | Named | Defect |"
    yield "|---|--:|--:|--:|---|---|---|---|"
    for one in mutants:
        count = _of(known, one)
        shown = one.path.stem if one.path.exists() else _short(one.test)
        drawn = count.within or ("no" if count.drawn else "")
        made = count.spliced or (f"> {count.made}" if count.made else "")
        played = count.played or count.drawn
        named = NAMED.get(one.name, "later")
        yield _row(one.name, drawn, played, made, count.by, shown, named, one.defect)


def _short(test: str) -> str:
    return test.removeprefix("tests/")


def _tests(mutants: Iterable[Mutant]) -> Iterator[str]:
    yield "| Mutant | Test | Defect |\n|---|---|---|"
    for one in mutants:
        yield _row(one.name, _short(one.test), one.defect)


def _others(mutants: Iterable[Mutant], known: dict[str, Count]) -> Iterator[str]:
    yield "| Mutant | Focus | Played | Made | Earlier | Defect |\n|---|---|--:|--:|--:|---|"
    for one in mutants:
        count = _of(known, one)
        yield _row(one.name, one.focus, count.drawn, count.made, count.earlier, one.defect)


def _of(known: dict[str, Count], mutant: Mutant) -> Count:
    return known.get(mutant.name, Count())


def _row(*cells: str | int) -> str:
    return f"| {' | '.join(str(cell or '') for cell in cells)} |"
