"""One client in one process, weighed at each step: memory is never given back, so one step each.

    python _weighed.py CLIENT STEP URL

CLIENT is a module of this folder with a `Client`; STEP is import, idle, reads or rows. Prints the
peak of the process's resident memory in bytes, before the client is imported and after the step,
and waits to be ended: clients are not closed.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

READS = 1_000
PAGES = 667
"""Pages of 150 rows each: 100,050 rows."""


def peak_bytes() -> int:
    """Return the most memory that this process ever had resident: VmHWM, where /proc has it.

    The peak that getrusage tells starts as that of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


async def work(module: str, step: str, url: str) -> Any:
    """Do what the step says, and what comes before it; return the client, to be kept."""
    client: Any = importlib.import_module(module).Client()
    if step != "import":
        await client.open(url)
    if step == "reads":
        await asyncio.gather(*(client.read() for _ in range(READS)))
    elif step == "rows":
        for _ in range(PAGES):
            await client.page()
    return client


async def main(module: str, step: str, url: str) -> None:
    """Weigh."""
    before = peak_bytes()
    client = await work(module, step, url)
    print(json.dumps({"before_bytes": before, "peak_bytes": peak_bytes()}), flush=True)
    await asyncio.Event().wait()
    del client  # held until here: an open client that is dropped complains


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
