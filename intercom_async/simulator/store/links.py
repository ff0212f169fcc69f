"""Tags and companies that are on records: one that was deleted is on none any more.

Nothing is taken off when a tag or a company is deleted, as thousands of records may have it: what
is deleted is left out whenever a record is shown or searched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from intercom_async.simulator.rows import Row
from .conditions import Fields
from .record_store import RecordStore
from .table import Table


class Links:
    """What the records of a workspace are linked to.

    Args:
        tags: The tags that there are.
        companies: The companies that there are.
        contacts: What was encoded of them shows their links.
    """

    def __init__(self, tags: RecordStore, companies: Table, contacts: Table) -> None:
        self._tags = tags
        self._companies = companies
        self._contacts = contacts
        self._deletions = 0

    def deleted(self) -> None:
        """Note that a tag or a company was deleted."""
        self._deletions += 1
        self._contacts.encode_again()

    def tag_ids(self, row: Row) -> list[str]:
        """Return the ids of a record's tags."""
        return [one["id"] for one in row["_tags"] if self._tags.find(one["id"]) is not None]

    def company_ids(self, row: Row) -> list[str]:
        """Return the ids of a contact's companies."""
        return [one for one in row["_companies"] if self.has_company(one)]

    def has_company(self, company_id: str) -> bool:
        """Tell whether a company was not deleted."""
        return self._companies.number_of(company_id) is not None

    def in_search(self, fields: Fields) -> Fields:
        """Let a search see the links that there are now."""
        readers: tuple[tuple[str, Callable[[Row], Any]], ...] = (
            ("tag_id", self.tag_ids),
            ("tag_ids", self.tag_ids),
            ("company_id", self.company_ids),
        )
        # A company's `company_id` is its own.
        links = {name: read for name, read in readers if name in fields.special}
        changes = dict.fromkeys(links, self._deletions)
        return dataclasses.replace(fields, special={**fields.special, **links}, changes=changes)


def without_tag(records: Iterable[Row], tag_id: str) -> None:
    """Take a tag off articles and snippets, of which there are few."""
    for record in records:
        if "tags" in record:
            tags: list[Row] = record["tags"]["tags"]
            tags[:] = [one for one in tags if one["id"] != tag_id]
