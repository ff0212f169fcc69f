"""Fields of messages that admins begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

from .common import Id, Moment


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


class MessageAddress(TypedDict):
    """Who writes to whom."""

    admin_id: Id
    """The admin who writes."""
    to: Recipients


class MessageOptions(TypedDict, total=False):
    """What any message may have."""

    created_at: Moment
    """When it was written; now if left out."""
    create_conversation_without_contact_reply: bool
    """Whether the inbox has it before the contact answers."""


class InAppMessage(MessageAddress, MessageOptions):
    """A message in the messenger."""

    body: str


class Email(InAppMessage):
    """An e-mail that goes to one contact or several."""

    subject: str


class EmailFields(Email, total=False):
    """An e-mail, and what it may have; its body is HTML or plain text."""

    cc: Recipients
    bcc: Recipients
    template: Literal["plain", "personal"] | str
    """How it looks; ``plain`` if left out."""


class WhatsAppAddress(TypedDict):
    """Who writes to whom by WhatsApp, and what."""

    admin_id: Id
    """The admin who writes."""
    to: Recipients | PhoneRecipient
    template: str
    """The name of a template that WhatsApp accepted."""
    components: Sequence[TemplateComponent] | Sequence[Mapping[str, Any]]
    """What fills the template's places."""


class WhatsAppMessage(WhatsAppAddress, MessageOptions, total=False):
    """A WhatsApp message."""

    locale: str
    """The language of the template."""
