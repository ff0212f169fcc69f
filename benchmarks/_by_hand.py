"""aiohttp as a program uses it that has no client library, with or without a limiter of its own.

The session is aiohttp's default one: 100 connections. A 429 is an answer like any other here: the
call is lost, and the task that made it goes on with its next one.
"""

from __future__ import annotations

import aiohttp
from aiolimiter import AsyncLimiter


class Client:
    """A session, and perhaps a limiter in front of it.

    Args:
        limiter: Calls and seconds that an `AsyncLimiter` is set to; none means no limiter.
    """

    def __init__(self, *limiter: float) -> None:
        self._limiter = AsyncLimiter(*limiter) if limiter else None

    async def open(self, url: str, token: str) -> None:
        """Open it; the process closes it."""
        self._url = f"{url}/me"
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}", "Intercom-Version": "2.14"}
        )

    async def ask(self) -> None:
        """Make the smallest call there is."""
        if self._limiter is not None:
            await self._limiter.acquire()
        async with self._session.get(self._url) as response:
            await response.read()
