"""Contacts (users and leads) and what is attached to them; visitors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Unpack

from intercom_async.config import check_seconds
from intercom_async.errors import GoneError
from intercom_async.fields import (
    BulkContact,
    BulkContactChanges,
    ConsentType,
    ContactChanges,
    ContactFields,
    ContactReading,
    ContactSearch,
    Conversion,
    MergeFields,
    Order,
    VisitorChanges,
)
from intercom_async.models import (
    BulkJob,
    Company,
    Contact,
    ContactActivity,
    ContactMerge,
    ContactStatus,
    DeletedContact,
    MergePreview,
    Note,
    Segment,
    SubscriptionType,
    Tag,
    Visitor,
)
from intercom_async.query import Predicate, Query
from intercom_async.request.operation import Operation, Paging
from ._base import EndpointBuilder, Id, Page, Pager, Resource, fill
from ._contact_writes import MAX_MERGES, ContactWrites
from ._request_bodies import bulk_body, bulk_keys, person_key, split_query
from ._validation import given, needed, take_one, to_id, to_ids

API = EndpointBuilder("/contacts", "contacts")
ONE = EndpointBuilder(
    "/contacts/{contact_id}", "contacts", reserved=("bulk", "find_by_external_id")
)
PREVIEW = API.since("Preview")
ONE_NOTE = EndpointBuilder("/notes", "notes")
VISITORS = EndpointBuilder("/visitors", "visitors")


class Contacts(ContactWrites):
    """Users and leads.

    From version 2.16 on `include_merge_history` adds the contacts that were merged into each. A
    contact that was merged into another raises `GoneError`, whose `canonical_id` names that one.
    Lists of tags, notes and companies are whole here: those inside a contact end after ten.
    """

    COMPANIES = ONE.pages("/companies", Page[Company], "listcompaniesforacontact")
    ATTACH_COMPANY = ONE.idempotent_post("/companies", Company, "companies/attachcontacttoacompany")
    DETACH_COMPANY = ONE.delete(
        "/companies/{company_id}", Company, "companies/detachcontactfromacompany"
    )
    NOTES = ONE.pages("/notes", Page[Note], "notes/listnotes")
    CREATE_NOTE = ONE.post("/notes", Note, "notes/createnote")
    SEGMENTS = ONE.get("/segments", Page[Segment], "listsegmentsforacontact")
    SUBSCRIPTIONS = ONE.get(
        "/subscriptions", Page[SubscriptionType], "listsubscriptionsforacontact"
    )
    ATTACH_SUBSCRIPTION = ONE.idempotent_post(
        "/subscriptions", SubscriptionType, "subscription-types/attachsubscriptiontypetocontact"
    )
    DETACH_SUBSCRIPTION = ONE.delete(
        "/subscriptions/{subscription_id}",
        SubscriptionType,
        "subscription-types/detachsubscriptiontypetocontact",
    )
    TAGS = ONE.get("/tags", Page[Tag], "listtagsforacontact")
    ATTACH_TAG = ONE.idempotent_post("/tags", Tag, "tags/attachtagtocontact")
    DETACH_TAG = ONE.delete("/tags/{tag_id}", Tag, "tags/detachtagfromcontact")
    UPDATE = API.update(
        "/{contact_id}", Contact, "updatecontact", body=ContactChanges, reserved=("bulk",)
    )
    GET = API.get(
        "/{contact_id}",
        Contact,
        "showcontact",
        body=ContactReading,
        reserved=("activities", "deleted"),
    )
    DELETE = API.delete("/{contact_id}", ContactStatus, "deletecontact")
    MERGE = API.post("/merge", Contact, "mergecontact", body=MergeFields)
    PREVIEW_MERGE = PREVIEW.post(
        "/merge/preview", MergePreview, "previewmergecontact", repeat="safe"
    )
    ACTIVITIES = PREVIEW.cursor("/activities", Page[ContactActivity], "listcontactactivities")
    BULK_CREATE = PREVIEW.post("/bulk", BulkJob, "bulkcreatecontacts")
    BULK_UPDATE = PREVIEW.put("/bulk", BulkJob, "bulkupdatecontacts")
    BULK_DELETE = PREVIEW.idempotent_post("/bulk/delete", BulkJob, "bulkdeletecontacts")
    GET_BULK_JOB = PREVIEW.get("/bulk/{id}", BulkJob, "showbulkupdatecontactsjob")
    SEARCH = API.search("/search", Page[Contact], "searchcontacts", body=ContactSearch)
    LIST = API.cursor("", Page[Contact], "listcontacts")
    CREATE = API.post("", Contact, "createcontact", body=ContactFields)
    FIND_BY_EXTERNAL_ID = API.get(
        "/find_by_external_id/{external_id}",
        Contact,
        "showcontactbyexternalid",
        body=ContactReading,
    )
    ARCHIVE = API.idempotent_post("/{contact_id}/archive", ContactStatus, "archivecontact")
    UNARCHIVE = API.idempotent_post("/{contact_id}/unarchive", ContactStatus, "unarchivecontact")
    BLOCK = API.idempotent_post("/{contact_id}/block", ContactStatus, "blockcontact")
    MERGE_HISTORY = API.since("2.16").get(
        "/{id}/merge_history",
        Page[ContactMerge],
        "listcontactmergehistory",
        paging=Paging.NEXT_CURSOR,
        reserved=("bulk", "find_by_external_id"),
    )
    LIST_DELETED = API.since("2.17").pages("/deleted", Page[DeletedContact], "listdeletedcontacts")

    def companies(self, contact_id: Id, *, per_page: int | None = None) -> Pager[Company]:
        """List all companies of a contact, at most 60 a page."""
        return self._list(self.COMPANIES, contact_id, per_page=per_page)

    async def attach_company(self, contact_id: Id, company_id: Id) -> Company:
        """Attach a contact to a company, by Intercom's id, and return it; at most 1,000."""
        return await self._send(self.ATTACH_COMPANY, contact_id, id=to_id("company_id", company_id))

    async def detach_company(self, contact_id: Id, company_id: Id) -> Company:
        """Detach a contact from a company, by Intercom's id, and return the company."""
        return await self._send(self.DETACH_COMPANY, contact_id, company_id)

    def notes(self, contact_id: Id, *, per_page: int | None = None) -> Pager[Note]:
        """List all notes on a contact."""
        return self._list(self.NOTES, contact_id, per_page=per_page)

    async def create_note(self, contact_id: Id, *, body: str, admin_id: Id | None = None) -> Note:
        """Create a note on a contact, as `admin_id` if given, and return it."""
        author = to_ids(**given(admin_id=admin_id))
        return await self._send(self.CREATE_NOTE, contact_id, json=author, body=body)

    def segments(self, contact_id: Id) -> Pager[Segment]:
        """List the segments a contact is in; one answer holds them all."""
        return self._list(self.SEGMENTS, contact_id)

    def subscriptions(self, contact_id: Id) -> Pager[SubscriptionType]:
        """List the subscription types that a contact opted in to or out of, in one answer.

        Types without a choice are not listed. A listed ``opt_out`` type (`consent_type`) means that
        the contact opted out, an ``opt_in`` type that it opted in.
        """
        return self._list(self.SUBSCRIPTIONS, contact_id)

    async def attach_subscription(
        self, contact_id: Id, subscription_id: Id, *, consent_type: ConsentType
    ) -> SubscriptionType:
        """Opt a contact in to or out of a subscription type and return the type."""
        decision = needed(id=to_id("subscription_id", subscription_id), consent_type=consent_type)
        return await self._send(self.ATTACH_SUBSCRIPTION, contact_id, json=decision)

    async def detach_subscription(self, contact_id: Id, subscription_id: Id) -> SubscriptionType:
        """Remove a contact's choice about a subscription type and return the type."""
        return await self._send(self.DETACH_SUBSCRIPTION, contact_id, subscription_id)

    def tags(self, contact_id: Id) -> Pager[Tag]:
        """List all tags of a contact; one answer holds them all."""
        return self._list(self.TAGS, contact_id)

    async def attach_tag(self, contact_id: Id, tag_id: Id) -> Tag:
        """Tag a contact and return the tag; a contact that has it keeps it."""
        return await self._send(self.ATTACH_TAG, contact_id, id=to_id("tag_id", tag_id))

    async def detach_tag(self, contact_id: Id, tag_id: Id) -> Tag:
        """Remove a tag from a contact and return the tag."""
        return await self._send(self.DETACH_TAG, contact_id, tag_id)

    async def update(self, contact_id: Id, **fields: Unpack[ContactChanges]) -> Contact:
        """Change the given fields and return the whole contact."""
        body, query = split_query(self.UPDATE.fields(fields))
        return await self._send(self.UPDATE, contact_id, json=body, query=query)

    async def get(self, contact_id: Id, **how: Unpack[ContactReading]) -> Contact:
        """Return one contact, or the one it was merged into if `follow_merged` is set."""
        read = self._read(self.GET, contact_id, how) if how else self._send(self.GET, contact_id)
        return await read

    async def delete(self, contact_id: Id) -> ContactStatus:
        """Delete a contact for good."""
        return await self._send(self.DELETE, contact_id)

    async def merge(self, **fields: Unpack[MergeFields]) -> Contact:
        """Merge a lead into a user and return the user; this cannot be undone.

        From 2.16 on, contacts without a shared identifier are refused (`invalid_merge`) by default.
        """
        rest, query = split_query(self.MERGE.fields(fields))
        body = {"from": to_id("from_id", rest.pop("from_id"))}
        body["into"] = to_id("into_id", rest.pop("into_id"))
        return await self._send(self.MERGE, json=body, query=query, **rest)

    async def preview_merge(
        self, *, from_id: Id, into_id: Id, skip_duplicate_validation: bool | None = None
    ) -> MergePreview:
        """Return what `merge` would change, or why it would fail."""
        json = {"from": to_id("from_id", from_id), "into": to_id("into_id", into_id)}
        return await self._send(
            self.PREVIEW_MERGE, json=json, skip_duplicate_validation=skip_duplicate_validation
        )

    def activities(self, *, per_page: int | None = None) -> Pager[ContactActivity]:
        """List creations, role changes, merges and deletions, oldest first, 50 a page."""
        return self._list(self.ACTIVITIES, per_page=per_page)

    async def bulk_create(
        self, contacts: Sequence[BulkContact], *, job_id: Id | None = None
    ) -> BulkJob:
        """Create up to 100 contacts in a background job; existing ones are not changed."""
        body = bulk_body("contacts", BulkContact, contacts, job_id)
        return await self._send(self.BULK_CREATE, json=body)

    async def bulk_update(
        self, contacts: Sequence[BulkContactChanges], *, job_id: Id | None = None
    ) -> BulkJob:
        """Update up to 100 contacts in a background job."""
        body = bulk_body("contacts", BulkContactChanges, contacts, job_id)
        return await self._send(self.BULK_UPDATE, json=body)

    async def bulk_delete(self, contact_ids: Sequence[Id], *, job_id: Id | None = None) -> BulkJob:
        """Delete up to 100 contacts in a background job."""
        body = bulk_keys("contacts", "contact_ids", contact_ids, job_id)
        return await self._send(self.BULK_DELETE, json=body)

    async def get_bulk_job(self, job_id: Id) -> BulkJob:
        """Return a job and how far it is; `job_id` of the others adds their items to it."""
        return await self._send(self.GET_BULK_JOB, job_id)

    def search(self, query: Predicate | Query, **options: Unpack[ContactSearch]) -> Pager[Contact]:
        """List the contacts that match a query.

        Up to version 2.16 times are compared by whole days of the workspace's time zone. Contacts
        that were merged into others are not found, new ones only after some seconds.
        """
        return self._search(self.SEARCH, query, options)

    def list(
        self, *, per_page: int | None = None, include_merge_history: bool | None = None
    ) -> Pager[Contact]:
        """List all contacts; without `per_page` the server gives 10 a page, 150 at most."""
        return self._list(self.LIST, per_page=per_page, include_merge_history=include_merge_history)

    async def create(
        self, *, settle_s: float | None = None, **fields: Unpack[ContactFields]
    ) -> Contact:
        """Create a contact and return it; `email` or `external_id` makes it findable.

        For some seconds a new contact may not be found by updates, and for longer not by searches.

        Args:
            settle_s: Return once a read by id finds the contact, or after this many seconds; an
                answer that is under way then is awaited for up to 10 seconds more. That the contact
                could not be read is logged and is no error.

        Raises:
            ConflictError: There is one with this address or external id; `existing_id` says which.
        """
        check_seconds("settle_s", settle_s)
        contact = await self._send(self.CREATE, fields=fields)
        if settle_s is None:
            return contact
        return await self._settled(contact, settle_s, partial(self.get, contact.id))

    async def find_by_external_id(self, external_id: Id, **how: Unpack[ContactReading]) -> Contact:
        """Return one contact by your own key; new ones are found at once, unlike by search."""
        return await self._read(self.FIND_BY_EXTERNAL_ID, external_id, how)

    async def archive(self, contact_id: Id) -> ContactStatus:
        """Archive a contact: lists and searches leave it out until `unarchive`."""
        return await self._send(self.ARCHIVE, contact_id)

    async def unarchive(self, contact_id: Id) -> ContactStatus:
        """Unarchive a contact."""
        return await self._send(self.UNARCHIVE, contact_id)

    async def block(self, contact_id: Id) -> ContactStatus:
        """Block a contact and archive its conversations; the API cannot unblock."""
        return await self._send(self.BLOCK, contact_id)

    def merge_history(
        self, contact_id: Id, *, order: Order | None = None, per_page: int | None = None
    ) -> Pager[ContactMerge]:
        """List the contacts merged into a user, newest first; 50 a page, 150 at most."""
        return self._list(self.MERGE_HISTORY, contact_id, order=order, per_page=per_page)

    def list_deleted(
        self, *, per_page: int | None = None, escape_identity: bool | None = None
    ) -> Pager[DeletedContact]:
        """List the contacts that are archived, blocked, merged or deleted, at most 150 a page.

        The order is not documented. Addresses come HTML-escaped unless `escape_identity` is False.
        """
        return self._list(self.LIST_DELETED, per_page=per_page, escape_identity=escape_identity)

    async def _read(self, row: Operation[Contact], key: Id, how: ContactReading) -> Contact:
        """Read a contact, or the one that took its place."""
        options = row.fields(how)
        follow_merged = options.pop("follow_merged", False)
        call = fill(row, (key,), options)
        for _ in range(MAX_MERGES):
            try:
                return await self._fetch(call)
            except GoneError as error:
                if not follow_merged or error.canonical_id is None:
                    raise
                call = self.GET.at(query=call.query, contact_id=error.canonical_id)
        return await self._fetch(call)


