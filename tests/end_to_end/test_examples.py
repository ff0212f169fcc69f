"""The examples do what they say, against the simulator."""

from __future__ import annotations

import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.once,
    pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are not part of an sdist"),
]


def load(name: str) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / name))


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(simulator: Simulator) -> None:
        monkeypatch.setenv("INTERCOM_TOKEN", simulator.token)
        monkeypatch.setenv("INTERCOM_BASE_URL", simulator.url)

    return use


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_an_example_is_short(name: str) -> None:
    assert len((EXAMPLES / name).read_text().splitlines()) < 80


async def test_the_web_app_answers_and_says_when_it_is_busy(simulated: Any) -> None:
    testclient = pytest.importorskip("starlette.testclient")

    def visit(known: str) -> None:
        with testclient.TestClient(load("web_app.py")["app"]) as browser:
            assert browser.get(f"/contacts/{known}").json()["id"] == known
            assert browser.get("/contacts/nobody").status_code == 404
            assert browser.get("/contacts", params={"email": "no@x.example"}).json()["id"] is None
            answers = [browser.get(f"/contacts/{known}") for _ in range(12)]
            busy = [answer for answer in answers if answer.status_code == 503]
            assert busy
            assert int(busy[0].headers["Retry-After"]) >= 1

    # Ten calls in ten seconds: the budget is spent before the visitor has gone.
    async with Simulator(contacts=5, app_per_minute=60) as simulator:
        simulated(simulator)
        # In the middle of a window, whenever this runs: its end is more than a second off.
        simulator.clock.freeze(simulator.clock.now() // 10 * 10 + 5)
        known = next(iter(await contact_ids(simulator, 1)))
        await anyio.to_thread.run_sync(visit, known)


async def test_the_bulk_job_changes_every_user_and_reports(simulated: Any) -> None:
    async with Simulator(contacts=40) as simulator:
        simulated(simulator)
        done = await anyio.run_process(
            [sys.executable, "-X", "dev", "-W", "error", str(EXAMPLES / "bulk_job.py")],
            check=False,
            env=dict(os.environ),
        )
    assert done.returncode == 0, done.stderr
    assert warnings_of(done.stderr) == []
    changed = int(done.stdout.split()[0])
    assert changed > 20
    assert b"0 failed" in done.stdout
    assert "0 × 429" in done.stdout.decode()


def test_what_a_busy_machine_makes_of_a_step_is_no_warning_of_the_job() -> None:
    slow = b"Executing <Task pending name='a'> took 0.104 seconds\n"
    left_open = b"app.py:1: ResourceWarning: unclosed transport\n"
    assert warnings_of(slow) == []
    assert warnings_of(slow + left_open + slow) == [left_open.decode().strip()]


def warnings_of(stderr: bytes) -> list[str]:
    """The lines written, without those of asyncio's debug mode about a step that took long."""
    slow_step = re.compile(r"Executing <.*> took \d+\.\d+ seconds")
    return [line for line in stderr.decode().splitlines() if not slow_step.fullmatch(line)]


async def test_the_workers_put_back_what_would_wait_too_long(simulated: Any) -> None:
    # A budget of ten calls a second, and twenty-five jobs: some go back, all are done.
    async with Simulator(contacts=25, app_per_minute=600, window_s=1.0) as simulator:
        simulated(simulator)
        known = await contact_ids(simulator, 24)
        names = await load("worker_pool.py")["run"]([*known, "nobody"])
    assert names.pop("nobody") is None
    assert set(names) == set(known)
    assert all(names.values())


async def contact_ids(simulator: Simulator, count: int) -> list[str]:

    app = simulator.new_app(app_per_minute=60_000)
    async with Intercom(app.token, base_url=simulator.url) as intercom:
        return [contact.id for contact in await intercom.contacts.list().collect(limit=count)]
