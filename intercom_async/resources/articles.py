"""Articles of the help centre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from intercom_async.fields import ArticleFields, ArticleFilters, ArticleOptions
from intercom_async.models import Article, ArticleSearchPage, ArticleVersion, DeletedObject, Tag

from .base import Id, Page, Pager, Resource, Rows
from .values import tagging, with_iso

API = Rows("/articles", "articles")
V2_16 = API.since("2.16")

_ISO = ("scheduled_publish_at", "scheduled_unpublish_at")


class Articles(Resource):
    """Help-centre articles."""

    LIST = API.pages("", Page[Article], "listarticles")
    CREATE = API.post("", Article, "createarticle", body=ArticleOptions)
    GET = API.get("/{article_id}", Article, "retrievearticle", reserved=("search",))
    UPDATE = API.update("/{article_id}", Article, "updatearticle", body=ArticleFields)
    DELETE = API.delete("/{article_id}", DeletedObject, "deletearticle")
    GET_DRAFT = V2_16.get("/{id}/draft", Article, "retrievearticledraft")
    UPDATE_DRAFT = V2_16.put("/{id}/draft", Article, "stagearticledraft", body=ArticleFields)
    PUBLISH_DRAFT = V2_16.post("/{id}/draft/publish", Article, "publisharticledraft")
    ATTACH_TAG = V2_16.ensure("/{article_id}/tags", Tag, "attachtagtoarticle")
    DETACH_TAG = V2_16.delete("/{article_id}/tags/{id}", Tag, "detachtagfromarticle")
    LIST_VERSIONS = V2_16.pages(
        "/{article_id}/versions", Page[ArticleVersion], "listarticleversions"
    )
    GET_VERSION = V2_16.get("/{article_id}/versions/{id}", ArticleVersion, "retrievearticleversion")
    SEARCH = API.pages("/search", ArticleSearchPage[Article], "searcharticles", body=ArticleFilters)

    def list(self, *, per_page: int | None = None) -> Pager[Article]:
        """List all articles, the last changed first."""
        return self._list(self.LIST, per_page=per_page)

    async def create(
        self, *, title: str, author_id: Id, **fields: Unpack[ArticleOptions]
    ) -> Article:
        """Create an article, a draft unless `state` says otherwise, and return it."""
        options = with_iso(fields, *_ISO)
        return await self._send(self.CREATE, fields=options, title=title, author_id=author_id)

    async def get(self, article_id: Id) -> Article:
        """Return one article."""
        return await self._send(self.GET, article_id)

    async def update(self, article_id: Id, **fields: Unpack[ArticleFields]) -> Article:
        """Change the given fields and return the whole article; readers see that at once."""
        return await self._send(self.UPDATE, article_id, fields=with_iso(fields, *_ISO))

    async def delete(self, article_id: Id) -> DeletedObject:
        """Delete an article for good."""
        return await self._send(self.DELETE, article_id)

    async def get_draft(self, article_id: Id) -> Article:
        """Return a published article with its unpublished changes; without any it is not found."""
        return await self._send(self.GET_DRAFT, article_id)

    async def update_draft(self, article_id: Id, **fields: Unpack[ArticleFields]) -> Article:
        """Change a published article without showing it yet, and return it as it would be.

        Texts only: other fields, such as who may use it, are ignored by the API.

        Raises:
            UnprocessableError: The article was never published.
        """
        return await self._send(self.UPDATE_DRAFT, article_id, fields=with_iso(fields, *_ISO))

    async def publish_draft(
        self, article_id: Id, *, locales: Sequence[str] | None = None
    ) -> Article:
        """Show the unpublished changes of an article to everybody and return it.

        Raises:
            UnprocessableError: A language has no unpublished change, or none is named where the
                workspace has more than one.
        """
        return await self._send(self.PUBLISH_DRAFT, article_id, locales=locales)

    async def attach_tag(self, article_id: Id, tag_id: Id, *, admin_id: Id | None = None) -> Tag:
        """Tag an article, in the name of `admin_id` if given, and return the tag."""
        tag = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, article_id, json=tag)

    async def detach_tag(self, article_id: Id, tag_id: Id) -> Tag:
        """Take a tag off an article and return the tag."""
        return await self._send(self.DETACH_TAG, article_id, tag_id)

    def list_versions(
        self, article_id: Id, *, locale: str | None = None, per_page: int | None = None
    ) -> Pager[ArticleVersion]:
        """List what an article was before, the newest first, without texts."""
        return self._list(self.LIST_VERSIONS, article_id, locale=locale, per_page=per_page)

    async def get_version(
        self, *, article_id: Id, version_id: Id, locale: str | None = None
    ) -> ArticleVersion:
        """Return what an article was before, with its text."""
        return await self._send(self.GET_VERSION, article_id, version_id, locale=locale)

    def search(
        self, phrase: str | None = None, **filters: Unpack[ArticleFilters]
    ) -> Pager[Article]:
        """List the articles in which a phrase stands."""
        return self._list(self.SEARCH, fields=filters, phrase=phrase)
