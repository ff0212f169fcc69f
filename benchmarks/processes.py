"""Measures several processes on one token, with a budget store and without.

    python benchmarks/processes.py [--quick] [--json FILE] [--only STORE ...] [--counts N ...]
        [--parts steady outage]

used        calls served ÷ calls allowed, over full windows, by the server's ledger
refused     429 responses ÷ all responses
Jain        fairness index of the calls that each process was served: 1 if all had as many
p99         what an interactive call of any process waited for its permit, beside bulk work that
            never ends; each process makes one such call a second on average
room        the same, of the calls that did not have to wait for the next window
longest     the longest that any call waited
trips       requests to the store ÷ calls

Stores
    redis, postgres    servers of our own on loopback
    none               no store: processes know of each other by the reply headers alone
    null               a store whose `lease` always returns None: the figures that it misses are
                       what the real stores are good for

In `steady` all processes run for some full windows. In `outage` the store is stopped when a third
of the windows are over and started again after another third. The limit is the real one, 10,000
calls a minute in windows of 10 s; `--quick` has windows of 5 s at the same rate, and less of
everything. The server is the simulator, in a process of its own like each client; a call takes
50 ms. Needs redis-server and PostgreSQL; what is missing is left out. Run from the root of the
repository: the servers are those that the tests start.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from _processes import child

from tests.support.servers import MissingServerError, RedisServer, running_postgres

PER_MINUTE = 10_000
BEGIN_AT = 0.7
"""Fraction of a window after which processes begin. What is left of it is not counted."""
TASKS = 400
"""Bulk calls that wait or are under way, of all processes together."""
PERSONS_PER_S = 1.0
STORES = ("redis", "postgres", "none", "null")
WANTED = {"used": 0.97, "refused": 0.001, "jain": 0.97, "p99_room_s": 0.05}
WANTED_IN_OUTAGE = {"used": 0.90, "refused": 0.005}


class Amount(NamedTuple):
    """How much is measured."""

    window_s: float
    windows: int
    outage_windows: int
    counts: tuple[int, ...]
    stores: tuple[str, ...]
    parts: tuple[str, ...]


FULL = Amount(10.0, 6, 9, (4, 8), STORES, ("steady", "outage"))
QUICK = Amount(5.0, 3, 9, (4,), STORES, ("steady",))


class Store(NamedTuple):
    """A store's address, and what stops and starts it."""

    address: str
    stop: Callable[[], None] | None = None
    start: Callable[[], None] | None = None


@contextmanager
def running_store(name: str) -> Generator[Store]:
    """Run a store's server for the length of a block."""
    if name == "redis":
        with tempfile.TemporaryDirectory() as folder:
            redis = RedisServer(Path(folder))
            redis.start()
            try:
                yield Store(redis.url, redis.kill, redis.start)
            finally:
                redis.kill()
    elif name == "postgres":
        with running_postgres() as postgres:
            yield Store(postgres.url, postgres.stop, postgres.start)
    else:
        yield Store(name)


