"""Help centers, the collections in them, and what old addresses lead to."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import CollectionFields, CollectionOptions, NewRedirect
from intercom_async.models import (
    Collection,
    DeletedObject,
    HelpCenter as HelpCenterModel,
    HelpCenterRedirect,
)

from .base import Id, Page, Pager, Resource, Rows
from .values import with_text

API = Rows("/help_center/help_centers", "help-center")
COLLECTIONS = Rows("/help_center/collections", "help-center")
REDIRECTS = Rows(
    "/help_center/help_centers/{help_center_id}/redirects", "help-center", since="2.16"
)


class HelpCenter(Resource):
    """Help centers, collections and redirects."""

    LIST_REDIRECTS = REDIRECTS.pages("", Page[HelpCenterRedirect], "listhelpcenterredirects")
    CREATE_REDIRECT = REDIRECTS.post(
        "", HelpCenterRedirect, "createhelpcenterredirect", body=NewRedirect
    )
    GET_REDIRECT = REDIRECTS.get("/{id}", HelpCenterRedirect, "retrievehelpcenterredirect")
    DELETE_REDIRECT = REDIRECTS.delete("/{id}", DeletedObject, "deletehelpcenterredirect")
    LIST_COLLECTIONS = COLLECTIONS.pages("", Page[Collection], "listallcollections")
    CREATE_COLLECTION = COLLECTIONS.post("", Collection, "createcollection", body=CollectionOptions)
    GET_COLLECTION = COLLECTIONS.get("/{collection_id}", Collection, "retrievecollection")
    UPDATE_COLLECTION = COLLECTIONS.update(
        "/{collection_id}", Collection, "updatecollection", body=CollectionFields
    )
    DELETE_COLLECTION = COLLECTIONS.delete("/{collection_id}", DeletedObject, "deletecollection")
    GET = API.get("/{help_center_id}", HelpCenterModel, "retrievehelpcenter")
    LIST = API.get("", Page[HelpCenterModel], "listhelpcenters")

    def list_redirects(
        self, help_center_id: Id, *, per_page: int | None = None
    ) -> Pager[HelpCenterRedirect]:
        """List a help center's redirects, the last changed first, at most 250 a page."""
        return self._list(self.LIST_REDIRECTS, help_center_id, per_page=per_page)

    async def create_redirect(
        self, help_center_id: Id, **fields: Unpack[NewRedirect]
    ) -> HelpCenterRedirect:
        """Lead an old address to an article or collection and return the redirect.

        Raises:
            ConflictError: The address leads somewhere already.
        """
        redirect = with_text(self.CREATE_REDIRECT.fields(fields))
        return await self._send(self.CREATE_REDIRECT, help_center_id, json=redirect)

    async def get_redirect(self, *, help_center_id: Id, redirect_id: Id) -> HelpCenterRedirect:
        """Return one redirect."""
        return await self._send(self.GET_REDIRECT, help_center_id, redirect_id)

    async def delete_redirect(self, *, help_center_id: Id, redirect_id: Id) -> DeletedObject:
        """Delete a redirect."""
        return await self._send(self.DELETE_REDIRECT, help_center_id, redirect_id)

    def list_collections(self, *, per_page: int | None = None) -> Pager[Collection]:
        """List all collections, the last changed first; without `per_page` 20 a page."""
        return self._list(self.LIST_COLLECTIONS, per_page=per_page)

    async def create_collection(
        self, *, name: str, help_center_id: Id | None = None, **fields: Unpack[CollectionOptions]
    ) -> Collection:
        """Create a collection, in the default help center if none is named, and return it."""
        return await self._send(
            self.CREATE_COLLECTION, fields=fields, name=name, help_center_id=help_center_id
        )

    async def get_collection(self, collection_id: Id) -> Collection:
        """Return one collection."""
        return await self._send(self.GET_COLLECTION, collection_id)

    async def update_collection(
        self, collection_id: Id, **fields: Unpack[CollectionFields]
    ) -> Collection:
        """Change the given fields and return the whole collection."""
        return await self._send(self.UPDATE_COLLECTION, collection_id, fields=fields)

    async def delete_collection(self, collection_id: Id) -> DeletedObject:
        """Delete a collection."""
        return await self._send(self.DELETE_COLLECTION, collection_id)

    async def get(self, help_center_id: Id) -> HelpCenterModel:
        """Return one help center."""
        return await self._send(self.GET, help_center_id)

    def list(self) -> Pager[HelpCenterModel]:
        """List all help centers, in one answer."""
        return self._list(self.LIST)
