"""Which contacts belong to which company, kept up to date write by write."""

from __future__ import annotations

import bisect
import dataclasses
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.contacts import ContactSeeds
from .filters import Filter
from .steps import STEP_ROWS, Scans, StepPolicy, matching
from .table import Table

NO_COMPANIES: tuple[str, ...] = ()


class Memberships:
    """The contacts of each company, seeded and written.

    A company whose number of contacts changes becomes a written row: what a seeded row says of its
    contacts never changes.
    """

    def __init__(
        self, companies: Table, contacts: Table, seeds: ContactSeeds, policy: StepPolicy
    ) -> None:
        self._companies = companies
        self._contacts = contacts
        self._seeds = seeds
        self._scans = Scans(policy)
        self._written_contacts = contacts.changes.watch()
        self._written_companies = companies.changes.watch()
        self._companies_of: dict[int, tuple[str, ...]] = {}
        """By number of a written contact: its companies; none where it was deleted or merged."""
        self._attached: dict[str, set[int]] = {}
        """By company: the written contacts that belong to it."""
        self._left: Counter[int] = Counter()
        """By number of a seeded company: its seeded contacts that were written over or deleted."""
        self._members: dict[int, array[int]] = {}
        self._first_member: dict[int, int] = {}
        """By number of a seeded company: before this number no seeded contact is left in it."""
        self._peopled: bytearray | None = None
        """By number of a seeded company: 1 if it had contacts at the start; None: not known yet."""
        self._had_people = array("I")
        """The seeded companies that had contacts at the start."""
        self._listed = array("I")
        self._listed_keys: dict[int, tuple[int, int]] = {}
        """By number of a company that was put into the list here: its place in the order."""
        self._inside: set[int] = set()

    # Contacts of one company -----------------------------------------------------------------

    def seeded(self, company: Row) -> array[int]:
        """Return the numbers of the contacts that a company had from the start, ascending."""
        number = self._seeded_number(company)
        return array("I") if number is None else self._seeded(number)

    def _seeded_number(self, company: Row) -> int | None:
        """Return the number of a company that was there at the start; None for a later one."""
        number = self._companies.number_of(company["id"])
        return None if number is None or number >= self._companies.seeds.count else number

    def attached(self, company_id: str) -> Collection[int]:
        """Return the numbers of the written contacts that belong to a company."""
        self._refresh()
        return self._attached.get(company_id, frozenset())

    def count_at_start(self, company_number: int) -> int:
        """Return how many contacts belonged to a seeded company at the start.

        As long as its row is the seeded one, as many belong to it now.
        """
        return len(self._seeded(company_number))

    def count(self, company: Row) -> int:
        """Return how many contacts belong to a company."""
        count, number = len(self.attached(company["id"])), self._seeded_number(company)
        return count if number is None else count + len(self._seeded(number)) - self._left[number]

    def _seeded(self, company_number: int) -> array[int]:
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
        if len(self._members) == len(seeded):
            return
        missing = [one for one in company_numbers if one in seeded and one not in self._members]
        if missing:
            size = len(missing) * (1 + self._seeds.count // len(seeded))
            self._scans.run(tuple(missing), size, lambda: self._find_members(missing))

    # Companies that have contacts ------------------------------------------------------------

    def listed(self, *, is_ascending: bool) -> array[int]:
        """Return the companies that have contacts, by when they were made."""
        self._know_peopled()
        self._refresh()
        return self._listed[:] if is_ascending else self._listed[::-1]

    def with_people(self, asked: Filter) -> Filter:
        """Leave the companies without contacts out of a question.

        A seeded company that gains its first contact or loses its last becomes a written row, so
        seeded rows need to be looked at once only.
        """
        self._know_peopled()
        self._refresh()
        had_people = self._peopled or b""

        def test_number(number: int) -> bool:
            return bool(had_people[number]) and asked.test_number(number)

        def test_row(row: Row) -> bool:
            return self._is_inside(row) and asked.test_row(row)

        low, high = (bisect.bisect_left(self._had_people, edge) for edge in _edges(asked.numbers))
        return dataclasses.replace(
            asked,
            key=f"with people:{asked.key}",
            numbers=self._had_people[low:high],
            test_number=test_number,
            test_row=test_row,
        )

    def _is_inside(self, company: Row) -> bool:
        return self._companies.number_of(company["id"]) in self._inside

    def _know_peopled(self) -> None:
        if self._peopled is None:
            self._scans.run("peopled", self._companies.seeds.count, self._find_peopled)

    def _find_peopled(self) -> Iterator[None]:
        seeds, count = self._seeds, self._companies.seeds.count

        def had_people(number: int) -> bool:
            return any(map(seeds.company_ids, range(number, seeds.count, count)))

        found = yield from matching(range(count), had_people)
        peopled = bytearray(count)
        for number in found:
            peopled[number] = 1
        self._peopled, self._had_people = peopled, found
        self._listed, self._inside = found[:], set(found)
        # What was written before is looked at as if it had been written now.
        self._written_companies.update(number for number, _ in self._companies.written())
        self._written_companies.update(self._companies.replaced.log, self._left)

    def _refresh(self) -> None:
        """Look at what was written since the last question, in steps if it was much."""
        size = len(self._written_contacts)
        if self._peopled is not None:
            size += len(self._written_companies)
        if size:
            self._scans.run("written", size, self._look_at_written)

    def _look_at_written(self) -> Iterator[None]:
        while self.catch_up():
            yield

    def catch_up(self) -> bool:
        """Look at some of the records that were written; tell whether more are left."""
        contacts, companies = self._written_contacts, self._written_companies
        for _ in range(min(STEP_ROWS, len(contacts))):
            self._look_at_contact(contacts.pop())
        if not contacts and self._peopled is not None:
            for _ in range(min(STEP_ROWS, len(companies))):
                self._place(companies.pop())
        return bool(contacts or (companies and self._peopled is not None))

    def _look_at_contact(self, number: int) -> None:
        row = self._contacts.at(number) if self._contacts.has(number) else None
        is_member = row is not None and "_merged_into" not in row
        now: tuple[str, ...] = tuple(row["_companies"]) if row and is_member else NO_COMPANIES
        before = self._companies_of.get(number)
        if before is None:
            before = NO_COMPANIES
            if number < self._seeds.count:
                before = tuple(self._seeds.company_ids(number))
                self._left.update(number % self._companies.seeds.count for _ in before)
        else:
            for company_id in before:
                self._attached[company_id].discard(number)
        self._companies_of[number] = now
        for company_id in now:
            self._attached.setdefault(company_id, set()).add(number)
        for company_id in {*before} ^ {*now}:
            company = self._companies.number_of(company_id)
            if company is not None:
                self._companies.take_over(company)

    def _place(self, company: int) -> None:
        """Put a company into the list of those that have contacts, or leave it out."""
        has_people = self._companies.has(company) and self._has_people(company)
        if has_people is (company in self._inside):
            return
        key = self._key_of_listed(company)
        at = bisect.bisect_left(self._listed, key, key=self._key_of_listed)
        if has_people:
            self._listed_keys[company] = key
            self._listed.insert(at, company)
            self._inside.add(company)
        else:
            del self._listed[at]
            self._inside.discard(company)

    def _key_of_listed(self, company: int) -> tuple[int, int]:
        known = self._listed_keys.get(company)
        return known or (self._companies.value_at(company, "created_at"), company)

    def _has_people(self, company: int) -> bool:
        if self._attached.get(self._companies.value_at(company, "id")):
            return True
        seeds, count = self._seeds, self._companies.seeds.count
        if company >= count or not (self._peopled and self._peopled[company]):
            return False
        if not self._left[company]:
            return True
        first = self._first_member.get(company, company)
        for number in range(first, seeds.count, count):
            self._first_member[company] = number
            if self._contacts.is_seeded(number) and seeds.company_ids(number):
                return True
        return False


def _edges(numbers: Sequence[int]) -> tuple[int, int]:
    """Return the first of ascending numbers, and one more than the last."""
    return (numbers[0], numbers[-1] + 1) if numbers else (0, 0)
