"""What stderr does not take ends nothing: a message is lost, a result is not."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.simulator import Simulator

pytest.importorskip("cyclopts")

from intercom_async.cli import PIPE_CLOSED

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.once,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full"),
]

OFTEN = """
import intercom_async.cli.sync as sync
sync.LINE_EVERY_S = 0.0
from intercom_async.__main__ import main
main()
"""
"""The program, with a line of progress whenever there is some."""


async def ended(simulator: Simulator, *arguments: str, **streams: Any) -> tuple[int, bytes]:
    """Run a command; return its exit code and what it printed on stdout."""
    there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    with anyio.fail_after(60):
        done = await anyio.run_process(
            [sys.executable, "-c", OFTEN, *arguments],
            check=False,
            env={**os.environ, **there},
            **streams,
        )
    return done.returncode, done.stdout


@pytest.mark.parametrize("more", [(), ("--json",), ("--json-lines",)])
async def test_a_sync_whose_messages_are_lost_is_complete(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    async with Simulator(contacts=30, conversations=0, companies=0, tickets=0) as simulator:
        with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 (a device)
            code, shown = await ended(
                simulator, "sync", "--to", str(target), "--streams", "contacts,tags", *more,
                stderr=full,
            )  # fmt: skip

    assert code == 0
    assert len((target / "contacts.jsonl").read_bytes().splitlines()) == 30
    lines = [msgspec.json.decode(line) for line in shown.splitlines()]
    assert bool(lines) == bool(more)
    assert "--json-lines" not in more or lines[-1]["end"]["exit_code"] == 0


async def test_a_failure_whose_reader_has_gone_ends_as_others_do(tmp_path: Path) -> None:
    async with Simulator(contacts=0, conversations=0, companies=0, tickets=0) as simulator:
        reads, writes = os.pipe()
        os.close(reads)
        try:
            arguments = ("sync", "--to", str(tmp_path / "a"), "--wait", "soon")
            code, _ = await ended(simulator, *arguments, stderr=writes)
        finally:
            os.close(writes)

    assert code == PIPE_CLOSED


async def test_a_failure_whose_message_is_lost_has_its_exit_code(tmp_path: Path) -> None:
    async with Simulator(contacts=0, conversations=0, companies=0, tickets=0) as simulator:
        with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 (a device)
            arguments = ("sync", "--to", str(tmp_path / "a"), "--wait", "soon")
            code, _ = await ended(simulator, *arguments, stderr=full)

    assert code == 2
