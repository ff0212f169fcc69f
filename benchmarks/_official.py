"""python-intercom, the official client, as its README shows it."""

from __future__ import annotations

from intercom import AsyncIntercom


class Client:
    """A client with nothing set but where the server is."""

    async def open(self, url: str) -> None:
        """Open it; it has no method to close it."""
        self._intercom = AsyncIntercom(token="token", base_url=url)  # noqa: S106 (opens nothing)

    async def read(self) -> int:
        """Read a conversation."""
        await self._intercom.conversations.find("1")
        return 1

    async def page(self) -> int:
        """Read a page."""
        pager = await self._intercom.conversations.list(per_page=150)
        return len(pager.items or [])
