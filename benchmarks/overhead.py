"""Measures what a call costs the program that makes it: CPU time, not waiting.

    python benchmarks/overhead.py [--quick] [--json FILE] [--peers PYTHON] [--rounds N]
        [--pythons PYTHON ...] [--table FILE]

read     One conversation with its parts by its id, decoded into the client's own type.
contact  One contact by its id, likewise.
row      A page of 150 conversations, decoded, divided by 150.

`--pythons A B` measures on each of these interpreters instead of the running one, each with asyncio
and uvloop: read and contact on two of them are eight combinations in about six minutes. `--table`
replaces the table in a page of the documentation that stands below TABLE_BEGINS.

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
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from _processes import Child, child, find_loops, find_peer, replace_table

from intercom_async import Intercom
from intercom_async.simulator import Simulator

ROWS = 150
CALLS = {"read": "read", "contact": "contact", "page": "row"}
"""What the clients are told to do, and what it is called."""
TABLE_BEGINS, TABLE_ENDS = "<!-- measured by benchmarks/overhead.py -->", "<!-- measured -->"
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
            return self.slow_pages if what == "page" else self.slow_reads
        return self.pages if what == "page" else self.reads


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
        contact = await anext(aiter(intercom.contacts.list(per_page=1)))
        person = await intercom.request("GET", f"/contacts/{contact.id}", model=bytes)
    # One of middling length.
    _, middle = sorted(sizes)[len(sizes) // 2]
    (folder / "one.json").write_bytes(middle)
    (folder / "page.json").write_bytes(page.data)
    (folder / "contact.json").write_bytes(person.data)
    return {"read_bytes": len(middle), "page_bytes": len(page.data)}


@contextmanager
def running(
    loop: str, folder: str, *, python: str, peer: str | None
) -> Generator[dict[str, Child]]:
    """Run all clients, each with its server, for the length of a block."""
    with ExitStack() as stack:
        clients: dict[str, Child] = {}
        for name, module in PROGRAMS.items():
            interpreter = peer if name == SLOW else python
            if interpreter is not None:
                server = stack.enter_context(child("_fast_server.py", folder))
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
    python: str,
    loop: str,
    found: dict[str, dict[str, list[float]]],
    fresh: dict[str, dict[str, list[float]]],
) -> dict[str, Any]:
    """Print the results of one interpreter and loop, and return them."""
    fresh_ratio = ratio(fresh["read"]["ours"], fresh["read"]["floor"])
    result: dict[str, Any] = {
        "python": python, "loop": loop, "fresh_read_ours_to_floor": fresh_ratio
    }  # fmt: skip
    for what, label in CALLS.items():
        rounds = found[what]
        row: dict[str, float] = {f"{name}_us": median(each) for name, each in rounds.items()}
        row["ours_to_floor"] = ratio(rounds["ours"], rounds["floor"])
        text = f"{python:8} {loop:8} {label:7}" + "".join(
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


def version_of(python: str) -> str:
    """Return an interpreter's version."""
    code = "import platform; print(platform.python_version())"
    return subprocess.check_output([python, "-c", code], text=True).strip()  # noqa: S603 (an interpreter)


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as a table of the documentation."""
    lines = ["| Python, loop | | floor | ours | ratio |", "| --- | --- | --- | --- | --- |"]
    for result in results:
        for label in CALLS.values():
            one = result[label]
            lines.append(
                f"| {result['python']}, {result['loop']} | {label} | {one['floor_us']:.1f} µs "
                f"| {one['ours_us']:.1f} µs | {one['ours_to_floor']:.2f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="CPU time of a read and of a page's row.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--peers", default=sys.executable, help="interpreter with python-intercom")
    parser.add_argument("--rounds", type=int, help="instead of 5, or of 3 with --quick")
    parser.add_argument("--pythons", nargs="+", default=[sys.executable], help="instead of this")
    parser.add_argument("--table", type=Path, help="put the table into this page")
    options = parser.parse_args()
    amount = QUICK if options.quick else FULL
    if options.rounds:
        amount = amount._replace(rounds=options.rounds)
    peer: str | None = options.peers if find_peer(options.peers) else None
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        sizes = asyncio.run(write_bodies(Path(folder)))
        print(f"a read has {sizes['read_bytes']} bytes, a page of {ROWS} {sizes['page_bytes']}")
        for python in options.pythons:
            for loop in find_loops(python, *([] if peer is None else [peer])):
                with running(loop, folder, python=python, peer=peer) as clients:
                    fresh = measure(clients, amount._replace(rounds=1))
                    settle(clients)
                    found = measure(clients, amount)
                results.append(summarise(version_of(python), loop, found, fresh))
    if options.json:
        options.json.write_text(json.dumps({**sizes, "results": results}, indent=2) + "\n")
    if options.table:
        replace_table(options.table, table(results), TABLE_BEGINS, TABLE_ENDS)


if __name__ == "__main__":
    main()
