"""Exports of reporting data, made in the background."""

from __future__ import annotations

from typing import Unpack

from intercom_async.download import Download
from intercom_async.fields import ReportingQuery
from intercom_async.jobs import wait_for
from intercom_async.models import Dataset, ReportingExport
from intercom_async.operation import OCTETS

from .base import Id, Page, Pager, Resource, Rows

# The reference has no page for them.
API = Rows("", "reporting-data-export")


class ReportingExports(Resource):
    """Jobs that export reporting data; five may be pending at a time."""

    ENQUEUE = API.post("/export/reporting_data/enqueue", ReportingExport, "", body=ReportingQuery)
    GET = API.get(
        "/export/reporting_data/{job_identifier}", ReportingExport, "", reserved=("get_datasets",)
    )
    LIST_DATASETS = API.get("/export/reporting_data/get_datasets", Page[Dataset], "")
    DOWNLOAD = API.get("/download/reporting_data/{job_identifier}", bytes, "", accept=OCTETS)

    async def enqueue(self, **query: Unpack[ReportingQuery]) -> ReportingExport:
        """Begin an export and return its job.

        Raises:
            RateLimitedError: Five exports are pending; waiting for the next window does not help.
        """
        return await self._send(self.ENQUEUE, fields=query)

    async def get(
        self, job_identifier: str, *, app_id: Id | None = None, client_id: Id | None = None
    ) -> ReportingExport:
        """Return an export's job and how far it is: ``pending``, ``complete`` or ``failed``.

        Intercom's description demands the workspace's `app_id` and the app's `client_id`, which
        the token says as well; give them should the API insist.
        """
        query = {"app_id": app_id, "client_id": client_id, "job_identifier": job_identifier}
        return await self._send(self.GET, job_identifier, query=query)

    def list_datasets(self) -> Pager[Dataset]:
        """List what can be exported, with all columns, in one answer."""
        return self._list(self.LIST_DATASETS)

    def download(self, job_identifier: str, *, app_id: Id | None = None) -> Download:
        """Fetch what an export made: ``async with …download(id) as stream``."""
        return self._download(self.DOWNLOAD, job_identifier, app_id=app_id)

    async def wait(self, job_identifier: str, *, timeout_s: float | None = None) -> ReportingExport:
        """Wait until an export is made and return its job.

        Raises:
            JobError: The export failed.
            DeadlineError: It was not done within `timeout_s` seconds; it goes on.
        """
        done = ("complete", "completed")
        return await wait_for(
            lambda: self.get(job_identifier), done=done, name="the export", timeout_s=timeout_s
        )
