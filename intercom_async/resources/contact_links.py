"""What hangs on a contact: tags, notes, companies, segments, subscriptions."""

from __future__ import annotations

from typing import Literal

from intercom_async.models import Company, Note, Page, Segment, SubscriptionType, Tag
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Resource, check_per_page
from .values import noting

NO_CONTACT = ("find_by_external_id",)
"""Where a contact's id is expected, this leads to another operation."""


class ContactLinks(Resource):
    """The lists of a contact, whole: those inside a contact end after ten entries."""

    COMPANIES = Operation(
        "GET",
        "/contacts/{contact_id}/companies",
        Page[Company],
        paging=Paging.PAGE,
        reserved=NO_CONTACT,
    )
    ATTACH_COMPANY = Operation(
        "POST", "/contacts/{contact_id}/companies", Company, repeat="idempotent"
    )
    DETACH_COMPANY = Operation("DELETE", "/contacts/{contact_id}/companies/{company_id}", Company)
    NOTES = Operation(
        "GET", "/contacts/{contact_id}/notes", Page[Note], paging=Paging.PAGE, reserved=NO_CONTACT
    )
    CREATE_NOTE = Operation("POST", "/contacts/{contact_id}/notes", Note)
    SEGMENTS = Operation(
        "GET", "/contacts/{contact_id}/segments", Page[Segment], reserved=NO_CONTACT
    )
    SUBSCRIPTIONS = Operation(
        "GET", "/contacts/{contact_id}/subscriptions", Page[SubscriptionType], reserved=NO_CONTACT
    )
    ATTACH_SUBSCRIPTION = Operation(
        "POST", "/contacts/{contact_id}/subscriptions", SubscriptionType, repeat="idempotent"
    )
    DETACH_SUBSCRIPTION = Operation(
        "DELETE", "/contacts/{contact_id}/subscriptions/{subscription_id}", SubscriptionType
    )
    TAGS = Operation("GET", "/contacts/{contact_id}/tags", Page[Tag], reserved=NO_CONTACT)
    ATTACH_TAG = Operation("POST", "/contacts/{contact_id}/tags", Tag, repeat="idempotent")
    DETACH_TAG = Operation("DELETE", "/contacts/{contact_id}/tags/{tag_id}", Tag)

    def companies(self, contact_id: Id, *, per_page: int | None = None) -> Pager[Company]:
        """List all companies of a contact, at most 60 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listcompaniesforacontact
        """
        query = {"per_page": check_per_page(per_page)}
        return self._list(self.COMPANIES, query=query, contact_id=contact_id)

    async def attach_company(self, contact_id: Id, company_id: Id) -> Company:
        """Attach a contact to a company, by Intercom's id of it, and return the company.

        Raises:
            BadRequestError: The contact has 1,000 companies.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/attachcontacttoacompany
        """
        json = {"id": str(company_id)}
        return await self._send(self.ATTACH_COMPANY, json=json, contact_id=contact_id)

    async def detach_company(self, contact_id: Id, company_id: Id) -> Company:
        """Take a contact out of a company, by Intercom's id of it, and return the company.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/detachcontactfromacompany
        """
        return await self._send(self.DETACH_COMPANY, contact_id=contact_id, company_id=company_id)

    def notes(self, contact_id: Id, *, per_page: int | None = None) -> Pager[Note]:
        """List all notes on a contact.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/notes/listnotes
        """
        query = {"per_page": check_per_page(per_page)}
        return self._list(self.NOTES, query=query, contact_id=contact_id)

    async def create_note(self, contact_id: Id, *, body: str, admin_id: Id | None = None) -> Note:
        """Write a note on a contact, in the name of `admin_id` if given, and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/notes/createnote
        """
        json = noting(body, admin_id)
        return await self._send(self.CREATE_NOTE, json=json, contact_id=contact_id)

    def segments(self, contact_id: Id) -> Pager[Segment]:
        """List the segments a contact is in; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listsegmentsforacontact
        """
        return self._list(self.SEGMENTS, contact_id=contact_id)

    def subscriptions(self, contact_id: Id) -> Pager[SubscriptionType]:
        """List the kinds of messages that a contact chose or refused, in one answer.

        What was never decided is not listed. `consent_type` says which of the two it was: an
        ``opt_out`` kind in the list is refused, an ``opt_in`` kind is chosen.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listsubscriptionsforacontact
        """
        return self._list(self.SUBSCRIPTIONS, contact_id=contact_id)

    async def attach_subscription(
        self,
        contact_id: Id,
        subscription_id: Id,
        *,
        consent_type: Literal["opt_in", "opt_out"] | str,
    ) -> SubscriptionType:
        """Note what a contact decided about a kind of message and return the kind.

        Args:
            contact_id: The contact.
            subscription_id: The kind of message.
            consent_type: The kind's own; attached, an ``opt_in`` kind is wanted from now on, and
                an ``opt_out`` kind is refused.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/subscription-types/attachsubscriptiontypetocontact
        """
        json = {"id": str(subscription_id), "consent_type": consent_type}
        return await self._send(self.ATTACH_SUBSCRIPTION, json=json, contact_id=contact_id)

    async def detach_subscription(self, contact_id: Id, subscription_id: Id) -> SubscriptionType:
        """Take a contact's decision about a kind of message back and return the kind.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/subscription-types/detachsubscriptiontypetocontact
        """
        return await self._send(
            self.DETACH_SUBSCRIPTION, contact_id=contact_id, subscription_id=subscription_id
        )

    def tags(self, contact_id: Id) -> Pager[Tag]:
        """List all tags of a contact; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listtagsforacontact
        """
        return self._list(self.TAGS, contact_id=contact_id)

    async def attach_tag(self, contact_id: Id, tag_id: Id) -> Tag:
        """Tag a contact and return the tag; a contact that has it keeps it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/attachtagtocontact
        """
        return await self._send(self.ATTACH_TAG, json={"id": str(tag_id)}, contact_id=contact_id)

    async def detach_tag(self, contact_id: Id, tag_id: Id) -> Tag:
        """Take a tag off a contact and return the tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/detachtagfromcontact
        """
        return await self._send(self.DETACH_TAG, contact_id=contact_id, tag_id=tag_id)
