"""Segments: contacts or companies grouped by rules."""

from __future__ import annotations

from intercom_async.models import Segment, SegmentPage

from .base import Id, Pager, Resource, Rows

API = Rows("/segments", "segments")


class Segments(Resource):
    """Segments; to know who is in one, ask `contacts.segments` or `companies.find`."""

    LIST = API.get("", SegmentPage[Segment], "listsegments")
    GET = API.get("/{segment_id}", Segment, "retrievesegment")

    def list(self, *, include_count: bool | None = None) -> Pager[Segment]:
        """List all segments, if asked with how many are in each; one answer holds them all."""
        return self._list(self.LIST, include_count=include_count)

    async def get(self, segment_id: Id) -> Segment:
        """Return one segment."""
        return await self._send(self.GET, segment_id)
