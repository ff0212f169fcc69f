"""Fin, spoken to from elsewhere; what it says comes by webhook or event stream, not as answer."""

from __future__ import annotations

from typing import Any, Unpack

from intercom_async.fields import FinMessage, FinReply, FinScore, FinStart
from intercom_async.models import FinRating, FinTurn

from .base import Resource, Rows
from .values import given, to_ids, with_iso

API = Rows("/fin", "fin-agent")


class Fin(Resource):
    """Conversations with Fin, each known by an id of yours; access is agreed with Intercom."""

    START = API.post("/start", FinTurn, "startfinconversation", body=FinStart)
    REPLY = API.post("/reply", FinTurn, "replytofin", body=FinReply)
    # The same rating again changes nothing.
    RATE = API.ensure("/csat", FinRating, "submitfincsat")

    async def start(self, conversation_id: str, **turn: Unpack[FinStart]) -> FinTurn:
        """Hand a conversation to Fin and return where it stands."""
        fields = self.START.fields(turn)
        said, attributes = fields.pop("history", None), fields.pop("attributes", None)
        history = None if said is None else [_written(each) for each in said]
        about = given(history=history, attributes=attributes)
        json: dict[str, Any] = to_ids(conversation_id=conversation_id)
        if about:
            json["conversation_metadata"] = about
        message = _written(fields.pop("message"))
        return await self._send(self.START, json=json, message=message, **fields)

    async def reply(self, conversation_id: str, **turn: Unpack[FinReply]) -> FinTurn:
        """Answer Fin once it waits for that, and return where the conversation stands."""
        fields = self.REPLY.fields(turn)
        message = _written(fields.pop("message"))
        key = to_ids(conversation_id=conversation_id)
        return await self._send(self.REPLY, json=key, message=message, **fields)

    async def rate(
        self, conversation_id: str, *, rating: FinScore, remark: str | None = None
    ) -> FinRating:
        """Hand in how a user rates a conversation, and return the confirmation.

        Another rating takes the place of this one until a remark has been made; then it is final.
        """
        key = to_ids(conversation_id=conversation_id)
        return await self._send(self.RATE, json=key, rating=rating, remark=remark)


def _written(message: FinMessage) -> dict[str, Any]:
    """Write a message's moments as Fin wants them."""
    precise = message.get("timestamp_ms")
    names = ("timestamp",) if isinstance(precise, str) else ("timestamp", "timestamp_ms")
    return with_iso(message, *names)