class Notes(Resource):
    """Notes, by id."""

    GET = ONE_NOTE.get("/{note_id}", Note, "retrievenote")

    async def get(self, note_id: Id) -> Note:
        """Return one note."""
        return await self._send(self.GET, note_id)


class Visitors(Resource):
    """Visitors who have not written yet, by your own key."""

    UPDATE = VISITORS.put("", Visitor, "updatevisitor", body=VisitorChanges)
    FIND_BY_USER_ID = VISITORS.get("", Visitor, "retrievevisitorwithuserid")
    CONVERT = VISITORS.post("/convert", Contact, "convertvisitor", body=Conversion)

    async def update(
        self, visitor_id: Id | None = None, **fields: Unpack[VisitorChanges]
    ) -> Visitor:
        """Change the given fields and return the whole visitor, named by exactly one key."""
        changes: dict[str, Any] = {**self.UPDATE.fields(fields), "visitor_id": visitor_id}
        key = take_one("the visitor", changes, visitor_id="id", user_id="user_id")
        return await self._send(self.UPDATE, json=key, **changes)

    async def find_by_user_id(self, user_id: Id) -> Visitor:
        """Return one visitor by your own key."""
        return await self._send(self.FIND_BY_USER_ID, user_id=to_id("user_id", user_id))

    async def convert(self, **fields: Unpack[Conversion]) -> Contact:
        """Convert a visitor to a contact, or merge it into one, and return the contact."""
        json = self.CONVERT.fields(fields)
        people = {name: person_key(name, json[name]) for name in ("user", "visitor")}
        return await self._send(self.CONVERT, json={**json, **people})
