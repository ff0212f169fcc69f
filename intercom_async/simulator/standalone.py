"""A simulator in a process of its own, from its options to its end."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import math
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from .quirks import Quirks
from .simulator import Simulator


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line takes; the meanings are those of `Simulator`."""

    host: str = "127.0.0.1"
    port: int = 8080
    contacts: int = 10_000
    conversations: int = 5_000
    companies: int = 500
    tickets: int = 500
    seed: int = 7
    latency_ms: float = 50.0
    app_per_minute: int = 10_000
    workspace_per_minute: int = 25_000
    data: str | None = None
    """File or folder of records to create."""
    snapshot: str | None = None
    """File to begin from, where it is there, and to save to at the end."""
    allow_host: tuple[str, ...] = ()
    """Names by which `/_simulator/` may be reached."""
    quirk: tuple[str, ...] = ()
    """Quirks as `name=value`, the value as JSON or as text."""

    def simulator(self) -> Simulator:
        """Make the simulator; ValueError where an option makes no sense."""
        if not 0 <= self.latency_ms < math.inf:
            raise ValueError(f"latency_ms={self.latency_ms:g} must not be negative")
        folder = Path(self.snapshot or ".").parent
        if not folder.is_dir():
            raise ValueError(f"snapshot={self.snapshot}: there is no folder {folder}")
        made = Simulator(
            host=self.host,
            port=self.port,
            contacts=self.contacts,
            conversations=self.conversations,
            companies=self.companies,
            tickets=self.tickets,
            seed=self.seed,
            latency_s=self.latency_ms / 1_000,
            app_per_minute=self.app_per_minute,
            workspace_per_minute=self.workspace_per_minute,
            quirks=self._quirks(),
            data=self.data,
            allow_hosts=self.allow_host,
        )
        if self.snapshot is not None and Path(self.snapshot).exists():
            made.restore(self.snapshot, is_start=True)
        return made

    def _quirks(self) -> Quirks:
        # Programs that follow links would take their token to the real host otherwise.
        values: dict[str, Any] = {"own_links": True}
        for given in self.quirk:
            name, separator, text = given.partition("=")
            if not separator:
                raise ValueError(f"--quirk {given}: give it as NAME=VALUE")
            try:
                values[name.replace("-", "_")] = msgspec.json.decode(text)
            except msgspec.DecodeError:
                values[name.replace("-", "_")] = text
        try:
            return msgspec.convert(values, Quirks)
        except msgspec.ValidationError as error:
            raise ValueError(f"--quirk: {error}") from None


COLLECTED_EVERY = (3_000, 2, 2)
"""Thresholds of the garbage collector: it looks often, and at little. Together with `_set_aside` no
collection looks at more than a fraction of all objects, however many records there are
(test_standalone.py::test_no_collection_looks_at_everything)."""

Until = Callable[[Simulator], Awaitable[object]]


async def run(options: Options, until: Until | None = None) -> Simulator:
    """Run a simulator until it is interrupted, or until `until` has come to its end.

    Prints `INTERCOM_BASE_URL=…` and `INTERCOM_TOKEN=…` to stdout, flushed, as soon as it listens.

    Raises:
        ValueError: An option makes no sense.
        OSError: The address cannot be listened at, or a file cannot be read or written.
    """
    with _collecting_little():
        return await _run(options, until)


@contextmanager
def _collecting_little() -> Generator[None]:
    """Keep garbage collections short: this process has no other work."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTED_EVERY)
    gc.freeze()
    gc.callbacks.append(_set_aside)
    try:
        yield
    finally:
        gc.callbacks.remove(_set_aside)
        gc.unfreeze()
        gc.set_threshold(*before)


def _set_aside(phase: str, info: dict[str, int]) -> None:
    """Look no more at what has survived a full collection: mostly records, which hold no cycles."""
    if phase == "stop" and info["generation"] == len(COLLECTED_EVERY) - 1:
        gc.freeze()


async def _run(options: Options, until: Until | None) -> Simulator:
    simulator = options.simulator()
    try:
        await simulator.start()
    except OSError as error:
        where = f"{options.host}:{options.port}"
        raise OSError(f"cannot listen at {where}: {error.strerror or error}") from error
    try:
        print(f"INTERCOM_BASE_URL={simulator.url}", flush=True)  # noqa: T201 (for programs)
        print(f"INTERCOM_TOKEN={simulator.token}", flush=True)  # noqa: T201 (for programs)
        await (interrupted() if until is None else until(simulator))
        if options.snapshot is not None:
            simulator.save(options.snapshot)
    finally:
        await simulator.close()
    return simulator


async def interrupted() -> None:
    """Wait for SIGINT or SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the run there
            loop.add_signal_handler(number, stop.set)
    await stop.wait()
