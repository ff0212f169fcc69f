"""Soak a client: does it lose, repeat or leak anything under minutes of trouble?

    python -X dev benchmarks/soak.py [--minutes 10] [--seed 1]

Over loopback HTTP against the simulator: 15 % of the requests meet a fault, the server is gone for
0.2 to 20 s every quarter of a minute, limits change, calls are cancelled. It is compared with two
minutes without any of it:

- lost: calls that never end, and creations that the client calls done and the server does not hold;
- twice: creations that the server holds more than once;
- unasked: creations that are there although the error said that nothing was sent;
- untyped: exceptions that are none of the package's;
- failed in an outage: calls that failed for it, although it was shorter than `outage_s`;
- wait and latency of interactive calls that met no fault themselves, outside outages and while the
  server's window had room; the latency is judged at p90, since p99 says more of the machine.
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

from intercom_async import Intercom, Limits, Priority, RetryPolicy
from intercom_async.clock import CLOCK
from intercom_async.simulator import Simulator
from tests.support.soak import CONTACTS, OUTAGES_S, Latencies, Soak, percentile

PER_MINUTE = 6000
WORKERS = 40
MAX_SLOWDOWN = 2.0
"""Times that interactive calls may take longer than without faults, at p99."""
UNNOTICED_S = 0.01
"""Seconds that do not count as longer."""


async def calm(simulator: Simulator, seconds: float) -> Latencies:
    """Measure interactive calls beside as much work, without faults."""
    latencies = Latencies(simulator)
    async with connect(simulator) as client:
        client.observe_with(latencies)
        rows = simulator.call("GET", "/contacts", query={"per_page": str(CONTACTS)})["data"]

        async def work() -> None:
            while True:
                await client.with_options(priority=Priority.BULK).contacts.get(rows[0]["id"])

        async def ask() -> None:
            while True:
                await CLOCK.sleep(1 / 3)
                await client.with_options(priority=Priority.INTERACTIVE).contacts.get(rows[1]["id"])

        tasks = [asyncio.ensure_future(make()) for make in (*[work] * WORKERS, ask)]
        await CLOCK.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return latencies


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
        before = await calm(simulator, min(120.0, 12.0 * minutes))
        async with connect(simulator) as client:

            async def go_up() -> None:
                await simulator.start()

            made = Soak(simulator, client, Random(seed), go_down=simulator.close, go_up=go_up)
            tally = await made.run(60.0 * minutes, workers=WORKERS, longest_outage_s=OUTAGES_S[1])
            statistics = client.statistics()
    after = made.latencies
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
        "interactive": {
            name: {
                "count": len(each.waits_s),
                "wait_p99_s": percentile(each.waits_s, 0.99),
                "latency_p50_s": percentile(each.elapsed_s, 0.5),
                "latency_p90_s": percentile(each.elapsed_s, 0.9),
                "latency_p99_s": percentile(each.elapsed_s, 0.99),
            }
            for name, each in (("calm", before), ("soak", after))
        },
    }


def main() -> int:
    """Soak, print, and return 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = asyncio.run(soak(arguments.minutes, arguments.seed))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    calm, soaked = found["interactive"]["calm"], found["interactive"]["soak"]
    is_slow = any(
        soaked[name] > MAX_SLOWDOWN * calm[name] + UNNOTICED_S
        for name in ("wait_p99_s", "latency_p90_s")
    )
    return int(any(found["defects"].values()) or found["in_flight"] != 0 or is_slow)


if __name__ == "__main__":
    sys.exit(main())
