"""What is said to Fin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from .common import Moment

FinScore = Literal["terrible", "bad", "ok", "good", "amazing"] | str
"""How a user rates a conversation."""


class VoiceCallKey(TypedDict):
    """A call of another telephone system."""

    phone_number: str
    """Who calls, in E.164 form, such as ``+353871234567``."""
    call_id: str
    """The other system's id of the call."""


class NewVoiceCall(VoiceCallKey, total=False):
    """A call of another telephone system; None counts as left out."""

    source: Literal["five9", "zoom_phone", "aws_connect"] | str | None
    """That system; ``aws_connect`` if left out."""
    data: Mapping[str, Any] | None
    """What else there is to know."""


class FinMessage(TypedDict):
    """One thing that was said; moments are sent in ISO 8601."""

    author: Literal["user", "agent", "fin"] | str
    body: str
    timestamp: Moment
    timestamp_ms: NotRequired[Moment | str]
    """The same moment; text is sent as it is, so that it may have milliseconds."""


class FinUser(TypedDict):
    """Who speaks with Fin."""

    id: str
    name: NotRequired[str]
    email: NotRequired[str]
    attributes: NotRequired[Mapping[str, Any]]


class FinAttachment(TypedDict):
    """A file, by address or with its bytes in base64."""

    type: Literal["url", "file"] | str
    url: NotRequired[str]
    name: NotRequired[str]
    content_type: NotRequired[str]
    data: NotRequired[str]


class FinTurnRequired(TypedDict):
    """What somebody says to Fin."""

    message: FinMessage
    """What Fin is to answer."""
    user: FinUser
    """Who said it."""


class FinSettings(TypedDict, total=False):
    """How Fin answers."""

    email: bool
    """Whether in the form of an e-mail."""
    follow_up_questions: bool
    """Whether Fin may ask back and hand over; it may if left out."""


class FinQuestion(FinTurnRequired, total=False):
    """What somebody says to Fin, and files with it."""

    attachments: Sequence[FinAttachment] | None
    """At most ten."""


class FinReply(FinQuestion, total=False):
    """What somebody says to Fin, and how Fin is to answer."""

    settings: FinSettings | None
    """From Preview."""


class FinContext(TypedDict, total=False):
    """What Fin is to know of a conversation."""

    history: Sequence[FinMessage] | None
    """What was said before, ten messages at most."""
    attributes: Mapping[str, Any] | None
    """Attributes of the conversation, ten at most, as a user has."""


class FinAsk(FinQuestion, FinContext, total=False):
    """A question that Fin answers once, and what Fin is to know."""


class FinRun(TypedDict, total=False):
    """What a procedure of Fin may be given."""

    message: FinMessage | None
    """What was said."""
    attributes: Mapping[str, Any] | None
    """Attributes of the conversation."""
    settings: FinSettings | None


class AgentInput(TypedDict):
    """The value of one attribute that a paused procedure asks for."""

    identifier: str
    """As the webhook names it."""
    value: Any


class FinStart(FinReply, FinContext, total=False):
    """What somebody says to Fin, and what Fin is to know of the conversation."""
