"""As `_hand_sync.py`, by hand, with all that a sync's first target has: what a next sync needs.

Each row is known by its id and when it changed, and comes once as long as none changes while they
are read; the journal is framed and has a checksum, which is compared when it is read; lines have
`_synced_at` and `_deleted_at`, rows of a database the digest of their content, too. A file of lines
takes its place by a rename, once it is on the disk, beside a manifest with its checksum; the
database has neither of these. Records in DuckDB are compressed by zstd.
"""

from __future__ import annotations

import json
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from _hand_sync import COLUMNS

HEAD = struct.Struct("<QI")


class Head(msgspec.Struct, gc=False):
    """What is read of a row."""

    id: str
    updated_at: int


class Entry(msgspec.Struct, array_like=True, gc=False):
    """A row in the journal."""

    id: str
    updated_at: int
    synced_at: int
    digest: int
    body: bytes


HEADS = msgspec.json.Decoder(list[Head])
ENTRIES = msgspec.msgpack.Decoder(list[Entry])
ENCODE = msgspec.msgpack.Encoder().encode


def no_digest(body: bytes) -> int:
    """Return none."""
    del body
    return 0


def digest_of(body: bytes) -> int:
    """Return 64 bits of a row's content."""
    return int.from_bytes(blake2b(body, digest_size=8).digest(), "little")


class FramedJournal:
    """Frames of rows, each key once, and one fsync a commit."""

    digest: Callable[[bytes], int] = staticmethod(no_digest)

    def __init__(self, path: Path) -> None:
        self.path = path.with_suffix(".journal")
        self._file: BinaryIO = self.path.open("wb")
        self._known: dict[str, int] = {}

    def commit(self, rows: list[bytes]) -> None:
        """Bring rows to the disk, but for those that came before."""
        now, known, digest = int(time.time()), self._known, self.digest
        entries: list[Entry] = []
        for head, body in zip(HEADS.decode(b"[%b]" % b",".join(rows)), rows, strict=True):
            if known.get(head.id, -1) < head.updated_at:
                known[head.id] = head.updated_at
                entries.append(Entry(head.id, head.updated_at, now, digest(body), body))
        frame = ENCODE(entries)
        self._file.write(HEAD.pack(len(frame), zlib.crc32(frame)))
        self._file.write(frame)
        self._file.flush()
        os.fsync(self._file.fileno())

    def frames(self) -> Iterator[list[Entry]]:
        """Give the rows again."""
        with self.path.open("rb") as file:
            while head := file.read(HEAD.size):
                length, checksum = HEAD.unpack(head)
                frame = file.read(length)
                if zlib.crc32(frame) != checksum:
                    raise RuntimeError("the journal is damaged")
                yield ENTRIES.decode(frame)

    def moment(self, seconds: int) -> str:
        """Return a moment as text."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class WholeLines(FramedJournal):
    """JSON lines."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._target = path

    def publish(self) -> None:
        """Fill the target."""
        staged, checksum, count = self._target.with_suffix(".staged"), 0, 0
        with staged.open("wb") as file:
            for entries in self.frames():
                at = self.moment(entries[0].synced_at)
                behind = f',"_synced_at":"{at}","_deleted_at":null}}\n'.encode()
                lines = behind.join([*(entry.body[:-1] for entry in entries), b""])
                checksum = zlib.crc32(lines, checksum)
                count += len(entries)
                file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        manifest = self._target.with_suffix(".json")
        with manifest.open("w") as file:
            json.dump({"rows": count, "checksum": checksum}, file)
            file.flush()
            os.fsync(file.fileno())
        staged.rename(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self.path.unlink()


class WholeDuckDB(FramedJournal):
    """DuckDB, which reads a file of rows, moments and digests."""

    digest = staticmethod(digest_of)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        import duckdb  # noqa: PLC0415 (an extra)

        self._connect: Callable[[], Any] = lambda: duckdb.connect(str(path))

    def publish(self) -> None:
        """Fill the target."""
        staged = self.path.with_suffix(".staged")
        with staged.open("wb") as file:
            for entries in self.frames():
                file.writelines(
                    b"%b\x01%d\x01%d\n" % (entry.body, entry.synced_at, entry.digest)
                    for entry in entries
                )
        types = {
            "text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN",
            "timestamp": "TIMESTAMP", "json": "JSON",
        }  # fmt: skip
        parsed = {**types, "timestamp": "BIGINT"}
        shape = json.dumps({name: parsed[kind] for name, kind in COLUMNS.items()})
        values = [
            f"make_timestamp(s.{name} * 1000000)" if kind == "timestamp" else f"s.{name}"
            for name, kind in COLUMNS.items()
        ]
        listed = ", ".join(f"{name} {types[kind]}" for name, kind in COLUMNS.items())
        with self._connect() as connection:
            is_new = connection.execute("SELECT version()").fetchall()[0][0] >= "v2"
            zstd = " USING COMPRESSION zstd" if is_new else ""
            connection.execute(
                f"CREATE TABLE contacts ({listed}, record JSON{zstd}, _synced_at TIMESTAMP, "
                "_deleted_at TIMESTAMP, _digest UBIGINT)"
            )
            connection.execute(
                f"INSERT INTO contacts SELECT {', '.join(values)}, r, "
                "make_timestamp(synced * 1000000), NULL, digest FROM ("
                f"SELECT r, synced, digest, from_json(r, '{shape}') AS s FROM ("
                f"SELECT r::JSON AS r, synced, digest FROM read_csv('{staged}', "
                "auto_detect = false, header = false, "
                "delim = '\x01', quote = '', escape = '', new_line = '\\n', "
                "columns = {'r': 'VARCHAR', 'synced': 'BIGINT', 'digest': 'UBIGINT'})))"
            )
        staged.unlink()
        self.path.unlink()
