"""Exports of messages that were sent, made in the background."""

from __future__ import annotations

from intercom_async.models import DataExport
from intercom_async.operation import Operation

from .base import Moment, Resource


class DataExports(Resource):
    """Jobs that export what was sent to whom and how they took it; one may run at a time."""

    CREATE = Operation("POST", "/export/content/data", DataExport)
    GET = Operation("GET", "/export/content/data/{job_identifier}", DataExport)
    CANCEL = Operation("POST", "/export/cancel/{job_identifier}", DataExport, repeat="idempotent")
    DOWNLOAD = Operation("GET", "/download/content/data/{job_identifier}", bytes)

    async def create(self, *, created_at_after: Moment, created_at_before: Moment) -> DataExport:
        """Begin an export of what was sent between two moments, both included, and return its job.

        Raises:
            RateLimitedError: Another export runs; waiting for the next window does not help.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-export/createdataexport
        """
        json = {"created_at_after": created_at_after, "created_at_before": created_at_before}
        return await self._send(self.CREATE, json=json)

    async def get(self, job_identifier: str) -> DataExport:
        """Return an export's job and how far it is; once completed it is kept for two days.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-export/getdataexport
        """
        return await self._send(self.GET, job_identifier=job_identifier)

    async def cancel(self, job_identifier: str) -> DataExport:
        """Give an export up and return its job.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-export/canceldataexport
        """
        return await self._send(self.CANCEL, job_identifier=job_identifier)
