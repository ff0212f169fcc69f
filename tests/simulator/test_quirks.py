"""Each peculiarity of the real API, switched on and seen from outside."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from intercom_async.simulator import Quirks, Simulator, SimulatorClock

pytestmark = pytest.mark.anyio

START = 1_780_000_000


@pytest.fixture
async def simulator(simulator: Simulator) -> Simulator:
    """The small workspace, its clock stopped."""
    simulator.clock.freeze(START)
    return simulator


async def ask(
    http: aiohttp.ClientSession, method: str, path: str, body: Any = None, **headers: str
) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.request(method, path, json=body, headers=named) as reply:
        assert reply.status < 300, await reply.text()
        return await reply.json()


async def found(http: aiohttp.ClientSession, field: str, value: Any) -> list[str]:
    query = {"field": field, "operator": "=", "value": value}
    answer = await ask(http, "POST", "/contacts/search", {"query": query})
    return [one["id"] for one in answer["data"]]


async def walk(http: aiohttp.ClientSession, path: str, per_page: int) -> AsyncIterator[Any]:
    cursor: str | None = None
    while True:
        params = {"per_page": str(per_page)} | ({"starting_after": cursor} if cursor else {})
        async with http.get(path, params=params) as reply:
            page = await reply.json()
        yield page
        cursor = page["pages"].get("next", {}).get("starting_after")
        if cursor is None:
            return


# What is seen late ------------------------------------------------------------------------------


async def test_search_finds_new_and_changed_contacts_late(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.quirks = Quirks(search_lag_s=3_600)
    seeded = (await ask(http, "GET", "/contacts"))["data"][0]
    old_email = seeded["email"]

    made = await ask(http, "POST", "/contacts", {"email": "late@b.c"})
    await ask(http, "PUT", f"/contacts/{seeded['id']}", {"email": "changed@b.c"})

    assert (await ask(http, "GET", f"/contacts/{made['id']}"))["email"] == "late@b.c"
    assert await found(http, "email", "late@b.c") == []
    assert await found(http, "email", "changed@b.c") == []
    # The search still goes by the old address; the body that it answers is the new one.
    assert await found(http, "email", old_email) == [seeded["id"]]
    simulator.clock.move(3_600)
    assert await found(http, "email", "late@b.c") == [made["id"]]
    assert await found(http, "email", "changed@b.c") == [seeded["id"]]
    assert await found(http, "email", old_email) == []


async def test_reads_show_a_change_late(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.quirks = Quirks(stale_s=5)
    seeded = (await ask(http, "GET", "/contacts"))["data"][0]
    path = f"/contacts/{seeded['id']}"

    written = await ask(http, "PUT", path, {"name": "New Name"})

    assert written["name"] == "New Name"
    assert (await ask(http, "GET", path))["name"] == seeded["name"]
    assert (await ask(http, "GET", "/contacts?per_page=1"))["data"][0]["name"] == seeded["name"]
    simulator.clock.move(5)
    assert (await ask(http, "GET", path))["name"] == "New Name"


# Lists ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/companies", "/articles"])
async def test_the_order_of_a_list_moves_while_it_is_read(
    simulator: Simulator, http: aiohttp.ClientSession, path: str
) -> None:
    simulator.quirks = Quirks(moving_orders=4)
    ids: list[str] = []
    first = await ask(http, "GET", f"{path}?per_page=5")
    for page in range(1, first["pages"]["total_pages"] + 1):
        simulator.clock.move(1)
        answer = await ask(http, "GET", f"{path}?per_page=5&page={page}")
        ids += [one["id"] for one in answer["data"]]

    assert len(ids) == first["total_count"]
    assert len(set(ids)) < len(ids)


async def test_pages_parts_and_embedded_lists_are_cut_smaller(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.quirks = Quirks(max_per_page=3, max_parts=1, max_embedded=2)
    contact = (await ask(http, "GET", "/contacts?per_page=150"))["data"][0]
    for tag_id in ("101", "102", "103"):
        await ask(http, "POST", f"/contacts/{contact['id']}/tags", {"id": tag_id})

    page = await ask(http, "GET", "/contacts?per_page=150")
    articles = await ask(http, "GET", "/articles?per_page=50")
    conversations = await ask(http, "GET", "/conversations")
    whole = await ask(http, "GET", f"/conversations/{conversations['conversations'][0]['id']}")
    tags = (await ask(http, "GET", f"/contacts/{contact['id']}"))["tags"]

    assert (len(page["data"]), page["pages"]["per_page"]) == (3, 3)
    assert (len(articles["data"]), articles["pages"]["total_pages"]) == (3, 20)
    parts = whole["conversation_parts"]
    assert (len(parts["conversation_parts"]), parts["total_count"] > 1) == (1, True)
    assert (len(tags["data"]), tags["has_more"], tags["total_count"] > 2) == (2, True, True)


async def test_an_embedded_list_may_hide_that_it_is_cut(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.quirks = Quirks(max_embedded=1, hide_has_more=True)
    made = await ask(http, "POST", "/contacts", {"email": "new@b.c"})
    for tag_id in ("101", "102"):
        await ask(http, "POST", f"/contacts/{made['id']}/tags", {"id": tag_id})

    tags = (await ask(http, "GET", f"/contacts/{made['id']}"))["tags"]

    assert (len(tags["data"]), tags["total_count"], tags["has_more"]) == (1, 2, False)


async def test_short_pages_still_lead_to_every_row(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.quirks = Quirks(short_pages=0.5)

    pages = [page async for page in walk(http, "/contacts", 20)]

    ids = [one["id"] for page in pages for one in page["data"]]
    assert len(ids) == len(set(ids)) == 120
    assert min(len(page["data"]) for page in pages[:-1]) < 20


async def test_counts_lie(simulator: Simulator, http: aiohttp.ClientSession) -> None:
    simulator.quirks = Quirks(lying_counts=0.5)

    counts = {(await ask(http, "GET", "/contacts"))["total_count"] for _ in range(20)}

    assert 120 in counts
    assert len(counts) > 1


@pytest.mark.parametrize("field", ["short_list", "empty_list"])
async def test_a_fault_leaves_rows_out_of_a_list(
    simulator: Simulator, http: aiohttp.ClientSession, field: str
) -> None:
    simulator.faults.add(path="/contacts", times=1, **{field: True})

    short = await ask(http, "GET", "/contacts?per_page=10")
    whole = await ask(http, "GET", "/contacts?per_page=10")

    assert len(short["data"]) == (5 if field == "short_list" else 0)
    assert "next" not in short["pages"]
    assert short["total_count"] == whole["total_count"] == 120
    assert len(whole["data"]) == 10


# Bodies that cannot be read ---------------------------------------------------------------------


async def test_a_poison_record_spoils_every_answer_that_has_it(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    listed = [one["id"] for one in (await ask(http, "GET", "/contacts?per_page=4"))["data"]]
    kinds = dict(zip(listed, ("error", "garbled", "not_utf8", "deep"), strict=True))
    simulator.quirks = Quirks(poison=kinds)

    bodies: dict[str, tuple[int, bytes]] = {}
    for record_id, kind in kinds.items():
        async with http.get(f"/contacts/{record_id}") as reply:
            bodies[kind] = (reply.status, await reply.read())
    async with http.get("/contacts?per_page=4") as reply:
        assert reply.status == 500

    assert bodies["error"][0] == 500
    for kind, wrong in (
        ("garbled", json.JSONDecodeError),
        ("not_utf8", UnicodeDecodeError),
        ("deep", RecursionError),
    ):
        assert bodies[kind][0] == 200
        with pytest.raises(wrong):
            json.loads(bodies[kind][1])


async def test_a_fault_breaks_a_body_for_its_parser(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(times=1, not_utf8=True)
    async with http.get("/tags") as reply:
        with pytest.raises(UnicodeDecodeError):
            (await reply.read()).decode()
    simulator.faults.clear()
    simulator.faults.add(times=1, deep=True)
    async with http.get("/tags") as reply:
        with pytest.raises(RecursionError):
            json.loads(await reply.read())


# Limits and clocks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edge", "kind"), [("cdn", "text/html; charset=UTF-8"), ("proxy", "text/plain")]
)
async def test_what_stands_before_the_api_refuses_in_its_own_way(
    simulator: Simulator, http: aiohttp.ClientSession, edge: str, kind: str
) -> None:
    simulator.faults.add(times=1, status=429, edge=edge, retry_after_s=30)

    async with http.get("/tags") as reply:
        assert reply.status == 429
        assert reply.headers["Content-Type"] == kind
        assert reply.headers["Retry-After"] == "30"
        assert [name for name in reply.headers if name.startswith("X-")] == []


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("exact", ["1780000010", "1780000020"]),
        ("constant", ["1767225600", "1767225600"]),
        ("absent", [None, None]),
        ("milliseconds", ["1780000010000", "1780000020000"]),
    ],
)
async def test_the_reset_header_has_other_forms(
    simulator: Simulator, http: aiohttp.ClientSession, form: Any, values: list[str | None]
) -> None:
    simulator.quirks = Quirks(reset_header=form)
    seen: list[str | None] = []
    for _ in range(2):
        async with http.get("/tags") as reply:
            seen.append(reply.headers.get("X-RateLimit-Reset"))
            assert "X-RateLimit-Limit" in reply.headers
        simulator.clock.move(10)

    assert seen == values


async def test_windows_may_be_a_minute_long() -> None:
    async with Simulator(contacts=1, window_s=60, app_per_minute=2) as simulator:
        simulator.clock.freeze(START)
        headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
        async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
            for status in (200, 200, 429):
                async with http.get("/tags") as reply:
                    text = await reply.text()
                    assert reply.status == status
            assert reply.headers["X-RateLimit-Reset"] == "1780000020"
            assert "in 60_seconds" in text


async def dates(http: aiohttp.ClientSession, simulator: Simulator, step_s: float) -> list[int]:
    """Return the Date header of three answers, in seconds since the start."""
    seen: list[int] = []
    for _ in range(3):
        async with http.get("/tags") as reply:
            parsed = aiohttp.helpers.parse_http_date(reply.headers["Date"])
            assert parsed is not None
            seen.append(round(parsed.timestamp()) - START)
        simulator.clock.move(step_s)
    return seen


async def test_the_date_parts_from_the_clock_of_the_windows(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.clock.drift = 0.5
    assert await dates(http, simulator, 100) == [0, 150, 300]
    assert simulator.status().now == START + 300


async def test_dates_of_several_machines_differ(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.clock.jitter_s = 30
    seen = await dates(http, simulator, 0)
    assert len(set(seen)) == 3
    assert all(-30 <= one <= 30 for one in seen)


class Machine:
    """A machine's clock that a test moves."""

    def __init__(self) -> None:
        self.at = float(START)

    def unix(self) -> float:
        return self.at


