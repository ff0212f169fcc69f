"""Audiences: sets of people, by rules, for whom Fin uses some content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from intercom_async.models import Audience, Page
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page


class PredicateFields(TypedDict, total=False):
    """One rule: an attribute, a comparison, a value."""

    attribute: str
    type: str
    comparison: str
    value: str


class AudienceOptions(TypedDict, total=False):
    """What an audience may have beside its name."""

    predicates: Sequence[PredicateFields]
    role_predicates: Sequence[PredicateFields]
    """Rules about whether people are users, leads or visitors."""


class AudienceFields(AudienceOptions, total=False):
    """Writable fields of an audience; a key left out keeps its value."""

    name: str


class Audiences(Resource):
    """Audiences."""

    LIST = Operation("GET", "/audiences", Page[Audience], paging=Paging.PAGE, since="2.16")
    CREATE = Operation("POST", "/audiences", Audience, since="2.16", body=AudienceOptions)
    GET = Operation("GET", "/audiences/{id}", Audience, since="2.16")
    UPDATE = Operation(
        "PUT", "/audiences/{id}", Audience, since="2.16", body=AudienceFields, updates=True
    )
    DELETE = Operation("DELETE", "/audiences/{id}", type(None), since="2.16")

    def list(self, *, per_page: int | None = None) -> Pager[Audience]:
        """List all audiences, at most 50 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/audiences/listaudiences
        """
        return self._list(self.LIST, query={"per_page": check_per_page(per_page)})

    async def create(self, *, name: str, **fields: Unpack[AudienceOptions]) -> Audience:
        """Create an audience and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/audiences/createaudience
        """
        return await self._send(self.CREATE, json={"name": name, **self.CREATE.fields(fields)})

    async def get(self, audience_id: Id) -> Audience:
        """Return one audience.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/audiences/retrieveaudience
        """
        return await self._send(self.GET, id=audience_id)

    async def update(self, audience_id: Id, **fields: Unpack[AudienceFields]) -> Audience:
        """Change the given fields and return the whole audience.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/audiences/updateaudience
        """
        return await self._send(self.UPDATE, fields=fields, id=audience_id)

    async def delete(self, audience_id: Id) -> None:
        """Delete an audience.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/audiences/deleteaudience
        """
        await self._send(self.DELETE, id=audience_id)
