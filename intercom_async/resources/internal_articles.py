"""Articles that only teammates read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from intercom_async.models import (
    DeletedObject,
    InternalArticle,
    InternalArticleSearchPage,
    Page,
    Tag,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page
from .values import tagging


class InternalArticleOptions(TypedDict, total=False):
    """What an internal article may have beside title, author and owner."""

    body: str
    """HTML; not beside `body_markdown`."""
    body_markdown: str
    """From 2.16 on."""
    audience_ids: Sequence[Id] | None
    """For whom Fin may use it; an empty list is for everybody."""
    ai_chatbot_availability: bool
    ai_copilot_availability: bool
    ai_sales_agent_availability: bool


class InternalArticleFields(InternalArticleOptions, total=False):
    """Writable fields of an internal article; a key left out keeps its value."""

    title: str
    author_id: Id
    owner_id: Id


class InternalArticles(Resource):
    """Internal articles."""

    LIST = Operation("GET", "/internal_articles", Page[InternalArticle], paging=Paging.PAGE)
    CREATE = Operation("POST", "/internal_articles", InternalArticle, body=InternalArticleOptions)
    GET = Operation(
        "GET", "/internal_articles/{internal_article_id}", InternalArticle, reserved=("search",)
    )
    UPDATE = Operation(
        "PUT",
        "/internal_articles/{internal_article_id}",
        InternalArticle,
        body=InternalArticleFields,
        updates=True,
    )
    DELETE = Operation("DELETE", "/internal_articles/{internal_article_id}", DeletedObject)
    ATTACH_TAG = Operation(
        "POST",
        "/internal_articles/{internal_article_id}/tags",
        Tag,
        repeat="idempotent",
        since="2.16",
    )
    DETACH_TAG = Operation(
        "DELETE", "/internal_articles/{internal_article_id}/tags/{id}", Tag, since="2.16"
    )
    SEARCH = Operation(
        "GET",
        "/internal_articles/search",
        InternalArticleSearchPage[InternalArticle],
        paging=Paging.PAGE,
        kind="search",
    )

    def list(self, *, per_page: int | None = None) -> Pager[InternalArticle]:
        """List all internal articles; without `per_page` the server gives 25 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/listinternalarticles
        """
        return self._list(self.LIST, query={"per_page": check_per_page(per_page)})

    async def create(
        self,
        *,
        title: str,
        author_id: Id,
        owner_id: Id,
        **fields: Unpack[InternalArticleOptions],
    ) -> InternalArticle:
        """Create an internal article and return it; author and owner are teammates.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/createinternalarticle
        """
        required = {"title": title, "author_id": author_id, "owner_id": owner_id}
        return await self._send(self.CREATE, json={**required, **self.CREATE.fields(fields)})

    async def get(self, internal_article_id: Id) -> InternalArticle:
        """Return one internal article.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/retrieveinternalarticle
        """
        return await self._send(self.GET, internal_article_id=internal_article_id)

    async def update(
        self, internal_article_id: Id, **fields: Unpack[InternalArticleFields]
    ) -> InternalArticle:
        """Change the given fields and return the whole internal article.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/updateinternalarticle
        """
        return await self._send(self.UPDATE, fields=fields, internal_article_id=internal_article_id)

    async def delete(self, internal_article_id: Id) -> DeletedObject:
        """Delete an internal article for good.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/deleteinternalarticle
        """
        return await self._send(self.DELETE, internal_article_id=internal_article_id)

    async def attach_tag(
        self, internal_article_id: Id, tag_id: Id, *, admin_id: Id | None = None
    ) -> Tag:
        """Tag an internal article, in the name of `admin_id` if given, and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/attachtagtointernalarticle
        """
        json = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, json=json, internal_article_id=internal_article_id)

    async def detach_tag(self, internal_article_id: Id, tag_id: Id) -> Tag:
        """Take a tag off an internal article and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/detachtagfrominternalarticle
        """
        return await self._send(self.DETACH_TAG, internal_article_id=internal_article_id, id=tag_id)

    def search(
        self, *, folder_id: Id | None = None, per_page: int | None = None
    ) -> Pager[InternalArticle]:
        """List the internal articles of a folder; without `per_page` ten a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/internal-articles/searchinternalarticles
        """
        query = {"folder_id": folder_id, "per_page": check_per_page(per_page)}
        return self._list(self.SEARCH, query=query)
