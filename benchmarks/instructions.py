"""Counts the instructions of an admit, of a read and of a row, and compares them with the record.

    python benchmarks/instructions.py [--check | --record]

admit   a pass through the scheduler that need not wait, its reply's headers included
leased  the same with a budget store that grants a whole window at once
read    one contact, by a method, from a scripted transport: no network, no HTTP
row     a list of one page of 150 contacts from the same, divided by 150

Valgrind counts them: unlike seconds, they are the same on a busy machine, within 0.1 % from run to
run and 1 % from checkout to checkout. `--check` fails where a call costs over `TOLERANCE` more than
`instructions.json` says, or a store over `STORE_COSTS`. A change that is worth it runs `--record`
and gives the reason in its commit. Counts hold for one interpreter and machine; others are skipped
with the reason, as is a machine without valgrind.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from _counted import ROWS

TOLERANCE = 0.02
"""Fraction by which a call may cost more than its record says."""
STORE_COSTS = 17_000
"""Instructions that a budget store may add to an admit: 2 µs where an admit takes 7 µs."""
RECORD = Path(__file__).with_name("instructions.json")
DEPENDENCIES = ("aiohttp", "anyio", "msgspec")
VALGRIND = (
    "valgrind",
    "--quiet",
    "--tool=callgrind",
    "--callgrind-out-file=counts",
    "--dump-before=getppid",
)


def interpreter() -> str:
    """Return what counts depend on besides the code: interpreter, compiler, machine."""
    return (
        f"CPython {platform.python_version()}, {platform.python_compiler()}, {platform.machine()}"
    )


def count() -> dict[str, int]:
    """Run the workloads under valgrind; return instructions by kind of call."""
    environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    program = [sys.executable, str(Path(__file__).with_name("_counted.py"))]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 (this project's own program)
            [*VALGRIND, *program],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        counts: dict[str, int] = {}
        # One dump at each mark: the odd ones hold what was done before a count began.
        for number, line in enumerate(done.stdout.splitlines()):
            name, times = line.split()
            dump = Path(folder, f"counts.{2 * number + 2}").read_text()
            found = re.search(r"^totals: (\d+)$", dump, re.MULTILINE)
            if found is None:
                raise RuntimeError("valgrind's dump has no totals")
            counts[name] = int(found[1]) // int(times)
    counts["row"] = counts.pop("page") // ROWS
    return counts


def too_dear(counts: dict[str, int], known: dict[str, int]) -> list[str]:
    """Return the kinds of calls that cost more than they may."""
    most = {name: was * (1 + TOLERANCE) for name, was in known.items()}
    with_store = counts["admit"] + STORE_COSTS
    most["leased"] = min(most.get("leased", with_store), with_store)
    return [name for name, found in counts.items() if found > most.get(name, found)]


def main() -> int:
    """Count, then print, compare or record; 1 where a call has become too expensive."""
    parser = argparse.ArgumentParser(description="Instructions of an admit, a read and a row.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="fail where a call costs more")
    choice.add_argument("--record", action="store_true", help="write the record")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return 0
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    here = interpreter()
    if options.check and here not in record:
        print(f"skipped: {RECORD.name} has no counts for {here}; --record adds them")
        return 0
    counts = count()
    known = record.get(here, {"instructions": {}, "dependencies": {}})
    for name, found in counts.items():
        was = known["instructions"].get(name)
        change = f"  {found / was - 1:+8.2%} against the record, {was:,}" if was else ""
        print(f"{name:6} {found:10,} instructions{change}")
    dear = too_dear(counts, known["instructions"])
    dependencies = {name: version(name) for name in DEPENDENCIES}
    if known["dependencies"] not in ({}, dependencies):
        print(f"recorded with {known['dependencies']}, counted with {dependencies}")
    if options.record:
        record[here] = {"instructions": counts, "dependencies": dependencies}
        RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n")
    if options.check and dear:
        print(f"more expensive than allowed: {', '.join(dear)}")
        print("make it cheaper, or run with --record and give the reason in the commit")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
