"""Conversations and what is done with them."""

from __future__ import annotations

from functools import partial
from typing import Literal, Unpack

from intercom_async.fan_out import Source
from intercom_async.fields import (
    ConversationChanges,
    ConversationOptions,
    ConversationReading,
    ConversationSearch,
    HydrationOptions,
    Order,
)
from intercom_async.hydration import HasId, Hydration
from intercom_async.models import (
    Conversation,
    ConversationPage,
    DeletedConversation,
    DeletedObject,
    Message,
)
from intercom_async.query import Predicate, Query

from .base import Id, Pager, Rows
from .conversation_actions import ConversationActions
from .conversation_links import ConversationLinks
from .values import given, to_id, with_text

API = Rows("/conversations", "conversations")


class Conversations(ConversationActions, ConversationLinks):
    """Conversations between contacts and teammates; lists give them without their parts."""

    LIST = API.cursor("", ConversationPage[Conversation], "listconversations")
    CREATE = API.post("", Message, "createconversation", body=ConversationOptions)
    GET = API.get(
        "/{conversation_id}",
        Conversation,
        "retrieveconversation",
        body=ConversationReading,
        reserved=("attributes", "deleted"),
    )
    UPDATE = API.update(
        "/{conversation_id}", Conversation, "updateconversation", body=ConversationChanges
    )
    DELETE = API.delete("/{conversation_id}", DeletedObject, "deleteconversation")
    SEARCH = API.search(
        "/search", ConversationPage[Conversation], "searchconversations", body=ConversationSearch
    )
    LIST_DELETED = API.since("2.16").pages(
        "/deleted", ConversationPage[DeletedConversation], "listdeletedconversationids"
    )

    def list(
        self, *, per_page: int | None = None, order: Order | None = None, sort: str | None = None
    ) -> Pager[Conversation]:
        """List all conversations, 20 a page, 150 at most; `hydrate` fetches their parts.

        Sorted by ``updated_at`` they move while you read, by ``created_at`` they do not.
        """
        return self._list(self.LIST, per_page=per_page, order=order, sort=sort)

    async def create(
        self, *, contact_id: Id, body: str, **options: Unpack[ConversationOptions]
    ) -> Message:
        """Begin a conversation, in plain text and a contact's name; return its first message.

        The message has an id of its own; the conversation's is `conversation_id`.
        """
        fields = self.CREATE.fields(options)
        who = {"type": fields.pop("contact_type", "contact"), "id": to_id("contact_id", contact_id)}
        return await self._send(
            self.CREATE, fields=with_text(given(**fields)), json={"from": who}, body=body
        )

    async def get(self, conversation_id: Id, **how: Unpack[ConversationReading]) -> Conversation:
        """Return one conversation with its parts, the 500 newest at most."""
        return await self._send(self.GET, conversation_id, fields=how)

    async def update(
        self, conversation_id: Id, **fields: Unpack[ConversationChanges]
    ) -> Conversation:
        """Change the given fields and return the whole conversation."""
        json = self.UPDATE.fields(fields)
        query = {"display_as": json.pop("display_as", None)}
        return await self._send(self.UPDATE, conversation_id, json=json, query=query)

    async def delete(
        self, conversation_id: Id, *, retain_metrics: bool | None = None
    ) -> DeletedObject:
        """Delete a conversation for good; reports keep what they counted unless told otherwise.

        Not to retain it needs a scope of its own (`delete_conversations_and_metrics`).
        """
        return await self._send(self.DELETE, conversation_id, retain_metrics=retain_metrics)

    def search(
        self, query: Predicate | Query, **options: Unpack[ConversationSearch]
    ) -> Pager[Conversation]:
        """List the conversations that a query holds for.

        `source.body` is searched word by word: a phrase is never found.
        """
        return self._search(self.SEARCH, query, options)

    def list_deleted(
        self, *, order: Order | None = None, per_page: int | None = None
    ) -> Pager[DeletedConversation]:
        """List the ids of deleted conversations, the latest first, at most 60 a page."""
        return self._list(self.LIST_DELETED, order=order, per_page=per_page)

    def hydrate(
        self,
        source: Source[Id | HasId],
        *,
        display_as: Literal["plaintext"] | None = None,
        **options: Unpack[HydrationOptions],
    ) -> Hydration[Conversation]:
        """Fetch each conversation of a stream, by id or as lists give it, with its parts.

        ::

            async for full in intercom.conversations.hydrate(intercom.conversations.list()):
                full.item, full.missing_parts
        """
        return Hydration(source, partial(self.get, display_as=display_as), **options)
