"""News, and the feeds it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict, Unpack

from intercom_async.models import DeletedObject, Newsfeed, NewsItem, Page
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page


class NewsfeedAssignmentFields(TypedDict, total=False):
    """A feed that an item is to stand in."""

    newsfeed_id: Id
    published_at: Moment


class NewsItemOptions(TypedDict, total=False):
    """What a piece of news may have beside title and sender."""

    body: str
    """HTML."""
    state: Literal["draft", "live"] | str
    """Nobody sees it before it is live."""
    deliver_silently: bool
    """Whether the messenger shows no badge for it."""
    labels: Sequence[str]
    reactions: Sequence[str | None]
    """Emoji that readers may answer with; an empty list lets nobody answer."""
    newsfeed_assignments: Sequence[NewsfeedAssignmentFields]


class News(Resource):
    """News items and newsfeeds."""

    LIST_ITEMS = Operation("GET", "/news/news_items", Page[NewsItem], paging=Paging.PAGE)
    CREATE_ITEM = Operation("POST", "/news/news_items", NewsItem, body=NewsItemOptions)
    GET_ITEM = Operation("GET", "/news/news_items/{news_item_id}", NewsItem)
    UPDATE_ITEM = Operation(
        "PUT", "/news/news_items/{news_item_id}", NewsItem, body=NewsItemOptions
    )
    DELETE_ITEM = Operation("DELETE", "/news/news_items/{news_item_id}", DeletedObject)
    LIST_FEED_ITEMS = Operation(
        "GET", "/news/newsfeeds/{newsfeed_id}/items", Page[NewsItem], paging=Paging.PAGE
    )
    LIST_FEEDS = Operation("GET", "/news/newsfeeds", Page[Newsfeed], paging=Paging.PAGE)
    GET_FEED = Operation("GET", "/news/newsfeeds/{newsfeed_id}", Newsfeed)

    def list_items(self, *, per_page: int | None = None) -> Pager[NewsItem]:
        """List all news, drafts too; without `per_page` the server gives ten a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/listnewsitems
        """
        return self._list(self.LIST_ITEMS, query={"per_page": check_per_page(per_page)})

    async def create_item(
        self, *, title: str, sender_id: Id, **fields: Unpack[NewsItemOptions]
    ) -> NewsItem:
        """Create a piece of news in the name of a teammate and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/createnewsitem
        """
        options = self.CREATE_ITEM.fields(fields)
        json = {"title": title, "sender_id": sender_id, **options}
        return await self._send(self.CREATE_ITEM, json=json)

    async def get_item(self, news_item_id: Id) -> NewsItem:
        """Return one piece of news.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/retrievenewsitem
        """
        return await self._send(self.GET_ITEM, news_item_id=news_item_id)

    async def update_item(
        self, news_item_id: Id, *, title: str, sender_id: Id, **fields: Unpack[NewsItemOptions]
    ) -> NewsItem:
        """Change a piece of news and return it; title and sender must be sent, changed or not.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/updatenewsitem
        """
        options = self.UPDATE_ITEM.fields(fields)
        json = {"title": title, "sender_id": sender_id, **options}
        return await self._send(self.UPDATE_ITEM, json=json, news_item_id=news_item_id)

    async def delete_item(self, news_item_id: Id) -> DeletedObject:
        """Delete a piece of news.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/deletenewsitem
        """
        return await self._send(self.DELETE_ITEM, news_item_id=news_item_id)

    def list_feed_items(self, newsfeed_id: Id, *, per_page: int | None = None) -> Pager[NewsItem]:
        """List the live news of a feed; without `per_page` the server gives 20 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/listlivenewsfeeditems
        """
        query = {"per_page": check_per_page(per_page)}
        return self._list(self.LIST_FEED_ITEMS, query=query, newsfeed_id=newsfeed_id)

    def list_feeds(self, *, per_page: int | None = None) -> Pager[Newsfeed]:
        """List all feeds; without `per_page` the server gives ten a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/listnewsfeeds
        """
        return self._list(self.LIST_FEEDS, query={"per_page": check_per_page(per_page)})

    async def get_feed(self, newsfeed_id: Id) -> Newsfeed:
        """Return one feed.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/news/retrievenewsfeed
        """
        return await self._send(self.GET_FEED, newsfeed_id=newsfeed_id)
