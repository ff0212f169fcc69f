"""A hash table of keys with a few numbers each, in some thirty bytes a key.

A dict of a million rows takes 250 MB, this takes 50. Keys are kept as 64-bit hashes: two of ten
million keys share one with a probability of 3 in a million. It is split into shards so that growing
never stops the loop for long.
"""

from __future__ import annotations

import struct
from array import array
from hashlib import blake2b
from sys import hash_info

import msgspec

SHARDS = 64
"""Parts that grow by themselves: a million keys are rehashed in steps of 16,000."""
FULL = 0.6
"""Share of a shard's slots in use at which it doubles; above 0.7 probing gets long."""
MAX_U32 = 2**32 - 1
"""Largest number that a slot holds: versions and times beyond it are cut."""
BITS = 64
"""Bits of a key's hash."""
MASK = 2**BITS - 1
_DUMPED = struct.Struct("<QII")

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
    __slots__ = ("capacity", "digests", "flags", "hashes", "most", "read_at", "used", "versions")

    def __init__(self, capacity: int = 8) -> None:
        self._allocate(capacity)

    def _allocate(self, capacity: int) -> None:
        self.capacity: int = capacity
        self.most: int = int(FULL * capacity)
        self.used: int = 0
        self.hashes: array[int] = array("Q", bytes(8 * capacity))
        self.versions: array[int] = array("I", bytes(4 * capacity))
        self.read_at: array[int] = array("I", bytes(4 * capacity))
        self.digests: array[int] = array("Q", bytes(8 * capacity))
        self.flags: bytearray = bytearray(capacity)

    def slot(self, number: int) -> int:
        """Return the slot of a hash, or the free one where it would go."""
        hashes, mask = self.hashes, self.capacity - 1
        at = (number >> 6) & mask
        while (found := hashes[at]) and found != number:
            at = (at + 1) & mask
        return at

    def held(self, at: int) -> Held:
        """Return what stands in a slot."""
        return Held(self.versions[at], self.read_at[at], self.digests[at], self.flags[at])

    def fill(self, at: int, number: int, held: Held) -> None:
        """Fill the slot of a hash, which may be free."""
        if not self.hashes[at]:
            if self.used >= self.most:
                self.grow()
                at = self.slot(number)
            self.hashes[at] = number
            self.used += 1
        self.digests[at] = held.digest
        self.flags[at] = held.flags
        try:
            self.versions[at] = held.version
            self.read_at[at] = held.read_at
        except OverflowError:
            self.versions[at] = min(max(held.version, 0), MAX_U32)
            self.read_at[at] = min(max(held.read_at, 0), MAX_U32)

    def grow(self) -> None:
        """Double the slots."""
        hashes, versions, read_at = self.hashes, self.versions, self.read_at
        digests, flags, used = self.digests, self.flags, self.used
        self._allocate(2 * self.capacity)
        new_hashes, new_versions, new_read_at = self.hashes, self.versions, self.read_at
        new_digests, new_flags, mask = self.digests, self.flags, self.capacity - 1
        for at, number in enumerate(hashes):
            if number:
                to = (number >> 6) & mask
                while new_hashes[to]:
                    to = (to + 1) & mask
                new_hashes[to] = number
                new_versions[to] = versions[at]
                new_read_at[to] = read_at[at]
                new_digests[to] = digests[at]
                new_flags[to] = flags[at]
        self.used = used


class KeyTable:
    """Keys with what is known of each.

    Args:
        is_kept: Whether other processes read what `dump` gives: its hashes are the same in each of
            them, and take four times as long.
    """

    def __init__(self, *, is_kept: bool = False) -> None:
        self._shards = [_Shard() for _ in range(SHARDS)]
        self._is_kept = is_kept
        self._hash = kept_hash if is_kept or hash_info.width < BITS else own_hash

    def __len__(self) -> int:
        return sum(shard.used for shard in self._shards)

    def get(self, key: str) -> Held | None:
        """Return what is known of a key."""
        number = self._hash(key)
        shard = self._shards[number % SHARDS]
        at = shard.slot(number)
        return shard.held(at) if shard.hashes[at] else None

    def add(self, key: str, held: Held) -> Held | None:
        """Set what is known of a key that is new; of another one, return what is known."""
        number = self._hash(key)
        shard = self._shards[number % SHARDS]
        at = shard.slot(number)
        if shard.hashes[at]:
            return shard.held(at)
        shard.fill(at, number, held)
        return None

    def put(self, key: str, held: Held) -> None:
        """Set what is known of a key."""
        self._put(self._hash(key), held)

    def _put(self, number: int, held: Held) -> None:
        shard = self._shards[number % SHARDS]
        shard.fill(shard.slot(number), number, held)

    def mark(self, key: str, flag: int) -> None:
        """Set a flag of a key that is there."""
        number = self._hash(key)
        shard = self._shards[number % SHARDS]
        at = shard.slot(number)
        if shard.hashes[at]:
            shard.flags[at] |= flag

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
            1
            for shard in self._shards
            for number, flags in zip(shard.hashes, shard.flags, strict=True)
            if number and not flags & without and flags & having == having
        )

    def dump(self) -> bytes:
        """Return hash, version and the low half of the digest of each key, 16 bytes each.

        Raises:
            ValueError: Its hashes mean nothing to other processes.
        """
        if not self._is_kept:
            raise ValueError("a table whose hashes are its process's own cannot be kept")
        rows = (
            _DUMPED.pack(number, shard.versions[at], shard.digests[at] & MAX_U32)
            for shard in self._shards
            for at, number in enumerate(shard.hashes)
            if number and not shard.flags[at] & GONE
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


def own_hash(key: str) -> int:
    """Return 64 bits of a key, never 0; another number in each process."""
    return hash(key) & MASK or 1


def kept_hash(key: str) -> int:
    """Return 64 bits of a key, never 0; the same in every process."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little") or 1
