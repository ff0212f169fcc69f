"""Contacts that are merged, deleted, archived, and the records of it."""

from __future__ import annotations

from typing import Any

import pytest

from intercom_async.simulator import Simulator

Json = dict[str, Any]
NOW = 1_780_000_000


@pytest.fixture
def simulator() -> Simulator:
    made = Simulator(contacts=30, conversations=5, companies=5, tickets=5)
    made.clock.freeze(NOW)
    return made


def contact(simulator: Simulator, **fields: Any) -> str:
    made: Json = simulator.call("POST", "/contacts", fields)
    record_id: str = made["id"]
    return record_id


def deleted(simulator: Simulator, **query: str) -> Json:
    answer: Json = simulator.call("GET", "/contacts/deleted", query=query, version="2.17")
    return answer


def activities(simulator: Simulator, **query: str) -> Json:
    answer: Json = simulator.call("GET", "/contacts/activities", query=query, version="Preview")
    return answer


def test_deleted_contacts_are_listed_with_the_reason(simulator: Simulator) -> None:
    ids = [contact(simulator, role="lead", email=f"{name}@b.c") for name in "abcde"]
    archived, blocked, gone, source, target = ids
    simulator.call("POST", f"/contacts/{archived}/archive")
    simulator.call("POST", f"/contacts/{blocked}/block")
    simulator.call("DELETE", f"/contacts/{gone}")
    simulator.call("POST", "/contacts/merge", {"from": source, "into": target})

    rows = {one["id"]: one for one in deleted(simulator)["data"]}

    assert {key: one["status"] for key, one in rows.items()} == {
        archived: "archived",
        blocked: "blocked",
        gone: "pending_deletion",
        source: "merged",
    }
    assert rows[source]["merged_into_id"] == target
    assert "merged_into_id" not in rows[archived]
    assert rows[gone]["email"] == "c@b.c"
    simulator.clock.move(7 * 86_400)
    last = next(one for one in deleted(simulator)["data"] if one["id"] == gone)
    assert (last["status"], last["email"], last["external_id"]) == (
        "permanently_deleted",
        None,
        None,
    )


def test_an_unarchived_contact_is_back_everywhere(simulator: Simulator) -> None:
    record_id = contact(simulator, email="a@b.c")
    query = {"query": {"field": "email", "operator": "=", "value": "a@b.c"}}
    for action, count in (("archive", 0), ("unarchive", 1), ("archive", 0), ("unarchive", 1)):
        simulator.call("POST", f"/contacts/{record_id}/{action}")
        assert simulator.call("POST", "/contacts/search", query)["total_count"] == count
        assert len(deleted(simulator)["data"]) == 1 - count
        listed = simulator.call("GET", "/contacts", query={"per_page": "150"})["data"]
        assert sum(one["id"] == record_id for one in listed) == count


def test_deleted_contacts_come_in_pages_of_the_size_asked_for(simulator: Simulator) -> None:
    for number in range(12):
        record_id = contact(simulator, email=f"<{number}>@b.c")
        simulator.call("DELETE", f"/contacts/{record_id}")

    first = deleted(simulator)
    assert (len(first["data"]), first["pages"]["total_pages"], first["total_count"]) == (10, 2, 12)
    assert len(deleted(simulator, page="2")["data"]) == 2
    assert deleted(simulator, page="3")["data"] == []
    assert len(deleted(simulator, per_page="1.5")["data"]) == 1
    assert deleted(simulator, per_page="999")["pages"]["per_page"] == 150
    assert first["data"][0]["email"].startswith("&lt;")
    assert deleted(simulator, escape_identity="false")["data"][0]["email"].startswith("<")
    for wrong in ("0", "abc", "-1"):
        with pytest.raises(ValueError, match="400 invalid_per_page"):
            deleted(simulator, per_page=wrong)


@pytest.mark.parametrize("version", ["2.14", "2.15", "2.16"])
def test_earlier_versions_list_no_deleted_contacts(simulator: Simulator, version: str) -> None:
    # The path is that of a contact there, and none has this id.
    with pytest.raises(ValueError, match=r"40[04]"):
        simulator.call("GET", "/contacts/deleted", version=version)


def test_a_chain_of_merges_leads_to_the_contact_that_is_left(simulator: Simulator) -> None:
    first, second, third = (contact(simulator, role="lead", name=name) for name in "abc")
    last = contact(simulator, email="last@b.c")
    skip = {"skip_duplicate_validation": True}
    for source, target in ((first, second), (second, third), (third, last)):
        body = {"from": source, "into": target} | skip
        simulator.call("POST", "/contacts/merge", body, version="2.16")

    for record_id in (first, second, third):
        with pytest.raises(ValueError, match=f"merged into {last}"):
            simulator.call("GET", f"/contacts/{record_id}", version="2.16")
        with pytest.raises(ValueError, match="404 not_found"):
            simulator.call("GET", f"/contacts/{record_id}", version="2.15")


