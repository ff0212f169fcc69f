"""aiohttp and msgspec with nothing around them: the floor that no client on aiohttp can be below.

Connector, timeouts, cookies and the types that are decoded are those of this package.
"""

from __future__ import annotations

import aiohttp
import msgspec
from yarl import URL

from intercom_async.codec.coercion import read_either
from intercom_async.models import Contact, Conversation, ConversationPage

HEADERS = {
    "Accept": "application/json",
    "Authorization": "Bearer token",
    "Intercom-Version": "2.14",
    "User-Agent": "bare",
}
ONE = msgspec.json.Decoder(Conversation, dec_hook=read_either)
PERSON = msgspec.json.Decoder(Contact, dec_hook=read_either)
PAGE = msgspec.json.Decoder(ConversationPage[Conversation], dec_hook=read_either)


class Client:
    """A session, and a decoder for each call."""

    async def open(self, url: str) -> None:
        """Open it; the process closes it."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, keepalive_timeout=30.0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=60.0, sock_connect=10.0),
            headers=HEADERS,
        )
        self._one = URL(f"{url}/conversations/1", encoded=True)
        self._contact = URL(f"{url}/contacts/1", encoded=True)
        self._page = URL(f"{url}/conversations?per_page=150", encoded=True)

    async def get(self, url: URL) -> bytes:
        """Return a body."""
        async with self._session.get(url) as response:
            return await response.read()

    async def read(self) -> int:
        """Read a conversation."""
        ONE.decode(await self.get(self._one))
        return 1

    async def contact(self) -> int:
        """Read a contact."""
        PERSON.decode(await self.get(self._contact))
        return 1

    async def page(self) -> int:
        """Read a page."""
        return len(PAGE.decode(await self.get(self._page)).items)
