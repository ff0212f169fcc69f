"""Conversations and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from intercom_async.errors import ConfigError
from intercom_async.models import Conversation, ConversationPage
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager
from intercom_async.query import Predicate, Query, to_query

from .base import Id, Moment, Resource, check_per_page, search_body


class Conversations(Resource):
    """Conversations between contacts and teammates."""

    LIST = Operation(
        "GET", "/conversations", ConversationPage[Conversation], paging=Paging.CURSOR_QUERY
    )
    GET = Operation("GET", "/conversations/{conversation_id}", Conversation)
    SEARCH = Operation(
        "POST",
        "/conversations/search",
        ConversationPage[Conversation],
        repeat="safe",
        paging=Paging.CURSOR_BODY,
        kind="search",
    )
    REPLY = Operation("POST", "/conversations/{conversation_id}/reply", Conversation)
    CREATE_PART = Operation("POST", "/conversations/{conversation_id}/parts", Conversation)

    def list(
        self,
        *,
        per_page: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        sort: str | None = None,
    ) -> Pager[Conversation]:
        """List all conversations, without their parts.

        Args:
            per_page: At most 150; 20 if left out.
            order: Whether the smallest or the largest of `sort` comes first.
            sort: Such as ``updated_at``; it moves while you read, ``created_at`` does not.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/listconversations
        """
        query = {"per_page": check_per_page(per_page), "order": order, "sort": sort}
        return self._list(self.LIST, query=query)

    async def get(
        self, conversation_id: Id, *, display_as: Literal["plaintext"] | None = None
    ) -> Conversation:
        """Return one conversation with its parts, the 500 newest at most.

        Args:
            display_as: ``plaintext`` for bodies without HTML.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/retrieveconversation
        """
        return await self._send(
            self.GET, query={"display_as": display_as}, conversation_id=conversation_id
        )

    def search(
        self,
        query: Predicate | Query,
        *,
        sort: str | None = None,
        order: Literal["ascending", "descending"] = "ascending",
        per_page: int | None = None,
    ) -> Pager[Conversation]:
        """List the conversations that a query holds for, without their parts, at most 150 a page.

        Raises:
            QueryError: The API would refuse the query.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/searchconversations
        """
        body = search_body(to_query(query), sort=sort, order=order, per_page=per_page)
        return self._list(self.SEARCH, json=body)

    async def reply(
        self,
        conversation_id: Id,
        *,
        body: str | None = None,
        message_type: Literal["comment", "note", "quick_reply"] = "comment",
        admin_id: Id | None = None,
        contact_id: Id | None = None,
        email: str | None = None,
        user_id: Id | None = None,
        attachment_urls: Sequence[str] | None = None,
        attachment_files: Sequence[Mapping[str, str]] | None = None,
        reply_options: Sequence[Mapping[str, str]] | None = None,
        created_at: Moment | None = None,
    ) -> Conversation:
        """Answer in a conversation, as an admin or as a contact, and return it.

        Args:
            body: HTML for admins, plain text for contacts.
            message_type: ``note`` is seen by teammates only; contacts write comments only.
            admin_id: The admin who answers,
            contact_id: or the contact by Intercom's id,
            email: or by address,
            user_id: or by your own key; exactly one of the four.
            attachment_urls: At most ten addresses of files.
            attachment_files: Files with `content_type`, `data` (base64) and `name`.
            reply_options: Buttons of a quick reply, with `text` and `uuid`.
            created_at: When it was written; now if left out.

        Raises:
            ConfigError: Nobody or more than one answers, or a contact writes a note.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/replyconversation
        """
        authors = {
            "admin_id": admin_id,
            "intercom_user_id": contact_id,
            "email": email,
            "user_id": user_id,
        }
        author = {name: str(value) for name, value in authors.items() if value is not None}
        if len(author) != 1:
            raise ConfigError("a reply has one author: admin_id, contact_id, email or user_id")
        if admin_id is None and message_type != "comment":
            raise ConfigError(f"contacts write comments; a {message_type} needs admin_id")
        extra = {
            "body": body,
            "attachment_urls": attachment_urls,
            "attachment_files": attachment_files,
            "reply_options": reply_options,
            "created_at": created_at,
        }
        json = {
            "message_type": message_type,
            "type": "user" if admin_id is None else "admin",
            **author,
            **_given(extra),
        }
        return await self._send(self.REPLY, json=json, conversation_id=conversation_id)

    async def create_part(
        self, conversation_id: Id, *, message_type: str, admin_id: Id, **fields: Any
    ) -> Conversation:
        """Add any part as the API takes it and return the conversation.

        Args:
            message_type: ``assignment``, ``close``, ``open``, ``snoozed`` or ``comment``.
            admin_id: The admin who does it.
            fields: What else the part has, such as `body`, `assignee_id`, `snoozed_until`.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/manageconversation
        """
        json = {
            "message_type": message_type,
            "type": "admin",
            "admin_id": str(admin_id),
            **fields,
        }
        return await self._send(self.CREATE_PART, json=json, conversation_id=conversation_id)

    async def assign(
        self,
        conversation_id: Id,
        *,
        admin_id: Id,
        assignee_id: Id,
        type: Literal["admin", "team"] = "admin",  # noqa: A002 (the name that the API gives it)
        body: str | None = None,
    ) -> Conversation:
        """Assign a conversation to an admin or a team and return it.

        Args:
            admin_id: The admin who assigns.
            assignee_id: Who gets it; ``"0"`` takes it from everybody.
            type: Whether the assignee is an admin or a team.
            body: A comment to go with it.
        """
        return await self.create_part(
            conversation_id,
            message_type="assignment",
            admin_id=admin_id,
            **_given({"type": type, "assignee_id": str(assignee_id), "body": body}),
        )

    async def close(
        self, conversation_id: Id, *, admin_id: Id, body: str | None = None
    ) -> Conversation:
        """Close a conversation, with a last comment if `body` is given, and return it."""
        return await self.create_part(
            conversation_id, message_type="close", admin_id=admin_id, **_given({"body": body})
        )

    async def open(self, conversation_id: Id, *, admin_id: Id) -> Conversation:
        """Open a conversation that is closed or snoozed and return it."""
        return await self.create_part(conversation_id, message_type="open", admin_id=admin_id)

    async def snooze(self, conversation_id: Id, *, admin_id: Id, until: Moment) -> Conversation:
        """Hide a conversation from the inbox until a moment and return it.

        Args:
            admin_id: The admin who snoozes it.
            until: When it opens again: UNIX seconds or a datetime with a time zone, in the future.
        """
        return await self.create_part(
            conversation_id, message_type="snoozed", admin_id=admin_id, snoozed_until=until
        )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not given."""
    return {name: value for name, value in fields.items() if value is not None}