def test_a_clock_steps_and_slews() -> None:
    machine: Any = Machine()
    clock = SimulatorClock(machine)
    clock.slew(2)
    machine.at += 10
    assert clock.now() == START + 20
    clock.move(-100)
    machine.at += 10
    assert clock.now() == START - 60
    clock.slew(1)
    machine.at += 10
    assert clock.now() == START - 50
    with pytest.raises(ValueError, match="above 0"):
        clock.slew(0)


async def test_the_servers_day_is_not_that_of_the_workspace() -> None:
    # 23:30 of one day in UTC is 01:30 of the next in Helsinki.
    late = 1_779_924_600
    query = {"field": "created_at", "operator": "=", "value": late + 3_600}
    body = {"query": query}
    for zone, count in ((None, 0), ("Europe/Helsinki", 1)):
        async with Simulator(contacts=0, quirks=Quirks(day_zone=zone)) as simulator:
            simulator.clock.freeze(late)
            simulator.call("POST", "/contacts", {"email": "a@b.c"})
            assert simulator.call("POST", "/contacts/search", body)["total_count"] == count
            assert simulator.call("GET", "/me")["app"]["timezone"] == "UTC"


# Links and hooks --------------------------------------------------------------------------------


async def test_links_point_to_this_server(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.quirks = Quirks(own_links=True)
    page = await ask(http, "GET", "/companies?per_page=2")
    second = await ask(http, "GET", page["pages"]["next"].removeprefix(simulator.url))
    call = (await ask(http, "GET", "/calls"))["data"][0]
    span = {"created_at_after": 1, "created_at_before": START}
    job = await ask(http, "POST", "/export/content/data", span)
    simulator.clock.move(10)
    done = await ask(http, "GET", f"/export/content/data/{job['job_identifier']}")

    assert second["pages"]["page"] == 2
    assert done["download_url"].startswith(f"{simulator.url}/download/")
    assert call["recording_url"] == f"{simulator.url}/calls/{call['id']}/recording"
    async with http.get(call["recording_url"].removeprefix(simulator.url)) as reply:
        # The redirect leads to this server as well, where no token is needed.
        assert (reply.status, reply.content_type) == (200, "audio/mpeg")


async def test_a_hook_changes_the_workspace_while_a_list_is_read(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    first = (await ask(http, "GET", "/contacts?per_page=150"))["data"]
    last = first[-1]["id"]
    simulator.on_call(
        lambda: simulator.call("DELETE", f"/contacts/{last}"), n=3, path="/contacts", method="get"
    )

    pages = [page async for page in walk(http, "/contacts", 50)]

    assert [page["total_count"] for page in pages] == [120, 120, 119]
    assert last not in {one["id"] for page in pages for one in page["data"]}


async def test_a_hook_may_come_after_the_work(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    seeded = (await ask(http, "GET", "/contacts"))["data"][0]
    path = f"/contacts/{seeded['id']}"
    simulator.on_call(lambda: simulator.call("PUT", path, {"name": "Later"}), when="after")

    assert (await ask(http, "GET", path))["name"] == seeded["name"]
    assert (await ask(http, "GET", path))["name"] == "Later"
    assert simulator.requests == 3


def test_a_call_that_is_refused_says_why() -> None:
    simulator = Simulator(contacts=1)
    with pytest.raises(ValueError, match=r"GET /contacts/0: 404 not_found"):
        simulator.call("GET", "/contacts/0")


@pytest.mark.parametrize(
    "wrong",
    [
        {"search_lag_s": -1},
        {"short_pages": 2},
        {"lying_counts": -0.1},
        {"max_per_page": 0},
        {"max_embedded": 0},
    ],
)
def test_quirks_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Quirks(**wrong)


def test_a_time_zone_of_the_server_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="Mars"):
        Simulator(quirks=Quirks(day_zone="Mars"))
