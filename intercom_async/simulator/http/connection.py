"""Connections that are as forgiving as those of the real server."""

from __future__ import annotations

import re
from urllib.parse import quote

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

REQUEST_LINE = re.compile(rb"[A-Z]+ [^\r\n ]* HTTP/1\.[01]\r?\n")
BAD_REQUEST = (
    b"<html><head><title>400 Bad Request</title></head><body>400 Bad Request</body></html>"
)
"""Answer to what is no HTTP: a web server before the API gives it."""
PRINTABLE = "".join(map(chr, range(0x20, 0x7F))) + "\r\n"
"""Characters of a request line that are left as they are."""


class ForgivingServer(web.Server):
    """A server whose connections are forgiving."""

    def __call__(self) -> RequestHandler:
        """Make the handler of a new connection."""
        return Connection(self, loop=self._loop, **self._kwargs)


class Connection(RequestHandler):
    """Takes raw bytes in a path, and answers what is no HTTP without a traceback."""

    def data_received(self, data: bytes) -> None:
        """Encode the bytes of a request line that are not ASCII, and go on."""
        super().data_received(data if data.isascii() else encoded_request_line(data))

    def log_exception(self, *args: object, **kwargs: object) -> None:
        """Log nothing: what goes wrong in the simulator is logged by its backend."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP as a web server does; leave other errors to aiohttp."""
        if status != 400:  # noqa: PLR2004 (the status of parse errors)
            return super().handle_error(request, status, exc, message)
        answer = web.Response(body=BAD_REQUEST, status=status, content_type="text/html")
        answer.force_close()
        return answer


def encoded_request_line(data: bytes) -> bytes:
    """Percent-encode what is not ASCII in the request line that data begins with, if any."""
    line = REQUEST_LINE.match(data)
    if line is None or line[0].isascii():
        return data
    return quote(line[0], safe=PRINTABLE).encode() + data[line.end() :]
