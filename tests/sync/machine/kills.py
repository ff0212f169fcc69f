"""Kills real syncs with SIGKILL, again and again, and compares each target with the workspace.

    python -m tests.sync.machine.kills --minutes 30

Each round changes a workspace behind real HTTP, kills some syncs of it at any moment, and lets one
end. A target is gone on with for `ROUNDS` rounds before the next one is begun.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from intercom_async.simulator import Simulator, in_thread
from .steps import Form
from .targets import read

FORMS: tuple[Form, ...] = tuple(
    form for form in get_args(Form) if form not in ("objects", "postgres")
)
"""Object storage and PostgreSQL are killed in tests/services, where there are servers."""
STREAMS = ("contacts", "conversations", "conversation_parts", "companies")
ROUNDS = 8
REST_S = 3 * 3_600
"""By which the simulator's clock moves on between rounds: longer than the lookback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 as soon as a target differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.sync.machine.kills")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    ends_at = time.monotonic() + 60 * options.minutes  # noqa: TID251 (real time)
    dice, rounds, kills = random.Random(options.seed), 0, 0
    while time.monotonic() < ends_at:  # noqa: TID251
        form = FORMS[rounds // ROUNDS % len(FORMS)]
        with (
            in_thread(contacts=400, conversations=60, companies=20, latency_s=0.01) as simulator,
            tempfile.TemporaryDirectory() as folder,
        ):
            for _ in range(ROUNDS):
                kills += disturbed(simulator, form, Path(folder), dice)
                rounds += 1
                wrong = differences(simulator, form, Path(folder))
                if wrong:
                    print(f"{form}, round {rounds}: {wrong[:5]}", flush=True)  # noqa: T201
                    return 1
                change(simulator, dice)
    print(f"{rounds} rounds, {kills} kills, no difference")  # noqa: T201
    return 0


def disturbed(simulator: Simulator, form: Form, folder: Path, dice: random.Random) -> int:
    """Kill some syncs, and let one end; return how many were killed at work."""
    kills = 0
    for _ in range(dice.randint(1, 4)):
        process = begin(simulator, form, folder)
        try:
            process.wait(dice.uniform(0.3, 3.0))
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        process.communicate()
    process = begin(simulator, form, folder)
    _, said = process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"{form}: exit {process.returncode}: {said.decode()[-2_000:]}")
    return kills


def begin(simulator: Simulator, form: Form, folder: Path) -> subprocess.Popen[bytes]:
    """Begin a sync in a process of its own."""
    name = "target.duckdb" if form == "duckdb" else "target"
    given = ["--to", str(folder / name), "--format", form]
    return subprocess.Popen(
        [sys.executable, "-m", "intercom_async", "sync", *given, "--streams", ",".join(STREAMS)],
        env=os.environ | {"INTERCOM_BASE_URL": simulator.url, "INTERCOM_TOKEN": simulator.token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def change(simulator: Simulator, dice: random.Random) -> None:
    """Change, make and delete some records, and let some hours pass."""
    contacts = [row["id"] for row in rows(simulator, "contacts")]
    for key in dice.sample(contacts, 20):
        simulator.call("PUT", f"/contacts/{key}", {"name": f"n{dice.random()}"})
    for key in dice.sample(contacts, 5):
        simulator.call("DELETE", f"/contacts/{key}")
    for _ in range(5):
        email = f"{dice.getrandbits(40)}@example.com"
        simulator.call("POST", "/contacts", {"email": email, "role": "user"})
    simulator.clock.move(REST_S)


def rows(simulator: Simulator, stream: str) -> list[dict[str, Any]]:
    """Return all rows of a list by cursor."""
    found: list[dict[str, Any]] = []
    query: dict[str, str] | None = {"per_page": "150"}
    while query is not None:
        page: Any = simulator.call("GET", f"/{stream}", query=query)
        found += page["data" if stream == "contacts" else stream]
        following = page["pages"].get("next")
        query = following and {"per_page": "150", "starting_after": following["starting_after"]}
    return found


def differences(simulator: Simulator, form: Form, folder: Path) -> list[str]:
    """Return where live rows and workspace differ."""
    target = read(form, folder, STREAMS)
    wrong: list[str] = []
    for stream in ("contacts", "conversations"):
        here = {row["id"]: row.get("name") for row in rows(simulator, stream)}
        live = [one for one in target[stream] if one.is_live]
        there = {one.key: one.record.get("name") for one in live}
        wrong += [f"{stream} {key} twice" for key in there if len(live) != len(there)][:1]
        wrong += [f"{stream} {key}" for key in here.keys() ^ there.keys()]
        wrong += [f"{stream} {key} is old" for key in here if here[key] != there.get(key)]
    return wrong


if __name__ == "__main__":
    sys.exit(main())
