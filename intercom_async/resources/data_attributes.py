"""Attributes of contacts and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from intercom_async.fields import AttributeChanges, AttributeOwner, NewChoice, NewDataAttribute
from intercom_async.models import DataAttribute

from .base import Id, Page, Pager, Resource, Rows
from .values import checked, given

API = Rows("/data_attributes", "data-attributes")


class DataAttributes(Resource):
    """Attributes, Intercom's own and those that the workspace defined.

    An attribute cannot be deleted, only archived; it can never have another name or kind.
    """

    LIST = API.get("", Page[DataAttribute], "lisdataattributes")
    CREATE = API.post("", DataAttribute, "createdataattribute")
    UPDATE = API.update(
        "/{data_attribute_id}", DataAttribute, "updatedataattribute", body=AttributeChanges
    )

    def list(
        self, *, model: AttributeOwner | None = None, include_archived: bool | None = None
    ) -> Pager[DataAttribute]:
        """List the attributes of contacts, of companies or of both; one answer holds them all."""
        return self._list(self.LIST, model=model, include_archived=include_archived)

    async def create(self, **fields: Unpack[NewDataAttribute]) -> DataAttribute:
        """Define an attribute and return it."""
        return await self._send(self.CREATE, json=checked(NewDataAttribute, fields))

    async def create_choice(self, **fields: Unpack[NewChoice]) -> DataAttribute:
        """Define an attribute whose value is one of at least two options, and return it."""
        json = checked(NewChoice, fields)
        json["options"] = _values(json["options"])
        return await self._send(self.CREATE, json=json, data_type="options")

    async def update(
        self, data_attribute_id: Id, **fields: Unpack[AttributeChanges]
    ) -> DataAttribute:
        """Change the given fields and return the whole attribute."""
        changes = given(**fields)
        if "options" in changes:
            changes["options"] = _values(changes["options"])
        return await self._send(self.UPDATE, data_attribute_id, fields=changes)


def _values(options: Sequence[str]) -> Any:
    return [{"value": option} for option in options]
