"""A workspace of the simulator in a situation, and what its ledger says of the one app in it.

    python _situation.py SITUATION_JSON

It listens at once. Told `{"windows": N}` it answers after N full windows with a row for each, and
with samples of how many calls had been served and refused, ten a second.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
from typing import Any, TypedDict

from intercom_async.simulator import Simulator

SAMPLE_S = 0.1
REDRAW_S = 0.002
"""How long all calls share one latency: shorter than the time between two of them."""
LATENCY_S = [0.050, 0.050]
GRACE_S = 0.2
"""After the last window: its late calls are in the ledger by then."""


class Trouble(TypedDict, total=False):
    """What is the matter; what is not given is not the matter."""

    latency_s: list[float]
    """Least and most; in between all are as likely. 50 ms if not given."""
    clock_s: float
    """How far the server's clock is ahead of the client's, in all that it says and does."""
    neighbour: float
    """What somebody else's app takes of the workspace, whose limit is then no more than the app's;
    its calls are spread evenly, and nothing that the app is told speaks of them."""
    halved: bool
    """Whether the app's limit is halved when half of the windows are over."""


class Situation(Trouble):
    """The limit that all of it is about, and what is the matter."""

    per_minute: int
    window_s: float


class Workspace:
    """The simulator and what is going on in it.

    Args:
        given: The situation.
    """

    def __init__(self, given: Situation) -> None:
        self._given = given
        self._window_s = given["window_s"]
        self._neighbour = given.get("neighbour", 0.0)
        per_minute = given["per_minute"]
        self.simulator = Simulator(
            contacts=1,
            conversations=1,
            app_per_minute=per_minute,
            workspace_per_minute=per_minute * (1.0 if self._neighbour else 2.5),
            window_s=self._window_s,
        )
        self.simulator.clock.move(given.get("clock_s", 0.0))
        self.simulator.neighbour(self._neighbour)
        self._limits: dict[int, int] = {}

    def _number(self) -> int:
        return math.floor(self.simulator.clock.now() / self._window_s)

    async def vary_latency(self) -> None:
        """Draw the latency again and again, for ever."""
        least, most = self._given.get("latency_s", LATENCY_S)
        while True:
            self.simulator.latency_s = random.uniform(least, most)
            await asyncio.sleep(REDRAW_S)

    def _counts(self) -> tuple[int, int]:
        rows = [row for row in self.simulator.ledger() if row.token == self.simulator.token]
        return sum(row.served for row in rows), sum(row.rejected for row in rows)

    async def watch(self, windows: int) -> dict[str, Any]:
        """Return what happened in the next full windows."""
        first = self._number() + 1
        per_minute = self._given["per_minute"]
        samples: list[tuple[float, int, int]] = []
        is_halved = False
        while (number := self._number()) < first + windows:
            if self._given.get("halved") and not is_halved and number >= first + windows // 2:
                is_halved = True
                self.simulator.set_limits(app_per_minute=per_minute / 2)
            self._limits[number] = self.simulator.status().apps[0].limit
            since_s = self.simulator.clock.now() - first * self._window_s
            samples.append((round(since_s, 3), *self._counts()))
            await asyncio.sleep(SAMPLE_S - since_s % SAMPLE_S)
        await asyncio.sleep(GRACE_S)
        return {"windows": self._rows(range(first, first + windows)), "samples": samples}

    def _rows(self, numbers: range) -> list[dict[str, int]]:
        """Return what was allowed, served and refused, by window."""
        ours = {
            round(row.window_at / self._window_s): row
            for row in self.simulator.ledger()
            if row.token == self.simulator.token
        }
        rows: list[dict[str, int]] = []
        for number in numbers:
            limit, row = self._limits[number], ours.get(number)
            rows.append(
                {
                    "allowed": limit - int(self._neighbour * limit),
                    "served": row.served if row else 0,
                    "refused": row.rejected if row else 0,
                }
            )
        return rows


async def main(given: Situation) -> None:
    """Serve, and answer what is asked."""
    workspace = Workspace(given)
    async with workspace.simulator as simulator, asyncio.TaskGroup() as tasks:
        tasks.create_task(workspace.vary_latency())
        print(json.dumps({"url": simulator.url, "token": simulator.token}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await workspace.watch(json.loads(line)["windows"])), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
