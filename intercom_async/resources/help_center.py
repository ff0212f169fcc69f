"""The help center with its collections and articles, and articles that only teammates read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from intercom_async.fields import (
    ArticleFields,
    ArticleOptions,
    ArticleQuery,
    CollectionFields,
    CollectionOptions,
    InternalArticleFields,
    InternalArticleOptions,
    NewRedirect,
)
from intercom_async.models import (
    Article,
    ArticleSearchPage,
    ArticleVersion,
    Collection,
    DeletedObject,
    HelpCenter as HelpCenterModel,
    HelpCenterRedirect,
    InternalArticle,
    InternalArticleSearchPage,
    Tag,
)
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._validation import check_ids, given, to_ids, with_iso, with_text

CENTERS = EndpointBuilder("/help_center/help_centers", "help-center")
COLLECTIONS = EndpointBuilder("/help_center/collections", "help-center")
REDIRECTS = EndpointBuilder(
    "/help_center/help_centers/{help_center_id}/redirects", "help-center", since="2.16"
)
API = EndpointBuilder("/articles", "articles")
V2_16 = API.since("2.16")
INTERNAL = EndpointBuilder("/internal_articles", "internal-articles")
ONE = EndpointBuilder("/internal_articles/{internal_article_id}", "internal-articles")

_ISO = ("scheduled_publish_at", "scheduled_unpublish_at")


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
    GET = CENTERS.get("/{help_center_id}", HelpCenterModel, "retrievehelpcenter")
    LIST = CENTERS.get("", Page[HelpCenterModel], "listhelpcenters")

    def list_redirects(
        self, help_center_id: Id, *, per_page: int | None = None
    ) -> Pager[HelpCenterRedirect]:
        """List a help center's redirects, the last changed first, at most 250 a page."""
        return self._list(self.LIST_REDIRECTS, help_center_id, per_page=per_page)

    async def create_redirect(
        self, help_center_id: Id, **fields: Unpack[NewRedirect]
    ) -> HelpCenterRedirect:
        """Create a redirect to an article or collection and return it.

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


class Articles(Resource):
    """Articles of help centers; tagging them needs the permission to manage content."""

    LIST = API.pages("", Page[Article], "listarticles")
    CREATE = API.post("", Article, "createarticle", body=ArticleOptions)
    GET = API.get("/{article_id}", Article, "retrievearticle", reserved=("search",))
    UPDATE = API.update("/{article_id}", Article, "updatearticle", body=ArticleFields)
    DELETE = API.delete("/{article_id}", DeletedObject, "deletearticle")
    GET_DRAFT = V2_16.get("/{id}/draft", Article, "retrievearticledraft")
    UPDATE_DRAFT = V2_16.put("/{id}/draft", Article, "stagearticledraft", body=ArticleFields)
    PUBLISH_DRAFT = V2_16.post("/{id}/draft/publish", Article, "publisharticledraft")
    ATTACH_TAG = V2_16.idempotent_post("/{article_id}/tags", Tag, "attachtagtoarticle")
    DETACH_TAG = V2_16.delete("/{article_id}/tags/{id}", Tag, "detachtagfromarticle")
    LIST_VERSIONS = V2_16.pages(
        "/{article_id}/versions", Page[ArticleVersion], "listarticleversions"
    )
    GET_VERSION = V2_16.get("/{article_id}/versions/{id}", ArticleVersion, "retrievearticleversion")
    SEARCH = API.pages("/search", ArticleSearchPage[Article], "searcharticles", body=ArticleQuery)

    def list(self, *, per_page: int | None = None) -> Pager[Article]:
        """List all articles, the last changed first."""
        return self._list(self.LIST, per_page=per_page)

    async def create(
        self, *, title: str, author_id: Id, **fields: Unpack[ArticleOptions]
    ) -> Article:
        """Create an article, a draft unless `state` says otherwise, and return it."""
        options = with_iso(fields, *_ISO)
        author = check_ids(author_id=author_id)
        return await self._send(self.CREATE, fields=options, json=author, title=title)

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
        """Return a published article with its draft; without a draft it is not found."""
        return await self._send(self.GET_DRAFT, article_id)

    async def update_draft(self, article_id: Id, **fields: Unpack[ArticleFields]) -> Article:
        """Change the draft of a published article and return the article with it.

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
        tag = to_ids(id=tag_id, **given(admin_id=admin_id))
        return await self._send(self.ATTACH_TAG, article_id, json=tag)

    async def detach_tag(self, article_id: Id, tag_id: Id) -> Tag:
        """Remove a tag from an article and return the tag."""
        return await self._send(self.DETACH_TAG, article_id, tag_id)

    def list_versions(
        self, article_id: Id, *, locale: str | None = None, per_page: int | None = None
    ) -> Pager[ArticleVersion]:
        """List the versions of an article, newest first, without texts."""
        return self._list(self.LIST_VERSIONS, article_id, locale=locale, per_page=per_page)

    async def get_version(
        self, *, article_id: Id, version_id: Id, locale: str | None = None
    ) -> ArticleVersion:
        """Return what an article was before, with its text."""
        return await self._send(self.GET_VERSION, article_id, version_id, locale=locale)

    def search(self, phrase: str | None = None, **filters: Unpack[ArticleQuery]) -> Pager[Article]:
        """List the articles that contain a phrase."""
        return self._list(self.SEARCH, fields=filters, phrase=phrase)


class InternalArticles(Resource):
    """Internal articles, each with a teammate as its author and one as its owner."""

    LIST = INTERNAL.pages("", Page[InternalArticle], "listinternalarticles")
    CREATE = INTERNAL.post(
        "", InternalArticle, "createinternalarticle", body=InternalArticleOptions
    )
    GET = ONE.get("", InternalArticle, "retrieveinternalarticle", reserved=("search",))
    UPDATE = ONE.update("", InternalArticle, "updateinternalarticle", body=InternalArticleFields)
    DELETE = ONE.delete("", DeletedObject, "deleteinternalarticle")
    ATTACH_TAG = ONE.since("2.16").idempotent_post("/tags", Tag, "attachtagtointernalarticle")
    DETACH_TAG = ONE.since("2.16").delete("/tags/{id}", Tag, "detachtagfrominternalarticle")
    SEARCH = INTERNAL.pages(
        "/search", InternalArticleSearchPage[InternalArticle], "searchinternalarticles"
    )

    def list(self, *, per_page: int | None = None) -> Pager[InternalArticle]:
        """List all internal articles; without `per_page` the server gives 25 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(
        self, *, title: str, author_id: Id, owner_id: Id, **fields: Unpack[InternalArticleOptions]
    ) -> InternalArticle:
        """Create an internal article and return it."""
        people = check_ids(author_id=author_id, owner_id=owner_id)
        return await self._send(self.CREATE, fields=fields, json=people, title=title)

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
        tag = to_ids(id=tag_id, **given(admin_id=admin_id))
        return await self._send(self.ATTACH_TAG, internal_article_id, json=tag)

    async def detach_tag(self, internal_article_id: Id, tag_id: Id) -> Tag:
        """Remove a tag from an internal article and return the tag."""
        return await self._send(self.DETACH_TAG, internal_article_id, tag_id)

    def search(
        self, *, folder_id: Id | None = None, per_page: int | None = None
    ) -> Pager[InternalArticle]:
        """List the internal articles of a folder; without `per_page` ten a page."""
        return self._list(self.SEARCH, folder_id=folder_id, per_page=per_page)
