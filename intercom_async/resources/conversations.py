"""Conversations and what is done with them."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.hydration import HasId, Hydration
from intercom_async.models import (
    Conversation,
    ConversationPage,
    DeletedConversation,
    DeletedObject,
    Message,
)
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager
from intercom_async.query import Predicate, Query

from .base import Id, Moment, Order, SearchOrder, check_per_page
from .conversation_actions import ConversationActions
from .conversation_links import ConversationLinks
from .values import given


class ConversationFields(TypedDict, total=False):
    """Writable fields of a conversation; a key left out keeps its value."""

    read: bool
    title: str
    custom_attributes: dict[str, Any]
    """Attributes must be defined before they are used."""
    company_id: Id | None
    """Intercom's id; None takes the company away."""


class Conversations(ConversationActions, ConversationLinks):
    """Conversations between contacts and teammates."""

    LIST = Operation(
        "GET", "/conversations", ConversationPage[Conversation], paging=Paging.CURSOR_QUERY
    )
    CREATE = Operation("POST", "/conversations", Message)
    GET = Operation(
        "GET", "/conversations/{conversation_id}", Conversation, reserved=("attributes", "deleted")
    )
    UPDATE = Operation(
        "PUT",
        "/conversations/{conversation_id}",
        Conversation,
        body=ConversationFields,
        updates=True,
    )
    DELETE = Operation("DELETE", "/conversations/{conversation_id}", DeletedObject)
    SEARCH = Operation(
        "POST",
        "/conversations/search",
        ConversationPage[Conversation],
        repeat="safe",
        paging=Paging.CURSOR_BODY,
        kind="search",
    )
    LIST_DELETED = Operation(
        "GET",
        "/conversations/deleted",
        ConversationPage[DeletedConversation],
        paging=Paging.PAGE,
        since="2.16",
    )

    def list(
        self, *, per_page: int | None = None, order: Order | None = None, sort: str | None = None
    ) -> Pager[Conversation]:
        """List all conversations, without their parts; `hydrate` fetches those.

        Args:
            per_page: At most 150; 20 if left out.
            order: Whether the smallest or the largest of `sort` comes first.
            sort: Such as ``updated_at``; it moves while you read, ``created_at`` does not.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/listconversations
        """
        query = {"per_page": check_per_page(per_page), "order": order, "sort": sort}
        return self._list(self.LIST, query=query)

    async def create(
        self,
        *,
        contact_id: Id,
        body: str,
        contact_type: Literal["user", "lead", "contact"] = "contact",
        subject: str | None = None,
        attachment_urls: Sequence[str] | None = None,
        created_at: Moment | None = None,
        brand_id: Id | None = None,
    ) -> Message:
        """Begin a conversation in a contact's name and return the message it begins with.

        The message has an id of its own; the conversation's is `conversation_id`.

        Args:
            contact_id: Who begins it, by Intercom's id.
            body: Plain text.
            contact_type: What the contact is; ``contact`` is right for both.
            subject: For e-mail.
            attachment_urls: At most ten addresses of pictures.
            created_at: When it began; now if left out.
            brand_id: From 2.16 on.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/createconversation
        """
        optional = given(
            subject=subject,
            attachment_urls=attachment_urls,
            created_at=created_at,
            brand_id=None if brand_id is None else str(brand_id),
        )
        who = {"type": contact_type, "id": str(contact_id)}
        return await self._send(self.CREATE, json={"from": who, "body": body, **optional})

    async def get(
        self,
        conversation_id: Id,
        *,
        display_as: Literal["plaintext"] | None = None,
        include_translations: bool | None = None,
    ) -> Conversation:
        """Return one conversation with its parts, the 500 newest at most.

        Args:
            conversation_id: The conversation.
            display_as: ``plaintext`` for bodies without HTML.
            include_translations: Whether parts say what they mean in other languages.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/retrieveconversation
        """
        query = {"display_as": display_as, "include_translations": include_translations}
        return await self._send(self.GET, query=query, conversation_id=conversation_id)

    async def update(
        self,
        conversation_id: Id,
        *,
        display_as: Literal["plaintext"] | None = None,
        **fields: Unpack[ConversationFields],
    ) -> Conversation:
        """Change the given fields and return the whole conversation.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/updateconversation
        """
        return await self._send(
            self.UPDATE,
            query={"display_as": display_as},
            fields=fields,
            conversation_id=conversation_id,
        )

    async def delete(
        self, conversation_id: Id, *, retain_metrics: bool | None = None
    ) -> DeletedObject:
        """Delete a conversation for good.

        Args:
            conversation_id: The conversation.
            retain_metrics: Whether reports keep what they counted, as they do if it is left out;
                False needs a scope of its own (`delete_conversations_and_metrics`).

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/deleteconversation
        """
        query = {"retain_metrics": retain_metrics}
        return await self._send(self.DELETE, query=query, conversation_id=conversation_id)

    def search(
        self,
        query: Predicate | Query,
        *,
        sort: str | None = None,
        order: SearchOrder = "ascending",
        per_page: int | None = None,
        include_monitors: bool | None = None,
        include_scorecards: bool | None = None,
    ) -> Pager[Conversation]:
        """List the conversations that a query holds for, without their parts, at most 150 a page.

        Args:
            query: `source.body` is searched word by word: a phrase is never found.
            sort: The field to sort by.
            order: Which end of it comes first.
            per_page: 20 if left out.
            include_monitors: Whether to add what quality monitors found, from 2.16 on,
            include_scorecards: and how the conversation was reviewed.

        Raises:
            QueryError: The API would refuse the query.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/searchconversations
        """
        parameters = {
            "include_monitors": include_monitors,
            "include_scorecards": include_scorecards,
        }
        return self._search(
            self.SEARCH, query, sort=sort, order=order, per_page=per_page, parameters=parameters
        )

    def list_deleted(
        self, *, order: Order | None = None, per_page: int | None = None
    ) -> Pager[DeletedConversation]:
        """List the ids of deleted conversations, the latest first, at most 60 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/listdeletedconversationids
        """
        query = {"order": order, "per_page": check_per_page(per_page)}
        return self._list(self.LIST_DELETED, query=query)

    def hydrate(
        self,
        source: AsyncIterable[Id | HasId] | Iterable[Id | HasId],
        *,
        concurrency: int = 16,
        ordered: bool = False,
        display_as: Literal["plaintext"] | None = None,
    ) -> Hydration[Conversation]:
        """Fetch each conversation of a stream with its parts, several at a time.

        ::

            async for full in intercom.conversations.hydrate(intercom.conversations.list()):
                full.item, full.missing_parts

        Args:
            source: Ids, or conversations as lists and searches give them.
            concurrency: How many are fetched at a time, and how many at most wait for you.
            ordered: Whether they come as in `source`; else each comes when it is there.
            display_as: ``plaintext`` for bodies without HTML.

        Raises:
            ConfigError: `concurrency` is no whole number above 0, or `source` is a text.
        """

        async def fetch(conversation_id: Id) -> Conversation:
            return await self.get(conversation_id, display_as=display_as)

        return Hydration(source, fetch, concurrency=concurrency, ordered=ordered)
