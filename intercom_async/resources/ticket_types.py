"""Kinds of tickets, the attributes of each, and the states that tickets can be in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from intercom_async.fields import (
    NewTicketAttribute,
    TicketAttributeChanges,
    TicketTypeChanges,
    TicketTypeFields,
)
from intercom_async.models import TicketState, TicketType, TicketTypeAttribute

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/ticket_types", "ticket-types")
ATTRIBUTES = Rows("/ticket_types/{ticket_type_id}/attributes", "ticket-type-attributes")
TICKET_STATES = Rows("/ticket_states", "ticket-states")


class TicketTypes(Resource):
    """Kinds of tickets."""

    CREATE_ATTRIBUTE = ATTRIBUTES.post(
        "", TicketTypeAttribute, "createtickettypeattribute", body=NewTicketAttribute
    )
    UPDATE_ATTRIBUTE = ATTRIBUTES.update(
        "/{attribute_id}",
        TicketTypeAttribute,
        "updatetickettypeattribute",
        body=TicketAttributeChanges,
    )
    LIST = API.get("", Page[TicketType], "listtickettypes")
    CREATE = API.post("", TicketType, "createtickettype", body=TicketTypeFields)
    GET = API.get("/{ticket_type_id}", TicketType, "gettickettype")
    UPDATE = API.update("/{ticket_type_id}", TicketType, "updatetickettype", body=TicketTypeChanges)

    async def create_attribute(
        self, ticket_type_id: Id, **fields: Unpack[NewTicketAttribute]
    ) -> TicketTypeAttribute:
        """Give a ticket type an attribute and return the attribute."""
        attribute = _with_commas(fields)
        return await self._send(self.CREATE_ATTRIBUTE, ticket_type_id, fields=attribute)

    async def update_attribute(
        self, *, ticket_type_id: Id, attribute_id: Id, **fields: Unpack[TicketAttributeChanges]
    ) -> TicketTypeAttribute:
        """Change the given fields of an attribute and return the whole of it."""
        changes = _with_commas(fields)
        return await self._send(self.UPDATE_ATTRIBUTE, ticket_type_id, attribute_id, fields=changes)

    def list(self) -> Pager[TicketType]:
        """List all ticket types, with their attributes and states, in one answer."""
        return self._list(self.LIST)

    async def create(self, *, name: str, **fields: Unpack[TicketTypeFields]) -> TicketType:
        """Create a ticket type and return it."""
        return await self._send(self.CREATE, fields=fields, name=name)

    async def get(self, ticket_type_id: Id) -> TicketType:
        """Return one ticket type, with its attributes and states."""
        return await self._send(self.GET, ticket_type_id)

    async def update(self, ticket_type_id: Id, **fields: Unpack[TicketTypeChanges]) -> TicketType:
        """Change the given fields and return the whole ticket type."""
        return await self._send(self.UPDATE, ticket_type_id, fields=fields)


def _with_commas(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write what can be chosen from a list as the API wants it."""
    items = fields.get("list_items")
    if items is None or isinstance(items, str):
        return fields
    return {**fields, "list_items": ",".join(items)}


class TicketStates(Resource):
    """States of tickets."""

    LIST = TICKET_STATES.get("", Page[TicketState], "listticketstates")

    def list(self) -> Pager[TicketState]:
        """List all states, with the ticket types that have them, in one answer."""
        return self._list(self.LIST)
