"""Brands under which the workspace speaks."""

from __future__ import annotations

from intercom_async.models import Brand

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/brands", "brands", since="2.15")


class Brands(Resource):
    """Brands."""

    LIST = API.get("", Page[Brand], "listbrands")
    GET = API.get("/{id}", Brand, "retrievebrand")

    def list(self) -> Pager[Brand]:
        """List all brands, the default one too, in one answer."""
        return self._list(self.LIST)

    async def get(self, brand_id: Id) -> Brand:
        """Return one brand."""
        return await self._send(self.GET, brand_id)
