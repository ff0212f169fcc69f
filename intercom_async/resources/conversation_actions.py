"""What is done in a conversation: answered, assigned, closed, opened, snoozed, redacted."""

from __future__ import annotations

from typing import Any, Literal, Unpack

from intercom_async.models import Conversation
from intercom_async.operation import Operation

from .base import Id, Moment, Resource
from .replies import MessageType, ReplyFields, reply_body
from .values import given


class ConversationActions(Resource):
    """What teammates and contacts do in a conversation."""

    REPLY = Operation(
        "POST", "/conversations/{conversation_id}/reply", Conversation, body=ReplyFields
    )
    CREATE_PART = Operation("POST", "/conversations/{conversation_id}/parts", Conversation)
    REDACT = Operation("POST", "/conversations/redact", Conversation, repeat="idempotent")

    async def reply(
        self,
        conversation_id: Id,
        *,
        message_type: MessageType = "comment",
        **fields: Unpack[ReplyFields],
    ) -> Conversation:
        """Answer in a conversation, as an admin or as a contact, and return it.

        Args:
            conversation_id: The conversation.
            message_type: ``note`` is seen by teammates only; contacts write comments only.
            fields: Who answers, and what.

        Raises:
            ConfigError: Nobody or more than one answers, or a contact writes a note.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/replyconversation
        """
        json = reply_body(message_type, self.REPLY.fields(fields))
        return await self._send(self.REPLY, json=json, conversation_id=conversation_id)

    async def create_part(
        self, conversation_id: Id, *, message_type: str, admin_id: Id, **fields: Any
    ) -> Conversation:
        """Add any part as the API takes it and return the conversation.

        Args:
            conversation_id: The conversation.
            message_type: ``assignment``, ``close``, ``open``, ``snoozed`` or ``comment``.
            admin_id: The admin who does it.
            fields: What else the part has, such as `body`, `assignee_id`, `snoozed_until`;
                `type` is ``admin`` if left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/manageconversation
        """
        return await self._part(
            conversation_id, message_type, admin_id, **{"type": "admin", **fields}
        )

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
            conversation_id: The conversation.
            admin_id: The admin who assigns.
            assignee_id: Who gets it; ``"0"`` takes it from everybody.
            type: Whether the assignee is an admin or a team.
            body: A comment to go with it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/manageconversation
        """
        fields = given(type=type, assignee_id=str(assignee_id), body=body)
        return await self._part(conversation_id, "assignment", admin_id, **fields)

    async def close(
        self, conversation_id: Id, *, admin_id: Id, body: str | None = None
    ) -> Conversation:
        """Close a conversation, with a last comment if `body` is given, and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/manageconversation
        """
        return await self._part(
            conversation_id, "close", admin_id, type="admin", **given(body=body)
        )

    async def open(self, conversation_id: Id, *, admin_id: Id) -> Conversation:
        """Open a conversation that is closed or snoozed and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/manageconversation
        """
        return await self._part(conversation_id, "open", admin_id)

    async def snooze(self, conversation_id: Id, *, admin_id: Id, until: Moment) -> Conversation:
        """Hide a conversation from the inbox until a moment and return it.

        Args:
            conversation_id: The conversation.
            admin_id: The admin who snoozes it.
            until: When it opens again: UNIX seconds or a datetime with a time zone, in the future.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/manageconversation
        """
        return await self._part(conversation_id, "snoozed", admin_id, snoozed_until=until)

    async def redact_part(self, *, conversation_id: Id, part_id: Id) -> Conversation:
        """Blot out one part of a conversation for good and return the conversation.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/redactconversation
        """
        json = {
            "type": "conversation_part",
            "conversation_id": str(conversation_id),
            "conversation_part_id": str(part_id),
        }
        return await self._send(self.REDACT, json=json)

    async def redact_source(self, *, conversation_id: Id, source_id: Id) -> Conversation:
        """Blot out the message a conversation began with for good and return the conversation.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/redactconversation
        """
        json = {
            "type": "source",
            "conversation_id": str(conversation_id),
            "source_id": str(source_id),
        }
        return await self._send(self.REDACT, json=json)

    async def _part(
        self, conversation_id: Id, message_type: str, admin_id: Id, **fields: Any
    ) -> Conversation:
        json = {"message_type": message_type, "admin_id": str(admin_id), **fields}
        return await self._send(self.CREATE_PART, json=json, conversation_id=conversation_id)
