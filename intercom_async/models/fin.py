"""Fin, the AI agent, as a service: what it says of a conversation held elsewhere."""

from __future__ import annotations

from typing import Literal

from .base import JsonObject, Model


class FinAttributes(Model, frozen=True, kw_only=True):
    """What was wrong with the attributes of one object."""

    attributes: JsonObject = {}
    """By attribute, what was wrong with it."""


class FinErrors(Model, frozen=True, kw_only=True):
    """Attributes that were not taken over; the rest of the request was."""

    user: FinAttributes | None = None
    conversation: FinAttributes | None = None


class FinTurn(Model, frozen=True, kw_only=True):
    """Where Fin is after a message: its answers come by webhook or stream."""

    conversation_id: str | None = None
    user_id: str | None = None
    procedure_id: str | None = None
    """What `fin.run_procedure` runs."""
    intercom_conversation_id: str | None = None
    """The conversation that `fin.escalate` created for a user."""
    status: (
        Literal["thinking", "replying", "awaiting_user_reply", "escalated", "resolved", "complete"]
        | str
        | None
    ) = None
    created_at_ms: str | None = None
    """ISO 8601, down to the millisecond."""
    errors: FinErrors | None = None
    sse_subscription_url: str | None = None
    """An address with a token in it, good for three minutes, which `repr` masks."""


class FinCapability(Model, frozen=True, kw_only=True):
    """Something that Fin can do for a user."""

    type: Literal["procedure", "reply", "ask", "escalate"] | str | None = None
    id: str | None = None
    """A procedure's id."""
    name: str | None = None
    description: str | None = None
    endpoint: str | None = None
    """The path that asks for it."""
    method: str | None = None


class FinCapabilities(Model, frozen=True, kw_only=True):
    """Everything that Fin can do for a user."""

    version: str | None = None
    capabilities: list[FinCapability] = []


class FinRating(Model, frozen=True, kw_only=True):
    """The confirmation of a rating."""

    conversation_id: str | None = None
    rating: Literal["terrible", "bad", "ok", "good", "amazing"] | str | None = None
    status: str | None = None
