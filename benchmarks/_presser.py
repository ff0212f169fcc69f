"""A program that always has something to ask: so many tasks, each one call after the other.

    python _presser.py CLIENT TASKS URL TOKEN [ARGUMENT ...]

CLIENT is a module of this folder whose `Client` is made of the arguments, all numbers. It opens at
once and begins when it is told to, with any line. Only the standard library is imported here, since
the interpreter may be that of a peer.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import Protocol


class Asker(Protocol):
    """What a client module's `Client` can do."""

    async def open(self, url: str, token: str) -> None:
        """Make ready."""
        ...

    async def ask(self) -> None:
        """Make one call; what is raised means that it was given up."""
        ...


async def press(asker: Asker) -> None:
    """Call for ever; who gives a call up goes on with the next."""
    while True:
        try:
            await asker.ask()
        except Exception:  # noqa: BLE001 (each client raises its own; the server counts)
            await asyncio.sleep(0)


async def main(module: str, tasks: str, url: str, token: str, *arguments: str) -> None:
    """Wait for the word, then press until the process is ended."""
    asker: Asker = importlib.import_module(module).Client(*map(float, arguments))
    await asker.open(url, token)
    print("{}", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(press(asker) for _ in range(int(tasks))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
