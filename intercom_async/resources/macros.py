"""Macros: prepared answers of teammates."""

from __future__ import annotations

from intercom_async.fields import Moment
from intercom_async.models import Macro

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/macros", "macros", since="2.16")


class Macros(Resource):
    """Macros, as far as the token's teammate may see them; others are not found."""

    GET = API.get("/{id}", Macro, "getmacro")
    LIST = API.cursor("", Page[Macro], "listmacros")

    async def get(self, macro_id: Id) -> Macro:
        """Return one macro."""
        return await self._send(self.GET, macro_id)

    def list(
        self, *, updated_since: Moment | None = None, per_page: int | None = None
    ) -> Pager[Macro]:
        """List macros, the last changed first, at most 150 a page; 50 if left out."""
        return self._list(self.LIST, updated_since=updated_since, per_page=per_page)
