"""How long a sync keeps the event loop from others: milliseconds of a turn, by target.

    python benchmarks/loop_turns.py [--contacts 12000] [--conversations 300] [--only FORM ...]

A turn is all that the loop runs between two looks at its sockets and timers; a request of a web app
in the same loop waits for the end of one. `own` is CPU time of the loop's thread, the same on a
busy machine. `wall` has what the loop waited for besides: threads of the target that held the
interpreter's lock, and other programs. `late` is what a timer of 5 ms, as a request would, came too
late. Wanted at p99.9: 10 ms. `--slow MS` names what ran in turns that took longer of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import selectors
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sync import server

from intercom_async import Intercom
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, PostgresSink, Sink, sync
from tests.support.servers import MissingServerError, running_postgres

TICK_S = 0.005
STREAMS = ["contacts", "conversations", "conversation_parts", "companies"]
SINKS: dict[str, Callable[[Path], Sink]] = {
    "jsonl": lambda folder: JsonlSink(folder / "target"),
    "zstd": lambda folder: JsonlSink(folder / "target", compression="zstd"),
    "parquet": lambda folder: ParquetSink(folder / "target"),
    "duckdb": lambda folder: DuckDBSink(folder / "target.duckdb"),
}


class LoopIterations(selectors.DefaultSelector):
    """Notes how long each turn took, of its own and by the clock on the wall."""

    def __init__(self) -> None:
        super().__init__()
        self.own: list[float] = []
        self.wall: list[float] = []
        self._began: tuple[float, float] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """End a turn, look, and begin the next one."""
        if self._began is not None:
            own, wall = self._began
            self.own.append(time.thread_time() - own)
            self.wall.append(time.perf_counter() - wall)
        found = super().select(timeout)
        self._began = time.thread_time(), time.perf_counter()
        return found


async def ticks(late: list[float]) -> None:
    """Note how late a timer comes, again and again."""
    while True:
        due = time.perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        late.append(time.perf_counter() - due)


async def run(url: str, token: str, sink: Sink, late: list[float]) -> int:
    """Sync beside the timer; return the rows."""
    async with Intercom(token, base_url=url) as intercom:
        watch = asyncio.create_task(ticks(late))
        report = await sync(intercom, STREAMS, sink=sink)
        watch.cancel()
    return report.rows


def name_slow(over_s: float) -> Counter[str]:
    """Count what runs for longer than this in one step, by what it is."""
    found: Counter[str] = Counter()
    step = asyncio.events.Handle._run  # noqa: SLF001 (there is no other place to look)

    def timed(handle: Any) -> None:
        began, callback = time.thread_time(), handle._callback  # noqa: SLF001 (gone afterwards)
        step(handle)
        if time.thread_time() - began > over_s:
            found[what(callback)] += 1

    setattr(asyncio.events.Handle, "_run", timed)  # noqa: B010 (it has a type of its own)
    return found


def what(callback: Any) -> str:
    """Return what a callback runs: where the innermost coroutine of a task is, else its name."""
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return repr(callback)
    waits: Any = task.get_coro()
    while getattr(getattr(waits, "cr_await", None), "cr_frame", None) is not None:
        waits = waits.cr_await
    frame = getattr(waits, "cr_frame", None)
    return f"{waits.__qualname__} at line {frame.f_lineno if frame else 'end'}"


def quantile_ms(values: list[float], part: float) -> float:
    """Return a quantile in milliseconds."""
    ordered = sorted(values)
    return round(1e3 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 2)


def measure(url: str, token: str, sink: Sink) -> dict[str, Any]:
    """Sync once, and return what its turns were."""
    turns, late = LoopIterations(), list[float]()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(turns)) as runner:
        rows = runner.run(run(url, token, sink, late))
    found: dict[str, Any] = {"rows": rows, "turns": len(turns.own)}
    for name, values in (("own", turns.own), ("wall", turns.wall), ("late", late)):
        found[f"{name}_p99_ms"] = quantile_ms(values, 0.99)
        found[f"{name}_p999_ms"] = quantile_ms(values, 0.999)
        found[f"{name}_max_ms"] = quantile_ms(values, 1.0)
    return found


def main() -> None:
    """Measure every target and print a line of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=12_000)
    parser.add_argument("--conversations", type=int, default=300)
    parser.add_argument(
        "--only", nargs="+", choices=[*SINKS, "postgres"], default=[*SINKS, "postgres"]
    )
    parser.add_argument("--quick", action="store_true", help="a quarter of the rows")
    parser.add_argument("--slow", type=float, help="name what takes longer, in milliseconds")
    parser.add_argument("--json", type=Path, help="write the results here, too")
    given = parser.parse_args()
    slow = Counter[str]() if given.slow is None else name_slow(given.slow / 1e3)
    results: list[dict[str, Any]] = []
    part = 4 if given.quick else 1
    settings: dict[str, Any] = {
        "contacts": given.contacts // part, "conversations": given.conversations // part,
        "tickets": 0, "companies": 300,
        "app_per_minute": 10_000_000, "workspace_per_minute": 10_000_000,
    }  # fmt: skip
    with server(**settings) as (url, token):
        for form in given.only:
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                try:
                    sink = (
                        PostgresSink(stack.enter_context(running_postgres()).url)
                        if form == "postgres"
                        else SINKS[form](folder)
                    )
                except MissingServerError as missing:
                    print(f"{form} is left out: {missing}", file=sys.stderr)
                    continue
                results.append({"form": form, **measure(url, token, sink)})
            print(json.dumps(results[-1]), flush=True)
            for name, count in slow.most_common(8):
                print(f"  {count:6} {name}")
            slow.clear()
    if given.json is not None:
        given.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
