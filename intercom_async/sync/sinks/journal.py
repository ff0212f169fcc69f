"""The journal of a target: framed, checksummed, one fsync a commit.

A frame is ``length, crc32, payload``; the payload is the generation that it is to be merged with,
the state, and entries, as MessagePack. A frame that is cut off or damaged was never committed, and
neither was anything behind it: it is dropped when the journal is opened.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from intercom_async.sync.errors import TargetError
from .disk import Disk
from .entries import Entry, Frame, changed_by, repeated_by
from .failures import shown

_HEAD = struct.Struct("<QI")
MAX_FRAME_BYTES = 2**32
"""A length beyond this is damage, not a frame."""

_Payload = tuple[int, bytes, list[Entry]]
_TABLE: Callable[[Entry], str] = attrgetter("table")


class _Place(NamedTuple):
    """Where a whole frame begins, and which tables its entries are of."""

    begin: int
    number: int
    """Entries before it."""
    tables: frozenset[str]
    changed: frozenset[str]
    """Tables of which it has more than `SeenKeys`."""
    repeated: frozenset[str]
    """Tables of which it has more than first Puts."""


def _place(begin: int, number: int, entries: Sequence[Entry]) -> _Place:
    """Return what is remembered of a frame."""
    return _Place(
        begin,
        number,
        frozenset(map(_TABLE, entries)),
        frozenset(changed_by(entries)),
        frozenset(repeated_by(entries)),
    )


class Journal:
    """What came since the last generation.

    Args:
        disk: Where files are.
        path: The journal's file.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._path = path
        self._file: BinaryIO | None = None
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Payload)
        self._length = 0
        self._places: list[_Place] = []
        self._count = 0
        self._generation = 0
        self.state: bytes | None = None
        """The state of its last frame; None if there is none."""

    def open(self, generation: int) -> None:
        """Read it, drop what was never committed, and what a generation has taken up already."""
        self._generation = generation
        self._length = 0
        self._places, self._count = [], 0
        begin = 0
        for base, state, entries in self._frames():
            if base != generation:
                break
            self._note(entries, begin)
            begin = self._length
            self.state = state
        if self.state is None:
            self._disk.remove(self._path)
            self._length = 0

    def _frames(self) -> Iterator[_Payload]:
        """Give the whole frames of the file; `_length` is the end of the last one."""
        if self._disk.size(self._path) is None:
            return
        with self._disk.read(self._path) as file:
            while (frame := self._read_frame(file)) is not None:
                self._length = file.tell()
                yield frame

    def _read_frame(self, file: BinaryIO) -> _Payload | None:
        """Read the frame that begins here; None if it is not whole."""
        head = file.read(_HEAD.size)
        if len(head) != _HEAD.size:
            return None
        length, checksum = _HEAD.unpack(head)
        body = file.read(length) if length <= MAX_FRAME_BYTES else b""
        if len(body) != length or zlib.crc32(body) != checksum:
            return None
        try:
            frame: _Payload = self._decoder.decode(body)
        except msgspec.MsgspecError:
            return None
        return frame

    def _note(self, entries: Sequence[Entry], begin: int) -> None:
        self._places.append(_place(begin, self._count, entries))
        self._count += len(entries)

    def entries(self, table: str | None = None) -> Iterator[Entry]:
        """Give the entries in the order in which they came.

        Args:
            table: Give those of one table; frames that have none of it are not read.

        Raises:
            TargetError: A frame is not as it was when it was written, or read for the first time.
        """
        places = [one for one in self._places if table is None or table in one.tables]
        for place, entries in self._read(places):
            if table is None or len(place.tables) == 1:
                yield from entries
            else:
                yield from (entry for entry in entries if entry.table == table)

    def changes(self, table: str) -> bool:
        """Say whether any entry changes a table."""
        return any(table in place.changed for place in self._places)

    def frames(self, table: str, *, repeats: bool = False) -> Iterator[Frame]:
        """Give the frames that have entries of a table.

        Args:
            table: The table.
            repeats: Leave frames out that have nothing of it but first Puts.

        Raises:
            TargetError: As `entries`.
        """
        places = [
            one for one in self._places if table in (one.repeated if repeats else one.changed)
        ]
        for place, entries in self._read(places):
            yield Frame(place.number, entries)

    def _read(self, places: Sequence[_Place]) -> Iterator[tuple[_Place, list[Entry]]]:
        """Read some frames again."""
        if not places:
            return
        with self._disk.read(self._path) as file:
            for place in places:
                file.seek(place.begin)
                frame = self._read_frame(file)
                if frame is None:
                    raise TargetError(f"{shown(self._path)} was changed by somebody else")
                yield place, frame[2]

    def frame(self, entries: Sequence[Entry], state: bytes) -> bytes:
        """Return entries and state as a frame."""
        return b"".join(self._parts(entries, state))

    def _parts(self, entries: Sequence[Entry], state: bytes) -> tuple[bytes, bytes]:
        """Return the head of a frame, and the rest of it: some megabytes, which are not copied."""
        body = self._encoder.encode((self._generation, state, entries))
        return _HEAD.pack(len(body), zlib.crc32(body)), body

    def append(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add a frame of entries and state, and bring it to the disk."""
        self._add(self._parts(entries, state), entries, state)

    def add(self, frame: bytes, entries: Sequence[Entry], state: bytes) -> None:
        """Add a frame that `frame` has made of these, and bring it to the disk."""
        self._add((frame,), entries, state)

    def _add(self, parts: Sequence[bytes], entries: Sequence[Entry], state: bytes) -> None:
        if self._file is None:
            self._file = self._disk.append(self._path, self._length)
            self._disk.sync_folder(self._path.parent)
        try:
            for part in parts:
                self._file.write(part)
            self._disk.sync(self._file)
        except OSError:
            # What was written of the frame is behind `_length`, and is cut off by the next one.
            self._close()
            raise
        begin = self._length
        self._length += sum(map(len, parts))
        self._note(entries, begin)
        self.state = state

    def clear(self, generation: int) -> None:
        """Begin an empty journal on top of a generation."""
        self._close()
        self._disk.remove(self._path)
        self._generation, self._length, self.state = generation, 0, None
        self._places, self._count = [], 0

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()

    def close(self) -> None:
        """Close the file."""
        self._close()
