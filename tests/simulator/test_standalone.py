"""The simulator as a process of its own, and what it is loaded with."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intercom_async.simulator import Quirks, Simulator, in_thread
from intercom_async.simulator.__main__ import main
from intercom_async.simulator.standalone import Options, run

MODULE = "intercom_async.simulator"
Json = dict[str, Any]


def begin(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", MODULE, "--port=0", "--contacts=5", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def get(url: str, token: str) -> Json:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (the simulator's own URL)
    with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310
        answer: Json = json.load(reply)
        return answer


def test_a_pipe_reads_where_it_listens_and_its_token(tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    people = tmp_path / "people.jsonl"
    people.write_text('{"email": "own@b.c", "custom_attributes": {"shoe_size": 41}}\n')
    options = ("--data", str(people), "--snapshot", str(saved), "--quirk", "max_per_page=2")
    with begin(*options) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(2)]
        told = dict(line.split("=", 1) for line in lines)
        url, token = told["INTERCOM_BASE_URL"], told["INTERCOM_TOKEN"]
        first = get(f"{url}/contacts?per_page=50", token)
        companies = get(f"{url}/companies?per_page=1", token)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0

    assert (first["total_count"], len(first["data"])) == (6, 2)
    assert first["data"][0]["custom_attributes"] == {"shoe_size": 41}
    # Links lead to this server: a program that follows them keeps its token here.
    assert companies["pages"]["next"].startswith(url)
    held = Simulator(contacts=1)
    held.restore(saved)
    assert held.call("GET", "/contacts")["total_count"] == 6


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--contacts", "-1"), "contacts=-1"),
        (("--contacts", "many"), "--contacts"),
        (("--port", "99999"), "port=99999"),
        (("--latency-ms", "-1"), "latency_ms=-1"),
        (("--quirk", "nothing"), "NAME=VALUE"),
        (("--quirk", "lag=1"), "lag"),
        (("--quirk", "search_lag_s=-1"), "search_lag_s"),
        (("--quirk", "reset_header=never"), "never"),
        (("--data", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--host", "256.0.0.1"), "256.0.0.1"),
    ],
)
def test_a_wrong_option_is_one_line(
    arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--port=0", *arguments])

    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert named in said.err


@pytest.mark.parametrize(
    ("host", "begins"),
    [("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")],  # noqa: S104 (what is tested)
)
def test_it_listens_where_it_is_told(host: str, begins: str) -> None:
    if host == "::1" and not os.path.exists("/proc/net/if_inet6"):  # noqa: PTH110 (no path of ours)
        pytest.skip("no IPv6 here")
    with in_thread(contacts=1, host=host) as simulator:
        assert simulator.url.startswith(begins)
        assert get(f"{simulator.url}/me", simulator.token)["type"] == "admin"


# Records of one's own -----------------------------------------------------------------------


def test_a_folder_of_records_is_loaded_in_an_order_that_works(tmp_path: Path) -> None:
    (tmp_path / "people.jsonl").write_text(
        '{"email": "ada@b.c", "created_at": 1700000000, "tags": ["vip"], '
        '"companies": [{"company_id": "acme", "name": "Acme"}]}\n\n'
        '{"external_id": "u2", "role": "user"}\n'
    )
    (tmp_path / "companies.jsonl").write_text('{"company_id": "acme", "size": 3}\n')
    (tmp_path / "tickets.jsonl").write_text(
        '{"ticket_type_id": "53", "contacts": [{"email": "ada@b.c"}]}\n'
    )
    simulator = Simulator(contacts=0, conversations=0, companies=0, tickets=0, data=tmp_path)

    for _ in range(2):
        people = simulator.call("GET", "/contacts")["data"]
        assert [one["email"] for one in people] == [None, "ada@b.c"]
        assert people[1]["created_at"] == 1_700_000_000
        company = simulator.call("GET", "/companies")["data"][0]
        assert (company["name"], company["size"], company["user_count"]) == ("Acme", 3, 1)
        tags = simulator.call("GET", f"/contacts/{people[1]['id']}/tags")["data"]
        assert [one["name"] for one in tags] == ["vip"]
        # They are a part of the first state, to which a reset goes back.
        simulator.reset()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("people.jsonl", '{"email": "a@b.c"}\n{oops\n', r"people.jsonl:2: this line is no JSON"),
        ("people.jsonl", "[]\n", r"people.jsonl:1: a line must be a JSON object"),
        ("people.jsonl", '{"email": "nobody"}\n', r"people.jsonl:1: POST /contacts: 400"),
        *(
            ("people.jsonl", f'{{"email": "a@b.c", "created_at": {at}}}', "created_at must be UNIX")
            for at in ('"soon"', "true", "1e300", "-5", "{}")
        ),
        ("people.jsonl", '{"email": "a@b.c", "custom_attributes": [1]}', "must be an object"),
        ("people.jsonl", '{"email": "a@b.c", "companies": [{"company_id": {}}]}', "company_id"),
        ("events.jsonl", '{"event_name": "x", "created_at": "y"}', "events.jsonl:1: "),
        ("tickets.jsonl", '{"ticket_type_id": 99, "contacts": [5]}', "tickets.jsonl:1: "),
        ("things.jsonl", "{}\n", r"things.jsonl says no kind of record"),
    ],
)
def test_records_that_make_no_sense_are_named(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=said):
        Simulator(contacts=1, data=tmp_path / name)
    with pytest.raises(ValueError, match="has none of the files"):
        Simulator(contacts=1, data=tmp_path / "..")


# Snapshots ----------------------------------------------------------------------------------

READS = (
    "/contacts?per_page=50",
    "/conversations?per_page=50",
    "/companies",
    "/tags",
    "/articles",
    "/data_attributes",
    "/segments",
    "/ticket_types",
    "/help_center/collections",
    "/conversations/deleted",
    "/contacts/deleted",
    "/contacts/activities",
    "/custom_object_instances/Order",
)


def test_a_snapshot_brings_everything_back(tmp_path: Path) -> None:
    simulator = Simulator(contacts=9, conversations=6, companies=3, tickets=3, seed=3)
    simulator.clock.freeze(1_780_000_000)
    contacts = simulator.call("GET", "/contacts")["data"]
    first, second = contacts[0]["id"], contacts[1]["id"]
    simulator.call("PUT", f"/contacts/{first}", {"name": "Changed"})
    simulator.call("DELETE", f"/contacts/{second}")
    made = simulator.call("POST", "/contacts", {"email": "a@b.c", "external_id": "x"})
    simulator.call("POST", f"/contacts/{made['id']}/notes", {"body": "n"})
    simulator.call("POST", f"/contacts/{made['id']}/tags", {"id": "101"})
    simulator.call("POST", "/tags", {"name": "New"})
    simulator.call("POST", "/help_center/collections", {"name": "New"})
    simulator.call("POST", "/custom_object_instances/Order", {"external_id": "1"})
    simulator.call("POST", "/events", {"event_name": "e", "id": made["id"], "created_at": 9})
    sender = {"type": "user", "id": made["id"]}
    simulator.call("POST", "/conversations", {"from": sender, "body": "Help"})
    conversations = simulator.call("GET", "/conversations")["conversations"]
    simulator.call("DELETE", f"/conversations/{conversations[3]['id']}")
    simulator.save(tmp_path / "saved")

    other = Simulator(contacts=1, quirks=Quirks(max_per_page=1))
    other.clock.freeze(1_780_000_000)
    other.restore(tmp_path / "saved")

    for path in (*READS, f"/contacts/{made['id']}", f"/contacts/{made['id']}/notes"):
        path_only, _, query = path.partition("?")
        asked = dict(pair.split("=") for pair in query.split("&") if pair)
        answers = [
            one.call("GET", path_only, query=asked, version="Preview") for one in (simulator, other)
        ]
        assert answers[0] == answers[1], path
    # New ids go on where the other workspace stood, and details that are taken stay taken.
    bodies = [one.call("POST", "/contacts", {"email": "n@b.c"}) for one in (simulator, other)]
    assert bodies[0]["id"] == bodies[1]["id"]
    with pytest.raises(ValueError, match="409 conflict"):
        other.call("POST", "/contacts", {"external_id": "x"})


@pytest.mark.parametrize("wrong", [b"", b"[]", b"{}", b'{"format": 99}', b'{"format": 1}'])
def test_what_is_no_snapshot_is_refused(tmp_path: Path, wrong: bytes) -> None:
    (tmp_path / "wrong").write_bytes(wrong)
    simulator = Simulator(contacts=3)
    with pytest.raises(ValueError, match="no snapshot"):
        simulator.restore(tmp_path / "wrong")
    assert simulator.call("GET", "/contacts")["total_count"] == 3


def test_other_programs_take_snapshots_over_http() -> None:
    with in_thread(contacts=2) as simulator:
        url = f"{simulator.url}/_simulator/snapshot"
        with urllib.request.urlopen(url, timeout=20) as reply:  # noqa: S310 (its own URL)
            saved = reply.read()
        made = simulator.call("POST", "/contacts", {"email": "a@b.c"})
        request = urllib.request.Request(url, saved, method="PUT")  # noqa: S310
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=20) as reply:  # noqa: S310
            assert json.load(reply) == {"restored": True}
        with pytest.raises(ValueError, match="404"):
            simulator.call("GET", f"/contacts/{made['id']}")


@pytest.fixture(scope="module", autouse=True)
def freeze_the_suite_again() -> Iterator[None]:
    """Freeze it again behind a simulator, which unfreezes all: see tests/conftest.py."""
    yield
    gc.collect()
    gc.freeze()


def test_no_collection_looks_at_everything() -> None:
    gc.unfreeze()
    looked_at: list[int] = []
    set_aside, objects = 0, 0

    def count(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"]:
            generations = range(info["generation"] + 1)
            looked_at.append(sum(len(gc.get_objects(generation=one)) for one in generations))

    async def write(simulator: Simulator) -> None:
        nonlocal set_aside, objects
        before = gc.get_freeze_count()
        conversations = simulator.workspace.conversations
        for number in range(9_000):
            conversations.change(conversations.value_at(number, "id"))["read"] = True
        set_aside = gc.get_freeze_count() - before
        objects = gc.get_freeze_count() + len(gc.get_objects())

    before = gc.get_threshold()
    gc.callbacks.append(count)
    try:
        asyncio.run(run(Options(port=0, contacts=5, conversations=9_000), write))
    finally:
        gc.callbacks.remove(count)

    # A full collection may come only once a quarter of what the one before it saw is new.
    assert set_aside > 0 or max(looked_at) < objects / 4
    assert 0 < max(looked_at) < objects / 2
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
