"""What `sync --json-lines` prints is JSON, line by line, however the run ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.simulator import Simulator
from intercom_async.sync import Report
from .conftest import Run

pytest.importorskip("cyclopts")
pytestmark = pytest.mark.anyio

STREAMS = ("contacts", "tags")
ENDS: dict[str, tuple[int, dict[str, Any] | None]] = {
    "complete": (0, None),
    "partial": (3, {"path": "/tags", "status": 403}),
    "refused": (1, {"path": "/me", "status": 401}),
}
"""Exit code of a run, and the fault that leads to it."""


@pytest.mark.parametrize("end", ENDS)
async def test_each_line_is_an_event(
    end: str, run_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intercom_async.cli.sync.LINE_EVERY_S", 0.0)
    code, fault = ENDS[end]
    async with Simulator(contacts=300, conversations=0, companies=0, tickets=0) as simulator:
        if fault is not None:
            simulator.faults.add(**fault)
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        target = str(tmp_path / "target")
        done = await run_here(
            "sync", "--to", target, "--json-lines", "--streams", *STREAMS, environment=there
        )

    assert done.returncode == code, done.stderr
    lines: list[dict[str, Any]] = [msgspec.json.decode(one) for one in done.stdout.splitlines()]
    events = [line["event"] for line in lines]
    assert all(set(line) == {"event", line["event"]} for line in lines)
    if end == "refused":
        # What went wrong is said on stderr, in one line.
        assert not {"report", "hole"} & set(events)
        assert done.stderr.startswith(b"error: ")
        assert done.stderr.count(b"\n") == 1
        return
    assert "progress" in events
    assert events[-1] == "report"
    report = msgspec.convert(lines[-1]["report"], Report)
    assert report.exit_code == code
    holes = [line["hole"] for line in lines if line["event"] == "hole"]
    assert [(one["stream"], one["what"]) for one in holes] == [
        (failure.stream, failure.what) for failure in report.failures
    ]
    assert bool(holes) == (end == "partial")
