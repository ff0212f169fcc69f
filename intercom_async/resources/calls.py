"""Telephone calls: recordings and transcripts, calls that Fin answers or that go on in writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from intercom_async.fields import NewVoiceCall
from intercom_async.models import Call, FinVoiceCall, PhoneSwitch
from intercom_async.request.operation import Paging
from intercom_async.workflows.download import Download
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._validation import given, to_id_list

API = EndpointBuilder("/calls", "calls")
VOICE = EndpointBuilder("/fin_voice", "calls", since="2.15")
PHONE_CALLS = EndpointBuilder("/phone_call_redirects", "switch")


class Calls(Resource):
    """Telephone calls; a download of what a call does not have raises `NotFoundError` on entry."""

    LIST = API.pages("", Page[Call], "listcalls")
    GET = API.get("/{call_id}", Call, "showcall")
    RECORDING = API.get("/{call_id}/recording", bytes, "showcallrecording", accept="*/*")
    TRANSCRIPT = API.get("/{call_id}/transcript", bytes, "showcalltranscript", accept="text/plain")
    SEARCH = API.search("/search", Page[Call], "listcallswithtranscripts", paging=Paging.NONE)

    def list(self, *, per_page: int | None = None) -> Pager[Call]:
        """List all calls, without transcripts; 25 a page if `per_page` is left out."""
        return self._list(self.LIST, per_page=per_page)

    async def get(self, call_id: Id) -> Call:
        """Return one call."""
        return await self._send(self.GET, call_id)

    def recording(self, call_id: Id) -> Download:
        """Return the download of a call's recording, to be used with ``async with``.

        The API leads to another host for it, to which the token is not sent.
        """
        return self._download(self.RECORDING, call_id)

    def transcript(self, call_id: Id) -> Download:
        """Return the download of a call's transcript, plain text in UTF-8."""
        return self._download(self.TRANSCRIPT, call_id)

    def search(self, conversation_ids: Sequence[Id]) -> Pager[Call]:
        """List the calls of 1 to 20 conversations, with their transcripts, in one answer."""
        ids = to_id_list("conversation_ids", conversation_ids, least=1, most=20)
        return self._list(self.SEARCH, conversation_ids=ids)


class FinVoice(Resource):
    """Calls that were registered with Fin Voice."""

    REGISTER = VOICE.post("/register", FinVoiceCall, "registerfinvoicecall", body=NewVoiceCall)
    GET = VOICE.get("/collect/{id}", FinVoiceCall, "collectfinvoicecallbyid")
    FIND_BY_EXTERNAL_ID = VOICE.get(
        "/external_id/{external_id}", FinVoiceCall, "collectfinvoicecallbyexternalid"
    )
    FIND_BY_PHONE_NUMBER = VOICE.get(
        "/phone_number/{phone_number}", FinVoiceCall, "collectfinvoicecallbyphonenumber"
    )
    FIND_BY_CONVERSATION = VOICE.get(
        "/conversation/{conversation_id}",
        list[FinVoiceCall],
        "collectfinvoicecallsbyconversationid",
    )

    async def register(self, **fields: Unpack[NewVoiceCall]) -> FinVoiceCall:
        """Register a call of another telephone system with Fin and return it."""
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


class PhoneCalls(Resource):
    """Calls that go on in the messenger."""

    REDIRECT = PHONE_CALLS.post("", PhoneSwitch, "createphoneswitch")

    async def redirect(
        self, *, phone: str, custom_attributes: Mapping[str, Any] | None = None
    ) -> PhoneSwitch:
        """Send a text message that leads to the messenger, and return where it leads.

        Args:
            phone: To whom, in E.164 form, such as ``+353871234567``.
            custom_attributes: What the contact is to have.

        Raises:
            BadRequestError: The text message was not sent; the body says why in `error_key`.
        """
        return await self._send(self.REDIRECT, phone=phone, custom_attributes=custom_attributes)
