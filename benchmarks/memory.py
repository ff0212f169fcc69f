"""Measures how much memory a client takes: the peak of its process, less that of an empty one.

    python benchmarks/memory.py [--quick] [--json FILE] [--peers PYTHON] [--rounds N]

import      the client's module is imported, and a client made
idle        the client is opened
reads       1,000 reads of a conversation are begun at once
rows        100,050 rows are read, page after page of 150, none of them kept

Each step is a process of its own, so that nothing of one step is seen in another. The peak is VmHWM
(the most that was ever resident, from /proc; elsewhere ru_maxrss), read at the end of the step,
less the same before the client's module is imported: with asyncio, without anything else. Steps
include those above them. Medians of rounds. The server answers from memory in a process of its own.
`--quick` measures import and reads, once.

ours        this package, as its README shows it
floor       aiohttp and msgspec decoding into the same structs
official    python-intercom, as its README shows it
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from _processes import child, find_peer
from overhead import PROGRAMS, SLOW, write_bodies

STEPS = ("import", "idle", "reads", "rows")
QUICK_STEPS = ("import", "reads")
ROUNDS = 5
MIB = 1 << 20


def weigh(module: str, step: str, url: str, python: str) -> float:
    """Return the MiB that a step took, in a process of its own."""
    with child("_weighed.py", module, step, url, python=python) as process:
        taken: int = process.ready["peak_bytes"] - process.ready["before_bytes"]
    return taken / MIB


def measure(
    interpreters: dict[str, str], steps: tuple[str, ...], rounds: int, folder: str
) -> dict[str, dict[str, float]]:
    """Weigh each client in each step, print and return the medians."""
    results: dict[str, dict[str, float]] = {}
    for step in steps:
        found: dict[str, list[float]] = {name: [] for name in interpreters}
        for _ in range(rounds):
            for name, python in interpreters.items():
                # A new one each time: what is left of its limit would be another's.
                with child("_fast_server.py", folder) as server:
                    url = server.ready["url"]
                    found[name].append(weigh(PROGRAMS[name], step, url, python))
        results[step] = {f"{name}_mib": median(each) for name, each in found.items()}
        row = "".join(f"  {name} {median(each):7.1f} MiB" for name, each in found.items())
        ratios = "".join(
            f", {name} = {median(each) / median(found['ours']):.2f} × ours"
            for name, each in found.items()
            if name != "ours"
        )
        print(f"{step:8}{row}{ratios}", flush=True)
    return results


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="Peak memory of a client, step by step.")
    parser.add_argument("--quick", action="store_true", help="import and reads, once")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--peers", default=sys.executable, help="interpreter with python-intercom")
    parser.add_argument("--rounds", type=int, help="instead of 5, or of 1 with --quick")
    options = parser.parse_args()
    has_peer = find_peer(options.peers)
    interpreters = {
        name: options.peers if name == SLOW else sys.executable
        for name in PROGRAMS
        if has_peer or name != SLOW
    }
    rounds = options.rounds or (1 if options.quick else ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(write_bodies(Path(folder)))
        results = measure(interpreters, QUICK_STEPS if options.quick else STEPS, rounds, folder)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
