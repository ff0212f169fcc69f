"""Help centers, the collections in them, and what old addresses lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict, Unpack

from intercom_async.models import (
    Collection,
    DeletedObject,
    HelpCenter as HelpCenterModel,
    HelpCenterRedirect,
    Page,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page
from .values import given

_REDIRECTS = "/help_center/help_centers/{help_center_id}/redirects"


class CollectionTranslation(TypedDict, total=False):
    """A collection in one language."""

    name: str
    description: str


class CollectionOptions(TypedDict, total=False):
    """What a collection may have beside its name."""

    description: str
    translated_content: Mapping[str, CollectionTranslation]
    """By language, such as ``en`` or ``pt-BR``."""
    parent_id: Id | None
    """The collection it stands in; None puts it on the first level."""


class CollectionFields(CollectionOptions, total=False):
    """Writable fields of a collection; a key left out keeps its value."""

    name: str


class HelpCenter(Resource):
    """Help centers, collections and redirects."""

    LIST_REDIRECTS = Operation(
        "GET", _REDIRECTS, Page[HelpCenterRedirect], paging=Paging.PAGE, since="2.16"
    )
    CREATE_REDIRECT = Operation("POST", _REDIRECTS, HelpCenterRedirect, since="2.16")
    GET_REDIRECT = Operation("GET", f"{_REDIRECTS}/{{id}}", HelpCenterRedirect, since="2.16")
    DELETE_REDIRECT = Operation("DELETE", f"{_REDIRECTS}/{{id}}", DeletedObject, since="2.16")
    LIST_COLLECTIONS = Operation(
        "GET", "/help_center/collections", Page[Collection], paging=Paging.PAGE
    )
    CREATE_COLLECTION = Operation(
        "POST", "/help_center/collections", Collection, body=CollectionOptions
    )
    GET_COLLECTION = Operation("GET", "/help_center/collections/{collection_id}", Collection)
    UPDATE_COLLECTION = Operation(
        "PUT",
        "/help_center/collections/{collection_id}",
        Collection,
        body=CollectionFields,
        updates=True,
    )
    DELETE_COLLECTION = Operation(
        "DELETE", "/help_center/collections/{collection_id}", DeletedObject
    )
    GET = Operation("GET", "/help_center/help_centers/{help_center_id}", HelpCenterModel)
    LIST = Operation("GET", "/help_center/help_centers", Page[HelpCenterModel])

    def list_redirects(
        self, help_center_id: Id, *, per_page: int | None = None
    ) -> Pager[HelpCenterRedirect]:
        """List a help center's redirects, the last changed first, at most 250 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/listhelpcenterredirects
        """
        query = {"per_page": check_per_page(per_page)}
        return self._list(self.LIST_REDIRECTS, query=query, help_center_id=help_center_id)

    async def create_redirect(
        self,
        help_center_id: Id,
        *,
        from_url: str,
        locale: str,
        target_type: Literal["article", "collection"] | str,
        target_id: Id,
    ) -> HelpCenterRedirect:
        """Lead an old address to an article or collection and return the redirect.

        Args:
            help_center_id: The help center.
            from_url: A whole address within this help center.
            locale: The language in which the target is shown.
            target_type: What the target is.
            target_id: The target, in the same help center.

        Raises:
            ConflictError: The address leads somewhere already.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/createhelpcenterredirect
        """
        json = {
            "from_url": from_url,
            "locale": locale,
            "target_type": target_type,
            "target_id": str(target_id),
        }
        return await self._send(self.CREATE_REDIRECT, json=json, help_center_id=help_center_id)

    async def get_redirect(self, *, help_center_id: Id, redirect_id: Id) -> HelpCenterRedirect:
        """Return one redirect.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/retrievehelpcenterredirect
        """
        return await self._send(self.GET_REDIRECT, help_center_id=help_center_id, id=redirect_id)

    async def delete_redirect(self, *, help_center_id: Id, redirect_id: Id) -> DeletedObject:
        """Delete a redirect.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/deletehelpcenterredirect
        """
        return await self._send(self.DELETE_REDIRECT, help_center_id=help_center_id, id=redirect_id)

    def list_collections(self, *, per_page: int | None = None) -> Pager[Collection]:
        """List all collections, the last changed first; without `per_page` 20 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/listallcollections
        """
        return self._list(self.LIST_COLLECTIONS, query={"per_page": check_per_page(per_page)})

    async def create_collection(
        self,
        *,
        name: str,
        help_center_id: Id | None = None,
        **fields: Unpack[CollectionOptions],
    ) -> Collection:
        """Create a collection, in the default help center if none is named, and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/createcollection
        """
        options = self.CREATE_COLLECTION.fields(fields)
        json = {"name": name, **given(help_center_id=help_center_id), **options}
        return await self._send(self.CREATE_COLLECTION, json=json)

    async def get_collection(self, collection_id: Id) -> Collection:
        """Return one collection.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/retrievecollection
        """
        return await self._send(self.GET_COLLECTION, collection_id=collection_id)

    async def update_collection(
        self, collection_id: Id, **fields: Unpack[CollectionFields]
    ) -> Collection:
        """Change the given fields and return the whole collection.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/updatecollection
        """
        return await self._send(self.UPDATE_COLLECTION, fields=fields, collection_id=collection_id)

    async def delete_collection(self, collection_id: Id) -> DeletedObject:
        """Delete a collection.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/deletecollection
        """
        return await self._send(self.DELETE_COLLECTION, collection_id=collection_id)

    async def get(self, help_center_id: Id) -> HelpCenterModel:
        """Return one help center.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/retrievehelpcenter
        """
        return await self._send(self.GET, help_center_id=help_center_id)

    def list(self) -> Pager[HelpCenterModel]:
        """List all help centers, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/help-center/listhelpcenters
        """
        return self._list(self.LIST)
