"""Killed at any moment, a sync ends with what an undisturbed one has; asked to stop, it saves."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
import pytest

from intercom_async.simulator import Simulator
from tests.support.thoroughness import some_of
from .conftest import COMPANIES, CONTACTS, TALKS, once, read_target, target_in

pytest.importorskip("cyclopts")
pytestmark = [pytest.mark.anyio, pytest.mark.once]

NEEDED = CONTACTS // 150 + 3 + 2 + TALKS
"""Calls of an undisturbed run."""
STREAMS = ("contacts", "companies", "conversations", "conversation_parts")


def begin(simulator: Simulator, form: str, folder: Path) -> subprocess.Popen[bytes]:
    target = target_in(form, folder)
    arguments = ["--to", str(target), "--format", form, "--streams", *STREAMS, "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "intercom_async", "sync", *arguments],
        env={
            **os.environ,
            "INTERCOM_BASE_URL": simulator.url,
            "INTERCOM_TOKEN": simulator.token,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def end(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = await anyio.to_thread.run_sync(process.communicate)
    return process.returncode, out, err


async def until(simulator: Simulator, requests: int, process: subprocess.Popen[bytes]) -> bool:
    """Wait for so many requests; say whether the process is still at work."""
    with anyio.fail_after(30):
        # What is waited for happens in another process.
        while simulator.requests < requests and process.poll() is None:  # noqa: ASYNC110
            await anyio.sleep(0.002)
    return process.poll() is None


KILLS = [(form, kills) for form in ("jsonl", "duckdb", "parquet") for kills in (1, 2)]


@pytest.mark.parametrize(
    ("form", "kills"), some_of(KILLS, [("jsonl", 2), ("duckdb", 1), ("parquet", 1)])
)
async def test_killed_and_gone_on_with(
    form: str, kills: int, simulator: Simulator, tmp_path: Path
) -> None:
    chance = random.Random(form)
    simulator.latency_s = 0.01
    for _ in range(kills):
        process = begin(simulator, form, tmp_path)
        # Less than half of the calls that it needs.
        assert await until(simulator, simulator.requests + chance.randint(12, 30), process)
        process.send_signal(signal.SIGKILL)
        await end(process)
    code, out, err = await end(begin(simulator, form, tmp_path))

    assert code == 0, err
    report = msgspec.json.decode(out)
    assert report["failures"] == []
    assert len(once(read_target(form, tmp_path, "contacts"))) == CONTACTS
    assert len(once(read_target(form, tmp_path, "companies"))) == COMPANIES
    talks = once(read_target(form, tmp_path, "conversations"))
    parts = once(read_target(form, tmp_path, "conversation_parts"))
    assert len(talks) == TALKS
    assert {part["conversation_id"] for part in parts.values()} <= talks.keys()
    # One call of each kind that was under way or not yet written, a kill; what is done is done.
    assert simulator.requests < NEEDED + (kills + 1) * 80


async def test_asked_to_stop_it_saves_and_says_so(simulator: Simulator, tmp_path: Path) -> None:
    simulator.latency_s = 0.05
    process = begin(simulator, "jsonl", tmp_path)
    assert await until(simulator, 25, process)
    process.send_signal(signal.SIGTERM)
    code, out, err = await end(process)

    assert code == 130
    assert b"run the same command again to resume" in err
    assert str(tmp_path).encode() not in err  # an address might have a password in it
    report = msgspec.json.decode(out)
    assert report["was_stopped"] is True
    assert sum(stream["rows"] for stream in report["streams"])
    # Nothing is published of it, and nothing of it is read again.
    assert not (tmp_path / "target" / "contacts.jsonl").exists()
    simulator.latency_s = 0.0
    before = simulator.requests
    code, out, err = await end(begin(simulator, "jsonl", tmp_path))
    assert code == 0, err
    assert len(once(read_target("jsonl", tmp_path, "contacts"))) == CONTACTS
    assert simulator.requests < before + NEEDED


async def test_asked_twice_it_ends_at_once(simulator: Simulator, tmp_path: Path) -> None:
    simulator.latency_s = 0.05
    process = begin(simulator, "jsonl", tmp_path)
    assert await until(simulator, 25, process)
    simulator.latency_s = 3.0
    await anyio.sleep(0.3)
    process.send_signal(signal.SIGINT)
    await anyio.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    with anyio.fail_after(5):
        code, _, _ = await end(process)

    assert code == 130


async def test_it_stops_within_ten_seconds(simulator: Simulator, tmp_path: Path) -> None:
    simulator.latency_s = 0.05
    process = begin(simulator, "jsonl", tmp_path)
    assert await until(simulator, 25, process)
    simulator.faults.add(status=503)
    simulator.latency_s = 12.0
    await anyio.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    with anyio.fail_after(10):
        code, _, err = await end(process)

    assert code == 130
    assert b"run the same command again to resume" in err
    assert b"Traceback" not in err
