"""Messages that start a conversation."""

from __future__ import annotations

from typing import Literal

from .base import JsonObject, Model, Timestamp


class Message(Model, frozen=True, kw_only=True):
    """A message that was sent; its id is not that of the conversation."""

    id: str
    type: str | None = None
    created_at: Timestamp | None = None
    subject: str | None = None
    body: str | None = None
    message_type: Literal["email", "inapp", "facebook", "twitter"] | str | None = None
    conversation_id: str | None = None
    owner: JsonObject | None = None


class MessageError(Model, frozen=True, kw_only=True):
    """Why a message did not arrive."""

    message: str | None = None
    details: str | None = None


class WhatsAppStatus(Model, frozen=True, kw_only=True):
    """How far a WhatsApp message got."""

    id: str | None = None
    conversation_id: str | None = None
    status: Literal["sent", "delivered", "read", "failed"] | str | None = None
    type: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    template_name: str | None = None
    message_id: str | None = None
    error: MessageError | None = None
    whatsapp_message_id: str | None = None
    user_id: str | None = None
