"""Articles of the help centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict, Unpack

from intercom_async.models import (
    Article,
    ArticleSearchPage,
    ArticleVersion,
    DeletedObject,
    Page,
    Tag,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import given, tagging, with_iso


class ArticleTranslation(TypedDict, total=False):
    """An article in one language."""

    title: str
    description: str
    body: str
    body_markdown: str
    author_id: Id
    state: Literal["published", "draft"] | str
    audience_ids: Sequence[Id] | None
    ai_chatbot_availability: bool
    ai_copilot_availability: bool
    ai_sales_agent_availability: bool


class ArticleOptions(TypedDict, total=False):
    """What an article may have beside title and author; texts are of the default language."""

    description: str
    body: str
    """HTML; not beside `body_markdown`."""
    body_markdown: str
    """From 2.16 on."""
    state: Literal["published", "draft"] | str
    """A new article is a draft if this is left out; changes of a published one are live at once."""
    parent_id: Id
    """A collection; up to version 2.15 also a section."""
    parent_type: Literal["collection", "section"] | str
    translated_content: Mapping[str, ArticleTranslation]
    """By language, such as ``en`` or ``pt-BR``."""
    audience_ids: Sequence[Id] | None
    """For whom Fin may use it, in every language; an empty list is for everybody."""
    ai_chatbot_availability: bool
    ai_copilot_availability: bool
    ai_sales_agent_availability: bool
    scheduled_publish_at: Moment | None
    """Sent in ISO 8601; with `state` published it waits until then, and None calls that off."""
    scheduled_unpublish_at: Moment | None
    """Sent in ISO 8601; None calls it off."""


class ArticleFields(ArticleOptions, total=False):
    """Writable fields of an article; a key left out keeps its value."""

    title: str
    author_id: Id
    """A teammate."""


class Articles(Resource):
    """Help-centre articles."""

    LIST = Operation("GET", "/articles", Page[Article], paging=Paging.PAGE)
    CREATE = Operation("POST", "/articles", Article, body=ArticleOptions)
    GET = Operation("GET", "/articles/{article_id}", Article, reserved=("search",))
    UPDATE = Operation("PUT", "/articles/{article_id}", Article, body=ArticleFields, updates=True)
    DELETE = Operation("DELETE", "/articles/{article_id}", DeletedObject)
    GET_DRAFT = Operation("GET", "/articles/{id}/draft", Article, since="2.16")
    UPDATE_DRAFT = Operation(
        "PUT", "/articles/{id}/draft", Article, since="2.16", body=ArticleFields
    )
    PUBLISH_DRAFT = Operation("POST", "/articles/{id}/draft/publish", Article, since="2.16")
    ATTACH_TAG = Operation(
        "POST", "/articles/{article_id}/tags", Tag, repeat="idempotent", since="2.16"
    )
    DETACH_TAG = Operation("DELETE", "/articles/{article_id}/tags/{id}", Tag, since="2.16")
    LIST_VERSIONS = Operation(
        "GET",
        "/articles/{article_id}/versions",
        Page[ArticleVersion],
        paging=Paging.PAGE,
        since="2.16",
    )
    GET_VERSION = Operation(
        "GET", "/articles/{article_id}/versions/{id}", ArticleVersion, since="2.16"
    )
    SEARCH = Operation(
        "GET", "/articles/search", ArticleSearchPage[Article], paging=Paging.PAGE, kind="search"
    )

    def list(self, *, per_page: int | None = None) -> Pager[Article]:
        """List all articles, the last changed first.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/listarticles
        """
        return self._list(self.LIST, query={"per_page": check_per_page(per_page)})

    async def create(
        self, *, title: str, author_id: Id, **fields: Unpack[ArticleOptions]
    ) -> Article:
        """Create an article, a draft unless `state` says otherwise, and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/createarticle
        """
        options = with_iso(self.CREATE.fields(fields), *_ISO)
        return await self._send(
            self.CREATE, json={"title": title, "author_id": author_id, **options}
        )

    async def get(self, article_id: Id) -> Article:
        """Return one article.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/retrievearticle
        """
        return await self._send(self.GET, article_id=article_id)

    async def update(self, article_id: Id, **fields: Unpack[ArticleFields]) -> Article:
        """Change the given fields and return the whole article; readers see that at once.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/updatearticle
        """
        return await self._send(self.UPDATE, fields=with_iso(fields, *_ISO), article_id=article_id)

    async def delete(self, article_id: Id) -> DeletedObject:
        """Delete an article for good.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/deletearticle
        """
        return await self._send(self.DELETE, article_id=article_id)

    async def get_draft(self, article_id: Id) -> Article:
        """Return a published article as it would be with its unpublished changes.

        Raises:
            NotFoundError: There are none.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/retrievearticledraft
        """
        return await self._send(self.GET_DRAFT, id=article_id)

    async def update_draft(self, article_id: Id, **fields: Unpack[ArticleFields]) -> Article:
        """Change a published article without showing it yet, and return it as it would be.

        Texts only: other fields, such as who may use it, are ignored by the API.

        Raises:
            UnprocessableError: The article was never published.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/stagearticledraft
        """
        return await self._send(self.UPDATE_DRAFT, fields=with_iso(fields, *_ISO), id=article_id)

    async def publish_draft(
        self, article_id: Id, *, locales: Sequence[str] | None = None
    ) -> Article:
        """Show the unpublished changes of an article to everybody and return it.

        Args:
            article_id: The article.
            locales: The languages to publish; required in workspaces with more than one.

        Raises:
            UnprocessableError: A language has no unpublished change, or none was named.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/publisharticledraft
        """
        json = None if locales is None else {"locales": locales}
        return await self._send(self.PUBLISH_DRAFT, json=json, id=article_id)

    async def attach_tag(self, article_id: Id, tag_id: Id, *, admin_id: Id | None = None) -> Tag:
        """Tag an article, in the name of `admin_id` if given, and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/attachtagtoarticle
        """
        json = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, json=json, article_id=article_id)

    async def detach_tag(self, article_id: Id, tag_id: Id) -> Tag:
        """Take a tag off an article and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/detachtagfromarticle
        """
        return await self._send(self.DETACH_TAG, article_id=article_id, id=tag_id)

    def list_versions(
        self, article_id: Id, *, locale: str | None = None, per_page: int | None = None
    ) -> Pager[ArticleVersion]:
        """List what an article was before, the newest first, without texts.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/listarticleversions
        """
        query = {"locale": locale, "per_page": check_per_page(per_page)}
        return self._list(self.LIST_VERSIONS, query=query, article_id=article_id)

    async def get_version(
        self, *, article_id: Id, version_id: Id, locale: str | None = None
    ) -> ArticleVersion:
        """Return what an article was before, with its text.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/retrievearticleversion
        """
        return await self._send(
            self.GET_VERSION, query={"locale": locale}, article_id=article_id, id=version_id
        )

    def search(
        self,
        phrase: str | None = None,
        *,
        state: Literal["published", "draft", "all"] | str | None = None,
        help_center_id: Id | None = None,
        highlight: bool | None = None,
        per_page: int | None = None,
    ) -> Pager[Article]:
        """List the articles in which a phrase stands; without `per_page` ten a page.

        Args:
            phrase: What to look for.
            state: Published ones, drafts or all.
            help_center_id: Where to look; everywhere if left out.
            highlight: Whether `pages()` are to say in `found.highlights` where it stands.
            per_page: Items a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles/searcharticles
        """
        query = given(
            phrase=phrase,
            state=state,
            help_center_id=help_center_id,
            highlight=highlight,
            per_page=check_per_page(per_page),
        )
        return self._list(self.SEARCH, query=query)


_ISO = ("scheduled_publish_at", "scheduled_unpublish_at")
