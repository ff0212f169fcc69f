"""All kinds of content at once: found by a word, or changed by the thousand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from intercom_async.fields import (
    AudienceChange,
    Availability,
    ContentFilters,
    ContentReference,
    TagChange,
)
from intercom_async.models import BulkActionAccepted, FoundContent

from .base import Page, Pager, Resource, Rows
from .values import checked

API = Rows("/content", "content", since="2.16")


class Content(Resource):
    """Content of every kind.

    A change takes 1,000 pieces at most and goes on after the answer, which only says that it was
    begun.
    """

    # What a bulk action sets is the same when it is set again.
    BULK_ACTION = API.ensure("/bulk_actions", BulkActionAccepted, "bulkcontentactions")
    SEARCH = API.pages("/search", Page[FoundContent], "searchcontent", body=ContentFilters)

    async def publish(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Publish articles, each named by its ``article_content``, language by language."""
        return await self._bulk_action("publish", content)

    async def unpublish(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Hide articles, each named by its ``article_content``, language by language."""
        return await self._bulk_action("unpublish", content)

    async def delete(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Delete content for good; what is synced from elsewhere cannot be."""
        return await self._bulk_action("delete", content)

    async def set_availability(
        self, content: Sequence[ContentReference], **who: Unpack[Availability]
    ) -> BulkActionAccepted:
        """Say who may answer from some content; what is left out stays as it is."""
        changes = {"availability": checked(Availability, who)}
        return await self._bulk_action("set_availability", content, **changes)

    async def set_audience(
        self, content: Sequence[ContentReference], **segments: Unpack[AudienceChange]
    ) -> BulkActionAccepted:
        """Say for whom some content is, by segments."""
        changes = {"audience": checked(AudienceChange, segments)}
        return await self._bulk_action("set_audience", content, **changes)

    async def update_tags(
        self, content: Sequence[ContentReference], **tags: Unpack[TagChange]
    ) -> BulkActionAccepted:
        """Tag and untag content; here an article is named by ``article``."""
        return await self._bulk_action("update_tags", content, tags=checked(TagChange, tags))

    def search(
        self,
        query: str | None = None,
        *,
        per_page: int | None = None,
        **filters: Unpack[ContentFilters],
    ) -> Pager[FoundContent]:
        """List content in which words stand, 500 characters at most; the newest without words.

        There are 50 a page at most; ten if `per_page` is left out.
        """
        return self._list(self.SEARCH, fields=filters, query={"query": query}, per_page=per_page)

    async def _bulk_action(
        self, action: str, content: Sequence[ContentReference], **how: Any
    ) -> BulkActionAccepted:
        return await self._send(self.BULK_ACTION, action=action, content_ids=content, **how)
