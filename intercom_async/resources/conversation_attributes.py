"""Attributes that the workspace gives its conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.models import ConversationAttribute, Page
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource

_ONE = "/conversations/attributes/{id}"


class AttributeReference(TypedDict):
    """Which custom objects an attribute points to."""

    type: Literal["one", "many"] | str
    object_type_id: str


class AttributeOptions(TypedDict, total=False):
    """What an attribute may have beside name and kind; a key left out keeps its value."""

    description: str
    required: bool
    visible_to_team_ids: Sequence[Id]
    """The teams that see it; an empty list is for all."""
    multiline: bool
    """Kind ``string`` only."""
    reference: AttributeReference
    """Kind ``relationship`` only."""


class NewAttributeFields(AttributeOptions, total=False):
    """What a new attribute may have beside name and kind."""

    options: Sequence[str]
    """Kind ``list`` only: the labels that can be chosen."""


class AttributeFields(AttributeOptions, total=False):
    """Writable fields of an attribute; a key left out keeps its value."""

    name: str


class ConversationAttributes(Resource):
    """Attributes of conversations, from 2.16 on."""

    LIST = Operation("GET", "/conversations/attributes", Page[ConversationAttribute], since="2.16")
    CREATE = Operation(
        "POST",
        "/conversations/attributes",
        ConversationAttribute,
        since="2.16",
        body=NewAttributeFields,
    )
    GET = Operation("GET", _ONE, ConversationAttribute, since="2.16")
    UPDATE = Operation(
        "PUT", _ONE, ConversationAttribute, since="2.16", body=AttributeFields, updates=True
    )
    DELETE = Operation("DELETE", _ONE, ConversationAttribute, since="2.16")
    CREATE_OPTION = Operation("POST", f"{_ONE}/options", ConversationAttribute, since="2.16")
    UPDATE_OPTION = Operation(
        "PUT", f"{_ONE}/options/{{option_id}}", ConversationAttribute, since="2.16", updates=True
    )
    DELETE_OPTION = Operation(
        "DELETE", f"{_ONE}/options/{{option_id}}", ConversationAttribute, since="2.16"
    )

    def list(self, *, include_archived: bool | None = None) -> Pager[ConversationAttribute]:
        """List all attributes; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/listconversationattributes
        """
        return self._list(self.LIST, query={"include_archived": include_archived})

    async def create(
        self,
        *,
        name: str,
        data_type: Literal[
            "string", "integer", "list", "decimal", "boolean", "datetime", "relationship", "files"
        ]
        | str,
        **fields: Unpack[NewAttributeFields],
    ) -> ConversationAttribute:
        """Define an attribute and return it; it can never be of another kind.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/createconversationattribute
        """
        optional: dict[str, Any] = self.CREATE.fields(fields)
        if "options" in optional:
            optional["options"] = [{"label": label} for label in optional["options"]]
        json = {"name": name, "data_type": data_type, **optional}
        return await self._send(self.CREATE, json=json)

    async def get(self, attribute_id: Id) -> ConversationAttribute:
        """Return one attribute.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/getconversationattribute
        """
        return await self._send(self.GET, id=attribute_id)

    async def update(
        self, attribute_id: Id, **fields: Unpack[AttributeFields]
    ) -> ConversationAttribute:
        """Change the given fields and return the whole attribute.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/updateconversationattribute
        """
        return await self._send(self.UPDATE, fields=fields, id=attribute_id)

    async def delete(self, attribute_id: Id) -> ConversationAttribute:
        """Archive an attribute and return it; conversations keep the values they have.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/deleteconversationattribute
        """
        return await self._send(self.DELETE, id=attribute_id)

    async def create_option(self, attribute_id: Id, *, label: str) -> ConversationAttribute:
        """Add an option to a ``list`` attribute and return the attribute.

        Raises:
            UnprocessableError: It is no ``list``.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/createconversationattributeoption
        """
        return await self._send(self.CREATE_OPTION, json={"label": label}, id=attribute_id)

    async def update_option(
        self, *, attribute_id: Id, option_id: Id, label: str
    ) -> ConversationAttribute:
        """Give an option another label and return the attribute.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/updateconversationattributeoption
        """
        return await self._send(
            self.UPDATE_OPTION, json={"label": label}, id=attribute_id, option_id=option_id
        )

    async def delete_option(self, *, attribute_id: Id, option_id: Id) -> ConversationAttribute:
        """Archive an option and return the attribute.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations-attributes/deleteconversationattributeoption
        """
        return await self._send(self.DELETE_OPTION, id=attribute_id, option_id=option_id)
