"""Attributes of contacts and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Unpack

from intercom_async.fields import AttributeOwner, DataAttributeChanges, DataAttributeOptions
from intercom_async.models import DataAttribute

from .base import Id, Page, Pager, Resource, Rows
from .values import given

API = Rows("/data_attributes", "data-attributes")


class DataAttributes(Resource):
    """Attributes, Intercom's own and those that the workspace defined.

    An attribute cannot be deleted, only archived; it can never have another name or kind.
    """

    LIST = API.get("", Page[DataAttribute], "lisdataattributes")
    CREATE = API.post("", DataAttribute, "createdataattribute", body=DataAttributeOptions)
    UPDATE = API.update(
        "/{data_attribute_id}", DataAttribute, "updatedataattribute", body=DataAttributeChanges
    )

    def list(
        self, *, model: AttributeOwner | None = None, include_archived: bool | None = None
    ) -> Pager[DataAttribute]:
        """List the attributes of contacts, of companies or of both; one answer holds them all."""
        return self._list(self.LIST, model=model, include_archived=include_archived)

    async def create(
        self,
        *,
        name: str,
        model: AttributeOwner,
        data_type: Literal["string", "integer", "float", "boolean", "datetime", "date"] | str,
        **options: Unpack[DataAttributeOptions],
    ) -> DataAttribute:
        """Define an attribute, by its name in `custom_attributes`, and return it."""
        what = {"name": name, "model": model, "data_type": data_type}
        return await self._send(self.CREATE, fields=given(**options), json=what)

    async def create_choice(
        self,
        *,
        name: str,
        model: AttributeOwner,
        options: Sequence[str],
        **others: Unpack[DataAttributeOptions],
    ) -> DataAttribute:
        """Define an attribute whose value is one of at least two options, and return it."""
        what = {"name": name, "model": model, "data_type": "options", "options": _values(options)}
        return await self._send(self.CREATE, fields=given(**others), json=what)

    async def update(
        self, data_attribute_id: Id, **fields: Unpack[DataAttributeChanges]
    ) -> DataAttribute:
        """Change the given fields and return the whole attribute."""
        changes = given(**fields)
        if "options" in changes:
            changes["options"] = _values(changes["options"])
        return await self._send(self.UPDATE, data_attribute_id, fields=changes)


def _values(options: Sequence[str]) -> Any:
    return [{"value": option} for option in options]
