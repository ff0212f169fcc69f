"""Each command as a person sees it: in a terminal of 80 columns, and ended by Ctrl-C."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from intercom_async.simulator import Simulator

pytest.importorskip("cyclopts")
pytest.importorskip("pyte")

from intercom_async.cli import app
from tests.cli.test_options import leaves
from tests.support.terminal import Terminal, in_terminal

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Seen:
    """A command, and what a person sees of it."""

    arguments: str
    shows: tuple[str, ...]
    code: int = 0
    until: str | None = None
    """What has to be seen before Ctrl-C is typed; None for commands that end by themselves."""


COMMANDS = {
    "demo": Seen(
        "--contacts 300 --conversations 40 --per-minute 1200",
        ("300 of 300", "interactive", "of 40", "What happened", "429 responses"),
    ),
    "whoami": Seen("", ('  "workspace": {',)),
    "api": Seen("GET /contacts/none -i", ("HTTP/1.1 404 Not Found", '"not_found"', "error: "), 1),
    "sync": Seen(
        "--to target --streams contacts,tags", ("contacts", "all changes before", "429"), 0
    ),
    "doctor": Seen("", ("the token is taken", "windows end", "clock agrees", "--share")),
    "help-center pull": Seen("articles", ('"written": 60',)),
    "help-center push": Seen("nowhere", ("there is no folder nowhere",), 2),
    "import": Seen("contacts {folder}/people.csv --dry-run", ("1",)),
    "limits": Seen("", ("Limits of Acme", "workspace", "new window in"), 0),
    "limits --watch": Seen("--watch", ("Limits of Acme", "interrupted"), 130, "Ctrl-C ends it"),
    "simulate": Seen("--port 0 --contacts 5", ("INTERCOM_TOKEN=", "0 requests"), 0, "Ctrl-C"),
    "mcp": Seen("", ("Serving", "interrupted"), 130, "Ctrl-C ends it"),
    "webhooks send": Seen("ping --to {url}/ --secret s", ("ping: 4",), 1),
    "webhooks listen": Seen("", ("Listening on",), 0, "INTERCOM_CLIENT_SECRET="),
    "oauth login": Seen(
        "--client-id c --client-secret s --no-browser", ("Open this", "interrupted"), 130, "/oauth?"
    ),
}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(contacts=20, conversations=5, window_s=2.0) as running:
        yield running


def broken_words(terminal: Terminal) -> list[str]:
    """Return what the edge of the screen cuts in two."""
    written = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", terminal.written).decode()
    pairs = zip(terminal.lines, terminal.lines[1:], strict=False)
    edges = [one[-2:] + two[:2] for one, two in pairs if len(one) == terminal.columns]
    return [edge for edge in edges if edge.isalnum() and edge in written]


def test_each_command_is_seen_in_a_terminal() -> None:
    assert {name for name, _ in leaves(app)} <= COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_person_sees_what_a_command_does(
    command: str, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = COMMANDS[command]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    name = command.partition(" --")[0]
    folder = Path(__file__).parents[1] / "cli"
    arguments = seen.arguments.format(url=simulator.url, folder=folder).split()
    environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    until = seen.until
    terminal = await in_terminal(
        *name.split(),
        *arguments,
        environment=environment,
        until=None if until is None else lambda terminal: until in terminal.text,
    )
    text = " ".join(terminal.text.split())
    assert all(each in text or each in terminal.text for each in seen.shows), terminal.text
    assert terminal.code == seen.code
    if command != "oauth login":  # its address is longer than a line, and copied whole
        assert broken_words(terminal) == []
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize("columns", [80, 120])
async def test_the_demo_draws_windows_that_fill(columns: int) -> None:
    terminal = await in_terminal(
        "demo", "--contacts=300", "--conversations=60", "--per-minute=1200", columns=columns
    )
    bars = [
        line for screen in terminal.screens for line in screen if re.search(r"\d s  [▓█░]", line)
    ]
    assert max(map(len, bars)) <= columns
    assert any("▓" in bar and "█" in bar for bar in bars)
    counts = [int(found[1]) for bar in bars if (found := re.search(r"(\d+) of 40", bar))]
    assert max(counts) >= 34
    assert "–" not in terminal.text


NARROW = {
    "limits": ("app: a window 333, used", "new window in"),
    "sync --to target --streams contacts,tags": ("contacts: rows 20", "all changes before"),
    "doctor": ("the token is taken", "clock"),
    "whoami": ('"workspace": {',),
}


@pytest.mark.parametrize("command", NARROW)
async def test_a_narrow_terminal_shows_all_of_it(
    command: str, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    terminal = await in_terminal(*command.split(), environment=environment, columns=40, rows=80)
    text = " ".join(terminal.text.split())
    assert terminal.code == 0
    assert all(each in text for each in NARROW[command]), terminal.text
    # What is under way ends in "…"; nothing else does.
    assert not [line for line in terminal.lines if "…" in line and not line.endswith(" …")]


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=str)
async def test_a_plain_terminal_gets_no_sequence_that_it_does_not_know(
    variables: dict[str, str], simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    for command in ("limits", "sync --to target --streams contacts", "whoami", "--help"):
        terminal = await in_terminal(*command.split(), environment={**environment, **variables})
        assert terminal.code == 0
        colors = re.findall(rb"\x1b\[[0-9;]*3[0-7][0-9;]*m", terminal.written)
        assert colors == []
        if "TERM" in variables:
            assert b"\x1b" not in terminal.written, command


async def test_an_import_that_is_interrupted_says_so_and_resumes(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    environment = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
    rows = "\n".join(f"n{number}@interrupted.example" for number in range(3_000))
    (tmp_path / "people.csv").write_text(f"email\n{rows}\n")
    arguments = ("import", "contacts", "people.csv", "--concurrency", "2")
    stopped = await in_terminal(
        *arguments,
        environment=environment,
        until=lambda terminal: bool(re.search(r" [1-9]\d*/3000", terminal.text)),
    )
    again = await in_terminal(
        *arguments,
        environment=environment,
        until=lambda terminal: "resuming after row" in terminal.text,
    )
    assert (stopped.code, again.code) == (130, 130)
    assert "interrupted" in stopped.text
    assert "resuming after row" in again.text
    assert "Traceback" not in stopped.text + again.text
