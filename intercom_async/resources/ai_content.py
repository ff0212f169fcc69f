"""What Fin reads beside the help center: pages from elsewhere, and where they come from."""

from __future__ import annotations

from types import NoneType
from typing import Literal, Unpack

from intercom_async.fields import ExternalPageChanges, NewExternalPage, SourceChanges, SourceOptions
from intercom_async.models import ContentImportSource, ExternalPage

from .base import Id, Page, Pager, Resource, Rows
from .values import given

API = Rows("/ai", "ai-content")


class AiContent(Resource):
    """External pages and the sources they belong to; lists have 50 a page if nothing is said."""

    LIST_SOURCES = API.pages(
        "/content_import_sources", Page[ContentImportSource], "listcontentimportsources"
    )
    CREATE_SOURCE = API.post(
        "/content_import_sources",
        ContentImportSource,
        "createcontentimportsource",
        body=SourceOptions,
    )
    GET_SOURCE = API.get(
        "/content_import_sources/{source_id}", ContentImportSource, "getcontentimportsource"
    )
    UPDATE_SOURCE = API.put(
        "/content_import_sources/{source_id}",
        ContentImportSource,
        "updatecontentimportsource",
        body=SourceChanges,
    )
    DELETE_SOURCE = API.delete(
        "/content_import_sources/{source_id}", NoneType, "deletecontentimportsource"
    )
    LIST_PAGES = API.pages("/external_pages", Page[ExternalPage], "listexternalpages")
    # A page is known by its source and its external id: sent twice, there is one.
    CREATE_PAGE = API.ensure(
        "/external_pages", ExternalPage, "createexternalpage", body=NewExternalPage
    )
    GET_PAGE = API.get("/external_pages/{page_id}", ExternalPage, "getexternalpage")
    UPDATE_PAGE = API.put(
        "/external_pages/{page_id}", ExternalPage, "updateexternalpage", body=ExternalPageChanges
    )
    DELETE_PAGE = API.delete("/external_pages/{page_id}", ExternalPage, "deleteexternalpage")

    def list_sources(self, *, per_page: int | None = None) -> Pager[ContentImportSource]:
        """List all sources."""
        return self._list(self.LIST_SOURCES, per_page=per_page)

    async def create_source(
        self,
        *,
        url: str,
        sync_behavior: Literal["api"] | str = "api",
        **options: Unpack[SourceOptions],
    ) -> ContentImportSource:
        """Create a source and return it; only ``api`` ones take pages from `create_page`."""
        return await self._send(
            self.CREATE_SOURCE, fields=given(**options), url=url, sync_behavior=sync_behavior
        )

    async def get_source(self, source_id: Id) -> ContentImportSource:
        """Return one source."""
        return await self._send(self.GET_SOURCE, source_id)

    async def update_source(
        self,
        source_id: Id,
        *,
        url: str,
        sync_behavior: Literal["api", "automated", "manual"] | str,
        **options: Unpack[SourceChanges],
    ) -> ContentImportSource:
        """Change a source and return it; `url` and `sync_behavior` must be sent, changed or not.

        A source cannot become ``api`` nor cease to be, and only an ``api`` one can have a new url.
        """
        return await self._send(
            self.UPDATE_SOURCE,
            source_id,
            fields=given(**options),
            url=url,
            sync_behavior=sync_behavior,
        )

    async def delete_source(self, source_id: Id) -> None:
        """Delete a source and every page that came from it."""
        await self._send(self.DELETE_SOURCE, source_id)

    def list_pages(self, *, per_page: int | None = None) -> Pager[ExternalPage]:
        """List all external pages."""
        return self._list(self.LIST_PAGES, per_page=per_page)

    async def create_page(
        self, *, locale: Literal["en"] | str = "en", **page: Unpack[NewExternalPage]
    ) -> ExternalPage:
        """Create a page, or overwrite the one with this source and external id, and return it."""
        return await self._send(self.CREATE_PAGE, fields=given(**page), locale=locale)

    async def get_page(self, page_id: Id) -> ExternalPage:
        """Return one external page."""
        return await self._send(self.GET_PAGE, page_id)

    async def update_page(
        self,
        page_id: Id,
        *,
        locale: Literal["en"] | str = "en",
        **page: Unpack[ExternalPageChanges],
    ) -> ExternalPage:
        """Write a page anew and return it; whatever is required must be sent, changed or not."""
        return await self._send(self.UPDATE_PAGE, page_id, fields=given(**page), locale=locale)

    async def delete_page(self, page_id: Id) -> ExternalPage:
        """Delete a page, so that Fin no longer answers from it, and return what it was."""
        return await self._send(self.DELETE_PAGE, page_id)
