"""Which contacts belong to which company."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.contacts import ContactSeeds
from .runs import Order
from .steps import Scans, StepPolicy, matching
from .table import Table


class Memberships:
    """The contacts of each company, seeded and written."""

    def __init__(
        self, companies: Table, contacts: Table, seeds: ContactSeeds, policy: StepPolicy
    ) -> None:
        self._companies = companies
        self._contacts = contacts
        self._seeds = seeds
        self._scans = Scans(policy)
        self._attached: tuple[int, dict[str, list[int]]] = (-1, {})
        self._members: dict[int, array[int]] = {}
        self._listed: tuple[tuple[int, int, bool], list[int]] | None = None

    def of(self, company: Row) -> list[int]:
        """Return the numbers of a company's contacts, the newest first."""
        company_id = company["id"]
        number = self._companies.number_of(company_id)
        written = self._written().get(company_id, [])
        seeded: list[int] = []
        count = self._companies.seeds.count
        if number is not None and number < count:
            seeded = [one for one in self._seeded(number) if self._contacts.is_seeded(one)]
        return sorted(seeded + written, reverse=True)

    def _written(self) -> dict[str, list[int]]:
        """Return the written contacts of each company; found again after a write to contacts."""
        generation = self._contacts.generation
        if self._attached[0] != generation:
            members: dict[str, list[int]] = {}
            for number, row in self._contacts.written():
                for company_id in row["_companies"]:
                    members.setdefault(company_id, []).append(number)
            self._attached = (generation, members)
        return self._attached[1]

    def _seeded(self, company_number: int) -> array[int]:
        """Return the numbers of the contacts that a seeded company had from the start."""
        if company_number not in self._members:
            for _ in self._find_members([company_number]):
                pass
        return self._members[company_number]

    def _find_members(self, company_numbers: Iterable[int]) -> Iterator[None]:
        seeds, count = self._seeds, self._companies.seeds.count
        for company_number in company_numbers:
            numbers = range(company_number, seeds.count, count)
            found = yield from matching(numbers, lambda one: bool(seeds.company_ids(one)))
            self._members[company_number] = found

    def need(self, company_numbers: Iterable[int]) -> None:
        """See that the contacts of these companies are known, in steps if they are many."""
        seeded = range(self._companies.seeds.count)
        missing = [one for one in company_numbers if one in seeded and one not in self._members]
        if missing:
            size = len(missing) * (self._seeds.count // len(seeded))
            self._scans.run(tuple(missing), size, lambda: self._find_members(missing))

    def listed(self, *, is_ascending: bool) -> list[int]:
        """Return the companies that have people, by when they were made."""
        stamp = (self._companies.generation, self._contacts.generation, is_ascending)
        if self._listed is None or self._listed[0] != stamp:
            everything = self._companies.everything()
            order = Order(is_descending=not is_ascending)
            found = self._companies.numbers(everything, order)
            self._listed = (stamp, [one for one in found if self.has_people(one)])
        return self._listed[1]

    def has_people(self, company_number: int) -> bool:
        """Tell whether anyone belongs to a company."""
        company_id = self._companies.value_at(company_number, "id")
        seeds, count = self._seeds, self._companies.seeds.count
        if company_number < count and any(
            seeds.company_ids(one) and self._contacts.is_seeded(one)
            for one in range(company_number, seeds.count, count)
        ):
            return True
        return company_id in self._written()
