"""A body that is read chunk by chunk, with constant memory, however large it is.

async with intercom.data_exports.download(job_id) as stream:
    await stream.save("export.csv.gz")
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from intercom_async.errors import ClosedError, DecodeError
from intercom_async.response import Response
from intercom_async.transport.base import StreamReply

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


class Download:
    """A download, begun on entering and given up on leaving the block.

    Args:
        begin: Sends the request and returns once the answer begins.
    """

    __slots__ = ("_begin", "_response")

    def __init__(self, begin: Callable[[], Awaitable[Response[StreamReply]]]) -> None:
        self._begin = begin
        self._response: Response[StreamReply] | None = None

    async def __aenter__(self) -> Self:
        self._response = await self._begin()
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
        """The answer's envelope.

        Raises:
            ClosedError: The download is not open.
        """
        if self._response is None:
            raise ClosedError("the download is not open; use it in its 'async with' block")
        return self._response

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers."""
        return self.response.headers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the bytes as they come, once.

        Raises:
            ConnectionLostError: The download broke off; what came so far has been given.
        """
        async for chunk in self.response.data.chunks:
            yield chunk

    async def unzipped(self) -> AsyncIterator[bytes]:
        """Give the bytes with gzip opened, or as they come if they are not gzip.

        Raises:
            DecodeError: The gzip data is damaged or cut off.
        """
        opener: _Gunzip | None = None
        is_first = True
        async for chunk in self:
            if is_first and chunk:
                is_first = False
                opener = _Gunzip() if chunk.startswith(_GZIP_MAGIC) else None
            opened = chunk if opener is None else opener.feed(chunk)
            if opened:
                yield opened
        if opener is not None and not opener.is_complete:
            raise DecodeError("the download's gzip data is cut off")

    async def read(self) -> bytes:
        """Return everything, in memory."""
        return b"".join([chunk async for chunk in self])

    async def save(self, path: str | Path) -> int:
        """Write everything to a file and return the number of bytes.

        The file appears under its name when it is complete; what is there before is replaced.
        """
        target = Path(path)
        partial = target.with_name(f"{target.name}.part")
        size_bytes = 0
        with partial.open("wb") as file:
            async for chunk in self:
                size_bytes += file.write(chunk)
        partial.replace(target)
        return size_bytes


class _Gunzip:
    """Opens gzip data piece by piece; there may be several members on end."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)

    @property
    def is_complete(self) -> bool:
        """Whether the data may end here."""
        return self._member.eof

    def feed(self, data: bytes) -> bytes:
        """Return what `data` opens to."""
        opened: list[bytes] = []
        try:
            while data:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP)
                opened.append(self._member.decompress(data))
                data = self._member.unused_data
        except zlib.error:
            raise DecodeError("the download's gzip data is damaged") from None
        return b"".join(opened)
