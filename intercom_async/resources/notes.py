"""Notes on contacts and companies; written and listed at `contacts` and `companies`."""

from __future__ import annotations

from intercom_async.models import Note

from .base import Id, Resource, Rows

API = Rows("/notes", "notes")


class Notes(Resource):
    """Notes, by their own ids."""

    GET = API.get("/{note_id}", Note, "retrievenote")

    async def get(self, note_id: Id) -> Note:
        """Return one note."""
        return await self._send(self.GET, note_id)