def jain(values: list[int]) -> float:
    """Return Jain's fairness index."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 0.0


def percentile(values: list[float], part: float) -> float:
    """Return the value that so large a part does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def measure(store: Store, count: int, amount: Amount, *, is_outage: bool) -> dict[str, Any]:
    """Let processes press on one token; return what came of it."""
    windows = amount.outage_windows if is_outage else amount.windows
    situation = json.dumps({"per_minute": PER_MINUTE, "window_s": amount.window_s})
    with ExitStack() as stack:
        server = stack.enter_context(child("_situation.py", situation))
        arguments = (server.ready["url"], server.ready["token"], store.address)
        tasks = str(TASKS // count)
        sharers = [
            stack.enter_context(child("_sharer.py", *arguments, tasks, str(PERSONS_PER_S)))
            for _ in range(count)
        ]
        time.sleep((BEGIN_AT * amount.window_s - time.time()) % amount.window_s)
        server.tell(windows=windows)
        first = (time.time() // amount.window_s + 1) * amount.window_s
        for sharer in sharers:
            sharer.tell()
        cut = _interrupt(store, first, amount) if is_outage else None
        found = server.listen()
        for sharer in sharers:
            sharer.tell()
        theirs = [sharer.listen() for sharer in sharers]
    return _figures(found, theirs, amount, first, windows) | {"cut": cut}


def _interrupt(store: Store, first: float, amount: Amount) -> tuple[float, float] | None:
    """Stop the store when a third of the windows are over, and start it after another third."""
    if store.stop is None or store.start is None:
        return None
    third = amount.outage_windows // 3 * amount.window_s
    time.sleep(max(0.0, first + third + 0.35 * amount.window_s - time.time()))
    store.stop()
    stopped = time.time() - first
    time.sleep(third)
    store.start()
    return stopped, time.time() - first


def _figures(
    found: dict[str, Any],
    theirs: list[dict[str, Any]],
    amount: Amount,
    first: float,
    windows: int,
) -> dict[str, Any]:
    rows = found["windows"]
    served, refused, allowed = (
        sum(row[name] for row in rows) for name in ("served", "refused", "allowed")
    )
    ends = {round(first + (number + 1) * amount.window_s, 3) for number in range(windows)}
    shares = [
        sum(n for end, n in one["served"].items() if round(float(end), 3) in ends) for one in theirs
    ]
    last = first + windows * amount.window_s
    waits = [(at, wait) for one in theirs for at, wait in one["interactive"] if first <= at < last]
    in_room = [
        wait for at, wait in waits if (at - wait) // amount.window_s == at // amount.window_s
    ]
    all_waits = [wait for _, wait in waits]
    calls, requests = (sum(one[name] for one in theirs) for name in ("calls", "requests"))
    return {
        "used": served / allowed,
        "refused": refused / max(1, served + refused),
        "jain": jain(shares),
        "shares": shares,
        "p50_s": percentile(all_waits, 0.5),
        "p99_s": percentile(all_waits, 0.99),
        "p99_room_s": percentile(in_room, 0.99),
        "persons": len(all_waits),
        "had_no_room": len(all_waits) - len(in_room),
        "longest_s": max(one["longest"] for one in theirs),
        "trips": requests / max(1, calls),
        "windows": rows,
        "samples": found["samples"],
    }  # fmt: skip


def missed(found: dict[str, Any], wanted: dict[str, float]) -> list[str]:
    """Return the figures that are not as wanted."""
    low = ("used", "jain")
    return [
        name
        for name, goal in wanted.items()
        if (found[name] < goal if name in low else found[name] > goal)
    ]


def run(amount: Amount, into: Path | None) -> None:
    """Measure everything, one after the other; write the results down as they come."""
    print(
        f"windows of {amount.window_s:g} s, {PER_MINUTE:,} calls a minute, one token\n"
        f"{'':24}{'used':>8}{'refused':>9}{'Jain':>8}{'p50':>8}{'p99':>8}{'room':>8}"
        f"{'longest':>9}{'trips':>7}  missed"
    )
    results: list[dict[str, Any]] = []
    for part in amount.parts:
        for name in amount.stores:
            if part == "outage" and name in ("none", "null"):
                continue
            for count in amount.counts:
                try:
                    with running_store(name) as store:
                        found = measure(store, count, amount, is_outage=part == "outage")
                except MissingServerError as error:
                    print(f"{name} is left out: {error}", file=sys.stderr)
                    continue
                wanted = WANTED_IN_OUTAGE if part == "outage" else WANTED
                gaps = missed(found, wanted)
                print(_line(f"{part} {name} {count}", found, gaps), flush=True)
                results.append(
                    {"part": part, "store": name, "count": count, "missed": gaps, **found}
                )
                if into:
                    whole = {"per_minute": PER_MINUTE, **amount._asdict(), "results": results}
                    into.write_text(json.dumps(whole) + "\n")


def _line(title: str, found: dict[str, Any], gaps: list[str]) -> str:
    return (
        f"{title:24}{found['used']:8.2%}{found['refused']:9.3%}{found['jain']:8.4f}"
        f"{found['p50_s'] * 1e3:6.0f}ms{found['p99_s'] * 1e3:6.0f}ms"
        f"{found['p99_room_s'] * 1e3:6.0f}ms{found['longest_s']:8.1f}s{found['trips']:7.3f}"
        f"  {', '.join(gaps) or '-'}"
    )


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="Several processes on one token.")
    parser.add_argument("--quick", action="store_true", help="short windows, less of everything")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--only", nargs="+", choices=STORES, help="these stores")
    parser.add_argument("--counts", nargs="+", type=int, help="so many processes; 4 and 8")
    parser.add_argument("--parts", nargs="+", choices=("steady", "outage"))
    options = parser.parse_args()
    amount = QUICK if options.quick else FULL
    run(
        amount._replace(
            stores=tuple(options.only or amount.stores),
            counts=tuple(options.counts or amount.counts),
            parts=tuple(options.parts or amount.parts),
        ),
        options.json,
    )


if __name__ == "__main__":
    main()
