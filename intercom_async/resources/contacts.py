"""Contacts: users and leads."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.clock import CLOCK
from intercom_async.config import check_seconds
from intercom_async.errors import DeadlineError, NotFoundError
from intercom_async.models import Company, Contact, ContactStatus, Note, Page, Tag
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager
from intercom_async.query import F, Predicate, Query, to_query

from .base import Id, Moment, Resource, check_per_page, search_body

log = logging.getLogger("intercom_async")

_FIRST_LOOK_S, _LAST_LOOK_S = 0.25, 2.0


class ContactFields(TypedDict, total=False):
    """Writable fields of a contact; a key left out keeps its value, None empties it."""

    role: Literal["user", "lead"] | str
    external_id: str | None
    """Your own key."""
    email: str | None
    phone: str | None
    """E.164 form, such as ``+353871234567``."""
    name: str | None
    avatar: str | None
    """Address of a picture."""
    signed_up_at: Moment | None
    last_seen_at: Moment | None
    owner_id: Id | None
    """The admin who looks after the contact."""
    unsubscribed_from_emails: bool | None
    custom_attributes: dict[str, Any] | None
    """Attributes must be defined before they are used."""


class Contacts(Resource):
    """Users and leads."""

    CREATE = Operation("POST", "/contacts", Contact, body=ContactFields)
    GET = Operation("GET", "/contacts/{contact_id}", Contact)
    UPDATE = Operation("PUT", "/contacts/{contact_id}", Contact, body=ContactFields, updates=True)
    DELETE = Operation("DELETE", "/contacts/{contact_id}", ContactStatus)
    LIST = Operation("GET", "/contacts", Page[Contact], paging=Paging.CURSOR_QUERY)
    SEARCH = Operation(
        "POST",
        "/contacts/search",
        Page[Contact],
        repeat="safe",
        paging=Paging.CURSOR_BODY,
        kind="search",
    )
    CREATE_NOTE = Operation("POST", "/contacts/{contact_id}/notes", Note)
    ATTACH_TAG = Operation("POST", "/contacts/{contact_id}/tags", Tag, repeat="idempotent")
    DETACH_TAG = Operation("DELETE", "/contacts/{contact_id}/tags/{tag_id}", Tag)
    ATTACH_COMPANY = Operation(
        "POST", "/contacts/{contact_id}/companies", Company, repeat="idempotent"
    )

    async def create(
        self, *, settle_s: float | None = None, **fields: Unpack[ContactFields]
    ) -> Contact:
        """Create a contact and return it.

        For some seconds a new contact may not be found by updates, and for longer not by searches.

        Args:
            settle_s: Return once a read by id finds the contact, or after this many seconds.
            fields: What the contact is to have; `email` or `external_id` makes it findable.

        Raises:
            ConflictError: There is one with this address or external id; `existing_id` says which.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/createcontact
        """
        check_seconds("settle_s", settle_s)
        contact = await self._send(self.CREATE, fields=fields)
        if settle_s is not None:
            async for _ in _looks(settle_s):
                try:
                    return await self.get(contact.id)
                except NotFoundError:
                    continue
            log.warning("a new contact could not be read after %g s", settle_s)
        return contact

    async def get(self, contact_id: Id) -> Contact:
        """Return one contact.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/showcontact
        """
        return await self._send(self.GET, contact_id=contact_id)

    async def update(self, contact_id: Id, **fields: Unpack[ContactFields]) -> Contact:
        """Change the given fields and return the whole contact.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/updatecontact
        """
        return await self._send(self.UPDATE, fields=fields, contact_id=contact_id)

    async def delete(self, contact_id: Id) -> ContactStatus:
        """Delete a contact for good.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/deletecontact
        """
        return await self._send(self.DELETE, contact_id=contact_id)

    def list(self, *, per_page: int | None = None) -> Pager[Contact]:
        """List all contacts; without `per_page` the server gives 10 a page, 150 at most.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listcontacts
        """
        return self._list(self.LIST, query={"per_page": check_per_page(per_page)})

    def search(
        self,
        query: Predicate | Query,
        *,
        sort: str | None = None,
        order: Literal["ascending", "descending"] = "ascending",
        per_page: int | None = None,
    ) -> Pager[Contact]:
        """List the contacts that a query holds for, at most 150 a page.

        Up to version 2.16 times are compared by whole days of the workspace's time zone.

        Raises:
            QueryError: The API would refuse the query.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
        """
        body = search_body(to_query(query), sort=sort, order=order, per_page=per_page)
        return self._list(self.SEARCH, json=body)

    async def wait_searchable(self, contact_id: Id, *, timeout_s: float = 300.0) -> Contact:
        """Wait until a search finds a contact, and return it.

        Raises:
            DeadlineError: It was not found within `timeout_s` seconds.
        """
        check_seconds("timeout_s", timeout_s)
        looks = 0
        async for _ in _looks(timeout_s):
            looks += 1
            found = await self.search(F.id == str(contact_id), per_page=1).first()
            if found is not None:
                return found
        raise DeadlineError(
            deadline_s=timeout_s, attempts=looks, maybe_sent=True, call=self.SEARCH.name
        )

    async def create_note(self, contact_id: Id, *, body: str, admin_id: Id | None = None) -> Note:
        """Write a note on a contact and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/notes/createnote
        """
        note = {"body": body}
        if admin_id is not None:
            note["admin_id"] = str(admin_id)
        return await self._send(self.CREATE_NOTE, json=note, contact_id=contact_id)

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

    async def attach_company(self, contact_id: Id, company_id: Id) -> Company:
        """Attach a contact to a company, by Intercom's id of it, and return the company.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/attachcontacttoacompany
        """
        return await self._send(
            self.ATTACH_COMPANY, json={"id": str(company_id)}, contact_id=contact_id
        )


async def _looks(within_s: float) -> AsyncIterator[None]:
    """Come up now and again until the time is over, less often each time."""
    end_s = CLOCK.now() + within_s
    pause_s = _FIRST_LOOK_S
    while True:
        yield
        if CLOCK.now() + pause_s > end_s:
            return
        await CLOCK.sleep(pause_s)
        pause_s = min(2 * pause_s, _LAST_LOOK_S)
