"""Companies that contacts belong to."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from intercom_async.models import (
    Company,
    Contact,
    DeletedObject,
    FoundCompany,
    Note,
    Page,
    Segment,
)
from intercom_async.operation import Call, Operation, Paging
from intercom_async.pager import Pager
from intercom_async.scroll import CompanyPager

from .base import Id, Moment, Order, Resource, check_per_page
from .values import noting


class CompanyChanges(TypedDict, total=False):
    """What can be changed of a company by Intercom's id; a key left out keeps its value."""

    name: str
    plan: str
    size: int
    """People in the company."""
    website: str
    industry: str
    monthly_spend: int
    """Whole units of your currency; fractions are cut off."""
    custom_attributes: dict[str, Any]
    """Attributes must be defined before they are used."""


class CompanyFields(CompanyChanges, total=False):
    """Writable fields of a company; a key left out keeps its value."""

    company_id: str
    """Your own key; a company that has it is changed, else one is created."""
    remote_created_at: Moment
    """When the company was created in your system."""
    update_last_request_at: bool
    """Whether it counts as seen now."""


class Companies(Resource):
    """Companies, with your key (`company_id`) and Intercom's (`id`).

    A company that no contact is attached to is in no list.
    """

    FIND = Operation("GET", "/companies", Page[Company], paging=Paging.PAGE)
    CREATE = Operation("POST", "/companies", Company, body=CompanyFields, repeat="idempotent")
    GET = Operation("GET", "/companies/{company_id}", Company, reserved=("scroll",))
    UPDATE = Operation("PUT", "/companies/{company_id}", Company, body=CompanyChanges, updates=True)
    DELETE = Operation("DELETE", "/companies/{company_id}", DeletedObject)
    CONTACTS = Operation(
        "GET", "/companies/{company_id}/contacts", Page[Contact], paging=Paging.CURSOR_QUERY
    )
    SEGMENTS = Operation("GET", "/companies/{company_id}/segments", Page[Segment])
    NOTES = Operation(
        "GET", "/companies/{company_id}/notes", Page[Note], paging=Paging.PAGE, since="2.15"
    )
    CREATE_NOTE = Operation("POST", "/companies/{company_id}/notes", Note, since="2.16")
    LIST = Operation("POST", "/companies/list", Page[Company], repeat="safe", paging=Paging.PAGE)
    # Unsafe: the page of an answer that is lost cannot be asked for again.
    SCROLL = Operation(
        "GET",
        "/companies/scroll",
        Page[Company],
        repeat="unsafe",
        paging=Paging.SCROLL,
        kind="scroll",
    )

    def find(
        self,
        *,
        tag_id: Id | None = None,
        segment_id: Id | None = None,
        per_page: int | None = None,
    ) -> Pager[Company]:
        """List the companies that have a tag or are in a segment, at most 60 a page.

        Without either it lists all, with a token that may only read; `list` needs one that writes.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/retrievecompany
        """
        query = {
            "tag_id": tag_id,
            "segment_id": segment_id,
            "per_page": check_per_page(per_page),
        }
        return self._list(self.FIND, query=query)

    async def find_by_company_id(self, company_id: Id) -> Company | None:
        """Return one company by your own key; None if the answer is an empty list.

        Raises:
            NotFoundError: There is none.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/retrievecompany
        """
        return await self._find_one("company_id", str(company_id))

    async def find_by_name(self, name: str) -> Company | None:
        """Return one company by name; None if the answer is an empty list.

        Raises:
            NotFoundError: There is none.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/retrievecompany
        """
        return await self._find_one("name", name)

    async def create(self, **fields: Unpack[CompanyFields]) -> Company:
        """Create a company, or change the one that has this `company_id`, and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/createorupdatecompany
        """
        return await self._send(self.CREATE, fields=fields)

    async def get(self, company_id: Id) -> Company:
        """Return one company by Intercom's id.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/retrieveacompanybyid
        """
        return await self._send(self.GET, company_id=company_id)

    async def update(self, company_id: Id, **fields: Unpack[CompanyChanges]) -> Company:
        """Change the given fields of a company, by Intercom's id, and return the whole of it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/updatecompany
        """
        return await self._send(self.UPDATE, fields=fields, company_id=company_id)

    async def delete(self, company_id: Id) -> DeletedObject:
        """Archive a company, by Intercom's id, and take its contacts out of it; they stay.

        This goes on after the answer. Whatever feeds companies into Intercom may create it anew.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/deletecompany
        """
        return await self._send(self.DELETE, company_id=company_id)

    def contacts(self, company_id: Id, *, per_page: int | None = None) -> Pager[Contact]:
        """List the contacts of a company, by Intercom's id.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/listattachedcontacts
        """
        query = {"per_page": check_per_page(per_page)}
        return self._list(self.CONTACTS, query=query, company_id=company_id)

    def segments(self, company_id: Id) -> Pager[Segment]:
        """List the segments a company is in; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/listattachedsegmentsforcompanies
        """
        return self._list(self.SEGMENTS, company_id=company_id)

    def notes(self, company_id: Id, *, per_page: int | None = None) -> Pager[Note]:
        """List the notes on a company, by Intercom's id.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/listcompanynotes
        """
        query = {"per_page": check_per_page(per_page)}
        return self._list(self.NOTES, query=query, company_id=company_id)

    async def create_note(self, company_id: Id, *, body: str, admin_id: Id | None = None) -> Note:
        """Write a note on a company, in the name of `admin_id` if given, and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/createcompanynote
        """
        json = noting(body, admin_id)
        return await self._send(self.CREATE_NOTE, json=json, company_id=company_id)

    def list(self, *, order: Order | None = None, per_page: int | None = None) -> Pager[Company]:
        """List all companies that have people, however many.

        The API lists no more than 10,000 by pages: beyond that, this goes on by `scroll`.

        Args:
            order: By the last request of its people; the latest first if left out.
            per_page: At most 60; 15 if left out.

        Raises:
            BadRequestError: `per_page` is above 60.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/listallcompanies
        """
        query = {"order": order, "per_page": check_per_page(per_page)}
        return self._by_pages_or_scroll(self.LIST.at(query=query))

    def scroll(self) -> Pager[Company]:
        """List all companies that have people, 100 a page, in no order that means anything.

        An app has one scroll at a time, and loses it after a minute: it is read ahead, waits for
        one that is open elsewhere, and is begun anew when lost. It has no checkpoints.

        Raises:
            BadRequestError: Another scroll stayed open for two minutes (`scroll_exists`).

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/scrolloverallcompanies
        """
        return self._by_pages_or_scroll(self.SCROLL.at())

    def _by_pages_or_scroll(self, call: Call[Page[Company]]) -> Pager[Company]:
        turn = self._sender.turn
        return CompanyPager(
            self._fetch, call, scroll=self.SCROLL.at(), turn=lambda: turn("companies scroll")
        )

    async def _find_one(self, key: str, value: str) -> Company | None:
        call = self.FIND.at(query={key: value}).into(FoundCompany)
        found = await self._fetch(call)
        return found if found.id else next(iter(found.data), None)
