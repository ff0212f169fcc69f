"""Macros: prepared answers of teammates."""

from __future__ import annotations

from intercom_async.models import Macro, Page
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import to_parameter


class Macros(Resource):
    """Macros, as far as the token's teammate may see them."""

    GET = Operation("GET", "/macros/{id}", Macro, since="2.16")
    LIST = Operation("GET", "/macros", Page[Macro], paging=Paging.CURSOR_QUERY, since="2.16")

    async def get(self, macro_id: Id) -> Macro:
        """Return one macro.

        Raises:
            NotFoundError: There is none, or it is for other teams.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/macros/getmacro
        """
        return await self._send(self.GET, id=macro_id)

    def list(
        self, *, updated_since: Moment | None = None, per_page: int | None = None
    ) -> Pager[Macro]:
        """List macros, the last changed first, at most 150 a page; 50 if left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/macros/listmacros
        """
        query = {
            "updated_since": to_parameter("updated_since", updated_since),
            "per_page": check_per_page(per_page),
        }
        return self._list(self.LIST, query=query)
