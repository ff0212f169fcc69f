"""Visitors: people on your pages who are no contacts yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from intercom_async.models import Contact, Visitor
from intercom_async.operation import Operation

from .base import Id, Resource
from .values import given, only_one


class PersonKey(TypedDict, total=False):
    """Someone by at least one key."""

    id: Id
    """Intercom's,"""
    user_id: Id
    """your own,"""
    email: str
    """or the address."""


class Visitors(Resource):
    """Visitors."""

    UPDATE = Operation("PUT", "/visitors", Visitor)
    FIND_BY_USER_ID = Operation("GET", "/visitors", Visitor)
    CONVERT = Operation("POST", "/visitors/convert", Contact)

    async def update(
        self,
        visitor_id: Id | None = None,
        *,
        user_id: Id | None = None,
        name: str | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
    ) -> Visitor:
        """Change the given fields and return the whole visitor.

        Args:
            visitor_id: The visitor by Intercom's id,
            user_id: or by your own key; exactly one of the two.
            name: What the visitor is called.
            custom_attributes: Attributes must be defined before they are used.

        Raises:
            ConfigError: None or both of the keys are given.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/visitors/updatevisitor
        """
        key = only_one("the visitor", id=visitor_id, user_id=user_id)
        json = {
            **{kind: str(value) for kind, value in key.items()},
            **given(name=name, custom_attributes=custom_attributes),
        }
        return await self._send(self.UPDATE, json=json)

    async def find_by_user_id(self, user_id: Id) -> Visitor:
        """Return one visitor by your own key.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/visitors/retrievevisitorwithuserid
        """
        return await self._send(self.FIND_BY_USER_ID, query={"user_id": str(user_id)})

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
            visitor: The visitor.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/visitors/convertvisitor
        """
        json = {"type": type, "user": _key(user), "visitor": _key(visitor)}
        return await self._send(self.CONVERT, json=json)


def _key(person: PersonKey) -> dict[str, str]:
    return {name: str(value) for name, value in person.items() if value is not None}
