"""Exports of reporting data, made in the background."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.download import Download
from intercom_async.jobs import wait_for
from intercom_async.models import Dataset, Page, ReportingExport
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Moment, Resource


class ReportingExports(Resource):
    """Jobs that export reporting data; five may be pending at a time."""

    ENQUEUE = Operation("POST", "/export/reporting_data/enqueue", ReportingExport)
    GET = Operation(
        "GET",
        "/export/reporting_data/{job_identifier}",
        ReportingExport,
        reserved=("get_datasets",),
    )
    LIST_DATASETS = Operation("GET", "/export/reporting_data/get_datasets", Page[Dataset])
    DOWNLOAD = Operation(
        "GET",
        "/download/reporting_data/{job_identifier}",
        bytes,
        accept="application/octet-stream",
    )

    async def enqueue(
        self,
        *,
        dataset_id: str,
        attribute_ids: Sequence[str],
        start_time: Moment,
        end_time: Moment,
    ) -> ReportingExport:
        """Begin an export and return its job.

        Args:
            dataset_id: One of `list_datasets`,
            attribute_ids: and the columns of it to export.
            start_time: From when on; by which of a row's times, the data set says.
            end_time: Until when.

        Raises:
            RateLimitedError: Five exports are pending; waiting for the next window does not help.
        """
        json = {
            "dataset_id": dataset_id,
            "attribute_ids": attribute_ids,
            "start_time": start_time,
            "end_time": end_time,
        }
        return await self._send(self.ENQUEUE, json=json)

    async def get(
        self, job_identifier: str, *, app_id: Id | None = None, client_id: Id | None = None
    ) -> ReportingExport:
        """Return an export's job and how far it is: ``pending``, ``complete`` or ``failed``.

        Intercom's description demands the workspace's `app_id` and the app's `client_id`, which
        the token says as well; give them should the API insist.
        """
        query = {"app_id": app_id, "client_id": client_id, "job_identifier": job_identifier}
        return await self._send(self.GET, query=query, job_identifier=job_identifier)

    def list_datasets(self) -> Pager[Dataset]:
        """List what can be exported, with all columns, in one answer."""
        return self._list(self.LIST_DATASETS)

    def download(self, job_identifier: str, *, app_id: Id | None = None) -> Download:
        """Fetch what an export made: ``async with …download(id) as stream``."""
        return self._download(
            self.DOWNLOAD, query={"app_id": app_id}, job_identifier=job_identifier
        )

    async def wait(self, job_identifier: str, *, timeout_s: float | None = None) -> ReportingExport:
        """Wait until an export is made and return its job.

        Args:
            timeout_s: How long to wait; None waits as long as it takes.

        Raises:
            JobError: The export failed.
            DeadlineError: It was not done in time; it goes on.
        """
        return await wait_for(
            lambda: self.get(job_identifier),
            done=("complete", "completed"),
            name="the reporting export",
            timeout_s=timeout_s,
        )
