"""One client in a process of its own, told what to do line by line.

    python _worker.py CLIENT LOOP URL

CLIENT is a module of this folder with a `Client`; LOOP is asyncio or uvloop. Only the standard
library is imported here, since the interpreter may be that of a peer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

WARM = 5
"""Calls before each round: a connection may have been closed since the last one."""


class Caller(Protocol):
    """What a client module's `Client` can do."""

    async def open(self, url: str) -> None:
        """Make ready."""
        ...

    async def read(self) -> int:
        """Read one conversation; return the objects decoded."""
        ...

    async def contact(self) -> int:
        """Read one contact; return the objects decoded."""
        ...

    async def page(self) -> int:
        """Read one page of conversations; return the objects decoded."""
        ...


async def cpu_s(do: Callable[[], Awaitable[int]], times: int) -> dict[str, Any]:
    """Call one after the other; return the process's CPU time, in user and kernel mode."""
    for _ in range(WARM):
        await do()
    objects = 0
    begun = time.process_time()
    for _ in range(times):
        objects += await do()
    return {"cpu_s": time.process_time() - begun, "objects": objects}


async def main(module: str, url: str) -> None:
    """Obey until there is nothing more to do."""
    caller: Caller = importlib.import_module(module).Client()
    await caller.open(url)
    say(ready=True)
    while line := sys.stdin.readline():
        command = json.loads(line)
        calls = {"read": caller.read, "contact": caller.contact, "page": caller.page}
        say(**await cpu_s(calls[command["do"]], command["times"]))


def say(**what: Any) -> None:
    """Answer with one line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _, name, loop_name, address = sys.argv
    factory = None if loop_name == "asyncio" else importlib.import_module(loop_name).new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main(name, address))
