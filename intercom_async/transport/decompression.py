"""Decompression in pieces of bounded size, which tells a complete body from one that is cut off.

The transport decompresses replies itself, because aiohttp takes a gzip body that ends too early for
a complete one: it compares neither its length nor its checksum.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

MAX_PIECE_BYTES = 1_048_576
"""Largest piece of decompressed data handed out at once. Without it a chunk of 64 KiB could become
64 MiB in memory (test_download.py::test_a_gzip_bomb_comes_in_small_pieces)."""

ENCODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
"""Content codings that are read (RFC 9110, 8.4.1), in lower case."""

_GZIP_WBITS = 16 + zlib.MAX_WBITS
_DEFLATE_METHOD = 8
"""Low half of the first byte of a zlib header (RFC 1950); servers also send deflate without one."""


class DamagedError(Exception):
    """The data is not what its encoding says."""


class CutOffError(DamagedError):
    """The data ends too early."""


class Decompressor:
    """Decompresses one body.

    Gzip may have several members one after the other (RFC 1952), and zero bytes after the last one.

    Args:
        encoding: ``gzip`` or ``deflate``.
    """

    __slots__ = ("_encoding", "_has_begun", "_member")

    def __init__(self, encoding: str = "gzip") -> None:
        self._encoding = encoding
        self._has_begun = False
        self._member = zlib.decompressobj(_GZIP_WBITS)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decompresses to, in pieces of at most `MAX_PIECE_BYTES`.

        Raises:
            DamagedError: It is not the encoding, or follows the end of the body.
        """
        if data and not self._has_begun:
            self._begin(data[0])
        is_more = bool(data)
        while is_more:
            if self._member.eof:
                data = self._begin_another(data)
                if not data:
                    return
            try:
                piece = self._member.decompress(data, MAX_PIECE_BYTES)
            except zlib.error:
                raise DamagedError from None
            data = self._member.unconsumed_tail or self._member.unused_data
            # A full piece may leave output behind, even where all input is consumed.
            is_more = bool(data) or len(piece) == MAX_PIECE_BYTES
            if piece:
                yield piece

    def _begin(self, first: int) -> None:
        self._has_begun = True
        if self._encoding == "deflate":
            has_header = first & 0xF == _DEFLATE_METHOD
            self._member = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)

    def _begin_another(self, data: bytes) -> bytes:
        """Begin another member with what follows one, and return it without zero bytes."""
        data = data.lstrip(b"\0")
        if data:
            if self._encoding == "deflate":
                raise DamagedError
            self._member = zlib.decompressobj(_GZIP_WBITS)
        return data

    def end(self) -> None:
        """Check that the body was complete; no data at all is an empty body.

        Raises:
            CutOffError: It ended too early.
        """
        if self._has_begun and not self._member.eof:
            raise CutOffError
