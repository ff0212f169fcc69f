"""Which contacts belong to which company."""

from __future__ import annotations

from array import array
from collections import Counter
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
        self._generation = -1
        self._attached: dict[str, list[int]] = {}
        """By company: the written contacts that belong to it."""
        self._left: Counter[int] = Counter()
        """By number of a seeded company: its seeded contacts that were written over or deleted."""
        self._members: dict[int, array[int]] = {}
        self._peopled: frozenset[int] | None = None
        """Numbers of the seeded companies that had contacts at the start; None: not known yet."""
        self._listed: tuple[tuple[int, int, bool], list[int]] | None = None

    def of(self, company: Row) -> list[int]:
        """Return the numbers of a company's contacts, the newest first."""
        self._refresh()
        number = self._companies.number_of(company["id"])
        written = self._attached.get(company["id"], [])
        if number is None or number >= self._companies.seeds.count:
            return sorted(written, reverse=True)
        seeded = list(reversed(self._seeded(number)))
        if self._left[number]:
            seeded = [one for one in seeded if self._contacts.is_seeded(one)]
        return sorted(written + seeded, reverse=True) if written else seeded

    def count(self, company: Row) -> int:
        """Return how many contacts belong to a company."""
        self._refresh()
        number = self._companies.number_of(company["id"])
        count = len(self._attached.get(company["id"], ()))
        if number is not None and number < self._companies.seeds.count:
            count += len(self._seeded(number)) - self._left[number]
        return count

    def _refresh(self) -> None:
        """Read the written contacts again after a write to contacts."""
        if self._generation == self._contacts.generation:
            return
        self._generation = self._contacts.generation
        self._attached = {}
        for number, row in self._contacts.written():
            if "_merged_into" not in row:
                for company_id in row["_companies"]:
                    self._attached.setdefault(company_id, []).append(number)
        count = self._companies.seeds.count
        self._left = Counter(
            number % count
            for number in self._contacts.replaced
            if count and self._seeds.company_ids(number)
        )

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
            self._seeded_with_people()
            everything = self._companies.everything()
            order = Order(is_descending=not is_ascending)
            found = self._companies.numbers(everything, order)
            self._listed = (stamp, [one for one in found if self.has_people(one)])
        return self._listed[1]

    def has_people(self, company_number: int) -> bool:
        """Tell whether anyone belongs to a company."""
        self._refresh()
        if company_number in self._seeded_with_people() and (
            not self._left[company_number]
            or any(map(self._contacts.is_seeded, self._seeded(company_number)))
        ):
            return True
        return self._companies.value_at(company_number, "id") in self._attached

    def _seeded_with_people(self) -> frozenset[int]:
        if self._peopled is None:
            self._scans.run("peopled", self._companies.seeds.count, self._find_peopled)
        return self._peopled or frozenset()

    def _find_peopled(self) -> Iterator[None]:
        seeds, count = self._seeds, self._companies.seeds.count

        def had_people(number: int) -> bool:
            return any(map(seeds.company_ids, range(number, seeds.count, count)))

        found = yield from matching(range(count), had_people)
        self._peopled = frozenset(found)
