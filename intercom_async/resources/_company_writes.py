"""Writes of many companies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Literal, Protocol, Unpack, cast, overload

from intercom_async.codec import encode
from intercom_async.fields import BulkCompany, CompanyFields
from intercom_async.models import BulkJob, Company
from intercom_async.request.operation import Operation
from intercom_async.workflows.bulk import BulkOptions, BulkRun
from intercom_async.workflows.concurrency import Source
from ._base import Resource, fill
from ._request_bodies import bulk_item
from ._validation import check_dict


class _Calls(Protocol):
    """The methods of `Companies` that begin and read jobs."""

    @property
    def bulk_create(self) -> Callable[[Any], Awaitable[BulkJob]]:
        """Let a job create companies."""
        ...

    @property
    def get_bulk_job(self) -> Callable[[Any], Awaitable[BulkJob]]:
        """Return a job."""
        ...


class CompanyWrites(Resource):
    """What `Companies` does beside single calls; the endpoints are those of `Companies`."""

    CREATE: ClassVar[Operation[Company]]

    @overload
    def upsert_many(
        self, items: Source[BulkCompany], *, in_jobs: Literal[True], **options: Unpack[BulkOptions]
    ) -> BulkRun[BulkCompany, BulkJob]: ...
    @overload
    def upsert_many(
        self,
        items: Source[CompanyFields],
        *,
        in_jobs: Literal[False] = False,
        **options: Unpack[BulkOptions],
    ) -> BulkRun[CompanyFields, Company]: ...
    def upsert_many(
        self, items: Source[Any], *, in_jobs: bool = False, **options: Unpack[BulkOptions]
    ) -> BulkRun[Any, Any]:
        """Create companies, or change those that have the `company_id`, with a result for each.

        Args:
            items: The fields of each.
            in_jobs: Whether jobs of Preview write them, 100 a request. A job does not say which
                items it refused, so all items of such a request fail, though some were written.
            options: As `BulkOptions` says.
        """
        if not in_jobs:
            return self._many(
                items,
                lambda item: self._send(self.CREATE, fields=item),
                self._check_create,
                **options,
            )
        calls = cast("_Calls", self)
        check = partial(bulk_item, "companies", BulkCompany)
        return self._many_in_jobs(items, calls.bulk_create, calls.get_bulk_job, check, **options)

    def _check_create(self, item: Mapping[str, Any]) -> None:
        encode(fill(self.CREATE, (), {}, check_dict("an item", item)).json)
