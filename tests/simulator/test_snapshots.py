"""Snapshots of big workspaces: of one moment, and taken and restored without holding others up."""

from __future__ import annotations

import gc
import json
import time
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from intercom_async.simulator import Quirks, Simulator, in_thread
from intercom_async.simulator.backend import Backend
from intercom_async.simulator.messages import MAX_BODY_BYTES, Request, Response
from intercom_async.simulator.store.steps import finished

MAX_STEP_S = 0.02
"""CPU seconds of one step at most."""
DONE = object()

Steps = Generator[None, None, Response]


def backend_of(simulator: Simulator) -> Backend:
    backend: Backend = simulator._backend  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] (steps are seen nowhere else)
    return backend


def control(simulator: Simulator, method: str, path: str, body: bytes = b"") -> Steps:
    request = Request(method, f"/_simulator/{path}", {}, {"Host": "localhost"}, body)
    if body:
        request.headers = {**request.headers, "Content-Type": "application/x-ndjson"}
    return simulator._control.answer_in_steps(request)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] (steps are seen nowhere else)


def api(simulator: Simulator, method: str, path: str, body: Any = None) -> Steps:
    headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "*/*"}
    sent = b"" if body is None else json.dumps(body).encode()
    backend = backend_of(simulator)
    return backend.respond_in_steps(backend.receive(Request(method, path, {}, headers, sent)))


def finish(steps: Steps) -> tuple[Response, list[float]]:
    """Make all steps; return what comes of them and the CPU seconds of each."""
    times: list[float] = []
    while True:
        begun_s = time.thread_time()
        try:
            next(steps)
        except StopIteration as done:
            response: Response = done.value
            return response, times
        finally:
            times.append(time.thread_time() - begun_s)


def write(simulator: Simulator, count: int) -> None:
    """Write so many contacts and conversations, delete some, and make one conversation long."""
    workspace = simulator.workspace
    for number in range(count):
        for table in (workspace.contacts, workspace.conversations):
            table.change(table.value_at(number, "id"))["updated_at"] += 1
    for number in range(count, 2 * count):
        workspace.contacts.remove(workspace.contacts.value_at(number, "id"))
    long = workspace.conversations.change(workspace.conversations.value_at(0, "id"))
    long["_parts"] = long["_parts"] * 500


@pytest.fixture(scope="module")
def big() -> Iterator[Simulator]:
    gc.disable()
    simulator = Simulator(contacts=20_000, conversations=10_000, companies=10, tickets=10)
    write(simulator, 5_000)
    while simulator.workspace.catch_up():  # as each write by a call does
        pass
    yield simulator
    gc.enable()


def slow(times: list[float]) -> list[float]:
    return [one for one in times if one > MAX_STEP_S]


def test_a_snapshot_is_taken_and_restored_in_short_steps(big: Simulator) -> None:
    saved, times, more = b"", [1.0], [1.0]
    for _ in range(2):  # once more if another program was busy
        taken, times = finish(control(big, "GET", "snapshot"))
        saved = b"".join(taken.parts)
        answer, more = finish(control(big, "PUT", "snapshot", saved))
        assert answer.body == b'{"restored":true}'
        assert len(times) > 50
        assert len(more) > 100
        if not slow(times + more):
            break
    assert slow(times + more) == []
    again, _ = finish(control(big, "GET", "snapshot"))
    assert b"".join(again.parts) == saved


def test_a_snapshot_is_of_one_moment() -> None:
    simulator = Simulator(contacts=3_000, conversations=500, companies=10, tickets=10)
    write(simulator, 400)
    before = backend_of(simulator).snapshot()
    snapshot = control(simulator, "GET", "snapshot")
    next(snapshot)
    contact = simulator.workspace.contacts.value_at(9, "id")

    read, steps = finish(api(simulator, "GET", f"/contacts/{contact}"))
    assert (read.status, len(steps)) == (200, 1)  # a read does not wait
    writing = api(simulator, "PUT", f"/contacts/{contact}", {"name": "Later"})
    next(writing)  # a write does, and goes on with the snapshot
    assert simulator.workspace.contacts.at(9)["name"] != "Later"
    written, _ = finish(writing)
    assert written.status == 200
    simulator.call("DELETE", f"/contacts/{simulator.workspace.contacts.value_at(11, 'id')}")

    taken, _ = finish(snapshot)
    assert b"".join(taken.parts) == before
    assert simulator.call("GET", f"/contacts/{contact}")["name"] == "Later"


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(moving_orders=2)])
def test_what_a_read_changes_does_no_harm(quirks: Quirks) -> None:
    simulator = Simulator(contacts=400, companies=40, conversations=0, tickets=0, quirks=quirks)
    for contact in simulator.call("GET", "/contacts", query={"per_page": "100"})["data"]:
        simulator.call("DELETE", f"/contacts/{contact['id']}")
    before = backend_of(simulator).snapshot()
    snapshot = control(simulator, "GET", "snapshot")
    next(snapshot)

    listed, _ = finish(api(simulator, "GET", "/companies"))  # counts contacts, and moves companies
    assert listed.status == 200

    taken, _ = finish(snapshot)
    assert b"".join(taken.parts) == before


