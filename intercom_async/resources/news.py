"""News, and the feeds it stands in."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import NewsItemOptions
from intercom_async.models import DeletedObject, Newsfeed, NewsItem

from .base import Id, Page, Pager, Resource, Rows

ITEMS = Rows("/news/news_items", "news")
FEEDS = Rows("/news/newsfeeds", "news")


class News(Resource):
    """News items and newsfeeds."""

    LIST_ITEMS = ITEMS.pages("", Page[NewsItem], "listnewsitems")
    CREATE_ITEM = ITEMS.post("", NewsItem, "createnewsitem", body=NewsItemOptions)
    GET_ITEM = ITEMS.get("/{news_item_id}", NewsItem, "retrievenewsitem")
    UPDATE_ITEM = ITEMS.put("/{news_item_id}", NewsItem, "updatenewsitem", body=NewsItemOptions)
    DELETE_ITEM = ITEMS.delete("/{news_item_id}", DeletedObject, "deletenewsitem")
    LIST_FEED_ITEMS = FEEDS.pages("/{newsfeed_id}/items", Page[NewsItem], "listlivenewsfeeditems")
    LIST_FEEDS = FEEDS.pages("", Page[Newsfeed], "listnewsfeeds")
    GET_FEED = FEEDS.get("/{newsfeed_id}", Newsfeed, "retrievenewsfeed")

    def list_items(self, *, per_page: int | None = None) -> Pager[NewsItem]:
        """List all news, drafts too; without `per_page` the server gives ten a page."""
        return self._list(self.LIST_ITEMS, per_page=per_page)

    async def create_item(
        self, *, title: str, sender_id: Id, **fields: Unpack[NewsItemOptions]
    ) -> NewsItem:
        """Create a piece of news in the name of a teammate and return it."""
        return await self._send(self.CREATE_ITEM, fields=fields, title=title, sender_id=sender_id)

    async def get_item(self, news_item_id: Id) -> NewsItem:
        """Return one piece of news."""
        return await self._send(self.GET_ITEM, news_item_id)

    async def update_item(
        self, news_item_id: Id, *, title: str, sender_id: Id, **fields: Unpack[NewsItemOptions]
    ) -> NewsItem:
        """Change a piece of news and return it; title and sender must be sent, changed or not."""
        json = {"title": title, "sender_id": sender_id}
        return await self._send(self.UPDATE_ITEM, news_item_id, fields=fields, json=json)

    async def delete_item(self, news_item_id: Id) -> DeletedObject:
        """Delete a piece of news."""
        return await self._send(self.DELETE_ITEM, news_item_id)

    def list_feed_items(self, newsfeed_id: Id, *, per_page: int | None = None) -> Pager[NewsItem]:
        """List the live news of a feed; without `per_page` the server gives 20 a page."""
        return self._list(self.LIST_FEED_ITEMS, newsfeed_id, per_page=per_page)

    def list_feeds(self, *, per_page: int | None = None) -> Pager[Newsfeed]:
        """List all feeds; without `per_page` the server gives ten a page."""
        return self._list(self.LIST_FEEDS, per_page=per_page)

    async def get_feed(self, newsfeed_id: Id) -> Newsfeed:
        """Return one feed."""
        return await self._send(self.GET_FEED, newsfeed_id)
