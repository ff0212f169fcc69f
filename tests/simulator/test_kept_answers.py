"""Answers that are kept up to date write by write are those that are found from the start."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from intercom_async.simulator import Quirks, Simulator
from intercom_async.simulator.seed.contacts import ContactSeeds
from intercom_async.simulator.store.runs import Order

Asked = tuple[str, str, Any]
NOW = 1_780_000_000


def search(kind: str, field: str, operator: str, value: Any, **more: Any) -> Asked:
    query = {"field": field, "operator": operator, "value": value}
    return "POST", f"/{kind}/search", {"query": query, "pagination": {"per_page": 60}, **more}


QUESTIONS: list[Asked] = [
    ("GET", "/contacts?per_page=60", None),
    ("GET", "/companies?per_page=60", None),
    ("GET", "/companies/list?per_page=60&order=asc", None),
    ("GET", "/companies?tag_id=101", None),
    ("GET", "/segments?include_count=true", None),
    ("GET", "/segments?type=company&include_count=true", None),
    search("contacts", "name", "~", "a", sort={"field": "name", "order": "ascending"}),
    search("contacts", "role", "=", "lead", sort={"field": "updated_at"}),
    search("contacts", "tag_id", "=", "101"),
    search("contacts", "tag_id", "!=", "102"),
    search("contacts", "tag_id", "=", None),
    search("contacts", "company_id", "!=", None),
    search("companies", "user_count", ">", 1, sort={"field": "user_count"}),
    search("companies", "name", "~", "a", sort={"field": "name"}),
    search("conversations", "tag_ids", "=", "101"),
    search("conversations", "contact_ids", "!=", None),
    search("conversations", "open", "=", value=True, sort={"field": "statistics.count_reopens"}),
]


def ask(simulator: Simulator, asked: Asked) -> Any:
    method, path, body = asked
    path, _, query = path.partition("?")
    given = dict(pair.split("=") for pair in query.split("&") if pair)
    return simulator.call(method, path, body, query=given, version="Preview")


class Writer:
    """Makes writes at random, of each kind that changes what lists and searches find."""

    def __init__(self, simulator: Simulator, seed: int) -> None:
        self.simulator = simulator
        self.random = random.Random(seed)
        self.count = 0

    def one(self) -> None:
        """Write once; what is refused changes nothing."""
        self.count += 1
        self.simulator.clock.move(self.random.choice((0, 1, 500)))
        contact, other = self._contact(), self._contact()
        company = self._company()
        method, path, body = self.random.choice(
            (
                ("POST", "/contacts", {"email": f"new{self.count}@x.example", "name": "Ada"}),
                ("PUT", f"/contacts/{contact}", {"name": f"A{self.count}"}),
                ("DELETE", f"/contacts/{contact}", None),
                ("POST", f"/contacts/{contact}/archive", None),
                ("POST", "/contacts/merge", {"from": contact, "into": other}),
                ("POST", f"/contacts/{contact}/companies", {"id": company}),
                ("POST", f"/contacts/{contact}/companies", {"id": company}),
                ("DELETE", f"/contacts/{contact}/companies/{company}", None),
                ("POST", f"/contacts/{contact}/tags", {"id": "101"}),
                ("POST", "/companies", {"company_id": f"c{self.count}", "name": "Atlas"}),
                ("PUT", f"/companies/{company}", {"name": f"a{self.count}", "size": 900}),
                ("DELETE", f"/companies/{company}", None),
                ("POST", "/tags", {"name": "New", "companies": [{"id": company}]}),
                ("POST", f"/conversations/{self._conversation()}/tags", self._tag()),
                ("DELETE", f"/tags/{self.random.choice((101, 102, 201))}", None),
                ("PUT", f"/conversations/{self._conversation()}", {"read": True}),
            )
        )
        try:
            self.simulator.call(method, path, body)
        except ValueError:
            return

    def _contact(self) -> str:
        rows = self.simulator.call("GET", "/contacts", query={"per_page": "50"})["data"]
        return str(self.random.choice(rows)["id"])

    def _company(self) -> str:
        rows = self.simulator.call("GET", "/companies", query={"per_page": "50"})["data"]
        return str(self.random.choice(rows)["id"])

    @staticmethod
    def _tag() -> dict[str, str]:
        return {"id": "101", "admin_id": "991267400"}

    def _conversation(self) -> str:
        return str(self.simulator.workspace.conversations.value_at(self.random.randrange(9), "id"))


@pytest.mark.parametrize("seed", range(4))
def test_a_kept_answer_is_the_answer_found_from_the_start(tmp_path: Path, seed: int) -> None:
    simulator = Simulator(contacts=40, companies=8, conversations=12, tickets=0, seed=seed)
    simulator.clock.freeze(NOW)
    writer = Writer(simulator, seed)
    for _ in range(12):
        for _ in range(5):
            writer.one()
        simulator.save(tmp_path / "saved")
        fresh = Simulator(contacts=0)
        fresh.clock.freeze(simulator.clock.now())
        fresh.restore(tmp_path / "saved")
        for asked in QUESTIONS:
            assert ask(simulator, asked) == ask(fresh, asked), asked


def test_a_company_says_how_many_contacts_it_has_after_each_write() -> None:
    simulator = Simulator(contacts=20, companies=4)
    company = simulator.call("POST", "/companies", {"company_id": "acme", "name": "Acme"})
    contacts = simulator.call("GET", "/contacts", query={"per_page": "3"})["data"]
    for count, contact in enumerate(contacts, 1):
        simulator.call("POST", f"/contacts/{contact['id']}/companies", {"id": company["id"]})
        listed = simulator.call("GET", "/companies", query={"per_page": "60"})["data"]
        assert [one["user_count"] for one in listed if one["id"] == company["id"]] == [count]


def test_a_later_page_of_companies_looks_at_no_row_again() -> None:
    simulator = Simulator(contacts=900, companies=300, conversations=0, tickets=0)
    members, table = simulator.workspace.members, simulator.workspace.companies
    looked_at: list[int] = []

    def is_odd(number: int) -> bool:
        looked_at.append(number)
        return number % 2 == 1

    def page() -> tuple[int, int]:
        looked_at.clear()
        asked = dataclasses.replace(
            table.everything(),
            key="odd",
            is_exact=False,
            test_number=is_odd,
        )
        total = table.page(members.with_people(asked), Order(), None, 10).total_count
        return total, len(looked_at)

    total, _ = page()
    assert 0 < total < 300
    assert page() == (total, 0)
    gone = table.value_at(1, "id")
    simulator.call("DELETE", f"/companies/{gone}")
    assert page() == (total - 1, 1)
    assert page() == (total - 1, 0)


def test_a_company_lists_its_contacts_without_a_look_at_all_that_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulator = Simulator(contacts=2_000, companies=100, conversations=0, tickets=0)
    workspace = simulator.workspace
    path = f"/companies/{workspace.companies.value_at(7, 'id')}/contacts"
    total = simulator.call("GET", path)["total_count"]
    for number in range(1_000):
        workspace.contacts.change(workspace.contacts.value_at(number, "id"))["name"] = "Changed"
    while workspace.catch_up():  # as each write by a call does
        pass
    looked_at: list[int] = []
    company_ids = ContactSeeds.company_ids

    def look(seeds: ContactSeeds, number: int) -> Any:
        looked_at.append(number)
        return company_ids(seeds, number)

    monkeypatch.setattr(ContactSeeds, "company_ids", look)
    page = simulator.call("GET", path)
    assert page["total_count"] == total > 3
    assert len(looked_at) < 100
    for contact in page["data"][:3]:
        simulator.call("DELETE", f"/contacts/{contact['id']}")
    assert simulator.call("GET", path)["total_count"] == total - 3


def test_what_cannot_be_looked_at_yet_holds_no_answer_up() -> None:
    """Companies are put into the list of those with contacts once that list is asked for."""
    simulator = Simulator(contacts=10, companies=600, conversations=0, tickets=0)
    workspace = simulator.workspace
    for number in range(600):
        workspace.companies.change(workspace.companies.value_at(number, "id"))["name"] = "Changed"
    company = workspace.companies.value_at(1, "id")
    with workspace.steps.interruptible():
        assert not workspace.members.attached(company)


def test_a_search_is_sorted_by_what_no_row_has_a_field_for() -> None:
    simulator = Simulator(contacts=60, companies=9, conversations=40)
    found = ask(simulator, search("companies", "name", "!=", "x", sort={"field": "user_count"}))
    counts = [one["user_count"] for one in found["data"]]
    assert counts == sorted(counts, reverse=True)
    assert len({*counts}) > 1
    field = "statistics.time_to_admin_reply"
    found = ask(simulator, search("conversations", "id", "!=", "x", sort={"field": field}))
    times = [one["statistics"]["time_to_admin_reply"] or 0 for one in found["conversations"]]
    assert times == sorted(times, reverse=True)
    assert len({*times}) > 1


def test_a_day_of_another_zone_is_asked_for_anew() -> None:
    """Two zones had one offset in 1970, and have others today."""
    simulator = Simulator(contacts=200, conversations=0, timezone="Europe/London")
    at = simulator.call("GET", "/contacts", query={"per_page": "150"})["data"][77]["created_at"]
    counts: set[int] = set()
    for zone in ("Europe/Lisbon", "Europe/London", "Europe/Berlin", "Asia/Tokyo"):
        simulator.quirks = Quirks(day_zone=zone)
        fresh = Simulator(contacts=200, conversations=0, timezone=zone)
        for moment in range(at - 90_000, at + 90_000, 7_200):
            asked = search("contacts", "created_at", "=", moment, sort={"field": "name"})
            body = asked[2]
            now, then = (one.call("POST", asked[1], body) for one in (simulator, fresh))
            assert now["total_count"] == then["total_count"], (zone, moment)
            counts.add(now["total_count"])
    assert len(counts) > 1


def test_companies_are_found_by_their_segment() -> None:
    simulator = Simulator(contacts=80, companies=20)
    every = simulator.call("GET", "/companies", query={"per_page": "60"})["data"]
    segments = simulator.call("GET", "/segments", query={"type": "company", "include_count": "1"})
    for segment in segments["segments"]:
        expected = [
            one["id"]
            for one in every
            if segment["id"] in {inner["id"] for inner in one["segments"]["segments"]}
        ]
        found = simulator.call(
            "GET", "/companies", query={"segment_id": segment["id"], "per_page": "60"}
        )
        assert [one["id"] for one in found["data"]] == expected
        assert segment["person_type"] == "user"
        assert 0 < len(expected) < len(every)
    for one in every:
        attached = simulator.call("GET", f"/companies/{one['id']}/segments")["data"]
        assert attached == one["segments"]["segments"]
    nothing = simulator.call("GET", "/companies", query={"segment_id": "nowhere"})
    assert (nothing["data"], nothing["total_count"]) == ([], 0)
    counted = simulator.call("GET", "/segments", query={"include_count": "true"})["segments"]
    roles = [
        one["role"] for one in simulator.call("GET", "/contacts", query={"per_page": "80"})["data"]
    ]
    assert [one["count"] for one in counted] == [roles.count("user"), 0, 0, roles.count("lead")]
