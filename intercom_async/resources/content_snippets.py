"""Content snippets: short texts that Fin may answer from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from intercom_async.models import ContentSnippet, Page, Tag
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page
from .values import tagging


class ContentSnippetOptions(TypedDict, total=False):
    """What a snippet may have beside its title."""

    json_blocks: Sequence[Mapping[str, Any]]
    """Its text in blocks; not beside `body_markdown`."""
    body_markdown: str
    locale: str
    """``en`` if a new snippet has none."""
    audience_ids: Sequence[Id] | None
    """For whom Fin may use it; an empty list is for everybody."""
    ai_chatbot_availability: bool
    """A new snippet is used by nobody unless this or one of the next says otherwise."""
    ai_copilot_availability: bool
    ai_sales_agent_availability: bool


class ContentSnippetFields(ContentSnippetOptions, total=False):
    """Writable fields of a snippet; a key left out keeps its value."""

    title: str


class ContentSnippets(Resource):
    """Content snippets."""

    LIST = Operation(
        "GET", "/content_snippets", Page[ContentSnippet], paging=Paging.PAGE, since="2.16"
    )
    CREATE = Operation(
        "POST", "/content_snippets", ContentSnippet, since="2.16", body=ContentSnippetOptions
    )
    GET = Operation("GET", "/content_snippets/{id}", ContentSnippet, since="2.16")
    UPDATE = Operation(
        "PUT",
        "/content_snippets/{id}",
        ContentSnippet,
        since="2.16",
        body=ContentSnippetFields,
        updates=True,
    )
    DELETE = Operation("DELETE", "/content_snippets/{id}", type(None), since="2.16")
    ATTACH_TAG = Operation(
        "POST",
        "/content_snippets/{content_snippet_id}/tags",
        Tag,
        repeat="idempotent",
        since="2.16",
    )
    DETACH_TAG = Operation(
        "DELETE", "/content_snippets/{content_snippet_id}/tags/{id}", Tag, since="2.16"
    )

    def list(self, *, per_page: int | None = None) -> Pager[ContentSnippet]:
        """List all snippets, at most 50 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content-snippets/listcontentsnippets
        """
        return self._list(self.LIST, query={"per_page": check_per_page(per_page)})

    async def create(
        self, *, title: str, **fields: Unpack[ContentSnippetOptions]
    ) -> ContentSnippet:
        """Create a snippet and return it.

        Raises:
            NotFoundError: An audience is unknown; nothing was created.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content-snippets/createcontentsnippet
        """
        json = {"title": title, **self.CREATE.fields(fields)}
        return await self._send(self.CREATE, json=json)

    async def get(self, snippet_id: Id) -> ContentSnippet:
        """Return one snippet.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content-snippets/getcontentsnippet
        """
        return await self._send(self.GET, id=snippet_id)

    async def update(
        self, snippet_id: Id, **fields: Unpack[ContentSnippetFields]
    ) -> ContentSnippet:
        """Change the given fields and return the whole snippet.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content-snippets/updatecontentsnippet
        """
        return await self._send(self.UPDATE, fields=fields, id=snippet_id)

    async def delete(self, snippet_id: Id) -> None:
        """Delete a snippet for good.

        Raises:
            UnprocessableError: A procedure uses it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content-snippets/deletecontentsnippet
        """
        await self._send(self.DELETE, id=snippet_id)

    async def attach_tag(self, snippet_id: Id, tag_id: Id, *, admin_id: Id | None = None) -> Tag:
        """Tag a snippet, in the name of `admin_id` if given, and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content-snippets/attachtagtocontentsnippet
        """
        json = tagging(tag_id, admin_id)
        return await self._send(self.ATTACH_TAG, json=json, content_snippet_id=snippet_id)

    async def detach_tag(self, snippet_id: Id, tag_id: Id) -> Tag:
        """Take a tag off a snippet and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/content-snippets/detachtagfromcontentsnippet
        """
        return await self._send(self.DETACH_TAG, content_snippet_id=snippet_id, id=tag_id)
