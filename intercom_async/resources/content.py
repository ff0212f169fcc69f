"""All kinds of content at once: found by a word, or changed by the thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.models import BulkActionAccepted, FoundContent, Page
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import given, to_parameter


class ContentReference(TypedDict):
    """A piece of content: what it is, and which."""

    type: (
        Literal[
            "article",
            "article_content",
            "content_snippet",
            "external_content",
            "file_source_content",
            "internal_article",
        ]
        | str
    )
    id: str


class ContentFilters(TypedDict, total=False):
    """What a search over all content may be narrowed by."""

    states: Sequence[Literal["published", "draft"] | str]
    locales: Sequence[str]
    tag_ids: Sequence[Id]
    tag_operator: Literal["IN", "NIN"] | str
    """Whether one of `tag_ids` must be there, or none may be."""
    any_tag_ids: Sequence[Id]
    """Short for `tag_ids` with ``IN``."""
    folder_ids: Sequence[Id]
    """With `folder_entity_type`."""
    folder_entity_type: Literal["folder"] | str
    content_types: Sequence[
        Literal["snippet", "external_content", "file_source_content", "internal_article", "article"]
        | str
    ]
    copilot_state: Literal["on", "off"] | str
    fin_service_state: Literal["on", "off"] | str
    fin_sales_state: Literal["on", "off"] | str
    created_by_ids: Sequence[Id]
    last_updated_by_ids: Sequence[Id]
    created_at_after: Moment
    """This moment included, as in all four."""
    created_at_before: Moment
    updated_at_after: Moment
    updated_at_before: Moment


class Content(Resource):
    """Content of every kind.

    A change takes 1,000 pieces at most and goes on after the answer, which only says that it was
    begun.
    """

    # What a bulk action sets is the same when it is set again.
    BULK_ACTION = Operation(
        "POST", "/content/bulk_actions", BulkActionAccepted, repeat="idempotent", since="2.16"
    )
    SEARCH = Operation(
        "GET",
        "/content/search",
        Page[FoundContent],
        paging=Paging.PAGE,
        kind="search",
        since="2.16",
        body=ContentFilters,
    )

    async def publish(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Publish articles, each named by its ``article_content``, language by language.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content/bulkcontentactions
        """
        return await self._bulk_action("publish", content)

    async def unpublish(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Hide articles, each named by its ``article_content``, language by language.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content/bulkcontentactions
        """
        return await self._bulk_action("unpublish", content)

    async def delete(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Delete content for good; what is synced from elsewhere cannot be.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content/bulkcontentactions
        """
        return await self._bulk_action("delete", content)

    async def set_availability(
        self,
        content: Sequence[ContentReference],
        *,
        ai_agent: bool | None = None,
        copilot: bool | None = None,
        sales_agent: bool | None = None,
    ) -> BulkActionAccepted:
        """Say who may answer from some content; what is left out stays as it is.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content/bulkcontentactions
        """
        availability = given(ai_agent=ai_agent, copilot=copilot, sales_agent=sales_agent)
        return await self._bulk_action("set_availability", content, availability=availability)

    async def set_audience(
        self,
        content: Sequence[ContentReference],
        *,
        add_segment_ids: Sequence[Id] | None = None,
        remove_segment_ids: Sequence[Id] | None = None,
        remove_all: bool | None = None,
    ) -> BulkActionAccepted:
        """Say for whom some content is, by segments.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content/bulkcontentactions
        """
        audience = given(
            add_segment_ids=add_segment_ids,
            remove_segment_ids=remove_segment_ids,
            remove_all=remove_all,
        )
        return await self._bulk_action("set_audience", content, audience=audience)

    async def update_tags(
        self,
        content: Sequence[ContentReference],
        *,
        add_tag_ids: Sequence[Id] | None = None,
        remove_tag_ids: Sequence[Id] | None = None,
    ) -> BulkActionAccepted:
        """Tag and untag content, with 100 tags at most; here an article is named by ``article``.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content/bulkcontentactions
        """
        tags = given(add_tag_ids=add_tag_ids, remove_tag_ids=remove_tag_ids)
        return await self._bulk_action("update_tags", content, tags=tags)

    def search(
        self,
        query: str | None = None,
        *,
        per_page: int | None = None,
        **filters: Unpack[ContentFilters],
    ) -> Pager[FoundContent]:
        """List content in whose title or text some words stand; the newest if none are given.

        Args:
            query: Words, of 500 characters at most.
            per_page: At most 50; ten if left out.
            filters: What else must hold; `content_types` replaces the kinds that are usual.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content/searchcontent
        """
        narrowed = {
            name: to_parameter(name, value) for name, value in self.SEARCH.fields(filters).items()
        }
        return self._list(
            self.SEARCH,
            query={"query": query, "per_page": check_per_page(per_page), **narrowed},
        )

    async def _bulk_action(
        self,
        action: str,
        content: Sequence[ContentReference],
        **how: Mapping[str, Any],
    ) -> BulkActionAccepted:
        json = {"action": action, "content_ids": content, **how}
        return await self._send(self.BULK_ACTION, json=json)
