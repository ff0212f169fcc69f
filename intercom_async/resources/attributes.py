"""What a workspace adds to its data: attributes, and objects of its own."""

from __future__ import annotations

from typing import Any, Unpack

from intercom_async.errors import ConfigError
from intercom_async.fields import (
    AttributeChanges,
    AttributeOwner,
    ConversationAttributeFields,
    InstanceFilters,
    InstanceOptions,
    NewChoice,
    NewConversationAttribute,
    NewDataAttribute,
)
from intercom_async.models import (
    ConversationAttribute,
    CustomObjectInstance,
    DataAttribute,
    DeletedObject,
    FoundCustomObject,
)
from ._base import EndpointBuilder, Id, Page, Pager, Resource, fill, sends
from ._request_bodies import to_choices
from ._validation import check_texts, checked, given, to_ids

API = EndpointBuilder("/data_attributes", "data-attributes")
TALKS = EndpointBuilder("/conversations/attributes", "conversations-attributes", since="2.16")
OBJECTS = EndpointBuilder(
    "/custom_object_instances/{custom_object_type_identifier}", "custom-object-instances"
)


class DataAttributes(Resource):
    """Attributes of contacts and companies, Intercom's own and those that the workspace defined.

    An attribute cannot be deleted, only archived; it can never have another name or kind, and a
    name that contacts have is not free for companies. Conversations have `conversation_attributes`.
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

    @sends(CREATE)
    async def create_choice(self, **fields: Unpack[NewChoice]) -> DataAttribute:
        """Define an attribute whose value is one of at least two options, and return it."""
        json = checked(NewChoice, fields)
        json["options"] = to_choices(json["options"])
        return await self._send(self.CREATE, json=json, data_type="options")

    async def update(
        self, data_attribute_id: Id, **fields: Unpack[AttributeChanges]
    ) -> DataAttribute:
        """Change the given fields and return the whole attribute."""
        changes = given(**fields)
        if "options" in changes:
            changes["options"] = to_choices(changes["options"])
        return await self._send(self.UPDATE, data_attribute_id, fields=changes)


class ConversationAttributes(Resource):
    """Attributes of conversations, from 2.16 on."""

    LIST = TALKS.get("", Page[ConversationAttribute], "listconversationattributes")
    CREATE = TALKS.post(
        "", ConversationAttribute, "createconversationattribute", body=NewConversationAttribute
    )
    GET = TALKS.get("/{id}", ConversationAttribute, "getconversationattribute")
    UPDATE = TALKS.update(
        "/{id}",
        ConversationAttribute,
        "updateconversationattribute",
        body=ConversationAttributeFields,
    )
    DELETE = TALKS.delete("/{id}", ConversationAttribute, "deleteconversationattribute")
    CREATE_OPTION = TALKS.post(
        "/{id}/options", ConversationAttribute, "createconversationattributeoption"
    )
    UPDATE_OPTION = TALKS.update(
        "/{id}/options/{option_id}", ConversationAttribute, "updateconversationattributeoption"
    )
    DELETE_OPTION = TALKS.delete(
        "/{id}/options/{option_id}", ConversationAttribute, "deleteconversationattributeoption"
    )

    def list(self, *, include_archived: bool | None = None) -> Pager[ConversationAttribute]:
        """List all attributes; one answer holds them all."""
        return self._list(self.LIST, include_archived=include_archived)

    async def create(self, **fields: Unpack[NewConversationAttribute]) -> ConversationAttribute:
        """Define an attribute and return it; its type cannot be changed later."""
        attribute: dict[str, Any] = {**fields}
        if "options" in attribute:
            labels = check_texts("options", attribute["options"])
            attribute["options"] = [{"label": label} for label in labels]
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
        """Rename an option and return the attribute."""
        return await self._send(self.UPDATE_OPTION, attribute_id, option_id, label=label)

    async def delete_option(self, *, attribute_id: Id, option_id: Id) -> ConversationAttribute:
        """Archive an option and return the attribute."""
        return await self._send(self.DELETE_OPTION, attribute_id, option_id)


class CustomObjects(Resource):
    """Instances of custom objects, by the identifier of their type, such as ``Order``."""

    # An instance is known by its external id: sent twice, there is one.
    CREATE = OBJECTS.idempotent_post(
        "", CustomObjectInstance, "createcustomobjectinstances", body=InstanceOptions
    )
    LIST = OBJECTS.pages(
        "", Page[CustomObjectInstance], "listcustomobjectinstances", body=InstanceFilters
    )
    DELETE_BY_EXTERNAL_ID = OBJECTS.delete("", DeletedObject, "deletecustomobjectinstancesbyid")
    GET = OBJECTS.get(
        "/{custom_object_instance_id}", CustomObjectInstance, "getcustomobjectinstancesbyid"
    )
    DELETE = OBJECTS.delete(
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

    @sends(LIST)
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
