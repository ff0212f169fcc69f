"""Audiences: sets of people, by rules, for whom Fin uses some content."""

from __future__ import annotations

from types import NoneType
from typing import Unpack

from intercom_async.fields import AudienceFields, AudienceOptions
from intercom_async.models import Audience

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/audiences", "audiences", since="2.16")


class Audiences(Resource):
    """Audiences."""

    LIST = API.pages("", Page[Audience], "listaudiences")
    CREATE = API.post("", Audience, "createaudience", body=AudienceOptions)
    GET = API.get("/{id}", Audience, "retrieveaudience")
    UPDATE = API.update("/{id}", Audience, "updateaudience", body=AudienceFields)
    DELETE = API.delete("/{id}", NoneType, "deleteaudience")

    def list(self, *, per_page: int | None = None) -> Pager[Audience]:
        """List all audiences, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(self, *, name: str, **fields: Unpack[AudienceOptions]) -> Audience:
        """Create an audience and return it."""
        return await self._send(self.CREATE, fields=fields, name=name)

    async def get(self, audience_id: Id) -> Audience:
        """Return one audience."""
        return await self._send(self.GET, audience_id)

    async def update(self, audience_id: Id, **fields: Unpack[AudienceFields]) -> Audience:
        """Change the given fields and return the whole audience."""
        return await self._send(self.UPDATE, audience_id, fields=fields)

    async def delete(self, audience_id: Id) -> None:
        """Delete an audience."""
        await self._send(self.DELETE, audience_id)
