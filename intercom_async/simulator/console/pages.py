"""The files of the console, and the headers that keep them to themselves."""

from __future__ import annotations

import functools
from pathlib import Path

from intercom_async.simulator.messages import Response

FOLDER = Path(__file__).parent
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
PRIVATE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every answer: nothing is kept, and no other site may load it."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""What the page may load and do: its own files, and calls of its own server."""


def console_file(name: str) -> Response | None:
    """Return a file of the console by its name below /_simulator/; None where there is none."""
    name = name or "console.html"
    files = _files()
    if name not in files:
        return None
    headers = {"Content-Type": TYPES[Path(name).suffix], **PRIVATE}
    if name.endswith(".html"):
        headers |= {
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
        }
    return Response(200, headers, files[name])


@functools.cache
def _files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in TYPES}
