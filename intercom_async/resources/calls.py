"""Telephone calls, their recordings and transcripts."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.download import Download
from intercom_async.models import Call, Page
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page


class Calls(Resource):
    """Telephone calls."""

    LIST = Operation("GET", "/calls", Page[Call], paging=Paging.PAGE)
    GET = Operation("GET", "/calls/{call_id}", Call)
    RECORDING = Operation("GET", "/calls/{call_id}/recording", bytes, accept="*/*")
    TRANSCRIPT = Operation("GET", "/calls/{call_id}/transcript", bytes, accept="text/plain")
    SEARCH = Operation("POST", "/calls/search", Page[Call], repeat="safe", kind="search")

    def list(self, *, per_page: int | None = None) -> Pager[Call]:
        """List all calls, without transcripts; 25 a page if `per_page` is left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/listcalls
        """
        return self._list(self.LIST, query={"per_page": check_per_page(per_page)})

    async def get(self, call_id: Id) -> Call:
        """Return one call.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/showcall
        """
        return await self._send(self.GET, call_id=call_id)

    def recording(self, call_id: Id) -> Download:
        """Return the download of a call's recording, to be used with ``async with``.

        The API leads to another host for it, to which the token is not sent.

        Raises:
            NotFoundError: On entering: there is none.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/showcallrecording
        """
        return self._download(self.RECORDING, call_id=call_id)

    def transcript(self, call_id: Id) -> Download:
        """Return the download of a call's transcript, plain text in UTF-8.

        Raises:
            NotFoundError: On entering: there is none.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/showcalltranscript
        """
        return self._download(self.TRANSCRIPT, call_id=call_id)

    def search(self, conversation_ids: Sequence[Id]) -> Pager[Call]:
        """List the calls of 1 to 20 conversations, with their transcripts, in one answer.

        Raises:
            BadRequestError: There are more than 20 (`conversation_id_limit_exceeded`).

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/calls/listcallswithtranscripts
        """
        json = {"conversation_ids": [str(each) for each in conversation_ids]}
        return self._list(self.SEARCH, json=json)
