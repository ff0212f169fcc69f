"""Content snippets: short texts that Fin may answer from."""

from __future__ import annotations

from types import NoneType
from typing import Unpack

from intercom_async.fields import ContentSnippetFields, ContentSnippetOptions, Id
from intercom_async.models import ContentSnippet, Page, Tag
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows
from .values import tagging

api = Rows("/content_snippets", "content-snippets", since="2.16")


class ContentSnippets(Resource):
    """Content snippets."""

    LIST = api.pages("", Page[ContentSnippet], "listcontentsnippets")
    CREATE = api.post("", ContentSnippet, "createcontentsnippet", body=ContentSnippetOptions)
    GET = api.get("/{id}", ContentSnippet, "getcontentsnippet")
    UPDATE = api.update("/{id}", ContentSnippet, "updatecontentsnippet", body=ContentSnippetFields)
    DELETE = api.delete("/{id}", NoneType, "deletecontentsnippet")
    ATTACH_TAG = api.ensure("/{content_snippet_id}/tags", Tag, "attachtagtocontentsnippet")
    DETACH_TAG = api.delete("/{content_snippet_id}/tags/{id}", Tag, "detachtagfromcontentsnippet")

    def list(self, *, per_page: int | None = None) -> Pager[ContentSnippet]:
        """List all snippets, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(
        self, *, title: str, **fields: Unpack[ContentSnippetOptions]
    ) -> ContentSnippet:
        """Create a snippet and return it; with an unknown audience none is made (404)."""
        return await self._send(self.CREATE, fields, title=title)

    async def get(self, snippet_id: Id) -> ContentSnippet:
        """Return one snippet."""
        return await self._send(self.GET, id=snippet_id)

    async def update(
        self, snippet_id: Id, **fields: Unpack[ContentSnippetFields]
    ) -> ContentSnippet:
        """Change the given fields and return the whole snippet."""
        return await self._send(self.UPDATE, fields, id=snippet_id)

    async def delete(self, snippet_id: Id) -> None:
        """Delete a snippet for good; one that a procedure uses cannot be (422)."""
        await self._send(self.DELETE, id=snippet_id)

    async def attach_tag(self, snippet_id: Id, tag_id: Id, *, admin_id: Id | None = None) -> Tag:
        """Tag a snippet, in the name of `admin_id` if given, and return the tag."""
        tag = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, json=tag, content_snippet_id=snippet_id)

    async def detach_tag(self, snippet_id: Id, tag_id: Id) -> Tag:
        """Take a tag off a snippet and return the tag."""
        return await self._send(self.DETACH_TAG, content_snippet_id=snippet_id, id=tag_id)
