"""A proxy that checks every answer on its way against the official description."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.simulator.validation import violations
from tests.support.descriptions import Described, operations

SKIPPED = {"connection", "transfer-encoding", "content-length", "date", "server", "host"}


class ValidatingProxy:
    """Forwards requests to a server; `found` has what its answers violate."""

    def __init__(self, upstream: str, version: str) -> None:
        self.upstream = upstream
        self.version = version
        self.found: list[str] = []
        self.checked = 0
        """Answers that had a declared form."""
        # A fixed path wins over one with an id.
        self._operations = sorted(
            ((_pattern(one.path), one) for one in operations(version)),
            key=lambda pair: pair[1].path.count("{"),
        )

    def check(self, method: str, path: str, status: int, kind: str, body: bytes) -> None:
        """Check one answer."""
        operation = self._find(method, path.partition("?")[0])
        if operation is None:
            self.found.append(f"{method} {path}: not described")
            return
        name = f"{method} {operation.path}"
        if status not in operation.schemas:
            self.found.append(f"{name}: {status} is not a declared status")
            return
        schema = operation.schemas[status]
        if schema is not None and body and "json" in kind:
            self.checked += 1
            wrong = violations(name, json.loads(body), schema, self.version)
            self.found += [f"{name} {status} at {one}" for one in wrong]

    def _find(self, method: str, path: str) -> Described | None:
        return next(
            (
                one
                for pattern, one in self._operations
                if one.method == method and pattern.fullmatch(path)
            ),
            None,
        )


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))


@contextmanager
def validating(upstream: str, version: str) -> Generator[tuple[str, ValidatingProxy]]:
    """Run a proxy in a thread; yields its URL and the proxy."""
    proxy = ValidatingProxy(upstream, version)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            given = self.rfile.read(length) if length else None
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in SKIPPED
            }
            # Links of the answer lead back here.
            headers["Host"] = self.headers["Host"]
            request = urllib.request.Request(  # noqa: S310 (the simulator's own URL)
                f"{proxy.upstream}{self.path}", data=given, headers=headers, method=self.command
            )
            try:
                reply: Any = urllib.request.urlopen(request, timeout=60)  # noqa: S310
            except urllib.error.HTTPError as error:
                reply = error
            with reply:
                body = reply.read()
                proxy.check(
                    self.command, self.path, reply.status, reply.headers["Content-Type"] or "", body
                )
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    if name.lower() not in SKIPPED:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = forward  # noqa: N815 (names of the library)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name)
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
