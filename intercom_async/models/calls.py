"""Telephone calls."""

from __future__ import annotations

from .base import JsonObject, LooseTimestamp, Model


class Call(Model, frozen=True, kw_only=True):
    """A telephone call.

    Times come in two forms and are always read as UNIX seconds.
    """

    id: str
    type: str | None = None
    conversation_id: str | None = None
    admin_id: str | None = None
    contact_id: str | None = None
    state: str | None = None
    initiated_at: LooseTimestamp | None = None
    answered_at: LooseTimestamp | None = None
    ended_at: LooseTimestamp | None = None
    created_at: LooseTimestamp | None = None
    updated_at: LooseTimestamp | None = None
    recording_url: str | None = None
    """Where the recording is had; the address leads to another one, which expires."""
    transcription_url: str | None = None
    call_type: str | None = None
    direction: str | None = None
    ended_reason: str | None = None
    phone: str | None = None
    duration: int | None = None
    """Seconds, from Preview, as the three below."""
    talk_time: int | None = None
    hold_time: int | None = None
    queue_time: int | None = None
    fin_recording_url: str | None = None
    fin_transcription_url: str | None = None
    transcript: list[JsonObject] = []
    """Only in answers to a search; empty if there is none."""
    transcript_status: str | None = None
    """Only in answers to a search."""


class PhoneSwitch(Model, frozen=True, kw_only=True):
    """The confirmation that a caller was asked to go on in writing."""

    type: str | None = None
    phone: str | None = None
    url: str | None = None
