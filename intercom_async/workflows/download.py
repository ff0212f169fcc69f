"""A response body read in chunks, in constant memory, however large it is.

async with intercom.data_exports.download(job_id) as stream:
    await stream.save("export.csv.gz")
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import BinaryIO, Self

from intercom_async.clock import CLOCK
from intercom_async.errors import ClosedError, DecodeError
from intercom_async.response import Response
from intercom_async.transport.base import StreamReply
from intercom_async.transport.decompression import CutOffError, DamagedError, Decompressor

_GZIP_MAGIC = b"\x1f\x8b"


class Download:
    """A download: the request is sent on entering the block, the connection closed on leaving it.

    The body can be read once, by one of iteration, `unzipped`, `read` and `save`.

    Args:
        begin: Sends the request and returns once the response begins.
    """

    __slots__ = ("_begin", "_is_consumed", "_response")

    def __init__(self, begin: Callable[[], Awaitable[Response[StreamReply]]]) -> None:
        self._begin = begin
        self._is_consumed = False
        self._response: Response[StreamReply] | None = None

    async def __aenter__(self) -> Self:
        self._response = await self._begin()
        self._is_consumed = False
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.data.close()

    @property
    def response(self) -> Response[StreamReply]:
        """The response with its status, headers and rate-limit window.

        Raises:
            ClosedError: The download is not open.
        """
        if self._response is None:
            raise ClosedError("the download is not open; use it in its 'async with' block")
        return self._response

    @property
    def headers(self) -> Mapping[str, str]:
        """The response's headers."""
        return self.response.headers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they arrive.

        Raises:
            ClosedError: The download is not open, or its body has been read.
            ConnectionLostError: The connection broke; what had arrived has been yielded.
        """
        async for chunk in self._consume():
            yield chunk

    async def unzipped(self) -> AsyncIterator[bytes]:
        """Yield the bytes with gzip decompressed, or unchanged if they are not gzip.

        Raises:
            ClosedError: The download is not open, or its body has been read.
            DecodeError: The gzip data is damaged or cut off.
        """
        unzip = _Gunzip()
        async for chunk in self._consume():
            for number, piece in enumerate(unzip.feed(chunk)):
                if number > 0:
                    # Decompressing one chunk may take a while; others get their turn of the loop.
                    await CLOCK.sleep(0)
                yield piece
        for piece in unzip.end():
            yield piece

    async def read(self) -> bytes:
        """Return the whole body.

        Raises:
            ClosedError: The download is not open, or its body has been read.
        """
        return b"".join([chunk async for chunk in self])

    async def save(self, path: str | Path) -> int:
        """Write the body to a file and return the number of bytes written.

        The file appears under its name once it is complete and replaces what was there. On any
        error nothing is left behind. A link and what is no file, such as ``/dev/stdout``, stay and
        are written to as they are.

        Raises:
            ClosedError: The download is not open, or its body has been read.
            OSError: The file cannot be written.
        """
        target = Path(path)
        partial, file = _begin_file(target)
        try:
            with file:
                size_bytes = await self._write(file)
            if partial is not None:
                partial.replace(target)
        except BaseException:
            if partial is not None:
                with suppress(OSError):
                    partial.unlink(missing_ok=True)
            raise
        return size_bytes

    async def _write(self, file: BinaryIO) -> int:
        size_bytes = 0
        async for chunk in self._consume():
            size_bytes += file.write(chunk)
        return size_bytes

    def _consume(self) -> AsyncIterator[bytes]:
        """Return the chunks of the body, once."""
        chunks = self.response.data.chunks
        if self._is_consumed:
            raise ClosedError("the download's body has been read; begin another download")
        self._is_consumed = True
        return chunks


def _begin_file(target: Path) -> tuple[Path | None, BinaryIO]:
    """Open a file beside the target, or the target itself where that is a link or no file."""
    if target.is_symlink() or (target.exists() and not target.is_file()):
        return None, target.open("wb")
    # A name of its own: another download may be saved under the same name at once.
    partial = target.with_name(f".{token_hex(8)}.part")
    return partial, partial.open("xb")


class _Gunzip:
    """Decompresses gzip data piece by piece, if it is gzip at all."""

    def __init__(self) -> None:
        self._is_gzip: bool | None = None
        self._head = b""
        """The first bytes, until there are enough to tell gzip from something else."""
        self._decompressor = Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decompresses to, in pieces of bounded size.

        Raises:
            DecodeError: The gzip data is damaged.
        """
        if self._is_gzip is None:
            data = self._head = self._head + data
            if len(data) < len(_GZIP_MAGIC):
                return
            self._is_gzip = data.startswith(_GZIP_MAGIC)
        if not self._is_gzip:
            yield data
            return
        try:
            yield from self._decompressor.feed(data)
        except DamagedError:
            raise DecodeError("the download's gzip data is damaged") from None

    def end(self) -> Iterator[bytes]:
        """Yield what is held back at the end of the data.

        Raises:
            DecodeError: The gzip data is cut off.
        """
        if self._is_gzip is None and self._head:
            yield self._head
        try:
            self._decompressor.end()
        except CutOffError:
            raise DecodeError("the download's gzip data is cut off") from None
