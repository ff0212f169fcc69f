"""Segments: contacts or companies grouped by rules."""

from __future__ import annotations

from intercom_async.models import Segment, SegmentPage
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource


class Segments(Resource):
    """Segments; to know who is in one, ask `contacts.segments` or `companies.find`."""

    LIST = Operation("GET", "/segments", SegmentPage[Segment])
    GET = Operation("GET", "/segments/{segment_id}", Segment)

    def list(self, *, include_count: bool | None = None) -> Pager[Segment]:
        """List all segments, if asked with how many are in each; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/segments/listsegments
        """
        return self._list(self.LIST, query={"include_count": include_count})

    async def get(self, segment_id: Id) -> Segment:
        """Return one segment.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/segments/retrievesegment
        """
        return await self._send(self.GET, segment_id=segment_id)
