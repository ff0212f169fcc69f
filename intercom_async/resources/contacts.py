"""Contacts: users and leads."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.clock import CLOCK
from intercom_async.config import check_seconds
from intercom_async.errors import DeadlineError, GoneError, NotFoundError
from intercom_async.models import Contact, ContactMerge, ContactStatus, Page
from intercom_async.operation import Call, Operation, Paging
from intercom_async.pager import Pager
from intercom_async.query import F, Predicate, Query

from .base import Id, Moment, Order, SearchOrder, check_per_page
from .contact_links import NO_CONTACT, ContactLinks
from .values import given

log: logging.Logger = logging.getLogger("intercom_async")

_FIRST_LOOK_S, _LAST_LOOK_S = 0.25, 2.0

_MERGES = 5
"""Contacts merged into each other that are followed; the link names the last one at once."""


class ContactFields(TypedDict, total=False):
    """Writable fields of a contact; a key left out keeps its value, None empties it."""

    role: Literal["user", "lead"] | str
    external_id: str | None
    """Your own key."""
    email: str | None
    email_verified: bool | None
    """From 2.16 on: whether you made sure that the address is the contact's."""
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


class Contacts(ContactLinks):
    """Users and leads.

    From version 2.16 on `include_merge_history` adds the contacts that were merged into each.
    """

    UPDATE = Operation("PUT", "/contacts/{contact_id}", Contact, body=ContactFields, updates=True)
    GET = Operation("GET", "/contacts/{contact_id}", Contact)
    DELETE = Operation("DELETE", "/contacts/{contact_id}", ContactStatus)
    MERGE = Operation("POST", "/contacts/merge", Contact)
    SEARCH = Operation(
        "POST",
        "/contacts/search",
        Page[Contact],
        repeat="safe",
        paging=Paging.CURSOR_BODY,
        kind="search",
    )
    LIST = Operation("GET", "/contacts", Page[Contact], paging=Paging.CURSOR_QUERY)
    CREATE = Operation("POST", "/contacts", Contact, body=ContactFields)
    FIND_BY_EXTERNAL_ID = Operation("GET", "/contacts/find_by_external_id/{external_id}", Contact)
    ARCHIVE = Operation(
        "POST", "/contacts/{contact_id}/archive", ContactStatus, repeat="idempotent"
    )
    UNARCHIVE = Operation(
        "POST", "/contacts/{contact_id}/unarchive", ContactStatus, repeat="idempotent"
    )
    BLOCK = Operation("POST", "/contacts/{contact_id}/block", ContactStatus, repeat="idempotent")
    MERGE_HISTORY = Operation(
        "GET",
        "/contacts/{id}/merge_history",
        Page[ContactMerge],
        paging=Paging.NEXT_CURSOR,
        since="2.16",
        reserved=NO_CONTACT,
    )

    async def update(
        self,
        contact_id: Id,
        *,
        include_merge_history: bool | None = None,
        **fields: Unpack[ContactFields],
    ) -> Contact:
        """Change the given fields and return the whole contact.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/updatecontact
        """
        query = {"include_merge_history": include_merge_history}
        return await self._send(self.UPDATE, query=query, fields=fields, contact_id=contact_id)

    async def get(
        self,
        contact_id: Id,
        *,
        follow_merged: bool = False,
        include_merge_history: bool | None = None,
    ) -> Contact:
        """Return one contact.

        Args:
            contact_id: Intercom's id.
            follow_merged: Return the contact that this one was merged into, if it was. Up to
                version 2.15 the API does not say so and answers 404.
            include_merge_history: Whether to say which contacts were merged into it.

        Raises:
            GoneError: It was merged into another; `canonical_id` says which.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/showcontact
        """
        query = {"include_merge_history": include_merge_history}
        call = self.GET.at(query=query, contact_id=contact_id)
        return await self._read(call, follow_merged=follow_merged)

    async def delete(self, contact_id: Id) -> ContactStatus:
        """Delete a contact for good.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/deletecontact
        """
        return await self._send(self.DELETE, contact_id=contact_id)

    async def merge(
        self,
        *,
        from_id: Id,
        into_id: Id,
        skip_duplicate_validation: bool | None = None,
        include_merge_history: bool | None = None,
    ) -> Contact:
        """Merge a lead into a user and return the user; the lead is gone and cannot come back.

        Args:
            from_id: The lead.
            into_id: The user.
            skip_duplicate_validation: Merge them though they share no address and no number,
                which is refused from 2.16 on (`invalid_merge`).
            include_merge_history: Whether to say which contacts were merged into it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/mergecontact
        """
        json = {"from": str(from_id), "into": str(into_id)}
        skip = given(skip_duplicate_validation=skip_duplicate_validation)
        query = {"include_merge_history": include_merge_history}
        return await self._send(self.MERGE, query=query, json={**json, **skip})

    def search(
        self,
        query: Predicate | Query,
        *,
        sort: str | None = None,
        order: SearchOrder = "ascending",
        per_page: int | None = None,
        include_merge_history: bool | None = None,
    ) -> Pager[Contact]:
        """List the contacts that a query holds for, at most 150 a page.

        Up to version 2.16 times are compared by whole days of the workspace's time zone. Contacts
        that were merged into others are not found, new ones only after some seconds.

        Raises:
            QueryError: The API would refuse the query.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/searchcontacts
        """
        parameters = {"include_merge_history": include_merge_history}
        return self._search(
            self.SEARCH, query, sort=sort, order=order, per_page=per_page, parameters=parameters
        )

    def list(
        self, *, per_page: int | None = None, include_merge_history: bool | None = None
    ) -> Pager[Contact]:
        """List all contacts; without `per_page` the server gives 10 a page, 150 at most.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listcontacts
        """
        query = {
            "per_page": check_per_page(per_page),
            "include_merge_history": include_merge_history,
        }
        return self._list(self.LIST, query=query)

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

    async def find_by_external_id(
        self,
        external_id: Id,
        *,
        follow_merged: bool = False,
        include_merge_history: bool | None = None,
    ) -> Contact:
        """Return one contact by your own key, new ones too: this is no search.

        Raises:
            GoneError: As in `get`, unless `follow_merged`.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/showcontactbyexternalid
        """
        query = {"include_merge_history": include_merge_history}
        call = self.FIND_BY_EXTERNAL_ID.at(query=query, external_id=external_id)
        return await self._read(call, follow_merged=follow_merged)

    async def archive(self, contact_id: Id) -> ContactStatus:
        """Take a contact out of lists and searches, to be brought back by `unarchive`.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/archivecontact
        """
        return await self._send(self.ARCHIVE, contact_id=contact_id)

    async def unarchive(self, contact_id: Id) -> ContactStatus:
        """Bring a contact that was archived back.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/unarchivecontact
        """
        return await self._send(self.UNARCHIVE, contact_id=contact_id)

    async def block(self, contact_id: Id) -> ContactStatus:
        """Block a contact, whose conversations are archived too; the API cannot unblock.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/blockcontact
        """
        return await self._send(self.BLOCK, contact_id=contact_id)

    def merge_history(
        self, contact_id: Id, *, order: Order | None = None, per_page: int | None = None
    ) -> Pager[ContactMerge]:
        """List what was merged into a user, the latest first, at most 150 a page; 50 if left out.

        Raises:
            NotFoundError: There is no such contact, or it is a lead.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts/listcontactmergehistory
        """
        query = {"order": order, "per_page": check_per_page(per_page)}
        return self._list(self.MERGE_HISTORY, query=query, id=contact_id)

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

    async def _read(self, call: Call[Contact], *, follow_merged: bool) -> Contact:
        """Read a contact, or the one that took its place."""
        for _ in range(_MERGES):
            try:
                return await self._fetch(call)
            except GoneError as error:
                if not follow_merged or error.canonical_id is None:
                    raise
                call = self.GET.at(query=call.query, contact_id=error.canonical_id)
        return await self._fetch(call)


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
