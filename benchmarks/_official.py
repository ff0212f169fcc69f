"""python-intercom, the official client, as its README shows it."""

from __future__ import annotations

from intercom import AsyncIntercom

MAX_RETRIES = 10
"""Its own default is 0, and it counts from 2: up to 2 nothing is retried, 10 are 8 retries."""


class Client:
    """A client with nothing set but where the server is."""

    async def open(self, url: str, token: str = "token") -> None:  # noqa: S107 (opens nothing)
        """Open it; it has no method to close it."""
        self._intercom = AsyncIntercom(token=token, base_url=url)

    async def ask(self) -> None:
        """Make the smallest call there is, with retries."""
        await self._intercom.admins.identify(request_options={"max_retries": MAX_RETRIES})

    async def read(self) -> int:
        """Read a conversation."""
        await self._intercom.conversations.find("1")
        return 1

    async def contact(self) -> int:
        """Read a contact."""
        await self._intercom.contacts.find("1")
        return 1

    async def page(self) -> int:
        """Read a page."""
        pager = await self._intercom.conversations.list(per_page=150)
        return len(pager.items or [])