def test_a_merge_is_previewed_without_being_done(simulator: Simulator) -> None:
    lead = contact(simulator, role="lead", email="same@b.c", phone="+12025550100")
    user = contact(simulator, email="same@b.c")
    stranger = contact(simulator, email="other@b.c")

    def preview(source: str, target: str) -> Json:
        body = {"from": source, "into": target}
        answer: Json = simulator.call("POST", "/contacts/merge/preview", body, version="Preview")
        return answer

    allowed = preview(lead, user)
    assert allowed["summary"]["attribute_changes"]["attributes"][0]["outcome"] == "adopted"
    assert simulator.call("GET", f"/contacts/{lead}")["phone"] == "+12025550100"
    codes = [preview(*pair)["reasons"][0]["code"] for pair in ((user, lead), (lead, stranger))]
    assert codes == ["invalid_merge_role_pair", "no_shared_identifier"]


def test_companies_are_searched_where_they_have_people(simulator: Simulator) -> None:
    def found(field: str, operator: str, value: Any) -> list[str]:
        query = {"field": field, "operator": operator, "value": value}
        answer = simulator.call("POST", "/companies/search", {"query": query}, version="Preview")
        assert answer["pages"]["per_page"] == 15
        return [one["company_id"] for one in answer["data"]]

    listed = simulator.call("GET", "/companies")["data"]
    assert set(found("user_count", ">", 0)) == {one["company_id"] for one in listed}
    lonely = simulator.call("POST", "/companies", {"company_id": "lonely", "name": "Lonely"})
    assert found("name", "=", "lonely") == []
    person = contact(simulator, email="a@b.c")
    simulator.call("POST", f"/contacts/{person}/companies", {"id": lonely["id"]})
    assert found("name", "=", "lonely") == ["lonely"]
    with pytest.raises(ValueError, match="400 invalid_field"):
        found("segment_id", "=", "1")


def test_activities_begin_with_the_seeded_contacts(simulator: Simulator) -> None:
    whole = activities(simulator, per_page="150")["data"]
    assert [one["event_type"] for one in whole] == ["contact.created"] * 30
    table = simulator.workspace.contacts
    assert [one["contact_id"] for one in whole] == [
        table.value_at(number, "id") for number in range(30)
    ]

    seen: list[Json] = []
    cursor: Json = {}
    while True:
        page = activities(simulator, per_page="7", **cursor)
        seen += page["data"]
        if page["pages"]["next"] is None:
            break
        cursor = {"starting_after": page["pages"]["next"]["starting_after"]}
    assert seen == whole
    with pytest.raises(ValueError, match="400 parameter_invalid"):
        activities(simulator, starting_after="nonsense")


def test_activities_tell_what_happened_to_a_contact(simulator: Simulator) -> None:
    lead = contact(simulator, role="lead", email="same@b.c")
    user = contact(simulator, email="same@b.c")
    other = contact(simulator, role="lead", name="Other")
    simulator.call("PUT", f"/contacts/{other}", {"role": "user"})
    simulator.call("POST", "/contacts/merge", {"from": lead, "into": user})
    simulator.call("DELETE", f"/contacts/{other}")

    new = activities(simulator, per_page="150")["data"][30:]

    assert [(one["event_type"].partition(".")[2], one["contact_id"]) for one in new] == [
        ("created", lead),
        ("created", user),
        ("created", other),
        ("role_updated", other),
        ("merged", user),
        ("deleted", other),
    ]
    assert (new[4]["merge_source_id"], new[4]["merge_target_id"]) == (lead, user)
    assert new[3]["role"] == "user"


def test_a_ticket_makes_the_contact_of_an_address_that_is_not_known(simulator: Simulator) -> None:
    body = {"ticket_type_id": "53", "contacts": [{"email": "unknown@b.c"}]}

    ticket = simulator.call("POST", "/tickets", body)

    query = {"query": {"field": "email", "operator": "=", "value": "unknown@b.c"}}
    found = simulator.call("POST", "/contacts/search", query)["data"]
    assert [one["id"] for one in found] == [ticket["contacts"]["contacts"][0]["id"]]
    assert found[0]["workspace_id"] == simulator.call("GET", "/me")["app"]["id_code"]
    again = simulator.call("POST", "/tickets", body)
    assert again["contacts"]["contacts"][0]["id"] == found[0]["id"]
    with pytest.raises(ValueError, match="400 parameter_invalid"):
        simulator.call("POST", "/tickets", body | {"contacts": [{"email": "nonsense"}]})


