"""Exports of messages that were sent, made in the background."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from intercom_async.download import Download
from intercom_async.errors import ConfigError
from intercom_async.fields import Moment
from intercom_async.jobs import begin, csv_rows, wait_for
from intercom_async.models import DataExport
from intercom_async.operation import OCTETS

from .base import Resource, Rows

NO_DATA = "no_data"
DONE = frozenset({"completed", "complete", NO_DATA})
"""The description names the second in one place and the first elsewhere."""

API = Rows("", "data-export")


class DataExports(Resource):
    """Jobs that export what was sent to whom and how they took it; one may run at a time."""

    CREATE = API.post("/export/content/data", DataExport, "createdataexport")
    GET = API.get("/export/content/data/{job_identifier}", DataExport, "getdataexport")
    CANCEL = API.ensure("/export/cancel/{job_identifier}", DataExport, "canceldataexport")
    DOWNLOAD = API.get(
        "/download/content/data/{job_identifier}", bytes, "downloaddataexport", accept=OCTETS
    )

    async def create(self, *, created_at_after: Moment, created_at_before: Moment) -> DataExport:
        """Begin an export of what was sent between two moments, both included, and return its job.

        Raises:
            RateLimitedError: Another export runs; waiting for the next window does not help.
        """
        json = {"created_at_after": created_at_after, "created_at_before": created_at_before}
        return await self._send(self.CREATE, json=json)

    async def get(self, job_identifier: str) -> DataExport:
        """Return an export's job and how far it is; once completed it is kept for two days."""
        return await self._send(self.GET, job_identifier)

    async def cancel(self, job_identifier: str) -> DataExport:
        """Give an export up and return its job."""
        return await self._send(self.CANCEL, job_identifier)

    def download(self, job_identifier: str) -> Download:
        """Fetch what an export made, as gzipped CSV: ``async with …download(id) as stream``."""
        return self._download(self.DOWNLOAD, job_identifier)

    async def wait(self, job_identifier: str, *, timeout_s: float | None = None) -> DataExport:
        """Wait until an export is made, or has found nothing (``no_data``), and return its job.

        Raises:
            JobError: The export failed or was given up.
            DeadlineError: It was not done within `timeout_s` seconds; it goes on.
        """
        return await wait_for(
            lambda: self.get(job_identifier), done=DONE, name="the export", timeout_s=timeout_s
        )

    async def rows(
        self,
        *,
        created_at_after: Moment | None = None,
        created_at_before: Moment | None = None,
        job_identifier: str | None = None,
        busy_s: float | None = None,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[dict[str, str], None]:
        """Export what was sent between two moments, and give it row by row, by column.

        Args:
            created_at_after: From when on, inclusive,
            created_at_before: until when, inclusive;
            job_identifier: or an export that was begun before, perhaps by another process.
            busy_s: How long to wait for another export that is in the way.
            timeout_s: How long to wait for the export to be made.

        Raises:
            ConfigError: Neither two moments nor a job is given.
            RateLimitedError: Another export is in the way.
            JobError: The export failed or was given up.
        """
        if job_identifier is None:
            after, before = created_at_after, created_at_before
            if after is None or before is None:
                raise ConfigError("give created_at_after and created_at_before, or a job")
            job = await begin(
                lambda: self.create(created_at_after=after, created_at_before=before), busy_s=busy_s
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
