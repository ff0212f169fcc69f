"""Visitors: people on your pages who are no contacts yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from intercom_async.fields import PersonKey
from intercom_async.models import Contact, Visitor

from .base import Id, Resource, Rows
from .values import only_one

API = Rows("/visitors", "visitors")


class Visitors(Resource):
    """Visitors."""

    UPDATE = API.put("", Visitor, "updatevisitor")
    FIND_BY_USER_ID = API.get("", Visitor, "retrievevisitorwithuserid")
    CONVERT = API.post("/convert", Contact, "convertvisitor")

    async def update(
        self,
        visitor_id: Id | None = None,
        *,
        user_id: Id | None = None,
        name: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
    ) -> Visitor:
        """Change the given fields and return the whole visitor, named by exactly one key.

        Args:
            visitor_id: The visitor by Intercom's id,
            user_id: or by your own key.
            custom_attributes: Attributes must be defined before they are used.
        """
        key = only_one("the visitor", id=visitor_id, user_id=user_id)
        return await self._send(
            self.UPDATE, json=key, name=name, custom_attributes=custom_attributes
        )

    async def find_by_user_id(self, user_id: Id) -> Visitor:
        """Return one visitor by your own key."""
        return await self._send(self.FIND_BY_USER_ID, user_id=str(user_id))

    async def convert(
        self,
        *,
        type: Literal["user", "lead"] | str,  # noqa: A002 (the name that the API gives it)
        user: PersonKey,
        visitor: PersonKey,
    ) -> Contact:
        """Make a visitor a contact, or merge one into a contact, and return the contact.

        Args:
            type: What the contact is to be.
            user: The keys that the contact has or is to have.
        """
        return await self._send(self.CONVERT, type=type, user=_key(user), visitor=_key(visitor))


def _key(person: PersonKey) -> dict[str, str]:
    return {name: str(value) for name, value in person.items() if value is not None}
