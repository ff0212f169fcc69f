"""Jobs and exports, which continue after the response."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Unpack

from intercom_async.config import check_seconds
from intercom_async.errors import ConfigError
from intercom_async.fields import Moment, ReportingQuery
from intercom_async.models import DataExport, Dataset, Job, ReportingExport
from intercom_async.request.operation import OCTETS
from intercom_async.workflows.csv_rows import csv_rows
from intercom_async.workflows.download import Download
from intercom_async.workflows.polling import create_when_free, wait_for
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._validation import needed

API = EndpointBuilder("/jobs", "jobs")
DATA = EndpointBuilder("", "data-export")
REPORTS = EndpointBuilder("/export/reporting_data", "reporting-data-export")  # which has no pages

NO_DATA = "no_data"
DONE = frozenset({"success", "completed", "complete", NO_DATA})
"""Exports end as the second or third: descriptions and answers differ."""


class Jobs(Resource):
    """Background jobs, such as the creation of a ticket."""

    GET = API.get("/status/{job_id}", Job, "jobsstatus")

    async def get(self, job_id: Id) -> Job:
        """Return a job and how far it is: ``pending``, ``success`` or ``failed``."""
        return await self._send(self.GET, job_id)

    async def wait(self, job_id: Id, *, timeout_s: float | None = None) -> Job:
        """Wait until a job has done its work and return it; `resource_id` says what it made.

        Raises:
            JobError: The job failed.
            DeadlineError: It was not done within `timeout_s` seconds; it goes on.
        """
        return await wait_for(
            partial(self.get, job_id), DONE, "the job", timeout_s=timeout_s, pause=self._pause
        )


class DataExports(Resource):
    """Jobs that export message data; only one may run concurrently."""

    CREATE = DATA.post("/export/content/data", DataExport, "createdataexport")
    GET = DATA.get("/export/content/data/{job_identifier}", DataExport, "getdataexport")
    CANCEL = DATA.idempotent_post("/export/cancel/{job_identifier}", DataExport, "canceldataexport")
    DOWNLOAD = DATA.get(
        "/download/content/data/{job_identifier}", bytes, "downloaddataexport", accept=OCTETS
    )

    async def create(self, *, created_at_after: Moment, created_at_before: Moment) -> DataExport:
        """Begin an export of what was sent between two moments, both included, and return its job.

        Raises:
            RateLimitedError: Another export runs; waiting for the next window does not help.
        """
        json = needed(created_at_after=created_at_after, created_at_before=created_at_before)
        return await self._send(self.CREATE, json=json)

    async def get(self, job_identifier: str) -> DataExport:
        """Return an export's job and how far it is; once completed it is kept for two days."""
        return await self._send(self.GET, job_identifier)

    async def cancel(self, job_identifier: str) -> DataExport:
        """Cancel an export and return its job."""
        return await self._send(self.CANCEL, job_identifier)

    def download(self, job_identifier: str) -> Download:
        """Download an export as gzipped CSV: ``async with …download(id) as stream``."""
        return self._download(self.DOWNLOAD, job_identifier)

    async def wait(self, job_identifier: str, *, timeout_s: float | None = None) -> DataExport:
        """Wait until an export is made, or has found nothing (``no_data``), and return its job.

        Raises:
            JobError: The export failed or was cancelled.
            DeadlineError: It was not done within `timeout_s` seconds; it goes on.
        """
        poll = partial(self.get, job_identifier)
        return await wait_for(poll, DONE, "the export", timeout_s=timeout_s, pause=self._pause)

    async def rows(
        self,
        *,
        created_at_after: Moment | None = None,
        created_at_before: Moment | None = None,
        job_identifier: str | None = None,
        busy_s: float | None = None,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[dict[str, str], None]:
        """Export what was sent between two moments, and yield it row by row, by column name.

        Args:
            created_at_after: Beginning of the span, inclusive; needed unless a job is named.
            created_at_before: End of the span, inclusive; needed unless a job is named.
            job_identifier: An export that was begun earlier, by any process.
            busy_s: How long to wait for another export that is in the way.
            timeout_s: How long to wait for the export to be made.

        Raises:
            ConfigError: Neither two moments nor a job is given.
            RateLimitedError: Another export is in the way.
            JobError: The export failed or was cancelled.
        """
        check_seconds("timeout_s", timeout_s)
        check_seconds("busy_s", busy_s)
        if job_identifier is None:
            after, before = created_at_after, created_at_before
            if after is None or before is None:
                raise ConfigError("give created_at_after and created_at_before, or a job")
            job = await create_when_free(
                lambda: self.create(created_at_after=after, created_at_before=before),
                busy_s=busy_s,
                pause=self._pause,
            )
            job_identifier = str(job.job_identifier)
        job = await self.wait(job_identifier, timeout_s=timeout_s)
        if job.status == NO_DATA:
            return
        async with (
            self.download(job_identifier) as stream,
            aclosing(csv_rows(stream.unzipped())) as rows,
        ):
            async for row in rows:
                yield row
                del row  # As in `csv_rows`.


class ReportingExports(Resource):
    """Jobs that export reporting data; at most five may be pending."""

    ENQUEUE = REPORTS.post("/enqueue", ReportingExport, "", body=ReportingQuery)
    GET = REPORTS.get("/{job_identifier}", ReportingExport, "", reserved=("get_datasets",))
    LIST_DATASETS = REPORTS.get("/get_datasets", Page[Dataset], "")
    DOWNLOAD = DATA.get("/download/reporting_data/{job_identifier}", bytes, "", accept=OCTETS)

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
        """List the datasets that can be exported, with all columns, in one answer."""
        return self._list(self.LIST_DATASETS)

    def download(self, job_identifier: str, *, app_id: Id | None = None) -> Download:
        """Download an export: ``async with …download(id) as stream``."""
        return self._download(self.DOWNLOAD, job_identifier, app_id=app_id)

    async def wait(self, job_identifier: str, *, timeout_s: float | None = None) -> ReportingExport:
        """Wait until an export is made and return its job.

        Raises:
            JobError: The export failed.
            DeadlineError: It was not done within `timeout_s` seconds; it goes on.
        """
        poll = partial(self.get, job_identifier)
        return await wait_for(poll, DONE, "the export", timeout_s=timeout_s, pause=self._pause)
