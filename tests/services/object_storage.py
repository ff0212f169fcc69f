"""Object storage of our own on loopback: moto's, and a server that answers whatever it is told."""

from __future__ import annotations

import http.client
import http.server
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Answer = tuple[int, list[tuple[str, str]], bytes]

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAHUSH",
    "AWS_SECRET_ACCESS_KEY": "hush-hush",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def environment(**values: str) -> Generator[None]:
    """Set variables of the environment for the length of a block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def running_moto() -> Generator[str]:
    """Run moto's S3 for the length of a block, with the environment that leads to it."""
    # Imported by name: these have no types.
    boto3, moto = import_module("boto3"), import_module("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with environment(**KEYS, AWS_ENDPOINT_URL=f"http://{host}:{port}"):
            boto3.client("s3").create_bucket(Bucket="bucket")
            yield f"http://{host}:{port}"
    finally:
        server.stop()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers every request in one way."""

    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        answer = self.answer_to(body)
        if answer is None:
            self.close_connection = True
            return
        status, headers, sent = answer
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", headers_length(headers, sent, self.command))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815 (names of the library)

    def answer_to(self, body: bytes, /) -> Answer | None:
        """Return status, headers and body; None ends the connection without an answer."""
        raise NotImplementedError

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""


def headers_length(headers: list[tuple[str, str]], body: bytes, method: str) -> str:
    """Return the length of a body; a HEAD tells of one that does not come."""
    named = next((value for name, value in headers if name.lower() == "content-length"), "0")
    return named if method == "HEAD" else str(len(body))


@contextmanager
def _serving(handler: type[_Handler]) -> Generator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(status: int, body: bytes) -> Generator[str]:
    """Run a server that gives every request the same answer, for the length of a block."""

    class Handler(_Handler):
        def answer_to(self, _: bytes, /) -> Answer | None:
            return status, [], body

    with _serving(Handler) as address:
        yield address


@contextmanager
def losing_answers(storage: str) -> Generator[str]:
    """Run a proxy before a storage that loses the first answer of three to a PUT."""
    puts = 0
    host = storage.removeprefix("http://")

    class Handler(_Handler):
        def answer_to(self, body: bytes, /) -> Answer | None:
            nonlocal puts
            connection = http.client.HTTPConnection(host)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                received = answer.read()
            finally:
                connection.close()
            puts += self.command == "PUT"
            if self.command == "PUT" and puts % 3 == 1:
                return None
            return answer.status, answer.getheaders(), received

    with _serving(Handler) as address:
        yield address
