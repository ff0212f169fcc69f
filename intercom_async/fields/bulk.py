"""Items of bulk jobs, which write up to 100 contacts or companies a request, from Preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from .common import Id
from .companies import CompanyChanges, CompanyFields
from .contacts import ContactFields


class BulkMembership(TypedDict):
    """A company of a contact, by your own key for it; one that does not exist is created."""

    company_id: Id
    name: NotRequired[str]
    remove: NotRequired[bool]
    """Whether the contact is taken out of it; in updates only."""


class BulkContact(ContactFields, total=False):
    """A contact to be created. A job ignores `email_verified`; None counts as left out."""

    companies: Sequence[BulkMembership]
    add_tag_ids: Sequence[Id]
    """Tags that exist; others are passed over without a word."""


class BulkContactKey(TypedDict):
    """A contact by Intercom's id."""

    id: Id


class BulkContactChanges(BulkContact, BulkContactKey, total=False):
    """Changes of a contact; a job ignores `role`, `signed_up_at` and `last_seen_at`."""

    remove_tag_ids: Sequence[Id]


class BulkCompany(CompanyFields):
    """A company to be created, or changed if there is one with its `company_id`."""


class BulkCompanyKey(TypedDict):
    """A company by Intercom's id."""

    id: Id


class BulkCompanyChanges(CompanyChanges, BulkCompanyKey):
    """Changes of a company."""
