"""Articles that only teammates read."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import InternalArticleFields, InternalArticleOptions
from intercom_async.models import DeletedObject, InternalArticle, InternalArticleSearchPage, Tag

from .base import Id, Page, Pager, Resource, Rows
from .values import tagging

API = Rows("/internal_articles", "internal-articles")
ONE = Rows("/internal_articles/{internal_article_id}", "internal-articles")


class InternalArticles(Resource):
    """Internal articles, each with a teammate as its author and one as its owner."""

    LIST = API.pages("", Page[InternalArticle], "listinternalarticles")
    CREATE = API.post("", InternalArticle, "createinternalarticle", body=InternalArticleOptions)
    GET = ONE.get("", InternalArticle, "retrieveinternalarticle", reserved=("search",))
    UPDATE = ONE.update("", InternalArticle, "updateinternalarticle", body=InternalArticleFields)
    DELETE = ONE.delete("", DeletedObject, "deleteinternalarticle")
    ATTACH_TAG = ONE.since("2.16").ensure("/tags", Tag, "attachtagtointernalarticle")
    DETACH_TAG = ONE.since("2.16").delete("/tags/{id}", Tag, "detachtagfrominternalarticle")
    SEARCH = API.pages(
        "/search", InternalArticleSearchPage[InternalArticle], "searchinternalarticles"
    )

    def list(self, *, per_page: int | None = None) -> Pager[InternalArticle]:
        """List all internal articles; without `per_page` the server gives 25 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(
        self, *, title: str, author_id: Id, owner_id: Id, **fields: Unpack[InternalArticleOptions]
    ) -> InternalArticle:
        """Create an internal article and return it."""
        return await self._send(
            self.CREATE, fields=fields, title=title, author_id=author_id, owner_id=owner_id
        )

    async def get(self, internal_article_id: Id) -> InternalArticle:
        """Return one internal article."""
        return await self._send(self.GET, internal_article_id)

    async def update(
        self, internal_article_id: Id, **fields: Unpack[InternalArticleFields]
    ) -> InternalArticle:
        """Change the given fields and return the whole internal article."""
        return await self._send(self.UPDATE, internal_article_id, fields=fields)

    async def delete(self, internal_article_id: Id) -> DeletedObject:
        """Delete an internal article for good."""
        return await self._send(self.DELETE, internal_article_id)

    async def attach_tag(
        self, internal_article_id: Id, tag_id: Id, *, admin_id: Id | None = None
    ) -> Tag:
        """Tag an internal article, in the name of `admin_id` if given, and return the tag."""
        tag = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, internal_article_id, json=tag)

    async def detach_tag(self, internal_article_id: Id, tag_id: Id) -> Tag:
        """Take a tag off an internal article and return the tag."""
        return await self._send(self.DETACH_TAG, internal_article_id, tag_id)

    def search(
        self, *, folder_id: Id | None = None, per_page: int | None = None
    ) -> Pager[InternalArticle]:
        """List the internal articles of a folder; without `per_page` ten a page."""
        return self._list(self.SEARCH, folder_id=folder_id, per_page=per_page)
