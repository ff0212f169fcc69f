"""Brands under which the workspace speaks."""

from __future__ import annotations

from intercom_async.models import Brand, Page
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource


class Brands(Resource):
    """Brands."""

    LIST = Operation("GET", "/brands", Page[Brand], since="2.15")
    GET = Operation("GET", "/brands/{id}", Brand, since="2.15")

    def list(self) -> Pager[Brand]:
        """List all brands, the default one too, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/brands/listbrands
        """
        return self._list(self.LIST)

    async def get(self, brand_id: Id) -> Brand:
        """Return one brand.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/brands/retrievebrand
        """
        return await self._send(self.GET, id=brand_id)
