"""Instances of custom objects: things of kinds that the workspace made up."""

from __future__ import annotations

from typing import Any, Unpack

from intercom_async.errors import ConfigError
from intercom_async.fields import Id, InstanceOptions
from intercom_async.models import CustomObjectInstance, DeletedObject, FoundCustomObject, Page
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows
from .values import given

api = Rows("/custom_object_instances/{custom_object_type_identifier}", "custom-object-instances")


class CustomObjects(Resource):
    """Instances of custom objects, by the identifier of their type, such as ``Order``."""

    # An instance is known by its external id: sent twice, there is one.
    CREATE = api.ensure(
        "", CustomObjectInstance, "createcustomobjectinstances", body=InstanceOptions
    )
    LIST = api.pages(
        "",
        Page[CustomObjectInstance],
        "listcustomobjectinstances",
        methods=("list", "find_by_external_id"),
    )
    DELETE_BY_EXTERNAL_ID = api.delete("", DeletedObject, "deletecustomobjectinstancesbyid")
    GET = api.get(
        "/{custom_object_instance_id}", CustomObjectInstance, "getcustomobjectinstancesbyid"
    )
    DELETE = api.delete(
        "/{custom_object_instance_id}", DeletedObject, "deletecustomobjectinstancesbyexternalid"
    )

    async def create(
        self, type_identifier: str, *, external_id: str, **options: Unpack[InstanceOptions]
    ) -> CustomObjectInstance:
        """Create an instance, or change the one that has this `external_id`, and return it."""
        path: dict[str, Any] = {"custom_object_type_identifier": type_identifier}
        return await self._send(self.CREATE, given(**options), external_id=external_id, **path)

    def list(
        self,
        type_identifier: str,
        *,
        references_contact_id: Id | None = None,
        references_conversation_id: Id | None = None,
        per_page: int | None = None,
    ) -> Pager[CustomObjectInstance]:
        """List what a contact or a conversation refers to, from 2.16 on; 20 a page, 150 at most.

        Raises:
            ConfigError: Neither is given.
        """
        if references_contact_id is references_conversation_id is None:
            raise ConfigError("give references_contact_id or references_conversation_id")
        return self._list(
            self.LIST,
            custom_object_type_identifier=type_identifier,
            references_contact_id=references_contact_id,
            references_conversation_id=references_conversation_id,
            per_page=per_page,
        )

    async def find_by_external_id(
        self, type_identifier: str, *, external_id: str
    ) -> CustomObjectInstance | None:
        """Return one instance by your own key; if there is none, None, `NotFoundError` up to 2.15.

        Raises:
            NotFoundError: There is no such type.
        """
        path, query = (
            {"custom_object_type_identifier": type_identifier},
            {"external_id": external_id},
        )
        found = await self._fetch(self.LIST.at(query=query, **path).into(FoundCustomObject))
        return found if found.id else next(iter(found.data), None)

    async def delete_by_external_id(
        self, type_identifier: str, *, external_id: str
    ) -> DeletedObject:
        """Delete one instance for good, by your own key."""
        path: dict[str, Any] = {"custom_object_type_identifier": type_identifier}
        return await self._send(self.DELETE_BY_EXTERNAL_ID, external_id=external_id, **path)

    async def get(self, type_identifier: str, *, instance_id: Id) -> CustomObjectInstance:
        """Return one instance by Intercom's id."""
        return await self._send(self.GET, **_instance(type_identifier, instance_id))

    async def delete(self, type_identifier: str, *, instance_id: Id) -> DeletedObject:
        """Delete one instance for good, by Intercom's id."""
        return await self._send(self.DELETE, **_instance(type_identifier, instance_id))


def _instance(type_identifier: str, instance_id: Id) -> dict[str, Any]:
    return {
        "custom_object_type_identifier": type_identifier,
        "custom_object_instance_id": instance_id,
    }
