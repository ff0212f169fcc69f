"""What a call or a row costs as there are more of them: four curves, and the slope of each.

    python benchmarks/scale.py [--only CURVE ...] [--quick] [--json FILE] [--to PICTURE]

waiting      a call let go while 1 to 100,000 others wait, its task included
rows         a row of a sync of 1,000 to 1,000,000 contacts to JSON lines, and the process's memory
apps         a call of one of 1 to 1,000 apps that share a scheduler: nobody waits
apps_full    the same while a call of each of the other apps waits
processes    1 to 64 processes on one token, in virtual time: the part of the limit that is used,
             the part of the calls that are refused, and requests to the store for each call

All costs are CPU microseconds. The slope is the exponent of a power law between the first and the
last point: 0 is a cost that does not change, 1 is one that grows as fast as the number. Run from
the root of the repository; `--to` needs matplotlib.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from scheduler import LIMITS, MANY, Headers, contended_us
from sync import server
from sync_rows import cost

from intercom_async.config import Limits
from intercom_async.scheduler import Scheduler

WAITING = (1, 10, 100, 1_000, 10_000, 100_000)
ROWS = (1_000, 10_000, 100_000, 1_000_000)
APPS = (1, 10, 100, 1_000)
PROCESSES = (1, 4, 16, 64)
GRANTS = 1_000
ROUNDS = 5
CALLS = 20_000
Point = dict[str, float]


def waiting(count: int) -> Point:
    """Measure a call while so many wait."""
    grants = min(GRANTS, count)
    rounds = ROUNDS if count > GRANTS else 4 * ROUNDS
    costs = [asyncio.run(contended_us(count, grants)) for _ in range(rounds)]
    return {"us": min(costs)}


def rows(count: int) -> Point:
    """Measure a row of a sync of so many."""
    settings: dict[str, Any] = {
        "contacts": count, "conversations": 0, "tickets": 0, "companies": 10,
        "app_per_minute": 10_000_000, "workspace_per_minute": 10_000_000,
    }  # fmt: skip
    with server(**settings) as (url, token), tempfile.TemporaryDirectory() as folder:
        found = cost("ours", "jsonl", url, token, f"{folder}/target")
    return {"us": 1e6 * found["cpu_s"] / found["rows"], "peak_mb": found["peak_mb"]}


async def _apps(count: int, *, is_full: bool) -> float:
    limits = Limits(app_per_minute=6 * MANY, workspace_per_minute=60 * MANY, max_in_flight=1)
    scheduler = Scheduler(limits if is_full else LIMITS)
    names = [f"app {number}" for number in range(count)]
    headers = [Headers() for _ in names]
    calls = CALLS if not is_full else max(count, CALLS // 10)
    said = [headers[number % count].next() for number in range(calls + 2 * count)]

    async def call(number: int) -> None:
        async with scheduler.admit(app=names[number % count]) as permit:
            permit.observe(status=200, headers=said[number])

    for number in range(count):
        await call(number)
    begin = time.process_time()
    if is_full:
        for first in range(0, calls, count):
            await asyncio.gather(*(call(count + first + number) for number in range(count)))
        made = math.ceil(calls / count) * count
    else:
        for number in range(calls):
            await call(count + number)
        made = calls
    spent = time.process_time() - begin
    scheduler.close()
    return 1e6 * spent / made


def apps(count: int) -> Point:
    """Measure a call of one of so many apps, none of which waits."""
    return {"us": min(asyncio.run(_apps(count, is_full=False)) for _ in range(ROUNDS))}


def apps_full(count: int) -> Point:
    """Measure a call while all other apps wait."""
    return {"us": min(asyncio.run(_apps(count, is_full=True)) for _ in range(ROUNDS))}


def processes(count: int) -> Point:
    """Let so many processes press on one token for two windows."""
    from virtual_processes import Situation, measure  # noqa: PLC0415 (needs what tests need)

    outcome, trips = measure(Situation(count), seed=1, windows=2)
    return {"used": outcome.utilisation, "refused": outcome.throttled, "trips": trips}


CURVES: dict[str, tuple[Callable[[int], Point], tuple[int, ...], str]] = {
    "waiting": (waiting, WAITING, "calls that wait"),
    "rows": (rows, ROWS, "rows of a sync"),
    "apps": (apps, APPS, "apps, nobody waits"),
    "apps_full": (apps_full, APPS, "apps, all of them wait"),
    "processes": (processes, PROCESSES, "processes"),
}


def has_cost(points: dict[int, Point]) -> bool:
    """Say whether a curve is one of microseconds."""
    return all("us" in point for point in points.values())


def slope(points: dict[int, Point]) -> float:
    """Return the exponent of a power law between the first and the last point."""
    (first, one), *_, (last, other) = points.items()
    return math.log(other["us"] / one["us"]) / math.log(last / first)


def draw(found: dict[str, dict[int, Point]], into: Path) -> None:
    """Draw the curves that cost something."""
    import matplotlib as mpl  # noqa: PLC0415 (only for the picture)
    import matplotlib.pyplot as plt  # noqa: PLC0415 (only for the picture)

    mpl.rcParams.update({"font.size": 8, "savefig.dpi": 110, "axes.spines.top": False})
    shown = {name: points for name, points in found.items() if has_cost(points)}
    _, grid = plt.subplots(1, len(shown), figsize=(9.2, 2.4), squeeze=False, layout="constrained")
    for (name, points), axes in zip(shown.items(), grid[0], strict=True):
        axes.plot([*points], [one["us"] for one in points.values()], "o-", color="#2a78b5")
        axes.set_xscale("log")
        axes.set_ylim(0, 1.25 * max(one["us"] for one in points.values()))
        axes.set_xlabel(CURVES[name][2])
        axes.set_title(f"slope {slope(points):+.2f}", fontsize=8, loc="right")
    grid[0][0].set_ylabel("µs of CPU, each")
    plt.savefig(into)  # pyright: ignore[reportUnknownMemberType] (its stubs leave `kwargs` open)


def main() -> None:
    """Measure the curves, print, write and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*CURVES], default=[*CURVES])
    parser.add_argument("--quick", action="store_true", help="without the last point of each curve")
    parser.add_argument("--json", type=Path, help="write the results here, beside what is there")
    parser.add_argument("--to", type=Path, help="draw them here")
    given = parser.parse_args()
    found: dict[str, dict[int, Point]] = {}
    if given.json is not None and given.json.exists():
        known = json.loads(given.json.read_text())
        found = {name: {int(at): one for at, one in each.items()} for name, each in known.items()}
    for name in given.only:
        make, counts, _ = CURVES[name]
        found[name] = {}
        for count in counts[:-1] if given.quick else counts:
            found[name][count] = make(count)
            print(json.dumps({"curve": name, "count": count, **found[name][count]}), flush=True)
        if has_cost(found[name]):
            print(f"{name}: slope {slope(found[name]):+.3f}", flush=True)
    found = {name: found[name] for name in CURVES if name in found}
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    if given.to is not None:
        draw(found, given.to)


if __name__ == "__main__":
    main()
