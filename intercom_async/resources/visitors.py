"""Visitors: people on your pages who are no contacts yet."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import Conversion, PersonKey, VisitorChanges
from intercom_async.models import Contact, Visitor

from .base import Id, Resource, Rows
from .values import only_one

API = Rows("/visitors", "visitors")


class Visitors(Resource):
    """Visitors."""

    UPDATE = API.put("", Visitor, "updatevisitor", body=VisitorChanges)
    FIND_BY_USER_ID = API.get("", Visitor, "retrievevisitorwithuserid")
    CONVERT = API.post("/convert", Contact, "convertvisitor", body=Conversion)

    async def update(
        self, visitor_id: Id | None = None, **fields: Unpack[VisitorChanges]
    ) -> Visitor:
        """Change the given fields and return the whole visitor, named by exactly one key."""
        changes = self.UPDATE.fields(fields)
        key = only_one("the visitor", id=visitor_id, user_id=changes.pop("user_id", None))
        return await self._send(self.UPDATE, json=key, **changes)

    async def find_by_user_id(self, user_id: Id) -> Visitor:
        """Return one visitor by your own key."""
        return await self._send(self.FIND_BY_USER_ID, user_id=str(user_id))

    async def convert(self, **fields: Unpack[Conversion]) -> Contact:
        """Make a visitor a contact, or merge one into a contact, and return the contact."""
        json = self.CONVERT.fields(fields)
        people = {name: _key(json[name]) for name in ("user", "visitor")}
        return await self._send(self.CONVERT, json={**json, **people})


def _key(person: PersonKey) -> dict[str, str]:
    return {name: str(value) for name, value in person.items() if value is not None}
