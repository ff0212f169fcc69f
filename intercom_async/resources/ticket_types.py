"""Kinds of tickets, and the attributes of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.models import Page, TicketType, TicketTypeAttribute
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource

_ATTRIBUTES = "/ticket_types/{ticket_type_id}/attributes"


class TicketTypeFields(TypedDict, total=False):
    """Writable fields of a ticket type; a key left out keeps its value."""

    description: str
    category: Literal["Customer", "Back-office", "Tracker"] | str
    icon: str
    """An emoji."""
    is_internal: bool
    """Whether its tickets are for teammates only."""


class TicketTypeChanges(TicketTypeFields, total=False):
    """What can be changed of a ticket type; a key left out keeps its value."""

    name: str
    archived: bool


class AttributeFields(TypedDict, total=False):
    """Writable fields of an attribute; a key left out keeps its value."""

    required_to_create: bool
    """Whether teammates must fill it in for a new ticket,"""
    required_to_create_for_contacts: bool
    """and contacts."""
    visible_on_create: bool
    """Whether teammates see it when they create a ticket,"""
    visible_to_contacts: bool
    """and contacts."""
    multiline: bool
    """Text only."""
    list_items: Sequence[str]
    """Lists only: what can be chosen; sent with commas in between, so none may have one."""
    allow_multiple_values: bool
    """Files only."""


class AttributeChanges(AttributeFields, total=False):
    """What can be changed of an attribute; a key left out keeps its value."""

    name: str
    description: str
    archived: bool
    """Whether new tickets are without it."""


class TicketTypes(Resource):
    """Kinds of tickets."""

    CREATE_ATTRIBUTE = Operation("POST", _ATTRIBUTES, TicketTypeAttribute, body=AttributeFields)
    UPDATE_ATTRIBUTE = Operation(
        "PUT",
        f"{_ATTRIBUTES}/{{attribute_id}}",
        TicketTypeAttribute,
        body=AttributeChanges,
        updates=True,
    )
    LIST = Operation("GET", "/ticket_types", Page[TicketType])
    CREATE = Operation("POST", "/ticket_types", TicketType, body=TicketTypeFields)
    GET = Operation("GET", "/ticket_types/{ticket_type_id}", TicketType)
    UPDATE = Operation(
        "PUT", "/ticket_types/{ticket_type_id}", TicketType, body=TicketTypeChanges, updates=True
    )

    async def create_attribute(
        self,
        ticket_type_id: Id,
        *,
        name: str,
        description: str,
        data_type: Literal["string", "list", "integer", "decimal", "boolean", "datetime", "files"]
        | str,
        **fields: Unpack[AttributeFields],
    ) -> TicketTypeAttribute:
        """Give a ticket type an attribute and return the attribute.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ticket-type-attributes/createtickettypeattribute
        """
        json = {
            "name": name,
            "description": description,
            "data_type": data_type,
            **_with_commas(self.CREATE_ATTRIBUTE.fields(fields)),
        }
        return await self._send(self.CREATE_ATTRIBUTE, json=json, ticket_type_id=ticket_type_id)

    async def update_attribute(
        self, *, ticket_type_id: Id, attribute_id: Id, **fields: Unpack[AttributeChanges]
    ) -> TicketTypeAttribute:
        """Change the given fields of an attribute and return the whole of it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ticket-type-attributes/updatetickettypeattribute
        """
        return await self._send(
            self.UPDATE_ATTRIBUTE,
            json=_with_commas(self.UPDATE_ATTRIBUTE.fields(fields)),
            ticket_type_id=ticket_type_id,
            attribute_id=attribute_id,
        )

    def list(self) -> Pager[TicketType]:
        """List all ticket types, with their attributes and states, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ticket-types/listtickettypes
        """
        return self._list(self.LIST)

    async def create(self, *, name: str, **fields: Unpack[TicketTypeFields]) -> TicketType:
        """Create a ticket type and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ticket-types/createtickettype
        """
        return await self._send(self.CREATE, json={"name": name, **self.CREATE.fields(fields)})

    async def get(self, ticket_type_id: Id) -> TicketType:
        """Return one ticket type, with its attributes and states.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ticket-types/gettickettype
        """
        return await self._send(self.GET, ticket_type_id=ticket_type_id)

    async def update(self, ticket_type_id: Id, **fields: Unpack[TicketTypeChanges]) -> TicketType:
        """Change the given fields and return the whole ticket type.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ticket-types/updatetickettype
        """
        return await self._send(self.UPDATE, fields=fields, ticket_type_id=ticket_type_id)


def _with_commas(fields: dict[str, Any]) -> dict[str, Any]:
    """Write what can be chosen from a list as the API wants it."""
    items = fields.get("list_items")
    if items is None or isinstance(items, str):
        return fields
    return {**fields, "list_items": ",".join(items)}
