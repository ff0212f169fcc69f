"""The newest requests and how they were answered."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Mapping

from .exchange import Exchange
from .faults import Fault
from .messages import Response

KEPT_REQUESTS = 250
"""Requests that are kept: 4 MB at most with their bodies (`test_load.py` fills it)."""
KEPT_BYTES = 8_192
"""Bytes that are kept of each body."""


@dataclasses.dataclass(slots=True)
class Entry:
    """One request that was answered; its bodies are cut after `KEPT_BYTES`."""

    number: int
    """From 1, in the order of the answers."""
    at: float
    """When it was received, UNIX seconds on the simulator's clock."""
    wait_s: float
    """Seconds by which the answer was held back: latency, and what a fault adds."""
    app: str | None
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    body_bytes: int
    version: str | None
    fault: Fault | None
    status: int
    is_dropped: bool
    answer_headers: Mapping[str, str]
    answer: bytes
    answer_bytes: int


class Journal:
    """Keeps the newest requests."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT_REQUESTS)
        self.last: int = 0
        """Number of the newest request; it goes on rising after `clear`."""

    def keep(self, exchange: Exchange, response: Response) -> None:
        """Write one request down."""
        self.last += 1
        request, app = exchange.request, exchange.app
        self._entries.append(
            Entry(
                self.last,
                exchange.received_at,
                exchange.delay_s,
                None if app is None else app.name,
                request.method,
                request.path,
                request.query,
                request.headers,
                request.body[:KEPT_BYTES],
                len(request.body),
                exchange.version,
                exchange.fault,
                response.status,
                response.is_dropped,
                response.headers,
                response.body[:KEPT_BYTES],
                len(response.body),
            )
        )

    def since(self, number: int) -> list[Entry]:
        """Return the requests after a number, oldest first."""
        newer = self.last - number
        if newer <= 0:
            return []
        entries = [*self._entries]
        return entries[-newer:] if newer < len(entries) else entries

    def find(self, number: int) -> Entry | None:
        """Return a request by its number; None where it is not kept any more."""
        return next((entry for entry in self._entries if entry.number == number), None)

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()
