"""Telephone calls, their recordings and transcripts."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.download import Download
from intercom_async.models import Call
from intercom_async.operation import Paging

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/calls", "calls")


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
        return self._list(self.SEARCH, conversation_ids=[str(each) for each in conversation_ids])
