"""Measures many processes on one budget store, in virtual time.

    python benchmarks/virtual_processes.py [--situations NAME …] [--seeds 20] [--windows 4]

Each process has a scheduler of its own, and all lease from one store in memory that answers after
the time that a server nearby takes. The server is strict and its time is virtual, so that no
machine is too slow. In each process a person makes one call a second; the others are bulk calls
that never end. Printed are the least share of the allowed calls that any seed used in full windows,
all calls that were refused, the least fairness index, the longest p99 of a person's waits while the
window has room, and requests to the store for each call. Run from the repository's root.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from intercom_async import Limits
from intercom_async.clock import CLOCK
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from tests.support.scheduler.clients import Scheduled, Sender
from tests.support.scheduler.memory_store import Accounts, MemoryStore
from tests.support.scheduler.scenarios import Goal, Outcome, Scenario, Script, Waits, run
from tests.support.scheduler.server import Server

WORKERS = 192
"""Calls that wait or are under way, of all processes together."""
WINDOW_S = 10.0
APP_CALLS = 1667
PERSON_EVERY_S = 1.0
FAR_S = 0.03
"""A store in another region."""


class OfOneApp(Scheduled):
    """A process whose calls are all of one app of the workspace."""

    app = ""

    async def call(
        self,
        priority: Priority = Priority.BULK,
        *,
        app: str = "",
        cost: int = 1,
        max_wait_s: float | None = None,
    ) -> float:
        """Make one call until it succeeds; return how long it waited."""
        return await super().call(priority, app=self.app or app, cost=cost, max_wait_s=max_wait_s)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is measured."""

    processes: int
    apps: tuple[str, ...] = ("",)
    workspace: int = 4167
    """Calls a window of all apps together."""
    rtt_s: float = 0.001
    late: float = 0.0
    """Share of the store's answers that come too late."""
    script: Callable[[Accounts], Script] | None = None


def failing_over(accounts: Accounts) -> Script:
    """Lose grants, usage and members in mid-window, as when a replica takes over too early."""

    async def play(server: Server) -> None:
        await CLOCK.sleep(server.ends_in_s() + 1.5 * WINDOW_S)
        accounts.lose()

    return play


def going_away(accounts: Accounts) -> Script:
    """Let the store answer nothing for one window and a half."""

    async def play(server: Server) -> None:
        await CLOCK.sleep(server.ends_in_s() + 1.5 * WINDOW_S)
        accounts.is_up = False
        await CLOCK.sleep(1.5 * WINDOW_S)
        accounts.is_up = True

    return play


def stopping(accounts: Accounts) -> Script:
    """Stop the store for the length of a window, early in one; it has forgotten all afterwards."""

    async def play(server: Server) -> None:
        await CLOCK.sleep(server.ends_in_s() + 1.2 * WINDOW_S)
        accounts.is_up = False
        await CLOCK.sleep(WINDOW_S)
        accounts.lose()
        accounts.is_up = True

    return play


SITUATIONS = {
    "4": Situation(4),
    "8": Situation(8),
    "16": Situation(16),
    "64": Situation(64),
    "8, store 30 ms away": Situation(8, rtt_s=FAR_S),
    "64, store 30 ms away": Situation(64, rtt_s=FAR_S),
    "2 apps of 4": Situation(8, apps=("a", "b"), workspace=2500),
    "2 apps of 16": Situation(32, apps=("a", "b"), workspace=2500),
    "16, failover": Situation(16, script=failing_over),
    "16, store down": Situation(16, script=going_away),
    "4, store stopped": Situation(4, script=stopping),
    "8, store stopped": Situation(8, script=stopping),
    "8, answers late": Situation(8, late=0.02),
    "8, late and stopped": Situation(8, late=0.02, script=stopping),
}


async def person(sender: Sender, server: Server, random: Random, waits: Waits) -> None:
    """Make a call a second; note how long it waited while the window had room for it.

    Noted from the second full window on: before, nobody knows when windows begin.
    """
    app = getattr(sender, "app", "")
    first = server.index()
    while True:
        await CLOCK.sleep(random.uniform(0.5, 1.5) * PERSON_EVERY_S)
        is_settled = server.index() > first + 1
        had_room = is_settled and server.remaining(app) > server.coming
        waited_s = await sender.call(Priority.INTERACTIVE)
        if had_room:
            waits.interactive_s.append(waited_s)


def measure(situation: Situation, seed: int, windows: int) -> tuple[Outcome, float]:
    """Return what came of it, and requests to the store for each call."""
    accounts = Accounts(situation.rtt_s, situation.late)
    count = situation.processes
    scenario = Scenario(
        name=f"{count} processes",
        goal=Goal(0.995, jain=0.97),
        processes=count,
        workers=max(1, WORKERS // count),
        span_s=windows * WINDOW_S + WINDOW_S / 2,
        apps=situation.apps,
        server={"workspace": situation.workspace},
        guests=(person,),
        script=None if situation.script is None else situation.script(accounts),
    )
    limits = Limits(app_per_minute=6 * APP_CALLS, workspace_per_minute=6 * situation.workspace)

    def make(server: Server, name: str, _: object) -> Scheduled:
        store = MemoryStore(accounts, name)
        sender = OfOneApp(server, name, Scheduler(limits, store=store, random=Random(name)))
        sender.app = situation.apps[int(name.rpartition(" ")[2]) % len(situation.apps)]
        return sender

    outcome = run(scenario, seed, make)
    return outcome, accounts.requests / max(1, outcome.sends)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--situations", nargs="+", choices=SITUATIONS, default=list(SITUATIONS))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--windows", type=int, default=4)
    options = parser.parse_args()
    heads = ("seeds", "least used", "refused", "least Jain", "person p99", "trips a call")
    print(f"{'processes':22}" + "".join(f"{head:>13}" for head in heads))
    for name in options.situations:
        found = [measure(SITUATIONS[name], seed, options.windows) for seed in range(options.seeds)]
        outcomes = [one for one, _ in found]
        used, fair = min(one.utilisation for one in outcomes), min(one.jain for one in outcomes)
        refused = sum(one.throttled * one.sends for one in outcomes)
        sends = sum(one.sends for one in outcomes)
        p99_s, trips = max(one.wait_p99_s for one in outcomes), max(trips for _, trips in found)
        print(
            f"{name:22}{len(found):13}{used:13.2%}{refused / sends:13.4%}{fair:13.4f}"
            f"{1000 * p99_s:10.0f} ms{trips:13.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