def begun(simulator: Simulator) -> Steps:
    """Begin a snapshot, or to wait for the one that is being taken."""
    snapshot = control(simulator, "GET", "snapshot")
    next(snapshot)
    return snapshot


@pytest.mark.parametrize(("method", "path"), [("POST", "reset"), ("PUT", "snapshot")])
def test_it_is_whole_though_another_workspace_comes_meanwhile(method: str, path: str) -> None:
    other = backend_of(Simulator(contacts=3)).snapshot() if path == "snapshot" else b""
    simulator = Simulator(contacts=3_000, conversations=500, companies=10, tickets=10)
    write(simulator, 400)
    before = backend_of(simulator).snapshot()
    snapshot = begun(simulator)
    waiting = begun(simulator)

    answer, _ = finish(control(simulator, method, path, other))
    after = backend_of(simulator).snapshot()

    assert answer.status == 200
    assert before != after
    assert b"".join(finish(snapshot)[0].parts) == before
    assert b"".join(finish(waiting)[0].parts) == after  # it began once the other one had come


def test_the_workspace_that_a_restore_frees_is_the_one_that_it_replaces() -> None:
    simulator = Simulator(contacts=3)
    backend = backend_of(simulator)
    steps = backend.restore_in_steps((backend.snapshot(),))
    next(steps)
    finish(control(simulator, "POST", "reset"))
    replaced = backend.workspace

    assert finished(steps) is replaced


def test_one_that_is_longer_than_other_bodies_goes_over_http() -> None:
    with in_thread(contacts=500, conversations=0, companies=0) as simulator:
        table = simulator.workspace.contacts
        for number in range(500):
            table.change(table.value_at(number, "id"))["name"] = str(number) * 20_000
        url = f"{simulator.url}/_simulator/snapshot"
        with urllib.request.urlopen(url, timeout=60) as reply:  # noqa: S310 (its own URL)
            saved = reply.read()
        assert len(saved) > MAX_BODY_BYTES
        simulator.reset()
        request = urllib.request.Request(url, saved, method="PUT")  # noqa: S310
        request.add_header("Content-Type", "application/x-ndjson")
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
            assert json.load(reply) == {"restored": True}
        assert simulator.workspace.contacts.at(99)["name"] == "99" * 20_000


def test_one_that_was_cut_off_is_refused() -> None:
    simulator = Simulator(contacts=3)
    saved = backend_of(simulator).snapshot()
    last_line = saved.rindex(b"\n", 0, -1) + 1
    for cut in (saved[:last_line], saved[: last_line + 20]):
        with pytest.raises(ValueError, match="no snapshot"):
            backend_of(simulator).restore(cut)


def test_reset_comes_back_to_the_records_of_a_file_in_short_steps(tmp_path: Path) -> None:
    lines = [json.dumps({"email": f"{number}@example.com"}) for number in range(600)]
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    simulator = Simulator(contacts=2, data=tmp_path)
    first = simulator.call("GET", "/contacts", query={"per_page": "150"})
    simulator.call("DELETE", f"/contacts/{first['data'][0]['id']}")

    answer, times = finish(control(simulator, "POST", "reset"))

    assert answer.body == b'{"reset":true}'
    assert len(times) > 3
    assert simulator.call("GET", "/contacts", query={"per_page": "150"}) == first
    assert first["total_count"] == 602


def test_reset_comes_back_to_the_first_state_after_a_restore(tmp_path: Path) -> None:
    Simulator(contacts=7).save(tmp_path / "other")
    simulator = Simulator(contacts=3)
    simulator.restore(tmp_path / "other")
    assert simulator.call("GET", "/contacts")["total_count"] == 7

    simulator.reset()

    assert simulator.call("GET", "/contacts")["total_count"] == 3
