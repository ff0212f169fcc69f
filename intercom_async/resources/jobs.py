"""Jobs: work that goes on after the answer."""

from __future__ import annotations

from intercom_async.jobs import wait_for
from intercom_async.models import Job

from .base import Id, Resource, Rows

API = Rows("/jobs", "jobs")


class Jobs(Resource):
    """Jobs, such as the one that creates a ticket."""

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
        done = ("success", "completed")
        return await wait_for(
            lambda: self.get(job_id), done=done, name="the job", timeout_s=timeout_s
        )
