"""Companies that contacts belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from intercom_async.fields import (
    BulkCompany,
    BulkCompanyChanges,
    CompanyChanges,
    CompanyFields,
    Order,
    SearchOptions,
)
from intercom_async.models import (
    BulkJob,
    Company,
    Contact,
    DeletedObject,
    FoundCompany,
    Note,
    Segment,
)
from intercom_async.pagination.company_scroll import CompanyPager
from intercom_async.query import Predicate, Query
from intercom_async.request.operation import Call, Paging
from ._base import EndpointBuilder, Id, Page, Pager, fill, sends
from ._company_writes import CompanyWrites
from ._request_bodies import bulk_body, bulk_keys
from ._validation import given, needed, to_id, to_ids

API = EndpointBuilder("/companies", "companies")
ONE = EndpointBuilder("/companies/{company_id}", "companies", reserved=("bulk",))
PREVIEW = API.since("Preview")


class Companies(CompanyWrites):
    """Companies, by Intercom's `id` unless a method says `company_id`, which is your own key.

    A company that no contact is attached to is in no list.
    """

    SEARCH = PREVIEW.search("/search", Page[Company], "searchcompanies", body=SearchOptions)
    BULK_CREATE = PREVIEW.post("/bulk", BulkJob, "bulkcreatecompanies")
    BULK_UPDATE = PREVIEW.put("/bulk", BulkJob, "bulkupdatecompanies")
    BULK_DELETE = PREVIEW.idempotent_post("/bulk/delete", BulkJob, "bulkdeletecompanies")
    GET_BULK_JOB = PREVIEW.get("/bulk/{id}", BulkJob, "showbulkcompaniesjob")
    FIND = API.pages("", Page[Company], "retrievecompany")
    CREATE = API.idempotent_post("", Company, "createorupdatecompany", body=CompanyFields)
    GET = API.get("/{company_id}", Company, "retrieveacompanybyid", reserved=("scroll",))
    UPDATE = API.update(
        "/{company_id}", Company, "updatecompany", body=CompanyChanges, reserved=("bulk",)
    )
    DELETE = API.delete("/{company_id}", DeletedObject, "deletecompany")
    CONTACTS = ONE.cursor("/contacts", Page[Contact], "listattachedcontacts")
    SEGMENTS = ONE.get("/segments", Page[Segment], "listattachedsegmentsforcompanies")
    NOTES = ONE.since("2.15").pages("/notes", Page[Note], "listcompanynotes")
    CREATE_NOTE = ONE.since("2.16").post("/notes", Note, "createcompanynote")
    LIST = API.post("/list", Page[Company], "listallcompanies", repeat="safe", paging=Paging.PAGE)
    # Unsafe: the page of an answer that is lost cannot be asked for again.
    SCROLL = API.get(
        "/scroll",
        Page[Company],
        "scrolloverallcompanies",
        repeat="unsafe",
        paging=Paging.SCROLL,
        kind="scroll",
    )

    def search(self, query: Predicate | Query, **options: Unpack[SearchOptions]) -> Pager[Company]:
        """List the companies that match a query; without `per_page` 15 a page."""
        return self._search(self.SEARCH, query, options)

    async def bulk_create(
        self, companies: Sequence[BulkCompany], *, job_id: Id | None = None
    ) -> BulkJob:
        """Create or update up to 100 companies, by `company_id`, in a background job."""
        body = bulk_body("companies", BulkCompany, companies, job_id)
        return await self._send(self.BULK_CREATE, json=body)

    async def bulk_update(
        self, companies: Sequence[BulkCompanyChanges], *, job_id: Id | None = None
    ) -> BulkJob:
        """Update up to 100 companies, by Intercom's ids, in a background job."""
        body = bulk_body("companies", BulkCompanyChanges, companies, job_id)
        return await self._send(self.BULK_UPDATE, json=body)

    async def bulk_delete(self, company_ids: Sequence[Id], *, job_id: Id | None = None) -> BulkJob:
        """Delete up to 100 companies in a background job."""
        body = bulk_keys("companies", "company_ids", company_ids, job_id)
        return await self._send(self.BULK_DELETE, json=body)

    async def get_bulk_job(self, job_id: Id) -> BulkJob:
        """Return a job and how far it is."""
        return await self._send(self.GET_BULK_JOB, job_id)

    def find(
        self, *, tag_id: Id | None = None, segment_id: Id | None = None, per_page: int | None = None
    ) -> Pager[Company]:
        """List the companies that have a tag or are in a segment, at most 60 a page.

        Without either it lists all, with a token that may only read; `list` needs one that writes.
        """
        return self._list(self.FIND, tag_id=tag_id, segment_id=segment_id, per_page=per_page)

    @sends(FIND)
    async def find_by_company_id(self, company_id: Id) -> Company | None:
        """Return one company by your own key; if there is none, None or `NotFoundError`."""
        return await self._find_one(company_id=to_id("company_id", company_id))

    @sends(FIND)
    async def find_by_name(self, name: str) -> Company | None:
        """Return one company by name; if there is none, None or `NotFoundError`."""
        return await self._find_one(**needed(name=name))

    async def create(self, **fields: Unpack[CompanyFields]) -> Company:
        """Create a company, or change the one that has this `company_id`, and return it."""
        return await self._send(self.CREATE, fields=fields)

    async def get(self, company_id: Id) -> Company:
        """Return one company."""
        return await self._send(self.GET, company_id)

    async def update(self, company_id: Id, **fields: Unpack[CompanyChanges]) -> Company:
        """Change the given fields of a company and return the whole of it."""
        return await self._send(self.UPDATE, company_id, fields=fields)

    async def delete(self, company_id: Id) -> DeletedObject:
        """Archive a company and take its contacts out of it; they stay.

        This goes on after the response. A program that feeds companies into Intercom may create it
        again.
        """
        return await self._send(self.DELETE, company_id)

    def contacts(self, company_id: Id, *, per_page: int | None = None) -> Pager[Contact]:
        """List the contacts of a company."""
        return self._list(self.CONTACTS, company_id, per_page=per_page)

    def segments(self, company_id: Id) -> Pager[Segment]:
        """List the segments a company is in; one answer holds them all."""
        return self._list(self.SEGMENTS, company_id)

    def notes(self, company_id: Id, *, per_page: int | None = None) -> Pager[Note]:
        """List the notes on a company."""
        return self._list(self.NOTES, company_id, per_page=per_page)

    async def create_note(self, company_id: Id, *, body: str, admin_id: Id | None = None) -> Note:
        """Create a note on a company, as `admin_id` if given, and return it."""
        author = to_ids(**given(admin_id=admin_id))
        return await self._send(self.CREATE_NOTE, company_id, json=author, body=body)

    def list(self, *, order: Order | None = None, per_page: int | None = None) -> Pager[Company]:
        """List all companies that have contacts, the most recently seen first.

        The API lists no more than 10,000 by pages, of 60 at most: beyond, this goes on by `scroll`.
        """
        query = {"order": order, "per_page": per_page}
        return self._by_pages_or_scroll(fill(self.LIST, (), {}, query=query))

    def scroll(self) -> Pager[Company]:
        """List all companies that have contacts, 100 a page, in no documented order.

        An app has only one open scroll, and loses it after a minute: it is read ahead, waits for
        one that is open elsewhere, and is begun again when lost. It has no checkpoints.

        Raises:
            BadRequestError: Another scroll stayed open for two minutes (`scroll_exists`).
        """
        return self._by_pages_or_scroll(self.SCROLL.at())

    def _by_pages_or_scroll(self, call: Call[Page[Company]]) -> Pager[Company]:
        return CompanyPager(
            self._fetch,
            call,
            scroll=self.SCROLL.at(),
            shared_lock=lambda: self._sender.shared_lock("companies scroll"),
            while_open=self._sender.while_open,
        )

    async def _find_one(self, **key: str) -> Company | None:
        found = await self._fetch(self.FIND.at(query=key).into(FoundCompany))
        return found if found.id else next(iter(found.data), None)
