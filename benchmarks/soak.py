"""Soak a client: does it lose, repeat or leak anything under minutes of trouble?

    python -X dev benchmarks/soak.py [--minutes 10] [--seed 1]

Over loopback HTTP against the simulator: 15 % of the requests meet a fault, the server is gone for
0.2 to 20 s every quarter of a minute, limits change, calls are cancelled. It is compared with the
same work without any of it, half of which comes before and half after, since other programs on the
machine disturb both:

- lost: calls that never end, and creations that the client calls done and the server does not hold;
- twice: creations that the server holds more than once;
- unasked: creations that are there although the error said that nothing was sent;
- untyped: exceptions that are none of the package's;
- failed in an outage: calls that failed for it, although it was shorter than `outage_s`;
- interactive: what calls of this lane took, all of them and those that met ever less of what a
  client can do nothing about: an outage, the time until it knows of the server's return, a fault of
  their own, a full window (tests/support/soak_latencies.py). Those that met nothing must take no
  longer at p99 than twice what they take without trouble.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from intercom_async import Intercom, Limits, RetryPolicy
from intercom_async.simulator import Simulator
from tests.support.soak import OUTAGES_S, Soak
from tests.support.soak_latencies import Latencies, is_as_quick

PER_MINUTE = 6000
WORKERS = 40


async def calm(simulator: Simulator, seconds: float, seed: int, latencies: Latencies) -> None:
    """Do the same work without trouble, and add what interactive calls take."""
    async with connect(simulator) as client:
        made = Soak(simulator, client, Random(seed), go_down=_nothing, go_up=_nothing)
        await made.run(seconds, workers=WORKERS, longest_outage_s=0.0, is_calm=True)
    latencies.calls += made.latencies.calls
    latencies.full_windows += made.latencies.full_windows


async def _nothing() -> None:
    """Leave the server as it is."""


def connect(simulator: Simulator) -> Intercom:
    """Return a client of the simulator with the settings that are soaked."""
    return Intercom(
        simulator.token,
        base_url=simulator.url,
        limits=Limits(app_per_minute=PER_MINUTE),
        retry=RetryPolicy(outage_s=30.0, base_s=0.2, max_attempts=6),
        timeout_s=10.0,
    )


async def soak(minutes: float, seed: int) -> dict[str, Any]:
    """Run both parts and return all that was found."""
    async with Simulator(contacts=200, app_per_minute=PER_MINUTE, latency_s=0.02) as simulator:
        plain, calm_s = Latencies(simulator), min(60.0, 12.0 * minutes)
        await calm(simulator, calm_s, seed, plain)
        async with connect(simulator) as client:

            async def go_up() -> None:
                await simulator.start()

            made = Soak(simulator, client, Random(seed), go_down=simulator.close, go_up=go_up)
            tally = await made.run(60.0 * minutes, workers=WORKERS, longest_outage_s=OUTAGES_S[1])
            statistics = client.statistics()
        simulator.set_limits(app_per_minute=PER_MINUTE)
        await calm(simulator, calm_s, seed + 1, plain)
    names = (
        "calls",
        "succeeded",
        "cancelled",
        "failed",
        "untyped",
        "outages",
        "outage_s",
        "faults",
    )
    return {name: getattr(tally, name) for name in names} | {
        "defects": tally.defects,
        "notes": len(tally.created),
        "statuses": simulator.statuses,
        "in_flight": statistics.in_flight,
        "interactive": {"calm": plain.figures(), "soak": made.latencies.figures()},
    }


def main() -> int:
    """Soak, print, and return 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = asyncio.run(soak(arguments.minutes, arguments.seed))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    plain, soaked = (found["interactive"][name]["nothing"] for name in ("calm", "soak"))
    is_fine = is_as_quick(soaked, plain) and found["in_flight"] == 0
    return int(any(found["defects"].values()) or not is_fine)


if __name__ == "__main__":
    sys.exit(main())
