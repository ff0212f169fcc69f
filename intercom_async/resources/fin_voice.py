"""Telephone calls that Fin answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from intercom_async.models import FinVoiceCall
from intercom_async.operation import Operation

from .base import Id, Resource
from .values import given


class FinVoice(Resource):
    """Calls that were registered with Fin Voice."""

    REGISTER = Operation("POST", "/fin_voice/register", FinVoiceCall, since="2.15")
    GET = Operation("GET", "/fin_voice/collect/{id}", FinVoiceCall, since="2.15")
    FIND_BY_EXTERNAL_ID = Operation(
        "GET", "/fin_voice/external_id/{external_id}", FinVoiceCall, since="2.15"
    )
    FIND_BY_PHONE_NUMBER = Operation(
        "GET", "/fin_voice/phone_number/{phone_number}", FinVoiceCall, since="2.15"
    )
    FIND_BY_CONVERSATION = Operation(
        "GET", "/fin_voice/conversation/{conversation_id}", list[FinVoiceCall], since="2.15"
    )

    async def register(
        self,
        *,
        phone_number: str,
        call_id: str,
        source: Literal["five9", "zoom_phone", "aws_connect"] | str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> FinVoiceCall:
        """Announce a call of another telephone system to Fin and return it.

        Args:
            phone_number: Who calls, in E.164 form, such as ``+353871234567``.
            call_id: The other system's id of the call.
            source: That system; ``aws_connect`` if left out.
            data: What else there is to know.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/registerfinvoicecall
        """
        optional = given(source=source, data=data)
        json = {"phone_number": phone_number, "call_id": call_id, **optional}
        return await self._send(self.REGISTER, json=json)

    async def get(self, call_id: Id) -> FinVoiceCall:
        """Return a call by the id that `register` gave it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/collectfinvoicecallbyid
        """
        return await self._send(self.GET, id=call_id)

    async def find_by_external_id(self, external_id: Id) -> FinVoiceCall:
        """Return a call by the other system's id.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/collectfinvoicecallbyexternalid
        """
        return await self._send(self.FIND_BY_EXTERNAL_ID, external_id=external_id)

    async def find_by_phone_number(self, phone_number: str) -> FinVoiceCall:
        """Return the last call from a number.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/collectfinvoicecallbyphonenumber
        """
        return await self._send(self.FIND_BY_PHONE_NUMBER, phone_number=phone_number)

    async def find_by_conversation(self, conversation_id: Id) -> list[FinVoiceCall]:
        """Return all calls that belong to a conversation.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/collectfinvoicecallsbyconversationid
        """
        return await self._send(self.FIND_BY_CONVERSATION, conversation_id=conversation_id)
