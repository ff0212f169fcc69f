"""Jobs: work that goes on after the answer."""

from __future__ import annotations

from intercom_async.jobs import wait_for
from intercom_async.models import Job
from intercom_async.operation import Operation

from .base import Id, Resource


class Jobs(Resource):
    """Jobs, such as the one that creates a ticket."""

    GET = Operation("GET", "/jobs/status/{job_id}", Job)

    async def get(self, job_id: Id) -> Job:
        """Return a job and how far it is: ``pending``, ``success`` or ``failed``.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/jobs/jobsstatus
        """
        return await self._send(self.GET, job_id=job_id)

    async def wait(self, job_id: Id, *, timeout_s: float | None = None) -> Job:
        """Wait until a job has done its work and return it; `resource_id` says what it made.

        Args:
            timeout_s: How long to wait; None waits as long as it takes.

        Raises:
            JobError: The job failed.
            DeadlineError: It was not done in time; it goes on.
        """
        return await wait_for(
            lambda: self.get(job_id),
            done=("success", "completed"),
            name="the job",
            timeout_s=timeout_s,
        )
