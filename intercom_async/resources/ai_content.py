"""What Fin reads beside the help center: pages from elsewhere, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from intercom_async.models import ContentImportSource, ExternalPage, Page
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page
from .values import given


class AiContent(Resource):
    """External pages and the sources they belong to."""

    LIST_SOURCES = Operation(
        "GET", "/ai/content_import_sources", Page[ContentImportSource], paging=Paging.PAGE
    )
    CREATE_SOURCE = Operation("POST", "/ai/content_import_sources", ContentImportSource)
    GET_SOURCE = Operation("GET", "/ai/content_import_sources/{source_id}", ContentImportSource)
    UPDATE_SOURCE = Operation("PUT", "/ai/content_import_sources/{source_id}", ContentImportSource)
    DELETE_SOURCE = Operation("DELETE", "/ai/content_import_sources/{source_id}", type(None))
    LIST_PAGES = Operation("GET", "/ai/external_pages", Page[ExternalPage], paging=Paging.PAGE)
    # A page is known by its source and its external id: sent twice, there is one.
    CREATE_PAGE = Operation("POST", "/ai/external_pages", ExternalPage, repeat="idempotent")
    GET_PAGE = Operation("GET", "/ai/external_pages/{page_id}", ExternalPage)
    UPDATE_PAGE = Operation("PUT", "/ai/external_pages/{page_id}", ExternalPage)
    DELETE_PAGE = Operation("DELETE", "/ai/external_pages/{page_id}", ExternalPage)

    def list_sources(self, *, per_page: int | None = None) -> Pager[ContentImportSource]:
        """List all sources; without `per_page` the server gives 50 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/listcontentimportsources
        """
        return self._list(self.LIST_SOURCES, query={"per_page": check_per_page(per_page)})

    async def create_source(
        self,
        *,
        url: str,
        sync_behavior: Literal["api"] | str = "api",
        status: Literal["active", "deactivated"] | str | None = None,
        audience_ids: Sequence[Id] | None = None,
    ) -> ContentImportSource:
        """Create a source and return it.

        Args:
            url: Where its pages stand.
            sync_behavior: ``api``: only such sources take pages from `create_page`.
            status: Whether Fin reads its pages.
            audience_ids: For whom Fin may use them.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/createcontentimportsource
        """
        fields = given(status=status, audience_ids=audience_ids)
        json = {"url": url, "sync_behavior": sync_behavior, **fields}
        return await self._send(self.CREATE_SOURCE, json=json)

    async def get_source(self, source_id: Id) -> ContentImportSource:
        """Return one source.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/getcontentimportsource
        """
        return await self._send(self.GET_SOURCE, source_id=source_id)

    async def update_source(
        self,
        source_id: Id,
        *,
        url: str,
        sync_behavior: Literal["api", "automated", "manual"] | str,
        status: Literal["active", "deactivated"] | str | None = None,
        audience_ids: Sequence[Id] | None = None,
        apply_audience_to_existing_content: bool | None = None,
    ) -> ContentImportSource:
        """Change a source and return it; `url` and `sync_behavior` must be sent, changed or not.

        Args:
            source_id: The source.
            url: May differ from before only where `sync_behavior` is ``api``.
            sync_behavior: Cannot become ``api``, nor cease to be.
            status: Whether Fin reads its pages.
            audience_ids: For whom Fin may use them; an empty list is for everybody.
            apply_audience_to_existing_content: Whether pages that are there already follow.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/updatecontentimportsource
        """
        fields = given(
            status=status,
            audience_ids=audience_ids,
            apply_audience_to_existing_content=apply_audience_to_existing_content,
        )
        json = {"url": url, "sync_behavior": sync_behavior, **fields}
        return await self._send(self.UPDATE_SOURCE, json=json, source_id=source_id)

    async def delete_source(self, source_id: Id) -> None:
        """Delete a source and every page that came from it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/deletecontentimportsource
        """
        await self._send(self.DELETE_SOURCE, source_id=source_id)

    def list_pages(self, *, per_page: int | None = None) -> Pager[ExternalPage]:
        """List all external pages; without `per_page` the server gives 50 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/listexternalpages
        """
        return self._list(self.LIST_PAGES, query={"per_page": check_per_page(per_page)})

    async def create_page(
        self,
        *,
        source_id: Id,
        external_id: str,
        title: str,
        html: str,
        locale: Literal["en"] | str = "en",
        url: str | None = None,
        ai_agent_availability: bool | None = None,
        ai_copilot_availability: bool | None = None,
    ) -> ExternalPage:
        """Create a page, or overwrite the one with this source and external id, and return it.

        Args:
            source_id: The source it belongs to.
            external_id: Your own key for it.
            title: Its title.
            html: Its text.
            locale: The API knows ``en`` alone.
            url: Where it stands; without it Fin names no source when it answers from it.
            ai_agent_availability: Whether Fin may use it; an existing page keeps what it has.
            ai_copilot_availability: Whether Copilot may.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/createexternalpage
        """
        optional = given(
            url=url,
            ai_agent_availability=ai_agent_availability,
            ai_copilot_availability=ai_copilot_availability,
        )
        json = {
            "source_id": source_id,
            "external_id": external_id,
            "title": title,
            "html": html,
            "locale": locale,
            **optional,
        }
        return await self._send(self.CREATE_PAGE, json=json)

    async def get_page(self, page_id: Id) -> ExternalPage:
        """Return one external page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/getexternalpage
        """
        return await self._send(self.GET_PAGE, page_id=page_id)

    async def update_page(
        self,
        page_id: Id,
        *,
        source_id: Id,
        title: str,
        html: str,
        url: str,
        locale: Literal["en"] | str = "en",
        external_id: str | None = None,
        fin_availability: bool | None = None,
    ) -> ExternalPage:
        """Write a page anew and return it; whatever is required must be sent, changed or not.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/updateexternalpage
        """
        json = {
            "source_id": source_id,
            "title": title,
            "html": html,
            "url": url,
            "locale": locale,
            **given(external_id=external_id, fin_availability=fin_availability),
        }
        return await self._send(self.UPDATE_PAGE, json=json, page_id=page_id)

    async def delete_page(self, page_id: Id) -> ExternalPage:
        """Delete a page, so that Fin no longer answers from it, and return what it was.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ai-content/deleteexternalpage
        """
        return await self._send(self.DELETE_PAGE, page_id=page_id)
