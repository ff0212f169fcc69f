"""Instances of custom objects: things of kinds that the workspace made up."""

from __future__ import annotations

from typing import Unpack

from intercom_async.errors import ConfigError
from intercom_async.fields import InstanceFilters, InstanceOptions
from intercom_async.models import CustomObjectInstance, DeletedObject, FoundCustomObject

from .base import Id, Page, Pager, Resource, Rows, fill
from .values import given, to_ids

API = Rows("/custom_object_instances/{custom_object_type_identifier}", "custom-object-instances")


class CustomObjects(Resource):
    """Instances of custom objects, by the identifier of their type, such as ``Order``."""

    # An instance is known by its external id: sent twice, there is one.
    CREATE = API.ensure(
        "", CustomObjectInstance, "createcustomobjectinstances", body=InstanceOptions
    )
    LIST = API.pages(
        "", Page[CustomObjectInstance], "listcustomobjectinstances", body=InstanceFilters
    )
    DELETE_BY_EXTERNAL_ID = API.delete("", DeletedObject, "deletecustomobjectinstancesbyid")
    GET = API.get(
        "/{custom_object_instance_id}", CustomObjectInstance, "getcustomobjectinstancesbyid"
    )
    DELETE = API.delete(
        "/{custom_object_instance_id}", DeletedObject, "deletecustomobjectinstancesbyexternalid"
    )

    async def create(
        self, type_identifier: str, *, external_id: str, **options: Unpack[InstanceOptions]
    ) -> CustomObjectInstance:
        """Create an instance, or change the one that has this `external_id`, and return it."""
        return await self._send(
            self.CREATE, type_identifier, fields=given(**options), **to_ids(external_id=external_id)
        )

    def list(
        self, type_identifier: str, **filters: Unpack[InstanceFilters]
    ) -> Pager[CustomObjectInstance]:
        """List the instances that a contact or conversation refers to, from 2.16 on.

        Raises:
            ConfigError: Neither is given.
        """
        if not given(**{**filters, "per_page": None}):
            raise ConfigError("give references_contact_id or references_conversation_id")
        return self._list(self.LIST, type_identifier, fields=filters)

    async def find_by_external_id(
        self, type_identifier: str, *, external_id: str
    ) -> CustomObjectInstance | None:
        """Return one instance by your own key; if there is none, None, `NotFoundError` up to 2.15.

        Raises:
            NotFoundError: There is no such type.
        """
        call = fill(self.LIST, (type_identifier,), to_ids(external_id=external_id))
        found = await self._fetch(call.into(FoundCustomObject))
        return found if found.id else next(iter(found.data), None)

    async def delete_by_external_id(
        self, type_identifier: str, *, external_id: str
    ) -> DeletedObject:
        """Delete one instance for good, by your own key."""
        return await self._send(
            self.DELETE_BY_EXTERNAL_ID, type_identifier, **to_ids(external_id=external_id)
        )

    async def get(self, type_identifier: str, *, instance_id: Id) -> CustomObjectInstance:
        """Return one instance by Intercom's id."""
        return await self._send(self.GET, type_identifier, instance_id)

    async def delete(self, type_identifier: str, *, instance_id: Id) -> DeletedObject:
        """Delete one instance for good, by Intercom's id."""
        return await self._send(self.DELETE, type_identifier, instance_id)
