"""A request and its response, without a socket: what HTTP or a virtual transport carries."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

MAX_BODY_BYTES = 20 * 1024 * 1024
"""Longest body that is read; a longer one is answered with 413 (`test_requests.py`)."""
SNAPSHOT_PATH = "/_simulator/snapshot"
MAX_SNAPSHOT_BYTES = 2 * 1024 * 1024 * 1024
"""Longest snapshot that is read (`test_snapshots.py`)."""


def max_body_bytes(path: str) -> int:
    """Return how long a body may be."""
    return MAX_SNAPSHOT_BYTES if path == SNAPSHOT_PATH else MAX_BODY_BYTES


@dataclasses.dataclass(slots=True)
class Request:
    """One request as it arrives; its body may come later than the rest.

    Args:
        method: Verb in capitals.
        path: Path as it was sent, percent-encoded, without the query.
        query: Decoded query parameters.
        headers: A mapping that finds names in any case.
        body: Raw body; empty where there is none.
        is_too_large: The body was longer than a server takes and was not read.
        parts: A long body in parts, as it came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    is_too_large: bool = False
    parts: Sequence[bytes] = ()


@dataclasses.dataclass(slots=True)
class Response:
    """One response, and what goes wrong on its way.

    Args:
        status: HTTP status.
        headers: All headers but Content-Length.
        body: Whole body, where it is not in `parts`.
        is_dropped: The connection is closed instead of an answer.
        sent_bytes: Length after which the connection is closed; None sends the whole body.
        body_s: Seconds over which the body is spread.
        parts: A long body in parts, which are sent one by one.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    is_dropped: bool = False
    sent_bytes: int | None = None
    body_s: float = 0.0
    parts: Sequence[bytes] = ()
