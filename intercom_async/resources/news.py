"""What people are shown: news in its feeds, and banners."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import NewsItemOptions
from intercom_async.models import Banner, BannerDismissal, DeletedObject, Newsfeed, NewsItem
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._validation import check_ids, needed

ITEMS = EndpointBuilder("/news/news_items", "news")
FEEDS = EndpointBuilder("/news/newsfeeds", "news")
BANNERS = EndpointBuilder(
    "/contacts/{id}/banners", "banners", since="2.16", reserved=("bulk", "find_by_external_id")
)


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
        sender = check_ids(sender_id=sender_id)
        return await self._send(self.CREATE_ITEM, fields=fields, json=sender, title=title)

    async def get_item(self, news_item_id: Id) -> NewsItem:
        """Return one piece of news."""
        return await self._send(self.GET_ITEM, news_item_id)

    async def update_item(
        self, news_item_id: Id, *, title: str, sender_id: Id, **fields: Unpack[NewsItemOptions]
    ) -> NewsItem:
        """Update a news item and return it; title and sender are always required."""
        json = {**needed(title=title), **check_ids(sender_id=sender_id)}
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


class Banners(Resource):
    """The banners of a contact."""

    # To ask is to show: every answer counts as an impression of each banner in it.
    LIST = BANNERS.get("", Page[Banner], "listcontactbanners", repeat="unsafe")
    DISMISS = BANNERS.idempotent_post("/{view_id}/dismiss", BannerDismissal, "dismisscontactbanner")

    def list(self, contact_id: Id) -> Pager[Banner]:
        """List the banners to show to a contact now; this counts as a view."""
        return self._list(self.LIST, contact_id)

    async def dismiss(self, *, contact_id: Id, view_id: Id) -> BannerDismissal:
        """Dismiss a banner for a contact, by its `view_id`, in the messenger as well."""
        return await self._send(self.DISMISS, contact_id, view_id)
