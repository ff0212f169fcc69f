"""What `sync --json-lines` prints is JSON, line by line, however the run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.simulator import Simulator
from intercom_async.sync import JsonlSink, Plan, Report, SyncConfigError
from .conftest import Run

pytest.importorskip("cyclopts")

from intercom_async.cli import app
from .test_options import leaves

pytestmark = [pytest.mark.anyio, pytest.mark.once]

STREAMS = ("contacts", "tags")
REFUSED_TAGS = {"path": "/tags", "status": 403}
ENDS: dict[str, tuple[int, dict[str, Any] | None, tuple[str, ...]]] = {
    "complete": (0, None, ()),
    "partial": (3, REFUSED_TAGS, ()),
    "accepted": (0, REFUSED_TAGS, ("--accept-hole", "tags")),
    "refused": (1, {"path": "/me", "status": 401}, ()),
    "busy": (1, None, ()),
    "misused": (2, None, ("--wait", "soon")),
}
"""Exit code of a run, the fault that leads to it, and further arguments."""


@pytest.mark.parametrize("end", ENDS)
async def test_each_line_is_an_event(
    end: str, run_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intercom_async.cli.sync.LINE_EVERY_S", 0.0)
    code, fault, more = ENDS[end]
    async with Simulator(contacts=300, conversations=0, companies=0, tickets=0) as simulator:
        if fault is not None:
            simulator.faults.add(**fault)
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        target = str(tmp_path / "target")
        held = JsonlSink(target)
        if end == "busy":
            held.open()
        done = await run_here(
            *("sync", "--to", target, "--json-lines", "--streams", *STREAMS, *more),
            environment=there,
        )
        held.close()

    assert done.returncode == code, done.stderr
    lines: list[dict[str, Any]] = [msgspec.json.decode(one) for one in done.stdout.splitlines()]
    events = [line["event"] for line in lines]
    assert all(set(line) == {"event", line["event"]} for line in lines)
    # The last line says how it ended, whatever ended it.
    assert events[-1] == "end"
    assert set(lines[-1]["end"]) == {"exit_code", "error"}
    assert lines[-1]["end"]["exit_code"] == code
    if end in ("refused", "misused", "busy"):
        # What went wrong is said on stderr as well, in one line.
        assert events == ["end"]
        assert lines[-1]["end"]["error"]
        assert done.stderr.startswith(b"error: ")
        assert done.stderr.count(b"\n") == 1
        return
    assert lines[-1]["end"]["error"] is None
    assert "progress" in events
    assert events[-2] == "report"
    report = msgspec.convert(lines[-2]["report"], Report)
    assert report.exit_code == (3 if end == "accepted" else code)
    holes = [line["hole"] for line in lines if line["event"] == "hole"]
    assert [(one["stream"], one["what"]) for one in holes] == [
        (failure.stream, failure.what) for failure in report.failures
    ]
    assert bool(holes) == (end in ("partial", "accepted"))


async def test_a_plan_is_an_event(run_here: Run) -> None:
    async with Simulator(contacts=3, conversations=0, companies=0, tickets=0) as simulator:
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        arguments = ("--plan", "--json-lines", "--streams", "tags")
        done = await run_here("sync", *arguments, environment=there)

    lines = [msgspec.json.decode(one) for one in done.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["plan", "end"]
    assert msgspec.convert(lines[0]["plan"], Plan).streams[0].name == "tags"


def test_each_command_that_prints_lines_is_tested_here() -> None:
    has_lines = {
        command
        for command, found in leaves(app)
        for option in found.assemble_argument_collection()
        if "--json-lines" in option.names
    }
    assert has_lines == {"sync"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
async def test_a_stopped_run_says_so_in_its_last_line(tmp_path: Path) -> None:
    arguments = ["--to", str(tmp_path / "target"), "--json-lines", "--streams", *STREAMS]
    async with Simulator(contacts=300, conversations=0, companies=0, tickets=0) as simulator:
        simulator.latency_s = 0.2
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        command = [sys.executable, "-m", "intercom_async", "sync", *arguments]
        async with await anyio.open_process(command, env={**os.environ, **there}) as process:
            assert process.stdout is not None
            with anyio.fail_after(60):
                while simulator.requests < 2:  # noqa: ASYNC110 (another process sends them)
                    await anyio.sleep(0.01)
                process.send_signal(signal.SIGTERM)
                shown = b"".join([part async for part in process.stdout])
                code = await process.wait()

    lines = [msgspec.json.decode(one) for one in shown.splitlines()]
    assert code == 130
    assert [line["event"] for line in lines][-2:] == ["report", "end"]
    assert lines[-2]["report"]["was_stopped"] is True
    assert lines[-1]["end"] == {"exit_code": 130, "error": None}


@pytest.mark.parametrize(
    ("spelling", "has_lines"),
    [
        *(("--json-lines", True), ("--json_lines", True), ("--json-lines=true", True)),
        *(("--json-lines=YES", True), ("--json_lines=1", True)),
        *(("--json-lines=false", False), ("--json-lines=No", False), ("--json-lines=0", False)),
    ],
)
async def test_each_spelling_of_the_option_has_the_last_line(
    spelling: str, *, has_lines: bool, run_here: Run
) -> None:
    async with Simulator(contacts=3, conversations=0, companies=0, tickets=0) as simulator:
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        planned = await run_here("sync", "--plan", "--streams", "tags", spelling, environment=there)
        misused = await run_here("sync", "--wait", "soon", spelling)
    assert planned.returncode == 0
    assert (b'{"event":"plan"' in planned.stdout) == has_lines  # as cyclopts reads it
    assert (b'{"event":"end"' in planned.stdout) == has_lines
    assert (b'{"event":"end"' in misused.stdout) == has_lines


async def test_a_failure_with_a_traceback_has_the_last_line(
    run_here: Run, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ("sync", "--plan", "--json-lines", "--streams", "none-such")
    with pytest.raises(SyncConfigError):
        await run_here("--debug", *arguments)
    said = capsysbinary.readouterr()
    assert msgspec.json.decode(said.out)["end"]["exit_code"] == 2
    assert b"none-such" in said.out
    assert said.err == b""  # the traceback says it


MISUSED = ("sync", "--wait", "soon", "--json-lines")
WHILE_IT_REPORTS = """
import os, signal
import intercom_async.cli as cli
say = cli.say
def interrupted(message):
    say(message)
    cli.say = say
    os.kill(os.getpid(), signal.SIGTERM)
