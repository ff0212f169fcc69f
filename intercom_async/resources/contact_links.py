"""What hangs on a contact: tags, notes, companies, segments, subscriptions."""

from __future__ import annotations

from intercom_async.fields import ConsentType
from intercom_async.models import Company, Note, Segment, SubscriptionType, Tag

from .base import Id, Page, Pager, Resource, Rows
from .values import given, to_id, to_ids

API = Rows("/contacts/{contact_id}", "contacts", reserved=("find_by_external_id",))
ONE_NOTE = Rows("/notes", "notes")


class ContactLinks(Resource):
    """The lists of a contact, whole: those inside a contact end after ten entries."""

    COMPANIES = API.pages("/companies", Page[Company], "listcompaniesforacontact")
    ATTACH_COMPANY = API.ensure("/companies", Company, "companies/attachcontacttoacompany")
    DETACH_COMPANY = API.delete(
        "/companies/{company_id}", Company, "companies/detachcontactfromacompany"
    )
    NOTES = API.pages("/notes", Page[Note], "notes/listnotes")
    CREATE_NOTE = API.post("/notes", Note, "notes/createnote")
    SEGMENTS = API.get("/segments", Page[Segment], "listsegmentsforacontact")
    SUBSCRIPTIONS = API.get(
        "/subscriptions", Page[SubscriptionType], "listsubscriptionsforacontact"
    )
    ATTACH_SUBSCRIPTION = API.ensure(
        "/subscriptions", SubscriptionType, "subscription-types/attachsubscriptiontypetocontact"
    )
    DETACH_SUBSCRIPTION = API.delete(
        "/subscriptions/{subscription_id}",
        SubscriptionType,
        "subscription-types/detachsubscriptiontypetocontact",
    )
    TAGS = API.get("/tags", Page[Tag], "listtagsforacontact")
    ATTACH_TAG = API.ensure("/tags", Tag, "tags/attachtagtocontact")
    DETACH_TAG = API.delete("/tags/{tag_id}", Tag, "tags/detachtagfromcontact")

    def companies(self, contact_id: Id, *, per_page: int | None = None) -> Pager[Company]:
        """List all companies of a contact, at most 60 a page."""
        return self._list(self.COMPANIES, contact_id, per_page=per_page)

    async def attach_company(self, contact_id: Id, company_id: Id) -> Company:
        """Attach a contact to a company, by Intercom's id of it, 1,000 at most, and return it."""
        return await self._send(self.ATTACH_COMPANY, contact_id, id=to_id("company_id", company_id))

    async def detach_company(self, contact_id: Id, company_id: Id) -> Company:
        """Take a contact out of a company, by Intercom's id of it, and return the company."""
        return await self._send(self.DETACH_COMPANY, contact_id, company_id)

    def notes(self, contact_id: Id, *, per_page: int | None = None) -> Pager[Note]:
        """List all notes on a contact."""
        return self._list(self.NOTES, contact_id, per_page=per_page)

    async def create_note(self, contact_id: Id, *, body: str, admin_id: Id | None = None) -> Note:
        """Write a note on a contact, in the name of `admin_id` if given, and return it."""
        author = to_ids(**given(admin_id=admin_id))
        return await self._send(self.CREATE_NOTE, contact_id, json=author, body=body)

    def segments(self, contact_id: Id) -> Pager[Segment]:
        """List the segments a contact is in; one answer holds them all."""
        return self._list(self.SEGMENTS, contact_id)

    def subscriptions(self, contact_id: Id) -> Pager[SubscriptionType]:
        """List the kinds of messages that a contact chose or refused, in one answer.

        What was never decided is not listed. `consent_type` says which of the two it was: an
        ``opt_out`` kind in the list is refused, an ``opt_in`` kind is chosen.
        """
        return self._list(self.SUBSCRIPTIONS, contact_id)

    async def attach_subscription(
        self, contact_id: Id, subscription_id: Id, *, consent_type: ConsentType
    ) -> SubscriptionType:
        """Note what a contact decided about a kind of message and return the kind."""
        decision = {"id": to_id("subscription_id", subscription_id), "consent_type": consent_type}
        return await self._send(self.ATTACH_SUBSCRIPTION, contact_id, json=decision)

    async def detach_subscription(self, contact_id: Id, subscription_id: Id) -> SubscriptionType:
        """Take a contact's decision about a kind of message back and return the kind."""
        return await self._send(self.DETACH_SUBSCRIPTION, contact_id, subscription_id)

    def tags(self, contact_id: Id) -> Pager[Tag]:
        """List all tags of a contact; one answer holds them all."""
        return self._list(self.TAGS, contact_id)

    async def attach_tag(self, contact_id: Id, tag_id: Id) -> Tag:
        """Tag a contact and return the tag; a contact that has it keeps it."""
        return await self._send(self.ATTACH_TAG, contact_id, id=to_id("tag_id", tag_id))

    async def detach_tag(self, contact_id: Id, tag_id: Id) -> Tag:
        """Take a tag off a contact and return the tag."""
        return await self._send(self.DETACH_TAG, contact_id, tag_id)


class Notes(Resource):
    """Notes, by their own ids."""

    GET = ONE_NOTE.get("/{note_id}", Note, "retrievenote")

    async def get(self, note_id: Id) -> Note:
        """Return one note."""
        return await self._send(self.GET, note_id)
