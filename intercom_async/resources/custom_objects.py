"""Instances of custom objects: things of kinds that the workspace made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intercom_async.errors import ConfigError
from intercom_async.models import (
    CustomObjectInstance,
    DeletedObject,
    FoundCustomObject,
    Page,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import given

_TYPE = "/custom_object_instances/{custom_object_type_identifier}"
_INSTANCE = f"{_TYPE}/{{custom_object_instance_id}}"


class CustomObjects(Resource):
    """Instances of custom objects, by the identifier of their type, such as ``Order``."""

    # An instance is known by its external id: sent twice, there is one.
    CREATE = Operation("POST", _TYPE, CustomObjectInstance, repeat="idempotent")
    LIST = Operation("GET", _TYPE, Page[CustomObjectInstance], paging=Paging.PAGE)
    DELETE_BY_EXTERNAL_ID = Operation("DELETE", _TYPE, DeletedObject)
    GET = Operation("GET", _INSTANCE, CustomObjectInstance)
    DELETE = Operation("DELETE", _INSTANCE, DeletedObject)

    async def create(
        self,
        type_identifier: str,
        *,
        external_id: str,
        external_created_at: Moment | None = None,
        external_updated_at: Moment | None = None,
        custom_attributes: Mapping[str, Any] | None = None,
    ) -> CustomObjectInstance:
        """Create an instance, or change the one that has this `external_id`, and return it.

        Args:
            type_identifier: What kind of object.
            external_id: Your own key.
            external_created_at: When it was created in your system,
            external_updated_at: and when it was changed there.
            custom_attributes: By name; attributes must be defined before they are used.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/custom-object-instances/createcustomobjectinstances
        """
        optional = given(
            external_created_at=external_created_at,
            external_updated_at=external_updated_at,
            custom_attributes=custom_attributes,
        )
        json = {"external_id": external_id, **optional}
        return await self._send(
            self.CREATE, json=json, custom_object_type_identifier=type_identifier
        )

    def list(
        self,
        type_identifier: str,
        *,
        references_contact_id: Id | None = None,
        references_conversation_id: Id | None = None,
        per_page: int | None = None,
    ) -> Pager[CustomObjectInstance]:
        """List the instances that a contact or conversation refers to, from 2.16 on.

        Args:
            type_identifier: What kind of object.
            references_contact_id: The contact,
            references_conversation_id: or the conversation; at least one of the two.
            per_page: At most 150; 20 if left out.

        Raises:
            ConfigError: Neither is given.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/custom-object-instances/listcustomobjectinstances
        """
        query = given(
            references_contact_id=references_contact_id,
            references_conversation_id=references_conversation_id,
        )
        if not query:
            raise ConfigError("give references_contact_id or references_conversation_id")
        query["per_page"] = check_per_page(per_page)
        return self._list(self.LIST, query=query, custom_object_type_identifier=type_identifier)

    async def find_by_external_id(
        self, type_identifier: str, *, external_id: str
    ) -> CustomObjectInstance | None:
        """Return one instance by your own key; None if there is none.

        Raises:
            NotFoundError: There is none, up to version 2.15; or no such type.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/custom-object-instances/listcustomobjectinstances
        """
        call = self.LIST.at(
            query={"external_id": external_id}, custom_object_type_identifier=type_identifier
        )
        found = await self._fetch(call.into(FoundCustomObject))
        return found if found.id else next(iter(found.data), None)

    async def delete_by_external_id(
        self, type_identifier: str, *, external_id: str
    ) -> DeletedObject:
        """Delete one instance for good, by your own key.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/custom-object-instances/deletecustomobjectinstancesbyid
        """
        return await self._send(
            self.DELETE_BY_EXTERNAL_ID,
            query={"external_id": external_id},
            custom_object_type_identifier=type_identifier,
        )

    async def get(self, type_identifier: str, *, instance_id: Id) -> CustomObjectInstance:
        """Return one instance by Intercom's id.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/custom-object-instances/getcustomobjectinstancesbyid
        """
        return await self._send(
            self.GET,
            custom_object_type_identifier=type_identifier,
            custom_object_instance_id=instance_id,
        )

    async def delete(self, type_identifier: str, *, instance_id: Id) -> DeletedObject:
        """Delete one instance for good, by Intercom's id.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/custom-object-instances/deletecustomobjectinstancesbyexternalid
        """
        return await self._send(
            self.DELETE,
            custom_object_type_identifier=type_identifier,
            custom_object_instance_id=instance_id,
        )
