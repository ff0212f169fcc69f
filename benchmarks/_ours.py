"""This package, as its README shows it."""

from __future__ import annotations

from intercom_async import Intercom


class Client:
    """A client with nothing set but where the server is."""

    async def open(self, url: str, token: str = "token") -> None:  # noqa: S107 (opens nothing)
        """Open it; the process closes it."""
        self._intercom = await Intercom(token, base_url=url).open()

    async def ask(self) -> None:
        """Make the smallest call there is."""
        await self._intercom.admins.me()

    async def read(self) -> int:
        """Read a conversation."""
        await self._intercom.conversations.get("1")
        return 1

    async def contact(self) -> int:
        """Read a contact."""
        await self._intercom.contacts.get("1")
        return 1

    async def page(self) -> int:
        """Read a page."""
        return len((await self._intercom.conversations.list(per_page=150).page()).items)
