"""Content snippets: short texts that Fin may answer from."""

from __future__ import annotations

from types import NoneType
from typing import Unpack

from intercom_async.fields import ContentSnippetFields, ContentSnippetOptions
from intercom_async.models import ContentSnippet, Tag

from .base import Id, Page, Pager, Resource, Rows
from .values import tagging

API = Rows("/content_snippets", "content-snippets", since="2.16")


class ContentSnippets(Resource):
    """Content snippets."""

    LIST = API.pages("", Page[ContentSnippet], "listcontentsnippets")
    CREATE = API.post("", ContentSnippet, "createcontentsnippet", body=ContentSnippetOptions)
    GET = API.get("/{id}", ContentSnippet, "getcontentsnippet")
    UPDATE = API.update("/{id}", ContentSnippet, "updatecontentsnippet", body=ContentSnippetFields)
    DELETE = API.delete("/{id}", NoneType, "deletecontentsnippet")
    ATTACH_TAG = API.ensure("/{content_snippet_id}/tags", Tag, "attachtagtocontentsnippet")
    DETACH_TAG = API.delete("/{content_snippet_id}/tags/{id}", Tag, "detachtagfromcontentsnippet")

    def list(self, *, per_page: int | None = None) -> Pager[ContentSnippet]:
        """List all snippets, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(
        self, *, title: str, **fields: Unpack[ContentSnippetOptions]
    ) -> ContentSnippet:
        """Create a snippet and return it; with an unknown audience none is made (404)."""
        return await self._send(self.CREATE, fields=fields, title=title)

    async def get(self, snippet_id: Id) -> ContentSnippet:
        """Return one snippet."""
        return await self._send(self.GET, snippet_id)

    async def update(
        self, snippet_id: Id, **fields: Unpack[ContentSnippetFields]
    ) -> ContentSnippet:
        """Change the given fields and return the whole snippet."""
        return await self._send(self.UPDATE, snippet_id, fields=fields)

    async def delete(self, snippet_id: Id) -> None:
        """Delete a snippet for good; one that a procedure uses cannot be (422)."""
        await self._send(self.DELETE, snippet_id)

    async def attach_tag(self, snippet_id: Id, tag_id: Id, *, admin_id: Id | None = None) -> Tag:
        """Tag a snippet, in the name of `admin_id` if given, and return the tag."""
        tag = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, snippet_id, json=tag)

    async def detach_tag(self, snippet_id: Id, tag_id: Id) -> Tag:
        """Take a tag off a snippet and return the tag."""
        return await self._send(self.DETACH_TAG, snippet_id, tag_id)
