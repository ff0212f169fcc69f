"""Writes of contacts that are more than one call: upserts, and many at once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Literal, Protocol, Unpack, cast, overload

from intercom_async.codec import encode
from intercom_async.config import check_seconds
from intercom_async.errors import ClosedError, GoneError, IntercomError, NotFoundError
from intercom_async.fields import (
    BulkContact,
    BulkContactChanges,
    ContactFields,
    ContactUpdate,
    ContactUpsert,
)
from intercom_async.models import BulkJob, Contact, ContactStatus, Tag
from intercom_async.query import F
from intercom_async.request.operation import Operation
from intercom_async.workflows.bulk import BulkOptions, BulkRun
from intercom_async.workflows.concurrency import Source
from intercom_async.workflows.erasure import Erasure
from intercom_async.workflows.polling import INDEX_BACKOFF, PollIntervals
from intercom_async.workflows.upsert import Upserted
from ._base import Id, Page, fill
from ._bulk_creation import BulkCreation, CreationJobs
from ._contact_upsert import ContactCalls, check_upsert, upsert_calls, upsert_contact
from ._request_bodies import bulk_item
from ._validation import check_dict, needed, to_id

log: logging.Logger = logging.getLogger("intercom_async")

MAX_MERGES = 5
"""Contacts merged into each other that are followed; the link names the last one at once."""


class ContactJobs(CreationJobs, Protocol):
    """The methods of `Contacts` that begin and read jobs."""

    @property
    def bulk_update(self) -> Callable[[Any], Awaitable[BulkJob]]:
        """Update contacts in a background job."""
        ...

    @property
    def bulk_delete(self) -> Callable[[Any], Awaitable[BulkJob]]:
        """Delete contacts in a background job."""
        ...


class ContactWrites(BulkCreation):
    """What `Contacts` does beside single calls; the endpoints are those of `Contacts`."""

    CREATE: ClassVar[Operation[Contact]]
    GET: ClassVar[Operation[Contact]]
    UPDATE: ClassVar[Operation[Contact]]
    ARCHIVE: ClassVar[Operation[ContactStatus]]
    DELETE: ClassVar[Operation[ContactStatus]]
    ATTACH_TAG: ClassVar[Operation[Tag]]
    SEARCH: ClassVar[Operation[Page[Contact]]]

    async def upsert(self, **fields: Unpack[ContactUpsert]) -> Upserted[Contact]:
        """Update the contact that has a key, or create it; a 409 of a race is handled here.

        The key is `id`, which only updates, else `external_id`, else `email`. An archived contact
        is brought back by `unarchive=True`. Without it, one that has the email is refused, and one
        that has the id or external id is changed and stays archived.

        Raises:
            ConflictError: Several contacts have the email (`existing_ids` names them), the one that
                has it is archived, or an email beside `external_id` is somebody else's.
            NotFoundError: No contact has the `id`.
        """
        self._check_upsert(fields)
        return await upsert_contact(cast("ContactCalls", self), fields, self._pause)

    async def erase(self, contact_id: Id) -> Erasure:
        """Delete a contact for privacy and return whether it can still be read.

        The API keeps deleted contacts for some days in which they can be recovered, and does not
        say when they are gone: that a contact is not found any more does not mean that it is
        erased. Conversations and events of the contact have deletions of their own.

        Raises:
            NotFoundError: The contact is not there, perhaps because it was deleted before.
        """
        status = await self._send(self.DELETE, contact_id)
        try:
            await self._send(self.GET, contact_id)
        except GoneError as error:
            return Erasure(status, "merged", error.canonical_id)
        except NotFoundError:
            return Erasure(status, "not_found")
        return Erasure(status, "found")

    @overload
    def create_many(
        self,
        items: Source[BulkContact],
        *,
        in_jobs: Literal[True],
        **options: Unpack[BulkOptions],
    ) -> BulkRun[BulkContact, BulkJob]: ...
    @overload
    def create_many(
        self,
        items: Source[ContactFields],
        *,
        in_jobs: Literal[False] = False,
        **options: Unpack[BulkOptions],
    ) -> BulkRun[ContactFields, Contact]: ...
    def create_many(
        self, items: Source[Any], *, in_jobs: bool = False, **options: Unpack[BulkOptions]
    ) -> BulkRun[Any, Any]:
        """Create contacts, with a result for each.

        Args:
            items: The fields of each.
            in_jobs: Whether jobs of Preview write them, 100 a request. A job does not say which
                items it refused, so all items of such a request fail, though some were written.
            options: As `BulkOptions` says.
        """
        check = partial(bulk_item, "contacts", BulkContact)
        return self._create_each(items, check, in_jobs=in_jobs, **options)

    @overload
    def update_many(
        self,
        items: Source[BulkContactChanges],
        *,
        in_jobs: Literal[True],
        **options: Unpack[BulkOptions],
    ) -> BulkRun[BulkContactChanges, BulkJob]: ...
    @overload
    def update_many(
        self,
        items: Source[ContactUpdate],
        *,
        in_jobs: Literal[False] = False,
        **options: Unpack[BulkOptions],
    ) -> BulkRun[ContactUpdate, Contact]: ...
    def update_many(
        self, items: Source[Any], *, in_jobs: bool = False, **options: Unpack[BulkOptions]
    ) -> BulkRun[Any, Any]:
        """Change contacts, each named by `id` among its fields, with a result for each.

        `in_jobs` means what it does in `create_many`.
        """
        if not in_jobs:
            return self._many(items, self._update_one, self._check_update, **options)
        check = partial(bulk_item, "contacts", BulkContactChanges)
        return self._many_in_jobs(
            items, self._bulk.bulk_update, self._bulk.get_bulk_job, check, **options
        )

    def upsert_many(
        self, items: Source[ContactUpsert], **options: Unpack[BulkOptions]
    ) -> BulkRun[ContactUpsert, Upserted[Contact]]:
        """Create or change contacts as `upsert` does, with a result for each."""
        return self._many(
            items,
            lambda item: self.upsert(**item),
            self._check_upsert,
            calls=upsert_calls,
            **options,
        )

    def archive_many(
        self, contact_ids: Source[Id], **options: Unpack[BulkOptions]
    ) -> BulkRun[Id, ContactStatus]:
        """Archive contacts, with a result for each."""
        return self._many(
            contact_ids, lambda each: self._send(self.ARCHIVE, each), self.ARCHIVE.at, **options
        )

    @overload
    def delete_many(
        self, contact_ids: Source[Id], *, in_jobs: Literal[True], **options: Unpack[BulkOptions]
    ) -> BulkRun[Id, BulkJob]: ...
    @overload
    def delete_many(
        self,
        contact_ids: Source[Id],
        *,
        in_jobs: Literal[False] = False,
        **options: Unpack[BulkOptions],
    ) -> BulkRun[Id, ContactStatus]: ...
    def delete_many(
        self, contact_ids: Source[Id], *, in_jobs: bool = False, **options: Unpack[BulkOptions]
    ) -> BulkRun[Any, Any]:
        """Delete contacts for good, with a result for each.

        `in_jobs` means what it does in `create_many`.
        """
        if not in_jobs:
            return self._many(
                contact_ids, lambda each: self._send(self.DELETE, each), self.DELETE.at, **options
            )
        return self._many_in_jobs(
            contact_ids,
            self._bulk.bulk_delete,
            self._bulk.get_bulk_job,
            self.DELETE.at,
            **options,
        )

    def tag_many(
        self, contact_ids: Source[Id], tag_id: Id, **options: Unpack[BulkOptions]
    ) -> BulkRun[Id, Tag]:
        """Tag contacts, with a result for each."""
        tag = to_id("tag_id", tag_id)
        return self._many(
            contact_ids,
            lambda each: self._send(self.ATTACH_TAG, each, id=tag),
            self.ATTACH_TAG.at,
            **options,
        )

    @property
    def _bulk(self) -> ContactJobs:
        """The calls of `Contacts` that jobs are made by."""
        return cast("ContactJobs", self)

    async def _update_one(self, item: ContactUpdate) -> Contact:
        rest: Any = {name: value for name, value in item.items() if name != "id"}
        return await self._send(self.UPDATE, item["id"], fields=rest)

    def _check_update(self, item: Mapping[str, Any]) -> None:
        rest = dict(check_dict("an item", item))
        encode(fill(self.UPDATE, (needed(id=rest.pop("id", None))["id"],), {}, rest).json)

    def _check_upsert(self, item: Mapping[str, Any]) -> None:
        name, key, rest = check_upsert(check_dict("an item", item))
        encode(fill(self.CREATE, (), {}, rest if name == "id" else {**rest, name: key}).json)

    async def wait_searchable(self, contact_id: Id, *, timeout_s: float = 300.0) -> Contact:
        """Wait until a search finds a contact, and return it.

        Raises:
            DeadlineError: It was not found within `timeout_s` seconds.
        """
        check_seconds("timeout_s", timeout_s)
        wanted = F.id == to_id("contact_id", contact_id)
        name = self.SEARCH.name
        polls = PollIntervals(timeout_s, INDEX_BACKOFF, pause=self._pause, name=name)
        search = self._search(self.SEARCH, wanted, {"per_page": 1})
        while (found := await polls.look(search.first)) is None:
            if not await polls.wait():
                raise polls.late() from polls.error
        return found

    async def _settled(
        self, contact: Contact, settle_s: float, read: Callable[[], Awaitable[Contact]]
    ) -> Contact:
        """Return a contact that was just made, as soon as it can be read, or as it was made."""
        polls = PollIntervals(
            settle_s, INDEX_BACKOFF, pause=self._pause, name=self.GET.name, has_answered=True
        )
        while True:
            try:
                found = await polls.look(read)
            except NotFoundError:
                found = None
            except ClosedError:
                raise
            except IntercomError as error:
                # It exists: an error would say that it does not.
                log.warning("a new contact could not be read (%s)", type(error).__name__)
                return contact
            if found is not None:
                return found
            if not await polls.wait():
                log.warning("a new contact could not be read after %g s", settle_s)
                return contact