cli.say = interrupted
from intercom_async.__main__ import main
main()
"""
"""The program is sent a signal when it has said what was wrong."""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
async def test_a_signal_while_it_reports_has_the_last_line() -> None:
    with anyio.fail_after(60):
        done = await anyio.run_process(
            [sys.executable, "-c", WHILE_IT_REPORTS, *MISUSED], check=False
        )
    assert done.returncode == 130
    assert msgspec.json.decode(done.stdout)["end"] == {"exit_code": 130, "error": None}
    assert done.stderr.splitlines()[-1] == b"interrupted"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("arguments", "code"), [(MISUSED, 2), (("--version",), 1), (("sync", "--help"), 1)]
)
def test_a_line_that_cannot_be_written_is_told_on_one_line(
    arguments: tuple[str, ...], code: int
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "intercom_async", *arguments],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.stderr.count(b"\n") == 1, done.stderr
    assert done.stderr.startswith(b"error: ")
    assert done.returncode == code


@pytest.mark.skipif(os.name == "nt", reason="Windows has no shell that closes a stream")
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_program_without_its_streams_ends_as_others(closed: str) -> None:
    shell = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh"]
    done = subprocess.run(
        [*shell, sys.executable, "-m", "intercom_async", *MISUSED],
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "encoding",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["ascii", "C"],
)
def test_letters_that_an_encoding_lacks_end_nothing(encoding: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "intercom_async", "sync", "--help"],
        check=False,
        capture_output=True,
        env={**os.environ, **encoding},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert b"postgresql://?" in done.stdout
