"""Plays many histories, and keeps the small form of each that breaks something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from .generate import draw
from .history import play
from .oracles import Violation
from .shrink import shrink
from .steps import Form, History


@dataclass(frozen=True, slots=True)
class Finding:
    """A history that breaks the promise, and how."""

    seed: int
    number: int
    """How many histories were played until it was found."""
    history: History
    violations: tuple[Violation, ...]

    @property
    def name(self) -> str:
        """A name for its file."""
        first = self.violations[0]
        return "-".join(filter(None, (first.rule.replace(" ", "-"), first.stream, str(self.seed))))


def broken(history: History, folder: Path) -> tuple[Violation, ...]:
    """Play a history and return what it breaks."""
    return tuple(play(history, folder).broken)


def fails_like(found: tuple[Violation, ...], folder: Path) -> Callable[[History], bool]:
    """Return the test whether another history breaks the same rule for the same stream."""
    wanted = {(one.rule, one.stream) for one in found[:1]}

    def fails(history: History) -> bool:
        return bool(wanted & {(one.rule, one.stream) for one in broken(history, folder)})

    return fails


def search(
    folder: Path, form: Form, seeds: Iterator[int], *, is_over: Callable[[], bool], tries: int = 300
) -> Iterator[Finding | None]:
    """Play the histories of some seeds; give each that fails, shrunk, and None for each other."""
    for number, seed in enumerate(seeds, start=1):
        if is_over():
            return
        history = draw(seed, form)
        found = broken(history, folder)
        if not found:
            yield None
            continue
        if tries:
            history = shrink(history, fails_like(found, folder), tries=tries)
            found = broken(history, folder)
        yield Finding(seed, number, history, found)


def save(finding: Finding, folder: Path) -> Path:
    """Write a finding into a folder, to be played again."""
    note = "; ".join(str(one) for one in finding.violations[:3])
    noted = msgspec.structs.replace(finding.history, note=note)
    path = folder / f"{finding.name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(noted), indent=1) + b"\n")
    return path


def load(path: Path) -> History:
    """Read a history that was kept."""
    return msgspec.json.decode(path.read_bytes(), type=History)
