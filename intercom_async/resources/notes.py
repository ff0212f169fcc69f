"""Notes on contacts and companies; written and listed at `contacts` and `companies`."""

from __future__ import annotations

from intercom_async.fields import Id
from intercom_async.models import Note

from .base import Resource
from .rows import Rows

api = Rows("/notes", "notes")


class Notes(Resource):
    """Notes, by their own ids."""

    GET = api.get("/{note_id}", Note, "retrievenote")

    async def get(self, note_id: Id) -> Note:
        """Return one note."""
        return await self._send(self.GET, note_id=note_id)
