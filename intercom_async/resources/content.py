"""Content of every kind, snippets, and the audiences that Fin uses it for."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Unpack

from intercom_async.fields import (
    AudienceChange,
    AudienceFields,
    AudienceOptions,
    Availability,
    ContentFilters,
    ContentReference,
    SnippetFields,
    SnippetOptions,
    TagChange,
)
from intercom_async.models import Audience, BulkActionAccepted, ContentSnippet, FoundContent, Tag
from ._base import EndpointBuilder, Id, Page, Pager, Resource, sends
from ._request_bodies import content_ids, tag_change
from ._validation import checked, given, to_ids

API = EndpointBuilder("/content", "content", since="2.16")
SNIPPETS = EndpointBuilder("/content_snippets", "content-snippets", since="2.16")
AUDIENCES = EndpointBuilder("/audiences", "audiences", since="2.16")


class Content(Resource):
    """Content of every kind.

    A change takes 1,000 pieces at most and goes on after the answer, which only says that it was
    begun; pieces of a kind that it is not for are passed over without a word.
    """

    # What a bulk action sets is the same when it is set again.
    BULK_ACTION = API.idempotent_post("/bulk_actions", BulkActionAccepted, "bulkcontentactions")
    SEARCH = API.pages("/search", Page[FoundContent], "searchcontent", body=ContentFilters)

    @sends(BULK_ACTION)
    async def publish(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Publish articles by their ``article_content`` ids, one for each language."""
        return await self._bulk_action("publish", content)

    @sends(BULK_ACTION)
    async def unpublish(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Unpublish articles by their ``article_content`` ids, one for each language."""
        return await self._bulk_action("unpublish", content)

    @sends(BULK_ACTION)
    async def delete(self, content: Sequence[ContentReference]) -> BulkActionAccepted:
        """Delete content for good; what is synced, or ``external_content``, cannot be."""
        return await self._bulk_action("delete", content)

    @sends(BULK_ACTION)
    async def set_availability(
        self, content: Sequence[ContentReference], **who: Unpack[Availability]
    ) -> BulkActionAccepted:
        """Say who may answer from some content; what is left out stays as it is."""
        changes = {"availability": checked(Availability, who)}
        return await self._bulk_action("set_availability", content, **changes)

    @sends(BULK_ACTION)
    async def set_audience(
        self, content: Sequence[ContentReference], **segments: Unpack[AudienceChange]
    ) -> BulkActionAccepted:
        """Say for whom some content is, by segments."""
        changes = {"audience": checked(AudienceChange, segments)}
        return await self._bulk_action("set_audience", content, **changes)

    @sends(BULK_ACTION)
    async def update_tags(
        self, content: Sequence[ContentReference], **tags: Unpack[TagChange]
    ) -> BulkActionAccepted:
        """Tag and untag content; here an article is named by ``article``."""
        return await self._bulk_action("update_tags", content, tags=tag_change(tags))

    def search(
        self,
        query: str | None = None,
        *,
        per_page: int | None = None,
        **filters: Unpack[ContentFilters],
    ) -> Pager[FoundContent]:
        """Search content for words, 500 characters at most; without words, list the newest.

        There are 50 a page at most; ten if `per_page` is left out.
        """
        return self._list(self.SEARCH, fields=filters, query={"query": query}, per_page=per_page)

    async def _bulk_action(
        self, action: str, content: Sequence[ContentReference], **how: Any
    ) -> BulkActionAccepted:
        ids = content_ids(content)
        return await self._send(self.BULK_ACTION, action=action, content_ids=ids, **how)


class ContentSnippets(Resource):
    """Short texts that Fin may answer from; to tag them takes the right to manage content."""

    LIST = SNIPPETS.pages("", Page[ContentSnippet], "listcontentsnippets")
    CREATE = SNIPPETS.post("", ContentSnippet, "createcontentsnippet", body=SnippetOptions)
    GET = SNIPPETS.get("/{id}", ContentSnippet, "getcontentsnippet")
    UPDATE = SNIPPETS.update("/{id}", ContentSnippet, "updatecontentsnippet", body=SnippetFields)
    DELETE = SNIPPETS.delete("/{id}", NoneType, "deletecontentsnippet")
    ATTACH_TAG = SNIPPETS.idempotent_post(
        "/{content_snippet_id}/tags", Tag, "attachtagtocontentsnippet"
    )
    DETACH_TAG = SNIPPETS.delete(
        "/{content_snippet_id}/tags/{id}", Tag, "detachtagfromcontentsnippet"
    )

    def list(self, *, per_page: int | None = None) -> Pager[ContentSnippet]:
        """List all snippets, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(self, *, title: str, **fields: Unpack[SnippetOptions]) -> ContentSnippet:
        """Create a snippet and return it; an unknown audience is a 404."""
        return await self._send(self.CREATE, fields=fields, title=title)

    async def get(self, snippet_id: Id) -> ContentSnippet:
        """Return one snippet."""
        return await self._send(self.GET, snippet_id)

    async def update(self, snippet_id: Id, **fields: Unpack[SnippetFields]) -> ContentSnippet:
        """Change the given fields and return the whole snippet."""
        return await self._send(self.UPDATE, snippet_id, fields=fields)

    async def delete(self, snippet_id: Id) -> None:
        """Delete a snippet for good; one that a procedure uses cannot be (422)."""
        await self._send(self.DELETE, snippet_id)

    async def attach_tag(self, snippet_id: Id, tag_id: Id, *, admin_id: Id | None = None) -> Tag:
        """Tag a snippet, in the name of `admin_id` if given, and return the tag."""
        tag = to_ids(id=tag_id, **given(admin_id=admin_id))
        return await self._send(self.ATTACH_TAG, snippet_id, json=tag)

    async def detach_tag(self, snippet_id: Id, tag_id: Id) -> Tag:
        """Take a tag off a snippet and return the tag."""
        return await self._send(self.DETACH_TAG, snippet_id, tag_id)


class Audiences(Resource):
    """Audiences: rules that decide for whom Fin uses a piece of content."""

    LIST = AUDIENCES.pages("", Page[Audience], "listaudiences")
    CREATE = AUDIENCES.post("", Audience, "createaudience", body=AudienceOptions)
    GET = AUDIENCES.get("/{id}", Audience, "retrieveaudience")
    UPDATE = AUDIENCES.update("/{id}", Audience, "updateaudience", body=AudienceFields)
    DELETE = AUDIENCES.delete("/{id}", NoneType, "deleteaudience")

    def list(self, *, per_page: int | None = None) -> Pager[Audience]:
        """List all audiences, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(self, *, name: str, **fields: Unpack[AudienceOptions]) -> Audience:
        """Create an audience and return it."""
        return await self._send(self.CREATE, fields=fields, name=name)

    async def get(self, audience_id: Id) -> Audience:
        """Return one audience."""
        return await self._send(self.GET, audience_id)

    async def update(self, audience_id: Id, **fields: Unpack[AudienceFields]) -> Audience:
        """Change the given fields and return the whole audience."""
        return await self._send(self.UPDATE, audience_id, fields=fields)

    async def delete(self, audience_id: Id) -> None:
        """Delete an audience."""
        await self._send(self.DELETE, audience_id)
