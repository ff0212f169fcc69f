"""Writes of many companies."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Literal, Unpack, overload

from intercom_async.fields import BulkCompany, CompanyFields
from intercom_async.models import BulkJob, Company
from intercom_async.request.operation import Operation
from intercom_async.workflows.bulk import BulkOptions, BulkRun
from intercom_async.workflows.concurrency import Source
from ._bulk_creation import BulkCreation
from ._request_bodies import bulk_item


class CompanyWrites(BulkCreation):
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
            in_jobs: Whether jobs of Preview write them, 100 a request; of items that a job refuses
                `Contacts.create_many` tells.
            options: As `BulkOptions` says.
        """
        check = partial(bulk_item, "companies", BulkCompany)
        return self._create_each(items, check, in_jobs=in_jobs, **options)
