"""A simulator that runs by itself: until it is cancelled, or in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from intercom_async.clock import CLOCK
from .simulator import Simulator
from .status import Status


async def serve(
    *, on_status: Callable[[Status], object] | None = None, every_s: float = 1.0, **settings: Any
) -> None:
    """Run a simulator until this is cancelled, and hand out how it stands every `every_s`.

    It prints nothing: the first status has URL and token. `settings` are those of `Simulator`.
    """
    async with Simulator(**settings) as simulator:
        while True:
            if on_status is not None:
                on_status(simulator.status())
            await CLOCK.sleep(every_s)


@contextmanager
def in_thread(**settings: Any) -> Generator[Simulator, None, None]:
    """Run a simulator in a thread with a loop of its own.

    For tests that are not asynchronous, or whose loop comes and goes with each test. Faults,
    limits, clock, ledger and reset may be used from the outside.
    """
    simulator = Simulator(**settings)
    is_up = threading.Event()
    failure: list[BaseException] = []
    stops: list[Callable[[], object]] = []

    async def run() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        async with simulator:
            is_up.set()
            await stop.wait()

    def work() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001 (raised again by who waits for the start)
            failure.append(error)
        finally:
            is_up.set()

    thread = threading.Thread(target=work, name="intercom-simulator", daemon=True)
    thread.start()
    is_up.wait()
    if failure:
        raise failure[0]
    try:
        yield simulator
    finally:
        stops[0]()
        thread.join()
