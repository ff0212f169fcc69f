"""Fields of messages that admins begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Required, TypedDict

from .common import Moment


class Recipient(TypedDict):
    """A contact that a message goes to."""

    type: Literal["user", "lead"]
    id: str
    """Intercom's id."""


Recipients = Recipient | Sequence[Recipient]
"""One contact or several."""


class PhoneRecipient(TypedDict, total=False):
    """Somebody whom a WhatsApp message goes to, contact or not."""

    phone: Required[str]
    """E.164 form, such as ``+353871234567``."""
    name: str


class TemplateParameter(TypedDict, total=False):
    """What fills one place of a template."""

    type: Required[Literal["text"] | str]
    text: str


class TemplateComponent(TypedDict, total=False):
    """A part of a WhatsApp template and what fills it, as WhatsApp takes it."""

    type: Required[Literal["HEADER", "BODY", "BUTTON"] | str]
    parameters: Sequence[TemplateParameter]


class MessageOptions(TypedDict, total=False):
    """What any message may have."""

    created_at: Moment
    """When it was written; now if left out."""
    create_conversation_without_contact_reply: bool
    """Whether the inbox has it before the contact answers."""


class EmailOptions(MessageOptions, total=False):
    """What an e-mail may have beside its text."""

    cc: Recipients
    bcc: Recipients
    template: Literal["plain", "personal"] | str
    """How it looks; ``plain`` if left out."""


class WhatsAppOptions(MessageOptions, total=False):
    """What a WhatsApp message may have."""

    locale: str
    """The language of the template."""


class MessageFields(EmailOptions, WhatsAppOptions, total=False):
    """What messages of any kind may have."""
