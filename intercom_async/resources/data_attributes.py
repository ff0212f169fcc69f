"""Attributes of contacts and companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from intercom_async.models import DataAttribute, Page
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource
from .values import given

Owner = Literal["contact", "company"] | str


class DataAttributes(Resource):
    """Attributes, Intercom's own and those that the workspace defined.

    An attribute cannot be deleted, only archived.
    """

    LIST = Operation("GET", "/data_attributes", Page[DataAttribute])
    CREATE = Operation("POST", "/data_attributes", DataAttribute)
    UPDATE = Operation("PUT", "/data_attributes/{data_attribute_id}", DataAttribute, updates=True)

    def list(
        self, *, model: Owner | None = None, include_archived: bool | None = None
    ) -> Pager[DataAttribute]:
        """List the attributes of contacts, of companies or of both; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes/lisdataattributes
        """
        return self._list(self.LIST, query={"model": model, "include_archived": include_archived})

    async def create(
        self,
        *,
        name: str,
        model: Owner,
        data_type: Literal["string", "integer", "float", "boolean", "datetime", "date"] | str,
        description: str | None = None,
        messenger_writable: bool | None = None,
    ) -> DataAttribute:
        """Define an attribute and return it; it can never have another name or kind.

        Args:
            name: What it is called in `custom_attributes`.
            model: Whose attribute it is.
            data_type: What its values are.
            description: What teammates read.
            messenger_writable: Whether pages may set it through the messenger.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes/createdataattribute
        """
        optional = given(description=description, messenger_writable=messenger_writable)
        json = {"name": name, "model": model, "data_type": data_type, **optional}
        return await self._send(self.CREATE, json=json)

    async def create_choice(
        self,
        *,
        name: str,
        model: Owner,
        options: Sequence[str],
        description: str | None = None,
        messenger_writable: bool | None = None,
    ) -> DataAttribute:
        """Define an attribute whose value is one of at least two options, and return it.

        Args:
            name: What it is called in `custom_attributes`.
            model: Whose attribute it is.
            options: What can be chosen.
            description: What teammates read.
            messenger_writable: Whether pages may set it through the messenger.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes/createdataattribute
        """
        optional = given(description=description, messenger_writable=messenger_writable)
        json = {
            "name": name,
            "model": model,
            "data_type": "options",
            "options": _options(options),
            **optional,
        }
        return await self._send(self.CREATE, json=json)

    async def update(
        self,
        data_attribute_id: Id,
        *,
        archived: bool | None = None,
        description: str | None = None,
        options: Sequence[str] | None = None,
        messenger_writable: bool | None = None,
    ) -> DataAttribute:
        """Change the given fields and return the whole attribute.

        Args:
            data_attribute_id: The attribute.
            archived: Whether it is put away.
            description: What teammates read.
            options: All that can be chosen from now on, if it is a choice; at least two.
            messenger_writable: Whether pages may set it through the messenger.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-attributes/updatedataattribute
        """
        json = given(
            archived=archived,
            description=description,
            options=None if options is None else _options(options),
            messenger_writable=messenger_writable,
        )
        return await self._send(self.UPDATE, json=json, data_attribute_id=data_attribute_id)


def _options(options: Sequence[str]) -> Any:
    return [{"value": option} for option in options]
