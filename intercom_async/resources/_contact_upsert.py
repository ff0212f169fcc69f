"""The calls that an upsert of a contact is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from intercom_async.codec.plain import plain, plain_id
from intercom_async.errors import ConfigError, ConflictError, ErrorItem, NotFoundError
from intercom_async.models import Contact
from intercom_async.pagination.pager import Pager
from intercom_async.query import F, Predicate
from intercom_async.workflows.upsert import Upserted, upsert

MAX_FOUND = 50
"""Contacts with one email that an error names; a page of a search
(test_upsert.py::test_several_contacts_with_one_email_are_named)."""


class ContactCalls(Protocol):
    """The methods of `Contacts` that an upsert uses."""

    @property
    def get(self) -> Callable[..., Awaitable[Contact]]:
        """Return one contact."""
        ...

    @property
    def find_by_external_id(self) -> Callable[..., Awaitable[Contact]]:
        """Return one contact by the workspace's own key."""
        ...

    @property
    def create(self) -> Callable[..., Awaitable[Contact]]:
        """Create a contact."""
        ...

    @property
    def update(self) -> Callable[..., Awaitable[Contact]]:
        """Change a contact."""
        ...

    @property
    def unarchive(self) -> Callable[..., Awaitable[object]]:
        """Unarchive a contact."""
        ...

    def search(self, query: Predicate, *, per_page: int | None = None) -> Pager[Contact]:
        """List the contacts that a query matches."""
        ...


def check_upsert(given: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return the key's name, its value, and the other fields of an upsert.

    Raises:
        ConfigError: There is no key, or it is no id.
    """
    fields = {name: value for name, value in given.items() if name != "unarchive"}
    if fields.get("id", "") is None:  # a contact's id cannot be emptied: it is as if left out
        del fields["id"]
    for name in ("id", "external_id", "email"):
        if fields.get(name) is not None:
            return name, str(plain_id(name, fields.pop(name))), fields
    raise ConfigError("an upsert needs a key: id, external_id or email")


def upsert_calls(given: Mapping[str, Any]) -> int:
    """Return how many requests an upsert takes: to find, to bring back, and to write."""
    name, _, _ = check_upsert(given)
    return 3 if given.get("unarchive") and name != "email" else 2


async def upsert_contact(
    contacts: ContactCalls, given: Mapping[str, Any], pause: Callable[[float], Awaitable[None]]
) -> Upserted[Contact]:
    """Create a contact or update the one that has its key.

    Raises:
        ConfigError: There is no key, or it is no id.
        ConflictError: See `upsert`.
    """
    name, key, fields = check_upsert(given)
    is_unarchiving = bool(given.get("unarchive"))
    try:
        if name == "id":
            found = await contacts.get(key, follow_merged=True)
            if is_unarchiving:
                await contacts.unarchive(found.id)
            return Upserted(await contacts.update(found.id, **fields), created=False)
        steps = _Steps(contacts, name, key, fields, is_unarchiving=is_unarchiving)
        return await upsert(steps, "contacts", pause=pause)
    except ConflictError as conflict:
        if not conflict.existing_ids and conflict.existing_id is not None:
            conflict.existing_ids = (conflict.existing_id,)
        raise


class _Steps:
    """The calls for one key."""

    def __init__(
        self,
        contacts: ContactCalls,
        name: str,
        key: str,
        fields: dict[str, Any],
        *,
        is_unarchiving: bool,
    ) -> None:
        self._contacts = contacts
        self._name = name
        self._key = key
        self._fields = fields
        self._is_unarchiving = is_unarchiving

    async def find(self) -> Sequence[str]:
        if self._name == "external_id":
            try:
                return [(await self._contacts.find_by_external_id(self._key)).id]
            except NotFoundError:
                return []
        pager = self._contacts.search(F.email == self._key, per_page=MAX_FOUND)
        rows = await pager.collect(limit=MAX_FOUND)
        # The index may be behind: a contact that has another address by now is not the one.
        return [row.id for row in rows if (row.email or "").casefold() == self._key.casefold()]

    async def create(self) -> Contact:
        return await self._contacts.create(**{**self._fields, self._name: self._key})

    async def update(self, key: str, *, is_found_by_key: bool) -> Contact:
        if is_found_by_key:
            if self._is_unarchiving and self._name == "external_id":
                # A search leaves archived contacts out; a read by external id does not.
                await self._contacts.unarchive(key)
            return await self._contacts.update(key, **self._fields)
        # What a 409 names may be in the way by another key, such as the email of somebody else.
        existing = await self._contacts.get(key)
        held = existing.external_id
        wanted = (
            self._key if self._name == "external_id" else plain(self._fields.get("external_id"))
        )
        if held and wanted is not None and held != str(wanted):
            item = ErrorItem(code="conflict", message="another contact has this email")
            error = ConflictError(call="upsert of contacts", status=409, errors=(item,))
            error.existing_ids = (existing.id,)
            raise error
        return await self._contacts.update(key, **{**self._fields, self._name: self._key})

    async def unarchive(self, key: str) -> object:
        if not self._is_unarchiving:
            item = ErrorItem(
                code="archived", message="the contact is archived; unarchive=True brings it back"
            )
            error = ConflictError(call="upsert of contacts", status=409, errors=(item,))
            error.existing_ids = (key,)
            raise error
        return await self._contacts.unarchive(key)
