"""Creation of many objects of one kind: by a call each, or by jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Protocol, Unpack, cast

from intercom_async.codec import encode
from intercom_async.models import BulkJob
from intercom_async.request.operation import Operation
from intercom_async.workflows.bulk import BulkOptions, BulkRun
from intercom_async.workflows.concurrency import Source
from ._base import Resource, fill
from ._validation import check_dict


class CreationJobs(Protocol):
    """The methods of a resource that begin and read jobs."""

    @property
    def bulk_create(self) -> Callable[[Any], Awaitable[BulkJob]]:
        """Create objects in a background job."""
        ...

    @property
    def get_bulk_job(self) -> Callable[[Any], Awaitable[BulkJob]]:
        """Return a job."""
        ...


class BulkCreation(Resource):
    """A resource whose objects can be created many at once."""

    CREATE: ClassVar[Operation[Any]]

    def _create_each(
        self,
        items: Source[Any],
        check: Callable[[Any], object],
        *,
        in_jobs: bool,
        **options: Unpack[BulkOptions],
    ) -> BulkRun[Any, Any]:
        """Return a run that creates each item; `check` raises for one that no job takes."""
        if in_jobs:
            jobs = cast("CreationJobs", self)
            return self._many_in_jobs(items, jobs.bulk_create, jobs.get_bulk_job, check, **options)
        return self._many(
            items, lambda item: self._send(self.CREATE, fields=item), self._check_create, **options
        )

    def _check_create(self, item: Mapping[str, Any]) -> None:
        encode(fill(self.CREATE, (), {}, check_dict("an item", item)).json)
