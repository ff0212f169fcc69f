"""Audiences: sets of people, by rules, for whom Fin uses some content."""

from __future__ import annotations

from types import NoneType
from typing import Unpack

from intercom_async.fields import AudienceFields, AudienceOptions, Id
from intercom_async.models import Audience, Page
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows

api = Rows("/audiences", "audiences", since="2.16")


class Audiences(Resource):
    """Audiences."""

    LIST = api.pages("", Page[Audience], "listaudiences")
    CREATE = api.post("", Audience, "createaudience", body=AudienceOptions)
    GET = api.get("/{id}", Audience, "retrieveaudience")
    UPDATE = api.update("/{id}", Audience, "updateaudience", body=AudienceFields)
    DELETE = api.delete("/{id}", NoneType, "deleteaudience")

    def list(self, *, per_page: int | None = None) -> Pager[Audience]:
        """List all audiences, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(self, *, name: str, **fields: Unpack[AudienceOptions]) -> Audience:
        """Create an audience and return it."""
        return await self._send(self.CREATE, fields, name=name)

    async def get(self, audience_id: Id) -> Audience:
        """Return one audience."""
        return await self._send(self.GET, id=audience_id)

    async def update(self, audience_id: Id, **fields: Unpack[AudienceFields]) -> Audience:
        """Change the given fields and return the whole audience."""
        return await self._send(self.UPDATE, fields, id=audience_id)

    async def delete(self, audience_id: Id) -> None:
        """Delete an audience."""
        await self._send(self.DELETE, id=audience_id)
