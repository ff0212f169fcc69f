"""Measures what a call costs the program that makes it: CPU time, not waiting.

    python benchmarks/overhead.py [--quick] [--json FILE] [--peers PYTHON] [--rounds N]

read    One conversation with its parts by its id, decoded into the client's own type.
row     A page of 150 conversations, decoded, divided by 150.

Each client is a process of its own and reads one after the other from a server of its own, which
answers the simulator's bytes from memory: nobody else uses its rate limit. All have been at work
for three windows before the first round, so that ours knows the server's clock as it does in a
program that runs for a while; what a read costs in its first seconds is printed as well.

CPU time is `time.process_time` of the client's process, user and kernel mode, divided by the number
of calls. Rounds are interleaved, and within a round the clients take turns, ten each: how fast a
shared machine is, and what waking another process costs, changes from one second to the next, and
falls on all of them so. Printed are medians of the rounds, and the median of each round's ratios.

floor       aiohttp and msgspec decoding into the same structs as ours, over the same connector
official    python-intercom, decoding into its own types
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from _processes import Child, child, find_loops, find_peer

from intercom_async import Intercom
from intercom_async.simulator import Simulator

ROWS = 150
CALLS = ("read", "page")
PROGRAMS = {"ours": "_ours", "floor": "_bare", "official": "_official"}
SLOW = "official"
READ_ONE_OF = 40
TURNS = 10
SETTLED_S = 31
"""Three windows of the rate limit, and what is left of the first."""


class Amount(NamedTuple):
    """How much is measured in a round."""

    rounds: int
    reads: int
    pages: int
    slow_reads: int
    slow_pages: int

    def times(self, client: str, what: str) -> int:
        """Return the number of calls; enough for a tenth of a second of CPU time."""
        if client == SLOW:
            return self.slow_reads if what == "read" else self.slow_pages
        return self.reads if what == "read" else self.pages


FULL = Amount(rounds=5, reads=1500, pages=100, slow_reads=60, slow_pages=3)
QUICK = Amount(rounds=3, reads=500, pages=40, slow_reads=20, slow_pages=1)


async def write_bodies(folder: Path) -> dict[str, int]:
    """Take the answers from the simulator; return their sizes."""
    async with (
        Simulator(contacts=500, conversations=ROWS, seed=7) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        pager = intercom.conversations.list(per_page=ROWS)
        ids = [str(row.id) async for row in pager]
        sizes: list[tuple[int, bytes]] = []
        for each in ids[:READ_ONE_OF]:
            one = await intercom.request("GET", f"/conversations/{each}", model=bytes)
            sizes.append((len(one.data), one.data))
        page = await intercom.request(
            "GET", "/conversations", params={"per_page": ROWS}, model=bytes
        )
    # One of middling length.
    _, middle = sorted(sizes)[len(sizes) // 2]
    (folder / "one.json").write_bytes(middle)
    (folder / "page.json").write_bytes(page.data)
    return {"read_bytes": len(middle), "page_bytes": len(page.data)}


@contextmanager
def running(loop: str, folder: str, *, python: str, has_peer: bool) -> Generator[dict[str, Child]]:
    """Run all clients, each with its server, for the length of a block."""
    with ExitStack() as stack:
        clients: dict[str, Child] = {}
        for name, module in PROGRAMS.items():
            if has_peer or name != SLOW:
                server = stack.enter_context(child("_fast_server.py", folder))
                interpreter = python if name == SLOW else sys.executable
                process = child("_worker.py", module, loop, server.ready["url"], python=interpreter)
                clients[name] = stack.enter_context(process)
        yield clients


def settle(clients: dict[str, Child]) -> None:
    """Let all clients work for a few windows, a little each second."""
    for _ in range(SETTLED_S):
        for process in clients.values():
            process.ask(do="read", times=2)
        time.sleep(1.0)


def measure(clients: dict[str, Child], amount: Amount) -> dict[str, dict[str, list[float]]]:
    """Return microseconds a read and a row, by client and round."""
    found: dict[str, dict[str, list[float]]] = {
        what: {name: [] for name in clients} for what in CALLS
    }
    for _ in range(amount.rounds):
        for what in CALLS:
            spent = dict.fromkeys(clients, (0.0, 0))
            for turn in range(TURNS):
                for name, process in clients.items():
                    times = amount.times(name, what)
                    share = times * (turn + 1) // TURNS - times * turn // TURNS
                    if share:
                        answer = process.ask(do=what, times=share)
                        cpu_s, objects = spent[name]
                        spent[name] = cpu_s + answer["cpu_s"], objects + answer["objects"]
            for name, (cpu_s, objects) in spent.items():
                found[what][name].append(1e6 * cpu_s / objects)
    return found


def ratio(these: list[float], those: list[float]) -> float:
    """Return the median of the rounds' ratios."""
    return median(one / other for one, other in zip(these, those, strict=True))


def summarise(
    loop: str, found: dict[str, dict[str, list[float]]], fresh: dict[str, dict[str, list[float]]]
) -> dict[str, object]:
    """Print one loop's results and return them."""
    fresh_ratio = ratio(fresh["read"]["ours"], fresh["read"]["floor"])
    result: dict[str, object] = {"loop": loop, "fresh_read_ours_to_floor": fresh_ratio}
    for what, label in zip(CALLS, ("read", "row"), strict=True):
        rounds = found[what]
        row: dict[str, float] = {f"{name}_us": median(each) for name, each in rounds.items()}
        row["ours_to_floor"] = ratio(rounds["ours"], rounds["floor"])
        text = f"{loop:8} {label:5}" + "".join(
            f"  {name} {median(each):9.2f} µs" for name, each in rounds.items()
        )
        text += f"  ours = {row['ours_to_floor']:.2f} × floor"
        if SLOW in rounds:
            row["official_to_ours"] = ratio(rounds[SLOW], rounds["ours"])
            text += f", official = {row['official_to_ours']:.0f} × ours"
        print(text, flush=True)
        result[label] = row
    print(f"{loop:8} read in the first seconds of a program: {fresh_ratio:.2f} × floor", flush=True)
    return result


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="CPU time of a read and of a page's row.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--peers", default=sys.executable, help="interpreter with python-intercom")
    parser.add_argument("--rounds", type=int, help="instead of 5, or of 3 with --quick")
    options = parser.parse_args()
    amount = QUICK if options.quick else FULL
    if options.rounds:
        amount = amount._replace(rounds=options.rounds)
    has_peer = find_peer(options.peers)
    interpreters = {sys.executable, *([options.peers] if has_peer else [])}
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        sizes = asyncio.run(write_bodies(Path(folder)))
        print(f"a read has {sizes['read_bytes']} bytes, a page of {ROWS} {sizes['page_bytes']}")
        for loop in find_loops(*interpreters):
            with running(loop, folder, python=options.peers, has_peer=has_peer) as clients:
                fresh = measure(clients, amount._replace(rounds=1))
                settle(clients)
                results.append(summarise(loop, measure(clients, amount), fresh))
    if options.json:
        options.json.write_text(json.dumps({**sizes, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
