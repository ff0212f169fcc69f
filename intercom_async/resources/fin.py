"""Fin, spoken to from elsewhere; what it says comes by webhook or event stream, not as answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from intercom_async.models import FinRating, FinTurn
from intercom_async.operation import Operation

from .base import Moment, Resource
from .values import given, with_iso


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


class Fin(Resource):
    """Conversations with Fin; access has to be agreed with Intercom.

    A conversation is known by an id of your own.
    """

    START = Operation("POST", "/fin/start", FinTurn)
    REPLY = Operation("POST", "/fin/reply", FinTurn)
    # The same rating again changes nothing.
    RATE = Operation("POST", "/fin/csat", FinRating, repeat="idempotent")

    async def start(
        self,
        conversation_id: str,
        *,
        message: FinMessage,
        user: FinUser,
        attachments: Sequence[FinAttachment] | None = None,
        history: Sequence[FinMessage] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> FinTurn:
        """Hand a conversation to Fin and return where it stands.

        Args:
            conversation_id: Your id of it.
            message: What Fin is to answer.
            user: Who said it.
            attachments: At most ten.
            history: What was said before.
            attributes: Attributes of the conversation.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/fin-agent/startfinconversation
        """
        said = None if history is None else [_written(each) for each in history]
        metadata = given(history=said, attributes=attributes)
        json = {
            **_turn(conversation_id, message, user, attachments),
            **given(conversation_metadata=metadata or None),
        }
        return await self._send(self.START, json=json)

    async def reply(
        self,
        conversation_id: str,
        *,
        message: FinMessage,
        user: FinUser,
        attachments: Sequence[FinAttachment] | None = None,
    ) -> FinTurn:
        """Answer Fin once it waits for that, and return where the conversation stands.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/fin-agent/replytofin
        """
        json = _turn(conversation_id, message, user, attachments)
        return await self._send(self.REPLY, json=json)

    async def rate(
        self,
        conversation_id: str,
        *,
        rating: Literal["terrible", "bad", "ok", "good", "amazing"] | str,
        remark: str | None = None,
    ) -> FinRating:
        """Hand in how a user rates a conversation, and return the confirmation.

        Another rating takes the place of this one until a remark has been made; then it is final.

        Raises:
            UnprocessableError: The conversation is unknown, or such a rating.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/fin-agent/submitfincsat
        """
        json = {"conversation_id": conversation_id, "rating": rating, **given(remark=remark)}
        return await self._send(self.RATE, json=json)


def _turn(
    conversation_id: str,
    message: FinMessage,
    user: FinUser,
    attachments: Sequence[FinAttachment] | None,
) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "message": _written(message),
        "user": user,
        **given(attachments=attachments),
    }


def _written(message: FinMessage) -> dict[str, Any]:
    """Write a message's moments as Fin wants them."""
    precise = message.get("timestamp_ms")
    names = ("timestamp",) if isinstance(precise, str) else ("timestamp", "timestamp_ms")
    return with_iso(message, *names)
