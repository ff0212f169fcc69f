"""What Fin reads beside the help center: pages from elsewhere, and where they come from."""

from __future__ import annotations

from types import NoneType
from typing import Unpack

from intercom_async.fields import ExternalPageChanges, NewExternalPage, NewSource, SourceChanges
from intercom_async.models import ContentImportSource, ExternalPage

from .base import Id, Page, Pager, Resource, Rows
from .values import given

SOURCES = Rows("/ai/content_import_sources", "ai-content")
PAGES = Rows("/ai/external_pages", "ai-content")


class AiContent(Resource):
    """External pages and the sources they belong to; lists have 50 a page if nothing is said."""

    LIST_SOURCES = SOURCES.pages("", Page[ContentImportSource], "listcontentimportsources")
    CREATE_SOURCE = SOURCES.post(
        "", ContentImportSource, "createcontentimportsource", body=NewSource
    )
    GET_SOURCE = SOURCES.get("/{source_id}", ContentImportSource, "getcontentimportsource")
    UPDATE_SOURCE = SOURCES.put(
        "/{source_id}", ContentImportSource, "updatecontentimportsource", body=SourceChanges
    )
    DELETE_SOURCE = SOURCES.delete("/{source_id}", NoneType, "deletecontentimportsource")
    LIST_PAGES = PAGES.pages("", Page[ExternalPage], "listexternalpages")
    # A page is known by its source and its external id: sent twice, there is one.
    CREATE_PAGE = PAGES.ensure("", ExternalPage, "createexternalpage", body=NewExternalPage)
    GET_PAGE = PAGES.get("/{page_id}", ExternalPage, "getexternalpage")
    UPDATE_PAGE = PAGES.put(
        "/{page_id}", ExternalPage, "updateexternalpage", body=ExternalPageChanges
    )
    DELETE_PAGE = PAGES.delete("/{page_id}", ExternalPage, "deleteexternalpage")

    def list_sources(self, *, per_page: int | None = None) -> Pager[ContentImportSource]:
        """List all sources."""
        return self._list(self.LIST_SOURCES, per_page=per_page)

    async def create_source(self, **fields: Unpack[NewSource]) -> ContentImportSource:
        """Create a source and return it."""
        source = given(**{"sync_behavior": "api", **fields})
        return await self._send(self.CREATE_SOURCE, fields=source)

    async def get_source(self, source_id: Id) -> ContentImportSource:
        """Return one source."""
        return await self._send(self.GET_SOURCE, source_id)

    async def update_source(
        self, source_id: Id, **fields: Unpack[SourceChanges]
    ) -> ContentImportSource:
        """Change a source and return it; `url` and `sync_behavior` must be sent, changed or not."""
        return await self._send(self.UPDATE_SOURCE, source_id, fields=given(**fields))

    async def delete_source(self, source_id: Id) -> None:
        """Delete a source and every page that came from it."""
        await self._send(self.DELETE_SOURCE, source_id)

    def list_pages(self, *, per_page: int | None = None) -> Pager[ExternalPage]:
        """List all external pages."""
        return self._list(self.LIST_PAGES, per_page=per_page)

    async def create_page(self, **fields: Unpack[NewExternalPage]) -> ExternalPage:
        """Create a page, or overwrite the one with this source and external id, and return it."""
        page = given(**{"locale": "en", **fields})
        return await self._send(self.CREATE_PAGE, fields=page)

    async def get_page(self, page_id: Id) -> ExternalPage:
        """Return one external page."""
        return await self._send(self.GET_PAGE, page_id)

    async def update_page(self, page_id: Id, **fields: Unpack[ExternalPageChanges]) -> ExternalPage:
        """Write a page anew and return it; whatever is required must be sent, changed or not."""
        page = given(**{"locale": "en", **fields})
        return await self._send(self.UPDATE_PAGE, page_id, fields=page)

    async def delete_page(self, page_id: Id) -> ExternalPage:
        """Delete a page, so that Fin no longer answers from it, and return what it was."""
        return await self._send(self.DELETE_PAGE, page_id)
