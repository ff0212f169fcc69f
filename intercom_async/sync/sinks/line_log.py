"""A file of lines that only grows, cut back to what was committed after a crash."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

COPY_LINES = 2_000


class Codec(Protocol):
    """How lines are written."""

    def encode(self, lines: bytes) -> bytes:
        """Return bytes that can stand after others of their kind."""
        ...

    def decode(self, file: BinaryIO) -> BinaryIO:
        """Return a file to read lines from."""
        ...


class Plain:
    """Lines as they are."""

    def encode(self, lines: bytes) -> bytes:
        """Return the lines."""
        return lines

    def decode(self, file: BinaryIO) -> BinaryIO:
        """Return the file."""
        return file


class Log:
    """A file of lines.

    Args:
        path: Where.
        codec: How lines are written.
        length: Bytes of it that are committed.
    """

    def __init__(self, path: Path, codec: Codec, length: int = 0) -> None:
        self.path = path
        self.length: int = length
        self._codec = codec
        self._file: BinaryIO | None = None

    def append(self, lines: Sequence[bytes]) -> None:
        """Add lines and bring them to the disk."""
        if self._file is None:
            # What lies behind the committed length is of a commit that did not come about.
            self._file = self.path.open("r+b" if self.path.exists() else "w+b")
            self._file.truncate(self.length)
            self._file.seek(self.length)
        body = self._codec.encode(b"\n".join(lines) + b"\n")
        self._file.write(body)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.length += len(body)

    def cut(self) -> None:
        """Drop what lies behind the committed length."""
        self.close()
        if self.path.exists() and self.path.stat().st_size != self.length:
            os.truncate(self.path, self.length)

    def lines(self, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Give the lines between two lengths, without their line feeds."""
        end = self.length if end is None else end
        if begin >= end:
            return
        with self.path.open("rb") as file:
            span = io.BufferedReader(_Span(file, begin, end), 2**20)
            for line in self._codec.decode(span):
                yield line.rstrip(b"\n")

    def write_copy(self, path: Path, lines: Iterable[bytes]) -> int:
        """Write lines to another file, bring it to the disk and return its length."""
        waiting: list[bytes] = []
        with path.open("wb") as file:
            for line in lines:
                waiting.append(line)
                if len(waiting) == COPY_LINES:
                    file.write(self._codec.encode(b"\n".join(waiting) + b"\n"))
                    waiting.clear()
            if waiting:
                file.write(self._codec.encode(b"\n".join(waiting) + b"\n"))
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def remove(self) -> None:
        """Delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            file, self._file = self._file, None
            # A full disk is reported by the write; the rest is behind the committed length.
            with suppress(OSError):
                file.close()


class _Span(io.RawIOBase):
    """The bytes of a file between two places."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        super().__init__()
        self._file = file
        self._left = end - begin
        file.seek(begin)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # any buffer is given as a memoryview
        body = self._file.read(min(len(buffer), self._left))
        buffer[: len(body)] = body
        self._left -= len(body)
        return len(body)
