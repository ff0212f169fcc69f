"""Brands under which the workspace speaks."""

from __future__ import annotations

from intercom_async.fields import Id
from intercom_async.models import Brand, Page
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows

api = Rows("/brands", "brands", since="2.15")


class Brands(Resource):
    """Brands."""

    LIST = api.get("", Page[Brand], "listbrands")
    GET = api.get("/{id}", Brand, "retrievebrand")

    def list(self) -> Pager[Brand]:
        """List all brands, the default one too, in one answer."""
        return self._list(self.LIST)

    async def get(self, brand_id: Id) -> Brand:
        """Return one brand."""
        return await self._send(self.GET, id=brand_id)
