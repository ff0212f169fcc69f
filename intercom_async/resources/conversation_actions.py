"""What is done in a conversation: answered, assigned, closed, opened, snoozed, redacted."""

from __future__ import annotations

from typing import Any, Unpack

from intercom_async.fields import Assignment, Moment, ReplyFields
from intercom_async.models import Conversation

from .base import Id, Resource, Rows
from .replies import reply_body
from .values import checked, to_ids, with_text

API = Rows("/conversations", "conversations")


class ConversationActions(Resource):
    """What teammates and contacts do in a conversation; each returns it as it is then."""

    REPLY = API.post(
        "/{conversation_id}/reply", Conversation, "replyconversation", body=ReplyFields
    )
    CREATE_PART = API.post("/{conversation_id}/parts", Conversation, "manageconversation")
    REDACT = API.ensure("/redact", Conversation, "redactconversation")

    async def reply(self, conversation_id: Id, **fields: Unpack[ReplyFields]) -> Conversation:
        """Answer in a conversation, as an admin or as a contact."""
        json = reply_body(self.REPLY.fields(fields))
        return await self._send(self.REPLY, conversation_id, json=json)

    async def create_part(
        self, conversation_id: Id, *, message_type: str, admin_id: Id, **fields: Any
    ) -> Conversation:
        """Add any part as the API takes it.

        Args:
            message_type: ``assignment``, ``close``, ``open``, ``snoozed`` or ``comment``.
            fields: What else the part has, such as `body`, `assignee_id`, `snoozed_until`;
                `type` is ``admin`` if left out.
        """
        part = {"type": "admin", **fields}
        return await self._part(conversation_id, message_type, admin_id, **part)

    async def assign(self, conversation_id: Id, **fields: Unpack[Assignment]) -> Conversation:
        """Assign a conversation to an admin or a team."""
        part = with_text(checked(Assignment, {"type": "admin", **fields}))
        return await self._part(conversation_id, "assignment", part.pop("admin_id"), **part)

    async def close(
        self, conversation_id: Id, *, admin_id: Id, body: str | None = None
    ) -> Conversation:
        """Close a conversation, with a last comment if `body` is given."""
        return await self._part(conversation_id, "close", admin_id, type="admin", body=body)

    async def open(self, conversation_id: Id, *, admin_id: Id) -> Conversation:
        """Open a conversation that is closed or snoozed."""
        return await self._part(conversation_id, "open", admin_id)

    async def snooze(self, conversation_id: Id, *, admin_id: Id, until: Moment) -> Conversation:
        """Hide a conversation from the inbox until a moment in the future."""
        return await self._part(conversation_id, "snoozed", admin_id, snoozed_until=until)

    async def redact_part(self, *, conversation_id: Id, part_id: Id) -> Conversation:
        """Blot out one part of a conversation for good."""
        ids = to_ids(conversation_id=conversation_id, conversation_part_id=part_id)
        return await self._send(self.REDACT, json=ids, type="conversation_part")

    async def redact_source(self, *, conversation_id: Id, source_id: Id) -> Conversation:
        """Blot out the message a conversation began with for good."""
        ids = to_ids(conversation_id=conversation_id, source_id=source_id)
        return await self._send(self.REDACT, json=ids, type="source")

    async def _part(
        self, conversation_id: Id, message_type: str, admin_id: Id, **fields: Any
    ) -> Conversation:
        json = {"message_type": message_type, **to_ids(admin_id=admin_id)}
        return await self._send(self.CREATE_PART, conversation_id, json=json, **fields)
