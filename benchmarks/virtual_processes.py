"""Measures many processes on one token and one budget store, in virtual time.

    python benchmarks/virtual_processes.py [--counts 16 64] [--seeds 20] [--windows 4]

Each process has a scheduler of its own, and all lease from one store in memory that answers after
the time that a server nearby takes. The server is strict and its time is virtual, so that no
machine is too slow. Printed are the least share of the allowed calls that any seed used in full
windows, all calls that were refused, and the least fairness index. Run from the repository's root.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from intercom_async import Limits
from intercom_async.scheduler import Scheduler
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.memory_store import Accounts, MemoryStore
from tests.support.scheduler.scenarios import Goal, Outcome, Scenario, run
from tests.support.scheduler.server import Server

WORKERS = 192
"""Calls that wait or are under way, of all processes together."""
WINDOW_S = 10.0
LIMITS = Limits(app_per_minute=6 * 1667, workspace_per_minute=25_000)


def measure(count: int, seed: int, windows: int) -> Outcome:
    """Let so many processes press on one token; return what came of it."""
    accounts = Accounts()
    scenario = Scenario(
        name=f"{count} processes",
        goal=Goal(0.995, jain=0.97),
        processes=count,
        workers=max(1, WORKERS // count),
        span_s=windows * WINDOW_S + WINDOW_S / 2,
    )

    def make(server: Server, name: str, _: object) -> Scheduled:
        store = MemoryStore(accounts, name)
        return Scheduled(server, name, Scheduler(LIMITS, store=store, random=Random(name)))

    return run(scenario, seed, make)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="Many processes on one token, in virtual time.")
    parser.add_argument("--counts", nargs="+", type=int, default=[16, 64])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--windows", type=int, default=4)
    options = parser.parse_args()
    print(f"{'processes':>9}{'seeds':>7}{'least used':>12}{'refused':>9}{'least Jain':>12}")
    for count in options.counts:
        found = [measure(count, seed, options.windows) for seed in range(options.seeds)]
        used, fair = min(one.utilisation for one in found), min(one.jain for one in found)
        refused = max(one.throttled for one in found)
        print(f"{count:9}{len(found):7}{used:12.2%}{refused:9.3%}{fair:12.4f}", flush=True)


if __name__ == "__main__":
    main()
