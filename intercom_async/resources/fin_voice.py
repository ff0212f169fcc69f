"""Telephone calls that Fin answers."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import NewVoiceCall
from intercom_async.models import FinVoiceCall

from .base import Id, Resource, Rows
from .values import given

API = Rows("/fin_voice", "calls", since="2.15")


class FinVoice(Resource):
    """Calls that were registered with Fin Voice."""

    REGISTER = API.post("/register", FinVoiceCall, "registerfinvoicecall", body=NewVoiceCall)
    GET = API.get("/collect/{id}", FinVoiceCall, "collectfinvoicecallbyid")
    FIND_BY_EXTERNAL_ID = API.get(
        "/external_id/{external_id}", FinVoiceCall, "collectfinvoicecallbyexternalid"
    )
    FIND_BY_PHONE_NUMBER = API.get(
        "/phone_number/{phone_number}", FinVoiceCall, "collectfinvoicecallbyphonenumber"
    )
    FIND_BY_CONVERSATION = API.get(
        "/conversation/{conversation_id}",
        list[FinVoiceCall],
        "collectfinvoicecallsbyconversationid",
    )

    async def register(self, **fields: Unpack[NewVoiceCall]) -> FinVoiceCall:
        """Announce a call of another telephone system to Fin and return it."""
        return await self._send(self.REGISTER, fields=given(**fields))

    async def get(self, call_id: Id) -> FinVoiceCall:
        """Return a call by the id that `register` gave it."""
        return await self._send(self.GET, call_id)

    async def find_by_external_id(self, external_id: Id) -> FinVoiceCall:
        """Return a call by the other system's id."""
        return await self._send(self.FIND_BY_EXTERNAL_ID, external_id)

    async def find_by_phone_number(self, phone_number: str) -> FinVoiceCall:
        """Return the last call from a number."""
        return await self._send(self.FIND_BY_PHONE_NUMBER, phone_number)

    async def find_by_conversation(self, conversation_id: Id) -> list[FinVoiceCall]:
        """Return all calls that belong to a conversation."""
        return await self._send(self.FIND_BY_CONVERSATION, conversation_id)
