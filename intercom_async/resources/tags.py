"""Tags."""

from __future__ import annotations

from intercom_async.models import Page, Tag
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Resource


class Tags(Resource):
    """Labels for contacts, companies, conversations and tickets."""

    LIST = Operation("GET", "/tags", Page[Tag])
    CREATE = Operation("POST", "/tags", Tag, repeat="idempotent")

    def list(self) -> Pager[Tag]:
        """List all tags; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/listtags
        """
        return self._list(self.LIST)

    async def create(self, *, name: str) -> Tag:
        """Create a tag and return it; a name that exists returns the tag that has it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag
        """
        return await self._send(self.CREATE, json={"name": name})
