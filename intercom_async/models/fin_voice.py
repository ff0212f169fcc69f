"""Calls that Fin answered."""

from __future__ import annotations

from .base import Id, JsonObject, Model


class FinVoiceCall(Model, frozen=True, kw_only=True):
    """A telephone call that Fin answered."""

    id: Id
    app_id: Id | None = None
    user_phone_number: str | None = None
    status: str | None = None
    intercom_call_id: str | None = None
    external_call_id: str | None = None
    intercom_conversation_id: str | None = None
    call_transcript: list[JsonObject] = []
    call_summary: str | None = None
    intent: list[JsonObject] = []
