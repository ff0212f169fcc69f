"""What the README shows works as it stands."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.simulator.running import in_thread

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.anyio

CONTACT = "5f7f0d217289f8d2f4262080"


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


async def run(source: str, names: dict[str, Any]) -> None:
    """Run a block, which may await at its top level."""
    code = compile(source, str(README), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)  # noqa: S307 (this project's own text)
    if inspect.isawaitable(result):
        await result


async def test_every_block_runs_against_the_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(blocks()) >= 4
    async with Simulator(contacts=40) as simulator:
        monkeypatch.setenv("INTERCOM_TOKEN", simulator.token)
        async with Intercom(simulator.token, base_url=simulator.url) as intercom:
            known = await intercom.contacts.list().first()
            assert known is not None
            names: dict[str, Any] = {"intercom": intercom, "Intercom": Intercom}
            for block in blocks():
                if "asyncio.run" in block:
                    continue
                await run(block.replace(CONTACT, known.id), names)


def test_the_quickstart_is_short_and_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [quickstart] = [block for block in blocks() if "asyncio.run" in block]
    assert len(quickstart.strip().splitlines()) <= 17

    with in_thread(contacts=20) as simulator:
        monkeypatch.setenv("INTERCOM_TOKEN", simulator.token)

        class Local(Intercom):
            def __init__(self) -> None:
                super().__init__(base_url=simulator.url)

        # The one thing that differs from what a reader runs: where the client connects to.
        source = quickstart.replace("import F, Intercom", "import F")
        exec(compile(source, str(README), "exec"), {"Intercom": Local})  # noqa: S102 (our own text)
    shown = capsys.readouterr().out.splitlines()
    assert "Acme" in shown[0]
    assert len(shown) > 5
