"""Kinds of messages that people can subscribe to."""

from __future__ import annotations

from typing import Literal

from .base import Model


class Translation(Model, frozen=True, kw_only=True):
    """A name and description in one language."""

    name: str | None = None
    description: str | None = None
    locale: str | None = None


class SubscriptionType(Model, frozen=True, kw_only=True):
    """A kind of message that people can subscribe to, or out of."""

    id: str
    type: str | None = None
    state: Literal["live", "draft", "archived"] | str | None = None
    default_translation: Translation | None = None
    translations: list[Translation] = []
    consent_type: Literal["opt_out", "opt_in"] | str | None = None
    content_types: list[Literal["email", "sms_message"] | str] = []
