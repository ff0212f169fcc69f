"""Plays histories against a mutant: those that are drawn, and those made of kept ones."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.sync.machine.__main__ import memory_folder
from tests.sync.machine.generate import draw, focus_of
from tests.sync.machine.search import load
from tests.sync.machine.splice import splice
from tests.sync.machine.steps import Form, History
from .child import call_with
from .likeness import ranked
from .mutant import HISTORIES, KEPT, Mutant

Draw = Callable[[int], History]


class Hunted(NamedTuple):
    """The history that finds a mutant."""

    within: int
    """Its number, counted from the first seed."""
    played: int
    """How many histories were played until then, it included."""
    by: str
    """What is broken in it."""


def hunt(mutant: Mutant, form: Form, seeds: range, plays: int) -> Hunted | None:
    """Play some of the histories of seeds, those first that are likely to find a mutant.

    Those are about its focus, and, by turns, like the history that is kept of it.
    """
    about = [seed for seed in seeds if _focus_of(seed, form) == mutant.focus]
    chosen = about
    if mutant.path.exists():
        like = ranked(load(mutant.path), _drawn(seeds, form), frozenset(about))
        chosen = in_turns(about, like)
    found = _first(mutant, chosen[:plays] if plays else seeds, partial(draw, form=form))
    return found and found._replace(within=found.within - seeds.start + 1)


def in_turns(*orders: Sequence[int]) -> list[int]:
    """Return seeds in some orders by turns, each once."""
    turns = zip_longest(*orders)
    return list(dict.fromkeys(seed for turn in turns for seed in turn if seed is not None))


def is_found(mutant: Mutant, form: Form, number: int, first: int = 0) -> bool:
    """Say whether the history that was counted for a mutant still finds it."""
    return _first(mutant, [first + number - 1], partial(draw, form=form)) is not None


def hunt_spliced(mutant: Mutant, form: Form, count: int, plays: int) -> Hunted | None:
    """Play some of the histories that are made of kept ones, none of which finds the mutant.

    Those first that are like the mutant's own history, of which none is made.
    """
    kept = [history for path, history in _kept(form) if path != mutant.path]
    made = [(seed, splice(seed, kept, form)) for seed in range(count)]
    seeds = [seed for seed, _ in made]
    if mutant.path.exists():
        seeds = ranked(load(mutant.path), [(seed, one.history) for seed, one in made])
    chosen, played = seeds[:plays], 0
    while chosen:
        found = _first(mutant, chosen, lambda seed: made[seed][1].history)
        if found is None:
            return None
        played += found.played
        if not _is_any_found(mutant, made[found.within][1].made_of):
            return Hunted(found.within + 1, played, found.by)
        chosen = chosen[found.played :]
    return None


def _is_any_found(mutant: Mutant, histories: Sequence[History]) -> bool:
    """Say whether a mutant breaks the promise in any of some histories."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        return bool(call_with(mutant, partial(_first_broken, histories, Path(folder) / "target")))


def _first(mutant: Mutant, seeds: Sequence[int], drawn: Draw) -> Hunted | None:
    """Return the first seed whose history breaks the promise that the present source keeps."""
    played = 0
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        target = Path(folder) / "target"
        while played < len(seeds):
            histories = [drawn(seed) for seed in seeds[played:]]
            told = call_with(mutant, partial(_first_broken, histories, target))
            if not told:
                return None
            place, _, rule = told.partition(" ")
            played += int(place) + 1
            again = histories[int(place) : int(place) + 1]
            if not call_with(None, partial(_first_broken, again, target)):
                return Hunted(seeds[played - 1], played, rule)
    return None


@functools.cache
def _drawn(seeds: range, form: Form) -> list[tuple[int, History]]:
    return [(seed, draw(seed, form)) for seed in seeds]


@functools.cache
def _focus_of(seed: int, form: Form) -> str:
    return focus_of(seed, form)


@functools.cache
def _kept(form: Form) -> list[tuple[Path, History]]:
    """Return all histories that are kept, as histories of a form."""
    paths = [*sorted(HISTORIES.glob("*.json")), *sorted(KEPT.glob("*.json"))]
    return [(path, _of_form(load(path), form)) for path in paths]


def _of_form(history: History, form: Form) -> History:
    settings = msgspec.structs.replace(history.settings, form=form)
    return msgspec.structs.replace(history, settings=settings)


def _first_broken(histories: Sequence[History], folder: Path) -> str:
    """Return the place of the first history that breaks the promise, and the rule; or nothing."""
    return next(_broken(histories, folder), "")


def _broken(histories: Sequence[History], folder: Path) -> Iterator[str]:
    from tests.sync.machine.search import broken  # noqa: PLC0415 (of the mutant)
    from tests.sync.machine.steps import History as Steps  # noqa: PLC0415

    for place, history in enumerate(histories):
        # The child has classes of its own.
        own = msgspec.json.decode(msgspec.json.encode(history), type=Steps)
        found = broken(own, folder)
        if found:
            yield f"{place} {found[0].rule} {found[0].stream}".rstrip()
