"""A body is decompressed as it comes, however it is cut up, and one that is damaged is not."""

from __future__ import annotations

import gzip
import zlib
from random import Random

import pytest

from intercom_async.transport.decompression import (
    MAX_PIECE_BYTES,
    CutOffError,
    DamagedError,
    Decompressor,
)

TEXT = b"The quick brown fox jumps over the lazy dog. " * 20
NOISE = Random(1).randbytes(1_000)


def raw(data: bytes) -> bytes:
    """Compress without the header of zlib, as some servers do for deflate."""
    compress = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compress.compress(data) + compress.flush()


def read(encoding: str, data: bytes, size: int) -> bytes:
    """Decompress data that comes in pieces of so many bytes."""
    decompressor = Decompressor(encoding)
    found = bytearray()
    for begin in range(0, len(data), size):
        for piece in decompressor.feed(data[begin : begin + size]):
            assert 0 < len(piece) <= MAX_PIECE_BYTES
            found += piece
    decompressor.end()
    return bytes(found)


BODIES: dict[str, tuple[str, bytes, bytes]] = {
    "gzip": ("gzip", gzip.compress(TEXT), TEXT),
    "noise": ("gzip", gzip.compress(NOISE), NOISE),
    "nothing in gzip": ("gzip", gzip.compress(b""), b""),
    "nothing": ("gzip", b"", b""),
    "two members": ("gzip", gzip.compress(TEXT) + gzip.compress(NOISE), TEXT + NOISE),
    "zero bytes at the end": ("gzip", gzip.compress(TEXT) + bytes(9), TEXT),
    "zero bytes between": ("gzip", gzip.compress(b"a") + bytes(9) + gzip.compress(b"b"), b"ab"),
    "deflate": ("deflate", zlib.compress(TEXT), TEXT),
    "deflate without a header": ("deflate", raw(TEXT), TEXT),
    "zero bytes after deflate": ("deflate", zlib.compress(TEXT) + bytes(9), TEXT),
    "one full piece": ("gzip", gzip.compress(bytes(MAX_PIECE_BYTES)), bytes(MAX_PIECE_BYTES)),
    # Its last byte is read before all that it stands for has been handed out.
    "a little more than a piece": (
        "deflate",
        raw(bytes(MAX_PIECE_BYTES + 5)),
        bytes(MAX_PIECE_BYTES + 5),
    ),
    "three pieces": ("gzip", gzip.compress(b"x" * 3 * MAX_PIECE_BYTES), b"x" * 3 * MAX_PIECE_BYTES),
}


@pytest.mark.parametrize("size", [1, 7, 1 << 30])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_is_what_was_compressed(body: tuple[str, bytes, bytes], size: int) -> None:
    encoding, data, expected = body

    assert read(encoding, data, size) == expected


DAMAGED: dict[str, tuple[str, bytes, type[DamagedError]]] = {
    "not gzip": ("gzip", TEXT, DamagedError),
    "not deflate": ("deflate", b"\xff" * 9, DamagedError),
    "text after gzip": ("gzip", gzip.compress(TEXT) + b"and more", DamagedError),
    "text after deflate": ("deflate", zlib.compress(TEXT) + zlib.compress(TEXT), DamagedError),
    "cut off": ("gzip", gzip.compress(TEXT)[:-1], CutOffError),
    "cut off in another member": ("gzip", gzip.compress(TEXT) + b"\x1f\x8b", CutOffError),
    "deflate cut off": ("deflate", raw(TEXT)[:-1], CutOffError),
}


@pytest.mark.parametrize("size", [1, 7, 1 << 30])
@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_body_is_an_error(body: tuple[str, bytes, type[DamagedError]], size: int) -> None:
    encoding, data, error = body

    with pytest.raises(DamagedError) as caught:
        read(encoding, data, size)

    assert type(caught.value) is error


def test_no_data_begins_no_body() -> None:
    decompressor = Decompressor("deflate")

    assert list(decompressor.feed(b"")) == []
    assert b"".join(decompressor.feed(raw(TEXT))) == TEXT
    decompressor.end()
