"""Notes on contacts and companies; written and listed at `contacts` and `companies`."""

from __future__ import annotations

from intercom_async.models import Note
from intercom_async.operation import Operation

from .base import Id, Resource


class Notes(Resource):
    """Notes, by their own ids."""

    GET = Operation("GET", "/notes/{note_id}", Note)

    async def get(self, note_id: Id) -> Note:
        """Return one note.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/notes/retrievenote
        """
        return await self._send(self.GET, note_id=note_id)
