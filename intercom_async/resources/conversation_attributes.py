"""Attributes that the workspace gives its conversations."""

from __future__ import annotations

from typing import Any, Unpack

from intercom_async.fields import ConversationAttributeFields, NewConversationAttribute
from intercom_async.models import ConversationAttribute

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/conversations/attributes", "conversations-attributes", since="2.16")


class ConversationAttributes(Resource):
    """Attributes of conversations, from 2.16 on."""

    LIST = API.get("", Page[ConversationAttribute], "listconversationattributes")
    CREATE = API.post(
        "", ConversationAttribute, "createconversationattribute", body=NewConversationAttribute
    )
    GET = API.get("/{id}", ConversationAttribute, "getconversationattribute")
    UPDATE = API.update(
        "/{id}",
        ConversationAttribute,
        "updateconversationattribute",
        body=ConversationAttributeFields,
    )
    DELETE = API.delete("/{id}", ConversationAttribute, "deleteconversationattribute")
    CREATE_OPTION = API.post(
        "/{id}/options", ConversationAttribute, "createconversationattributeoption"
    )
    UPDATE_OPTION = API.update(
        "/{id}/options/{option_id}", ConversationAttribute, "updateconversationattributeoption"
    )
    DELETE_OPTION = API.delete(
        "/{id}/options/{option_id}", ConversationAttribute, "deleteconversationattributeoption"
    )

    def list(self, *, include_archived: bool | None = None) -> Pager[ConversationAttribute]:
        """List all attributes; one answer holds them all."""
        return self._list(self.LIST, include_archived=include_archived)

    async def create(self, **fields: Unpack[NewConversationAttribute]) -> ConversationAttribute:
        """Define an attribute and return it; it can never be of another kind."""
        attribute: dict[str, Any] = {**fields}
        if "options" in attribute:
            attribute["options"] = [{"label": label} for label in attribute["options"]]
        return await self._send(self.CREATE, fields=attribute)

    async def get(self, attribute_id: Id) -> ConversationAttribute:
        """Return one attribute."""
        return await self._send(self.GET, attribute_id)

    async def update(
        self, attribute_id: Id, **fields: Unpack[ConversationAttributeFields]
    ) -> ConversationAttribute:
        """Change the given fields and return the whole attribute."""
        return await self._send(self.UPDATE, attribute_id, fields=fields)

    async def delete(self, attribute_id: Id) -> ConversationAttribute:
        """Archive an attribute and return it; conversations keep the values they have."""
        return await self._send(self.DELETE, attribute_id)

    async def create_option(self, attribute_id: Id, *, label: str) -> ConversationAttribute:
        """Add an option to a ``list`` attribute, and to no other, and return the attribute."""
        return await self._send(self.CREATE_OPTION, attribute_id, label=label)

    async def update_option(
        self, *, attribute_id: Id, option_id: Id, label: str
    ) -> ConversationAttribute:
        """Give an option another label and return the attribute."""
        return await self._send(self.UPDATE_OPTION, attribute_id, option_id, label=label)

    async def delete_option(self, *, attribute_id: Id, option_id: Id) -> ConversationAttribute:
        """Archive an option and return the attribute."""
        return await self._send(self.DELETE_OPTION, attribute_id, option_id)
