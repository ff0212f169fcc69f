"""What a person sees of a sync's end, in a terminal of 80 columns: `captures/` has each screen.

    INTERCOM_ASYNC_CAPTURES=write pytest tests/services/test_sync_captures.py

writes them again, those in docs/guides/sync.md, too; then read them, as somebody who has to decide
what to do next.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async.simulator import Simulator
from intercom_async.sync import JsonlSink
from tests.support.terminal import Terminal, in_terminal

pytest.importorskip("cyclopts")
pytest.importorskip("pyte")
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("folder")]

CAPTURES = Path(__file__).parent / "captures"
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "sync.md"
SYNC = ("sync", "--to", "target", "--streams", "contacts,conversations,tags")
VARYING = (
    (r"under 0\.1 s|\d+ min \d\d s|\b\d+\.\d s", "0.5 s"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-01-31 02:15"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-31T02:15:00Z"),
    (r", \d+% of the limit", ""),  # which is left out where it is very small
    (r"\d+ bytes instead of \d+", "900 bytes instead of 1000"),
    (r"\(request\s+\w+\)", "(request 00000000)"),
    (r"workspace \w{8}, the", "workspace abcd1234, the"),
)
"""What is another in each run, and what a capture has in its place."""


def normal(lines: list[str], *, has_counts: bool) -> str:
    """Return a screen as a capture has it: with other numbers, columns are as far apart."""
    text = "\n".join(lines)
    for varying, instead in VARYING:
        text = re.sub(varying, instead, text)
    if not has_counts:
        # How far a run came when it was stopped is another each time.
        text = re.sub(r"(?m)^(?:contacts|conversations|tags|\d+ rows) .*$", _nines, text)
        text = re.sub(r"(?<=\S)  +", "  ", text)
    return text.strip() + "\n"


def _nines(line: re.Match[str]) -> str:
    return re.sub(r"\b\d+(?=  | calls| retr| rows|$)", "9", line[0])


async def compare(name: str, terminal: Terminal, code: int, *, has_counts: bool = True) -> None:
    """Compare a last screen with its capture."""
    shown = normal(terminal.lines, has_counts=has_counts) + f"[exit code {terminal.code}]\n"
    path = CAPTURES / f"sync-{name}.txt"
    if os.environ.get("INTERCOM_ASYNC_CAPTURES") == "write":
        path.write_text(shown, encoding="utf-8")
        show_in_guide(name, shown)
    assert terminal.code == code, shown
    assert shown == path.read_text(encoding="utf-8")


def show_in_guide(name: str, shown: str) -> None:
    """Write a screen into the block of the guide that shows it."""
    block = re.compile(
        rf"(<!-- capture: sync-{name} -->\n```text\n).*?(?=^```$)", re.MULTILINE | re.DOTALL
    )
    text = GUIDE.read_text(encoding="utf-8")
    GUIDE.write_text(block.sub(lambda found: found[1] + shown, text), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def run(simulator: Simulator, *arguments: str, **options: Any) -> Terminal:
    there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url, "NO_COLOR": "1"}
    return await in_terminal(*SYNC, *arguments, environment=there, **options)


def has_rows(terminal: Terminal) -> bool:
    lines = ("contacts +300", "conversations +20", "tags +12")
    return all(re.search(rf"(?m)^{line} ", terminal.text) for line in lines)


def workspace(**settings: Any) -> Simulator:
    """Make a workspace whose answers take so long that each time has the same width."""
    return Simulator(
        contacts=300, conversations=20, companies=0, tickets=0, latency_s=0.15, **settings
    )


async def test_a_good_run_and_one_without_news() -> None:
    async with workspace() as simulator:
        await compare("good", await run(simulator), 0)
        await compare("nothing-new", await run(simulator), 0)


async def test_a_partial_run() -> None:
    async with workspace() as simulator:
        simulator.faults.add(path="/tags", status=403)
        await compare("partial", await run(simulator), 3)
        await compare("accepted", await run(simulator, "--accept-hole", "tags:all of it"), 0)


async def test_a_stopped_run() -> None:
    async with workspace() as simulator:
        simulator.faults.add(path="/conversations/search", delay_s=60, after=2)
        seen = await run(simulator, until=has_rows)
        await compare("stopped", seen, 130)
        simulator.faults.clear()
        await compare("resumed", await run(simulator), 0)


async def test_an_outage_that_outlasts_the_patience() -> None:
    async with workspace() as simulator:
        simulator.faults.add(path="/conversations", status=503)
        simulator.faults.add(path="/me", status=503, after=1)
        seen = await run(simulator, "--patience", "2")
        await compare("outage", seen, 3, has_counts=False)


async def test_a_run_without_any_answer() -> None:
    async with workspace() as simulator:
        simulator.faults.add(status=503)
        await compare("no-answer", await run(simulator, "--patience", "1"), 1)


async def test_a_refused_token() -> None:
    async with workspace() as simulator:
        simulator.faults.add(status=401)
        await compare("refused", await run(simulator), 1)


async def test_a_busy_target(folder: Path) -> None:
    held = JsonlSink(folder / "target")
    held.open()
    try:
        async with workspace() as simulator:
            await compare("busy", await run(simulator), 1)
    finally:
        held.close()


async def test_a_damaged_target(folder: Path) -> None:
    async with workspace() as simulator:
        assert (await run(simulator)).code == 0
        path = anyio.Path(folder / "target" / "contacts.jsonl")
        await path.write_bytes((await path.read_bytes())[:-100])
        await compare("damaged", await run(simulator), 1)
        await compare("repaired", await run(simulator, "--repair"), 0)


async def test_another_workspace() -> None:
    async with workspace() as simulator:
        assert (await run(simulator)).code == 0
    async with workspace(seed=9) as other:
        await compare("other-workspace", await run(other), 1)
