"""Measures what importing a client costs: CPU time of a process, less that of an empty one.

    python benchmarks/import_time.py [--quick] [--json FILE] [--peers PYTHON]

ours        `from intercom_async import Intercom`
aiohttp     `import aiohttp`, which ours needs; ours less this is what the package itself costs
official    `from intercom import AsyncIntercom`

Each is the median of several processes, interleaved, in user and kernel mode. Their byte code is
compiled by the first round into a folder of this benchmark's, whatever the environment says of
byte code: with PYTHONDONTWRITEBYTECODE, as in many containers, compiling would be all that is
measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from _processes import find_peer

EMPTY = "pass"


def cpu_ms(python: str, code: str, compiled: str) -> float:
    """Return what running some code in a new interpreter costs.

    Args:
        python: The interpreter.
        code: The code.
        compiled: Folder of the byte code.
    """
    environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-c", code], check=True, env=environment)  # noqa: S603 (the code is in this file)
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
    with tempfile.TemporaryDirectory() as compiled:
        for _ in range(rounds + 1):
            for name, (python, code) in programs.items():
                spent = cpu_ms(python, code, compiled)
                found[name].append(spent - cpu_ms(python, EMPTY, compiled))
    # The first round compiles.
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