def test_deleted_conversations_are_listed_the_last_one_first(simulator: Simulator) -> None:
    listed = simulator.call("GET", "/conversations")["conversations"]
    for one in listed[:3]:
        simulator.call("DELETE", f"/conversations/{one['id']}")

    answer = simulator.call("GET", "/conversations/deleted", version="2.16")

    assert [one["id"] for one in answer["conversations"]] == [one["id"] for one in listed[2::-1]]
    assert answer["total_count"] == 3


# Bulk jobs of Preview -----------------------------------------------------------------------


def bulk(simulator: Simulator, method: str, path: str, body: Json) -> Json:
    answer: Json = simulator.call(method, path, body, version="Preview")
    return answer


def job(simulator: Simulator, kind: str, job_id: str) -> Json:
    answer: Json = simulator.call("GET", f"/{kind}/bulk/{job_id}", version="Preview")
    return answer


def test_a_bulk_job_writes_contacts_in_the_background(simulator: Simulator) -> None:
    items = [
        {"email": "one@b.c", "companies": [{"company_id": "new", "name": "New"}]},
        {"email": "two@b.c", "tags": {"add": [{"id": "101"}, {"id": "0"}]}},
        {"email": "one@b.c"},
    ]
    begun = bulk(simulator, "POST", "/contacts/bulk", {"contacts": items})
    assert (begun["state"], begun["tasks"][0]["item_count"]) == ("running", 3)
    query = {"query": {"field": "email", "operator": "$", "value": "@b.c"}}
    assert simulator.call("POST", "/contacts/search", query)["total_count"] == 0

    simulator.clock.move(2)
    ended = job(simulator, "contacts", begun["id"])
    found = simulator.call("POST", "/contacts/search", query)["data"]

    assert (ended["state"], ended["completed_at"]) == ("completed_with_errors", NOW + 2)
    by_email = {one["email"]: one for one in found}
    assert set(by_email) == {"one@b.c", "two@b.c"}
    assert by_email["one@b.c"]["companies"]["total_count"] == 1
    assert [one["id"] for one in by_email["two@b.c"]["tags"]["data"]] == ["101"]
    with pytest.raises(ValueError, match="403 forbidden"):
        bulk(simulator, "POST", "/contacts/bulk", {"contacts": items, "job": {"id": ended["id"]}})


def test_a_bulk_job_takes_more_tasks_until_it_ends(simulator: Simulator) -> None:
    first = contact(simulator, email="first@b.c")
    second = contact(simulator, email="second@b.c")
    begun = bulk(simulator, "PUT", "/contacts/bulk", {"contacts": [{"id": first, "name": "A"}]})
    simulator.clock.move(1)
    body = {"contacts": [{"id": second}], "job": {"id": begun["id"]}}
    bulk(simulator, "POST", "/contacts/bulk/delete", body)
    simulator.clock.move(1)
    half = job(simulator, "contacts", begun["id"])
    assert [one["state"] for one in half["tasks"]] == ["completed", "pending"]
    simulator.clock.move(1)
    assert job(simulator, "contacts", begun["id"])["state"] == "completed"
    assert simulator.call("GET", f"/contacts/{first}")["name"] == "A"
    with pytest.raises(ValueError, match="404"):
        simulator.call("GET", f"/contacts/{second}")


def test_a_bulk_job_upserts_companies(simulator: Simulator) -> None:
    for name in ("Before", "After"):
        items = [{"company_id": "c", "name": name}]
        begun = bulk(simulator, "POST", "/companies/bulk", {"companies": items})
        simulator.clock.move(2)
        assert job(simulator, "companies", begun["id"])["state"] == "completed"
    made = simulator.call("GET", "/companies", query={"company_id": "c"})
    assert made["name"] == "After"
    bulk(simulator, "POST", "/companies/bulk/delete", {"companies": [{"id": made["id"]}]})
    simulator.clock.move(2)
    with pytest.raises(ValueError, match="404"):
        simulator.call("GET", f"/companies/{made['id']}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "422 field_not_found"),
        ({"contacts": {}}, "422 type_mismatch"),
        ({"contacts": [1]}, "422 type_mismatch"),
        ({"contacts": [{"id": "1"}] * 101}, "422 parameter_invalid"),
        ({"contacts": [{"name": "no id"}]}, "422 field_not_found"),
        ({"contacts": [], "job": {"id": "job_v2_9"}}, "404 job_not_found"),
    ],
)
def test_bulk_requests_that_make_no_sense_are_refused(
    simulator: Simulator, body: Json, code: str
) -> None:
    with pytest.raises(ValueError, match=code):
        bulk(simulator, "PUT", "/contacts/bulk", body)
    with pytest.raises(ValueError, match="400 intercom_version_invalid"):
        simulator.call("PUT", "/contacts/bulk", body, version="2.16")
