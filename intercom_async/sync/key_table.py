"""A hash table of keys with a few numbers each, in some forty bytes a key.

A dict of a million rows takes 250 MB, this takes 40. Keys are kept as 64-bit hashes: two of ten
million keys share one with a probability of 3 in a million. As in Python's own dict, the numbers
stand one behind the other in the order in which keys came, and the hash table holds their places
only: growing moves nothing else. It is split into shards so that growing never stops the loop for
long.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable
from hashlib import blake2b
from sys import hash_info

import msgspec

SHARDS = 64
"""Parts that grow by themselves: a million keys are rehashed in steps of 16,000."""
FULL = 0.6
"""Share of a shard's slots in use at which it doubles; above 0.7 probing gets long."""
MAX_U32 = 2**32 - 1
"""Largest number that a slot holds: versions and times beyond it are cut."""
LEAST_SLOTS = 8
"""Slots of a shard that is new."""
BITS = 64
"""Bits of a key's hash."""
_DUMPED = struct.Struct("<qII")

GONE, SEEN, BY_ID, CHANGED = 1, 2, 4, 8
"""Flags: the row is a tombstone; it was seen by the current sweep; it was read by id; this run has
written it."""


class Held(msgspec.Struct, frozen=True, gc=False):
    """What is known of one key."""

    version: int
    """When the row last changed, UNIX seconds; 0 where it does not say."""
    read_at: int
    """When it was read, UNIX seconds of the server. Of an earlier run's rows 0, and 1 of those that
    were read in the second of their change (`merging.is_hasty`)."""
    digest: int
    """64 bits of its content."""
    flags: int

    @property
    def is_gone(self) -> bool:
        """Whether the row is a tombstone."""
        return bool(self.flags & GONE)


class _Shard:
    """A part of the table.

    `slots` is the hash table: the place of a key counted from 1, 0 where a slot is free. All other
    arrays have their numbers at that place.
    """

    __slots__ = ("digests", "flags", "hashes", "mask", "most", "read_at", "slots", "versions")

    def __init__(self) -> None:
        self.hashes: array[int] = array("q")
        self.versions: array[int] = array("I")
        self.read_at: array[int] = array("I")
        self.digests: array[int] = array("Q")
        self.flags: bytearray = bytearray()
        self._spread(LEAST_SLOTS)

    def _spread(self, count: int) -> None:
        """Make so many slots, and find each key its own."""
        self.slots: array[int] = array("I", bytes(4 * count))
        self.mask: int = count - 1
        self.most: int = int(FULL * count)
        slots, mask = self.slots, self.mask
        for place, number in enumerate(self.hashes, start=1):
            at = (number >> 6) & mask
            while slots[at]:
                at = (at + 1) & mask
            slots[at] = place

    def find(self, number: int) -> tuple[int, int]:
        """Return the slot of a hash, or the free one where it would go, and its place or 0."""
        slots, hashes, mask = self.slots, self.hashes, self.mask
        at = (number >> 6) & mask
        while (place := slots[at]) and hashes[place - 1] != number:
            at = (at + 1) & mask
        return at, place

    def held(self, place: int) -> Held:
        """Return what stands at a place."""
        at = place - 1
        return Held(self.versions[at], self.read_at[at], self.digests[at], self.flags[at])

    def add(
        self, at: int, number: int, version: int, read_at: int, digest: int, flags: int
    ) -> None:
        """Add a hash at its slot, which is free."""
        hashes = self.hashes
        self.digests.append(digest)
        self.flags.append(flags)
        try:
            self.versions.append(version)
        except OverflowError:
            self.versions.append(_cut(version))
        try:
            self.read_at.append(read_at)
        except OverflowError:
            self.read_at.append(_cut(read_at))
        hashes.append(number)
        self.slots[at] = len(hashes)
        if len(hashes) >= self.most:
            self._spread(2 * len(self.slots))

    def change(self, place: int, held: Held) -> None:
        """Set what stands at a place."""
        at = place - 1
        self.versions[at] = _cut(held.version)
        self.read_at[at] = _cut(held.read_at)
        self.digests[at] = held.digest
        self.flags[at] = held.flags


def _cut(number: int) -> int:
    """Return the nearest number that a slot holds."""
    return min(max(number, 0), MAX_U32)


