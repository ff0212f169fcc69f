"""Tags and companies of records: one that was deleted is on none, seeded or written."""

from __future__ import annotations

import time
from typing import Any

import pytest

from intercom_async.simulator import Simulator

Json = dict[str, Any]
MAX_S = 0.02
"""CPU seconds that a deletion may take, however many records it concerns."""


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(contacts=400, companies=4, conversations=40, tickets=10)


def pages(simulator: Simulator, key: str, method: str, path: str, body: Any = None) -> list[Json]:
    """Read a list to its end."""
    rows: list[Json] = []
    after: str | None = None
    while True:
        cursor = {} if after is None else {"starting_after": after}
        if method == "GET":
            query = {"per_page": "60", **cursor}
            page = simulator.call("GET", path, query=query, version="Preview")
        else:
            paging = {"per_page": 60, **cursor}
            page = simulator.call("POST", path, body | {"pagination": paging}, version="Preview")
        rows += page[key]
        following: Json = page["pages"].get("next") or {}
        after = following.get("starting_after")
        if after is None:
            assert page["total_count"] == len(rows)
            return rows


def found(simulator: Simulator, kind: str, field: str, value: Any, operator: str = "=") -> set[str]:
    """Search, and return the ids."""
    body = {"query": {"field": field, "operator": operator, "value": value}}
    key = "data" if kind == "contacts" else kind
    return {one["id"] for one in pages(simulator, key, "POST", f"/{kind}/search", body)}


def shown(contact: Json, kind: str) -> set[str]:
    return {one["id"] for one in contact[kind]["data"]}


def having(simulator: Simulator, kind: str, link_id: str) -> set[str]:
    """Return the contacts that show a tag or a company, in the list and by id."""
    contacts = pages(simulator, "data", "GET", "/contacts")
    ids = {one["id"] for one in contacts if link_id in shown(one, kind)}
    for contact in contacts[:30]:
        read = simulator.call("GET", f"/contacts/{contact['id']}")
        assert read[kind]["total_count"] == contact[kind]["total_count"]
        assert shown(read, kind) == shown(contact, kind)
        listed = simulator.call("GET", f"/contacts/{contact['id']}/{kind}")["data"]
        assert {one["id"] for one in listed} == shown(contact, kind)
    return ids


def test_a_deleted_tag_is_on_no_contact(simulator: Simulator) -> None:
    tag, *others = sorted({one["id"] for one in simulator.call("GET", "/tags")["data"]})
    seeded = having(simulator, "tags", tag)
    written = {one["id"] for one in pages(simulator, "data", "GET", "/contacts")[:50]}
    for contact in written:
        simulator.call("POST", f"/contacts/{contact}/tags", {"id": tag})
    assert found(simulator, "contacts", "tag_id", tag) == seeded | written
    untagged = found(simulator, "contacts", "tag_id", None)
    elsewhere = {one: found(simulator, "contacts", "tag_id", one) for one in others}

    simulator.call("DELETE", f"/tags/{tag}")

    assert having(simulator, "tags", tag) == set()
    assert found(simulator, "contacts", "tag_id", tag) == set()
    assert len(found(simulator, "contacts", "tag_id", tag, "!=")) == 400
    assert elsewhere == {one: found(simulator, "contacts", "tag_id", one) for one in others}
    bare = found(simulator, "contacts", "tag_id", None)
    assert bare > untagged
    assert bare.isdisjoint({one for ids in elsewhere.values() for one in ids})


def test_a_deleted_tag_is_on_nothing_else(simulator: Simulator) -> None:
    tag = simulator.call("POST", "/tags", {"name": "Short-lived"})
    admin = simulator.call("GET", "/admins")["admins"][0]["id"]
    company = simulator.call("GET", "/companies")["data"][0]["id"]
    article = simulator.call("GET", "/articles")["data"][0]["id"]
    simulator.call("POST", "/tags", {"name": tag["name"], "companies": [{"id": company}]})
    simulator.call("POST", f"/articles/{article}/tags", {"id": tag["id"]}, version="Preview")
    for kind in ("conversations", "tickets"):
        table = getattr(simulator.workspace, kind)
        body = {"id": tag["id"], "admin_id": admin}
        simulator.call("POST", f"/{kind}/{table.value_at(3, 'id')}/tags", body)
        assert len(found(simulator, kind, "tag_ids", tag["id"])) == 1
    listed = simulator.call("GET", "/companies", query={"tag_id": tag["id"]})
    assert [one["id"] for one in listed["data"]] == [company]

    simulator.call("DELETE", f"/tags/{tag['id']}")

    listed = simulator.call("GET", "/companies", query={"tag_id": tag["id"]})
    assert (listed["data"], listed["total_count"]) == ([], 0)
    assert simulator.call("GET", f"/companies/{company}")["tags"]["tags"] == []
    assert simulator.call("GET", f"/articles/{article}", version="Preview")["tags"]["tags"] == []
    for kind in ("conversations", "tickets"):
        assert found(simulator, kind, "tag_ids", tag["id"]) == set()
    read = simulator.call(
        "GET", f"/conversations/{simulator.workspace.conversations.value_at(3, 'id')}"
    )
    assert read["tags"]["tags"] == []


def test_a_deleted_company_is_with_no_contact(simulator: Simulator) -> None:
    company, other = (one["id"] for one in simulator.call("GET", "/companies")["data"][:2])
    seeded = having(simulator, "companies", company)
    written = {one["id"] for one in pages(simulator, "data", "GET", "/contacts")[:20]}
    for contact in written:
        simulator.call("POST", f"/contacts/{contact}/companies", {"id": company})
        simulator.call("POST", f"/contacts/{contact}/companies", {"id": other})
    assert found(simulator, "contacts", "company_id", company) == seeded | written
    count = simulator.call("GET", f"/companies/{other}")["user_count"]

    simulator.call("DELETE", f"/companies/{company}")

    assert having(simulator, "companies", company) == set()
    assert found(simulator, "contacts", "company_id", company) == set()
    read = simulator.call("GET", f"/companies/{other}")
    assert read["user_count"] == count
    assert {one["id"] for one in simulator.call("GET", "/companies")["data"]}.isdisjoint({company})
    contact = next(iter(seeded - written))
    simulator.call("PUT", f"/contacts/{contact}", {"name": "Changed"})
    assert shown(simulator.call("GET", f"/contacts/{contact}"), "companies") == set()


@pytest.mark.parametrize("kind", ["tags", "companies"])
def test_a_deletion_is_short_whatever_it_concerns(kind: str) -> None:
    simulator = Simulator(contacts=100_000, companies=1, conversations=0, tickets=0)
    link = simulator.call("GET", f"/{kind}")["data"][0]["id"]
    table = simulator.workspace.contacts
    for number in range(5_000):
        table.change(table.value_at(number, "id"))["_tags"] = [{"id": link}]

    begun_s = time.thread_time()
    simulator.call("DELETE", f"/{kind}/{link}")
    assert time.thread_time() - begun_s < MAX_S
