"""Lines compressed with Zstandard, a frame for each commit: frames may stand one after another."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

from intercom_async.sync.errors import TargetError
from .extra import load


class Zstd:
    """Frames of Zstandard.

    Args:
        name: Only ``zstd``.

    Raises:
        TargetError: It is another compression, or pyarrow is missing.
    """

    def __init__(self, name: str) -> None:
        if name != "zstd":
            raise TargetError(f"compression must be 'zstd' or None, not {name!r}")
        self._arrow = load("pyarrow", extra="parquet", what="compression")

    def encode(self, lines: bytes) -> bytes:
        """Return one frame."""
        return cast("bytes", self._arrow.Codec("zstd").compress(lines, asbytes=True))

    def decode(self, file: BinaryIO) -> BinaryIO:
        """Return a file to read lines from."""
        return io.BufferedReader(self._arrow.CompressedInputStream(file, "zstd"))
