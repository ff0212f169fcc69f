"""What is written stays, and what follows from it follows."""

from __future__ import annotations

import gzip
from typing import Any

import aiohttp
import pytest

from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio

ADMIN = "991267400"
Json = dict[str, Any]


async def ask(http: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with http.request(method, path, json=body) as reply:
        assert reply.status == 200, (path, await reply.text())
        return await reply.json()


async def refused(
    http: aiohttp.ClientSession, method: str, path: str, body: Any = None, version: str = "2.14"
) -> tuple[int, str, str]:
    headers = {"Intercom-Version": version}
    async with http.request(method, path, json=body, headers=headers) as reply:
        error = (await reply.json())["errors"][0]
        return reply.status, error["code"], error["message"]


async def search_ids(http: aiohttp.ClientSession, field: str, value: Any) -> list[str]:
    query = {"query": {"field": field, "operator": "=", "value": value}}
    return [one["id"] for one in (await ask(http, "POST", "/contacts/search", query))["data"]]


async def test_a_contact_lives_through_all_its_states(http: aiohttp.ClientSession) -> None:
    made = await ask(
        http,
        "POST",
        "/contacts",
        {"email": "new@b.c", "name": "New", "custom_attributes": {"plan": "premium", "vip": True}},
    )
    path = f"/contacts/{made['id']}"
    assert await search_ids(http, "email", "new@b.c") == [made["id"]]

    changed = await ask(http, "PATCH", path, {"custom_attributes": {"plan": "free"}})
    assert changed["custom_attributes"] == {"plan": "free", "vip": True}
    assert changed["name"] == "New"
    assert (await ask(http, "PUT", path, {"name": None}))["name"] is None

    status = await refused(http, "POST", "/contacts", {"email": "new@b.c"})
    assert status == (
        409,
        "conflict",
        f"A contact matching those details already exists with id={made['id']}",
    )
    assert (await ask(http, "POST", f"{path}/archive"))["archived"] is True
    assert await search_ids(http, "email", "new@b.c") == []
    assert (await refused(http, "POST", "/contacts", {"email": "new@b.c"}))[2].startswith(
        "An archived contact"
    )
    assert (await ask(http, "POST", f"{path}/unarchive"))["archived"] is False
    assert await search_ids(http, "email", "new@b.c") == [made["id"]]
    assert (await ask(http, "POST", f"{path}/block"))["blocked"] is True
    assert (await ask(http, "DELETE", path))["deleted"] is True
    assert await refused(http, "GET", path) == (404, "not_found", "User Not Found")


async def test_a_merged_contact_points_to_the_one_that_stays(
    http: aiohttp.ClientSession,
) -> None:
    lead = await ask(http, "POST", "/contacts", {"role": "lead", "email": "same@b.c"})
    user = await ask(http, "POST", "/contacts", {"role": "user", "email": "same@b.c"})
    await ask(http, "POST", f"/contacts/{lead['id']}/tags", {"id": "101"})

    merged = await ask(http, "POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})

    assert merged["id"] == user["id"]
    assert [one["id"] for one in merged["tags"]["data"]] == ["101"]
    assert await search_ids(http, "email", "same@b.c") == [user["id"]]
    assert (await refused(http, "GET", f"/contacts/{lead['id']}"))[0] == 404
    path = f"/contacts/{lead['id']}"
    async with http.get(path, headers={"Intercom-Version": "2.16"}) as reply:
        assert reply.status == 410
        assert reply.headers["Link"] == f'</contacts/{user["id"]}>; rel="canonical"'


async def test_a_new_contact_is_seen_after_it_has_settled() -> None:
    async with Simulator(contacts=5, settle_s=3, index_s=60) as simulator:
        simulator.clock.freeze(1_780_000_000)
        headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
        async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
            made = await ask(http, "POST", "/contacts", {"email": "new@b.c"})
            path = f"/contacts/{made['id']}"
            assert (await refused(http, "PUT", path, {"name": "x"}))[0] == 404
            simulator.clock.move(3)
            assert (await ask(http, "PUT", path, {"name": "x"}))["name"] == "x"
            assert await search_ids(http, "email", "new@b.c") == []
            simulator.clock.move(57)
            assert await search_ids(http, "email", "new@b.c") == [made["id"]]


async def test_embedded_lists_are_cut_at_ten(http: aiohttp.ClientSession) -> None:
    made = await ask(http, "POST", "/contacts", {"email": "new@b.c"})
    for number in range(12):
        path = f"/contacts/{made['id']}/notes"
        await ask(http, "POST", path, {"body": f"note {number}", "admin_id": ADMIN})

    notes = (await ask(http, "GET", f"/contacts/{made['id']}"))["notes"]

    assert (len(notes["data"]), notes["total_count"], notes["has_more"]) == (10, 12, True)
    whole = await ask(http, "GET", notes["url"])
    assert whole["data"][0]["body"] == "<p>note 11</p>"
    assert whole["total_count"] == 12


async def test_a_conversation_follows_its_parts(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.clock.freeze(1_780_000_000)
    contact = await ask(http, "POST", "/contacts", {"email": "new@b.c"})
    sender = {"type": "user", "id": contact["id"]}
    message = await ask(http, "POST", "/conversations", {"from": sender, "body": "Help"})
    path = f"/conversations/{message['conversation_id']}"
    start = await ask(http, "GET", path)
    assert (start["state"], start["waiting_since"]) == ("open", 1_780_000_000)

    simulator.clock.move(60)
    comment = {"message_type": "comment", "type": "admin", "admin_id": ADMIN, "body": "Hello"}
    replied = await ask(http, "POST", f"{path}/reply", comment)
    assert replied["waiting_since"] is None
    assert replied["statistics"]["time_to_admin_reply"] == 60

    manage: Json = {"type": "admin", "admin_id": ADMIN}
    snoozed = {"message_type": "snoozed", "snoozed_until": 1_790_000_000, **manage}
    assert (await ask(http, "POST", f"{path}/parts", snoozed))["state"] == "snoozed"
    closed = await ask(http, "POST", f"{path}/parts", {"message_type": "close", **manage})
    assert (closed["state"], closed["open"]) == ("closed", False)
    back = {"message_type": "comment", "type": "user", "email": "new@b.c", "body": "Again"}
    assert (await ask(http, "POST", f"{path}/reply", back))["state"] == "open"
    opened = await ask(http, "POST", f"{path}/parts", {"message_type": "open", **manage})
    assert opened["statistics"]["count_reopens"] == 1

    for assignee, expected in (("5017600", "team"), (ADMIN, "admin"), ("0", "nobody_admin")):
        body = {"message_type": "assignment", "assignee_id": assignee, **manage}
        row = await ask(http, "POST", f"{path}/parts", body)
        part = row["conversation_parts"]["conversation_parts"][-1]
        assert part["assigned_to"]["type"] == expected
    assert row["admin_assignee_id"] is None
    body = {"message_type": "assignment", "assignee_id": "12", **manage}
    assert (await refused(http, "POST", f"{path}/parts", body))[1] == "assignee_not_found"


@pytest.mark.parametrize("conversations", [40, 4_000])
async def test_a_contact_replies_to_its_last_conversation(conversations: int) -> None:
    """To one that is there from the start, too; among thousands it is found in steps."""
    async with Simulator(contacts=20, conversations=conversations) as simulator:
        newest = simulator.call("GET", "/conversations")["conversations"][0]
        contact = newest["contacts"]["contacts"][0]["id"]
        body = {"message_type": "comment", "type": "user", "body": "Still there?"}
        body["intercom_user_id"] = contact
        headers = {"Authorization": f"Bearer {simulator.token}"}
        async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
            replied = await ask(http, "POST", "/conversations/last/reply", body)
        assert replied["id"] == newest["id"]
        assert replied["conversation_parts"]["conversation_parts"][-1]["author"]["id"] == contact
        conversations_after = simulator.call("GET", "/conversations")["total_count"]
        assert conversations_after == conversations


async def test_only_the_newest_five_hundred_parts_are_sent(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    conversation_id = (await ask(http, "GET", "/conversations"))["conversations"][0]["id"]
    row = simulator.workspace.conversations.change(conversation_id)
    author = {"type": "admin", "id": ADMIN, "name": "x", "email": "x@y.z"}
    for at in range(600):
        simulator.workspace.threads.append(row, "comment", author, 1_780_000_000 + at, body="x")

    parts = (await ask(http, "GET", f"/conversations/{conversation_id}"))["conversation_parts"]

    assert parts["total_count"] > 600
    assert len(parts["conversation_parts"]) == 500
    assert parts["conversation_parts"][-1]["created_at"] == 1_780_000_599
    listed = (await ask(http, "GET", "/conversations"))["conversations"][0]
    assert "conversation_parts" not in listed


async def test_companies_scroll_with_one_token_and_one_at_a_time() -> None:
    async with Simulator(contacts=2_000, companies=250) as simulator:
        simulator.clock.freeze(1_780_000_000)
        headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
        async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
            first = await ask(http, "GET", "/companies/scroll")
            token = first["scroll_param"]
            assert (await refused(http, "GET", "/companies/scroll"))[:2] == (400, "scroll_exists")
            sizes = [len(first["data"])]
            while sizes[-1]:
                page = await ask(http, "GET", f"/companies/scroll?scroll_param={token}")
                assert page["scroll_param"] == token
                sizes.append(len(page["data"]))
            assert sizes == [100, 100, 50, 0]
            simulator.clock.move(61)
            gone = await refused(http, "GET", f"/companies/scroll?scroll_param={token}")
            assert gone[0] == 404
            assert len((await ask(http, "GET", "/companies/scroll"))["data"]) == 100


async def test_companies_list_by_page_with_a_url(http: aiohttp.ClientSession) -> None:
    page = await ask(http, "POST", "/companies/list?per_page=8&order=asc")
    ids = [one["id"] for one in page["data"]]
    while page["pages"]["next"]:
        origin, _, rest = page["pages"]["next"].partition("/companies")
        assert origin == "https://api.intercom.io"
        page = await ask(http, "POST", f"/companies{rest}")
        ids += [one["id"] for one in page["data"]]

    assert len(ids) == len(set(ids)) == page["total_count"]


async def test_a_company_without_people_is_in_no_list(http: aiohttp.ClientSession) -> None:
    made = await ask(http, "POST", "/companies", {"company_id": "lonely", "name": "Lonely"})
    again = await ask(http, "POST", "/companies", {"company_id": "lonely", "size": 7})
    assert (again["id"], again["name"], again["size"]) == (made["id"], "Lonely", 7)
    before = await ask(http, "GET", "/companies")
    contact = (await ask(http, "GET", "/contacts"))["data"][0]["id"]

    await ask(http, "POST", f"/contacts/{contact}/companies", {"id": made["id"]})

    after = await ask(http, "GET", "/companies")
    assert after["total_count"] == before["total_count"] + 1
    members = await ask(http, "GET", f"/companies/{made['id']}/contacts")
    assert [one["id"] for one in members["data"]] == [contact]
    await ask(http, "DELETE", f"/contacts/{contact}/companies/{made['id']}")
    assert (await ask(http, "GET", f"/companies/{made['id']}"))["user_count"] == 0


async def test_events_are_kept_once_and_for_ninety_days(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.clock.freeze(1_780_000_000)
    for at in (1_779_999_000, 1_779_999_000, 1_779_999_500, 1_700_000_000):
        event = {"event_name": "ordered", "user_id": "user-0", "created_at": at}
        event["user_id"] = simulator.workspace.contacts.value_at(1, "external_id")
        async with http.post("/events", json=event) as reply:
            assert (reply.status, await reply.read()) == (202, b"")

    path = f"/events?type=user&user_id={event['user_id']}"
    listed = await ask(http, "GET", f"{path}&per_page=1")
    assert [one["created_at"] for one in listed["events"]] == [1_779_999_500]
    rest = await ask(http, "GET", listed["pages"]["next"].removeprefix("https://api.intercom.io"))
    assert [one["created_at"] for one in rest["events"]] == [1_779_999_000]
    assert "next" not in rest["pages"]


async def test_an_export_runs_alone_and_ends_in_a_compressed_file(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.clock.freeze(1_780_000_000)
    span = {"created_at_after": 1, "created_at_before": 1_780_000_000}
    job = await ask(http, "POST", "/export/content/data", span)
    assert (job["status"], job["download_url"]) == ("pending", "")
    busy = await refused(http, "POST", "/export/content/data", span)
    assert busy == (
        429,
        "rate_limit_exceeded",
        "Exceeded rate limit of 1 pending message data export jobs",
    )

    simulator.clock.move(5)
    done = await ask(http, "GET", f"/export/content/data/{job['job_identifier']}")
    assert done["status"] == "completed"
    path = done["download_url"].removeprefix("https://api.intercom.io")
    headers = {"Accept": "application/octet-stream"}
    async with http.get(path, headers=headers) as reply:
        assert "Content-Encoding" not in reply.headers
        lines = gzip.decompress(await reply.read()).decode().splitlines()
    assert lines[0].startswith("conversation_id,")
    assert len(lines) > 40


async def test_a_ticket_moves_through_states_and_jobs(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.clock.freeze(1_780_000_000)
    contact = (await ask(http, "GET", "/contacts"))["data"][0]["id"]
    body: Json = {
        "ticket_type_id": 53,
        "contacts": [{"id": contact}],
        "ticket_attributes": {"_default_title_": "Broken"},
    }
    ticket = await ask(http, "POST", "/tickets", body)
    assert (ticket["ticket_state"]["category"], ticket["admin_assignee_id"]) == ("submitted", "0")
    assert ticket["id"] != ticket["ticket_id"]
    change = {"ticket_state_id": "7493", "admin_id": ADMIN, "assignee_id": ADMIN}
    resolved = await ask(http, "PUT", f"/tickets/{ticket['id']}", change)
    assert (resolved["open"], resolved["admin_assignee_id"]) == (False, ADMIN)
    wrong = await refused(http, "PUT", f"/tickets/{ticket['id']}", {"ticket_state_id": 0})
    assert wrong[1] == "ticket_state_id_invalid"

    job = await ask(http, "POST", "/tickets/enqueue", body)
    assert (job["status"], job["resource_id"]) == ("pending", None)
    simulator.clock.move(5)
    job = await ask(http, "GET", f"/jobs/status/{job['id']}")
    assert job["status"] == "success"
    assert (await ask(http, "GET", f"/tickets/{job['resource_id']}"))["open"] is True


async def test_resources_without_code_of_their_own_keep_what_is_written(
    http: aiohttp.ClientSession,
) -> None:
    made = await ask(http, "POST", "/help_center/collections", {"name": "Guides"})
    path = f"/help_center/collections/{made['id']}"
    assert (await ask(http, "GET", path))["name"] == "Guides"
    assert (await ask(http, "PUT", path, {"name": "Manuals"}))["name"] == "Manuals"
    listed = await ask(http, "GET", "/help_center/collections?per_page=2")
    assert listed["pages"]["next"].endswith("/help_center/collections?per_page=2&page=2")
    assert (await ask(http, "DELETE", path))["deleted"] is True
    assert (await refused(http, "GET", path))[0] == 404
    wrong = await refused(http, "POST", "/help_center/collections", {"name": []})
    assert wrong[:2] == (400, "parameter_invalid")


async def test_the_activity_log_goes_on_by_page_with_its_filters_in_the_body(
    http: aiohttp.ClientSession,
) -> None:
    page = await ask(http, "GET", "/admins/activity_logs?created_at_after=1&per_page=250")
    assert (len(page["activity_logs"]), page["pages"]["total_pages"]) == (250, 2)
    too_many = "/admins/activity_logs?created_at_after=1&per_page=251"
    assert (await refused(http, "GET", too_many))[1] == "parameter_invalid"

    body = {"created_at_after": 1, "event_types": ["admin_logout"], "per_page": 60}
    path = "/admins/activity_logs/search"
    headers = {"Intercom-Version": "2.16"}
    async with http.post(path, json=body, headers=headers) as reply:
        first = await reply.json()
    rest = first["pages"]["next"].removeprefix("https://api.intercom.io")
    assert "event_types" not in rest
    async with http.post(rest, json=body, headers=headers) as reply:
        second = await reply.json()
    kinds = {one["activity_type"] for one in first["activity_logs"] + second["activity_logs"]}
    assert kinds == {"admin_logout"}
    assert (len(first["activity_logs"]), len(second["activity_logs"])) == (60, 40)


async def test_a_recording_is_on_another_host(http: aiohttp.ClientSession) -> None:
    call = (await ask(http, "GET", "/calls"))["data"][0]
    body = {"conversation_ids": [call["conversation_id"]]}
    assert [one["id"] for one in (await ask(http, "POST", "/calls/search", body))["data"]] == [
        call["id"]
    ]
    async with http.get(f"/calls/{call['id']}/recording", allow_redirects=False) as reply:
        assert reply.status == 302
        assert reply.headers["Location"].startswith("https://recordings.")
    async with http.get(f"/calls/{call['id']}/transcript") as reply:
        assert reply.content_type == "text/plain"


async def test_an_address_is_free_again_once_its_contact_has_another(
    http: aiohttp.ClientSession,
) -> None:
    seeded = (await ask(http, "GET", "/contacts"))["data"][0]
    first = await ask(http, "POST", "/contacts", {"email": "first@b.c", "external_id": "one"})
    await ask(http, "PUT", f"/contacts/{first['id']}", {"email": "second@b.c"})

    other = await ask(http, "POST", "/contacts", {"email": "first@b.c"})
    assert (await refused(http, "POST", "/contacts", {"email": "second@b.c"}))[0] == 409
    await ask(http, "DELETE", f"/contacts/{other['id']}")
    await ask(http, "POST", "/contacts", {"email": "first@b.c"})
    found = await ask(http, "GET", "/contacts/find_by_external_id/one")
    assert found["email"] == "second@b.c"
    taken = {"external_id": seeded["external_id"]}
    assert (await refused(http, "PUT", f"/contacts/{first['id']}", taken))[0] == 409


async def test_metadata_takes_prices_and_links_and_nothing_deeper(
    http: aiohttp.ClientSession,
) -> None:
    contact = (await ask(http, "GET", "/contacts"))["data"][0]
    event = {"event_name": "ordered", "id": contact["id"], "created_at": 1_780_000_000}
    price = {"price": {"amount": 34_999, "currency": "eur"}, "count": 3, "plan": "premium"}
    async with http.post("/events", json=event | {"metadata": price}) as reply:
        assert reply.status == 202
    deep = {"order": {"lines": [{"sku": 1}]}}
    assert (await refused(http, "POST", "/events", event | {"metadata": deep}))[0] == 400


async def test_a_deleted_tag_is_on_nothing(http: aiohttp.ClientSession) -> None:
    contact = await ask(http, "POST", "/contacts", {"email": "tagged@example.com"})
    path = f"/contacts/{contact['id']}"
    tags = [await ask(http, "POST", "/tags", {"name": f"tag {number}"}) for number in range(2)]
    for tag in tags:
        await ask(http, "POST", f"{path}/tags", {"id": tag["id"]})

    await ask(http, "DELETE", f"/tags/{tags[0]['id']}")

    listed = (await ask(http, "GET", f"{path}/tags"))["data"]
    shown = (await ask(http, "GET", path))["tags"]["data"]
    assert [one["id"] for one in listed] == [tags[1]["id"]]
    assert [one["id"] for one in shown] == [tags[1]["id"]]