class KeyTable:
    """Keys with what is known of each.

    Args:
        is_kept: Whether other processes read what `dump` gives: its hashes are the same in each of
            them, and take four times as long.
    """

    def __init__(self, *, is_kept: bool = False) -> None:
        self._shards = [_Shard() for _ in range(SHARDS)]
        self._is_kept = is_kept
        # A process's own hash of a text is another one in each process.
        self._hash: Callable[[str], int] = kept_hash if is_kept or hash_info.width < BITS else hash

    def __len__(self) -> int:
        return sum(len(shard.hashes) for shard in self._shards)

    def get(self, key: str) -> Held | None:
        """Return what is known of a key."""
        number = self._hash(key)
        shard = self._shards[number % SHARDS]
        _, place = shard.find(number)
        return shard.held(place) if place else None

    def flags(self, key: str) -> int:
        """Return the flags of a key; 0 where nothing is known of it."""
        held = self.get(key)
        return 0 if held is None else held.flags

    def add_new(
        self, keys: Iterable[str], found: Iterable[tuple[int, int]], read_at: int, flags: int
    ) -> list[int]:
        """Set what is known of those of some keys that are new; return the places of the others.

        What is known of the others stays, and of two keys that are the same the second is another.
        Together, keys cost half of what they do one by one.

        Args:
            keys: The keys.
            found: The version and the digest of each.
            read_at: When they were read.
            flags: Their flags.
        """
        hash_of, shards, others = self._hash, self._shards, list[int]()
        for key_at, (key, (version, digest)) in enumerate(zip(keys, found, strict=True)):
            number = hash_of(key)
            shard = shards[number % SHARDS]
            slots, hashes, mask = shard.slots, shard.hashes, shard.mask
            at = (number >> 6) & mask
            while (place := slots[at]) and hashes[place - 1] != number:
                at = (at + 1) & mask
            if place:
                others.append(key_at)
            else:
                shard.add(at, number, version, read_at, digest, flags)
        return others

    def put(self, key: str, held: Held) -> None:
        """Set what is known of a key."""
        self._put(self._hash(key), held)

    def _put(self, number: int, held: Held) -> None:
        shard = self._shards[number % SHARDS]
        at, place = shard.find(number)
        if place:
            shard.change(place, held)
        else:
            shard.add(at, number, held.version, held.read_at, held.digest, held.flags)

    def mark(self, key: str, flag: int) -> None:
        """Set a flag of a key that is there."""
        number = self._hash(key)
        shard = self._shards[number % SHARDS]
        _, place = shard.find(number)
        if place:
            shard.flags[place - 1] |= flag

    def clear(self, flag: int) -> None:
        """Remove a flag from every key."""
        keep = bytes(flags & ~flag & 0xFF for flags in range(256))
        for shard in self._shards:
            shard.flags = shard.flags.translate(keep)

    def forget(self) -> None:
        """Forget all keys, and give their memory back."""
        self._shards = [_Shard() for _ in range(SHARDS)]

    def count(self, *, without: int = 0, having: int = 0) -> int:
        """Return how many keys have all of some flags and none of others."""
        return sum(
            not flags & without and flags & having == having
            for shard in self._shards
            for flags in shard.flags
        )

    def dump(self) -> bytes:
        """Return hash, version and the low half of the digest of each key, 16 bytes each.

        Raises:
            ValueError: Its hashes mean nothing to other processes.
        """
        if not self._is_kept:
            raise ValueError("a table whose hashes are its process's own cannot be kept")
        rows = (
            _DUMPED.pack(number, version, digest & MAX_U32)
            for shard in self._shards
            for number, version, digest, flags in zip(
                shard.hashes, shard.versions, shard.digests, shard.flags, strict=True
            )
            if not flags & GONE
        )
        return b"".join(sorted(rows))

    def load(self, body: bytes) -> None:
        """Take what `dump` gave; a part that is cut off is left out.

        Raises:
            ValueError: As `dump`.
        """
        if not self._is_kept:
            raise ValueError("a table whose hashes are its process's own cannot be kept")
        whole = len(body) - len(body) % _DUMPED.size
        for number, version, digest in _DUMPED.iter_unpack(body[:whole]):
            self._put(number, Held(version, 0, digest, 0))


def kept_hash(key: str) -> int:
    """Return 64 bits of a key; the same in every process."""
    digest = blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
