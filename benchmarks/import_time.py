"""Measures what importing a client costs: CPU time of a process, less that of an empty one.

    python benchmarks/import_time.py [--quick] [--json FILE] [--peers PYTHON]

ours        `from intercom_async import Intercom`
aiohttp     `import aiohttp`, which ours needs; ours less this is what the package itself costs
official    `from intercom import AsyncIntercom`

Each is the median of several processes, interleaved, in user and kernel mode, with the byte code
already compiled.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

from _processes import find_peer

EMPTY = "pass"


def cpu_ms(python: str, code: str) -> float:
    """Return what running some code in a new interpreter costs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-c", code], check=True)  # noqa: S603 (the code is in this file)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000.0 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="CPU time of an import.")
    parser.add_argument("--quick", action="store_true", help="5 processes each instead of 15")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--peers", default=sys.executable, help="interpreter with python-intercom")
    options = parser.parse_args()
    programs = {
        "ours": (sys.executable, "from intercom_async import Intercom"),
        "aiohttp": (sys.executable, "import aiohttp"),
    }
    if find_peer(options.peers):
        programs["official"] = (options.peers, "from intercom import AsyncIntercom")
    rounds = 5 if options.quick else 15
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds + 1):
        for name, (python, code) in programs.items():
            found[name].append(cpu_ms(python, code) - cpu_ms(python, EMPTY))
    # The first round compiles what has not been imported before.
    results = {f"{name}_ms": round(median(each[1:]), 1) for name, each in found.items()}
    results["ours_beyond_aiohttp_ms"] = round(
        median(
            one - other for one, other in zip(found["ours"][1:], found["aiohttp"][1:], strict=True)
        ),
        1,
    )
    print("import: " + ", ".join(f"{name} {value}" for name, value in results.items()))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
