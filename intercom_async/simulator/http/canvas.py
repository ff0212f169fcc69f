"""A Canvas Kit request, as the Messenger makes it."""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple

import aiohttp

from intercom_async.simulator.rows import BAD_JSON, Row, decode_json, encode_json

TIMEOUT_S = 10.0
"""Seconds that Intercom waits for a canvas."""


class CanvasAnswer(NamedTuple):
    """What an app answered."""

    status: int
    body: Any
    """Decoded JSON, or the bytes of anything else."""


async def ask_canvas(url: str, body: Row, secret: str) -> CanvasAnswer:
    """Send a signed request and return the answer."""
    encoded = encode_json(body)
    headers = {
        "Content-Type": "application/json",
        "X-Body-Signature": hmac.digest(secret.encode(), encoded, "sha256").hex(),
    }
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(url, data=encoded, headers=headers) as answer,
    ):
        raw = await answer.read()
        try:
            return CanvasAnswer(answer.status, decode_json(raw))
        except BAD_JSON:
            return CanvasAnswer(answer.status, raw)
