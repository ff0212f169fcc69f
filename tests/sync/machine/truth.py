"""What a workspace held at each moment: every version of every record, with the time it began."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """One content of one record."""

    mark: str
    """A text of the record's own that no other version has."""
    updated_at: int
    created_at: int = 0
    parts: tuple[str, ...] = ()
    """Keys of its children, the oldest first."""
    tags: frozenset[str] = frozenset()
    is_dated: bool = True
    """Whether its time tells it from the version before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a record was from a moment on; no version means that it was in no list."""

    since: float
    version: Version | None


class Truth:
    """The history of all records, by stream and key."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, list[Entry]]] = defaultdict(dict)
        self.others: dict[str, frozenset[str]] = {}
        """Keys of records that are there from the beginning, and that no history speaks of."""

    def note(self, stream: str, key: str, at: float, version: Version | None) -> None:
        """Note what a record is from now on."""
        entries = self._entries[stream].setdefault(key, [])
        if entries and entries[-1].version == version:
            return
        entries.append(Entry(at, version))

    def current(self, stream: str, key: str) -> Version | None:
        """Return what a record is now."""
        entries = self._entries[stream].get(key)
        return entries[-1].version if entries else None

    def keys(self, stream: str) -> list[str]:
        """Return the keys of all records that ever were there."""
        return list(self._entries[stream])

    def live(self, stream: str) -> list[str]:
        """Return the keys of the records that are there now."""
        return [key for key in self._entries[stream] if self.current(stream, key) is not None]

    def between(self, stream: str, key: str, low: float, high: float) -> list[Version | None]:
        """Return what a record was at some moment from `low` to `high`, both included."""
        entries = self._entries[stream].get(key, [])
        found: list[Version | None] = []
        if not entries or entries[0].since > low:
            found.append(None)
        for number, entry in enumerate(entries):
            ends = entries[number + 1].since if number + 1 < len(entries) else float("inf")
            if entry.since <= high and ends >= low:
                found.append(entry.version)
        return found

    def versions(self, stream: str, key: str) -> list[Version]:
        """Return all versions of a record, the oldest first."""
        entries = self._entries[stream].get(key, [])
        return [entry.version for entry in entries if entry.version is not None]

    def alike(self, stream: str, key: str, version: Version) -> list[Version]:
        """Return a version, and those before it from which no time tells it."""
        versions = self.versions(stream, key)
        found = [version]
        for earlier in reversed(versions[: versions.index(version)]):
            if found[-1].is_dated:
                break
            found.append(earlier)
        return found

    def changed_at(self, stream: str, key: str) -> float:
        """Return since when a record is what it is now."""
        return self._entries[stream][key][-1].since

    def gone_since(self, stream: str, key: str) -> float | None:
        """Return since when a record is not there; None if it is."""
        entries = self._entries[stream].get(key, [])
        return entries[-1].since if entries and entries[-1].version is None else None

    def returned(self, stream: str) -> dict[str, float]:
        """Return the records that went and came back, each with when it went last."""
        found: dict[str, float] = {}
        for key, entries in self._entries[stream].items():
            left = [entry.since for entry in entries if entry.version is None]
            if left and entries[-1].version is not None:
                found[key] = left[-1]
        return found
