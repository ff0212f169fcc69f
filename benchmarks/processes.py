"""Measures several processes on one token, with a budget store and without.

    python benchmarks/processes.py [--long | --quick] [--json FILE] [--table FILE]
        [--only STORE ...] [--counts N ...] [--parts steady stopped]

used        calls served ÷ calls allowed, over full windows, by the server's ledger
refused     429 responses ÷ all responses
Jain        fairness index of the calls that each process was served: 1 if all had as many
p99         what an interactive call of any process waited for its permit, beside bulk work that
            never ends; each process makes one such call a second on average
room        the same, of the calls that did not have to wait for the next window
longest     the longest that any call waited
trips       requests to the store ÷ calls
missed      the figures that are worse than wanted

Stores
    redis, postgres    servers of our own on loopback
    none               no store: processes know of each other by the reply headers alone
    null               a store whose `lease` always returns None: the figures that it misses are
                       what the real stores are good for

First all processes run for some full windows (`steady`). Then the store's server is stopped for a
while and started again (`stopped`; `back` is the last window of that). The limit is the real one,
10,000 calls a minute in windows of 10 s; a call takes 50 ms. The server is the simulator, in a
process of its own like each client. What is measured without options takes six minutes; `--long`
measures more windows and also `none`, in half an hour; `--quick` has windows of 5 s at the same
rate, and less of everything. `--table` replaces the table in a page of the documentation that
stands below TABLE_BEGINS, and has `draw_processes.py` draw the picture beside the page. Needs
redis-server and PostgreSQL; what is missing is left out. Run from
the root of the repository: the servers are those that the tests start.
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

from _processes import child, replace_table

from tests.support.servers import MissingServerError, RedisServer, running_postgres

PER_MINUTE = 10_000
BEGIN_AT = 0.7
"""Fraction of a window after which processes begin. What is left of it is not counted."""
TASKS = 400
"""Bulk calls that wait or are under way, of all processes together."""
PERSONS_PER_S = 1.0
STORES = ("redis", "postgres", "null", "none")
TITLES = {
    "redis": "Redis", "postgres": "PostgreSQL", "none": "no store",
    "null": "a store that leases nothing",
}  # fmt: skip
WANTED = {"used": 0.97, "refused": 0.001, "jain": 0.97, "p99_room_s": 0.05, "trips": 0.2}
WANTED_STOPPED = {"used": 0.90, "refused": 0.005, "longest_person_s": 10.0}
WANTED_BACK = {"used": 0.97, "refused": 0.001}
FEW = 4
"""Processes up to which at most one call in five may cost a trip to the store."""
STOP_AT = 0.2
"""Fraction of a window after which the store is stopped."""
TABLE_BEGINS, TABLE_ENDS = "<!-- measured by benchmarks/processes.py -->", "<!-- measured -->"
PLACES = ("steady", "stopped", "back")
SAID = {"jain": "Jain", "p99_room_s": "p99 with room", "longest_person_s": "longest wait"}
COLUMNS = (
    "used", "refused", "Jain", "person, p50", "person, p99", "p99 with room", "trips a call",
    "misses",
)  # fmt: skip


class Amount(NamedTuple):
    """How much is measured."""

    window_s: float
    windows: int
    stopped_windows: int
    counts: tuple[int, ...]
    stores: tuple[str, ...]
    parts: tuple[str, ...]


PARTS = ("steady", "stopped")
USUAL = Amount(10.0, 2, 3, (4, 8), STORES[:3], PARTS)
LONG = Amount(10.0, 6, 9, (4, 8), STORES, PARTS)
QUICK = Amount(5.0, 3, 6, (4,), STORES, PARTS[:1])


class Store(NamedTuple):
    """A store's address, and what stops and starts its server, where it has one."""

    address: str
    switches: tuple[Callable[[], None], Callable[[], None]] | None = None


@contextmanager
def running_store(name: str) -> Generator[Store]:
    """Run a store's server for the length of a block."""
    if name == "redis":
        with tempfile.TemporaryDirectory() as folder:
            redis = RedisServer(Path(folder))
            redis.start()
            try:
                yield Store(redis.url, (redis.kill, redis.start))
            finally:
                redis.kill()
    elif name == "postgres":
        with running_postgres() as postgres:
            yield Store(postgres.url, (postgres.stop, postgres.start))
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


def measure(store: Store, count: int, amount: Amount) -> list[dict[str, Any]]:
    """Let processes press on one token; return what came of each part."""
    parts = {"steady": range(amount.windows)}
    if "stopped" in amount.parts and store.switches is not None:
        parts["stopped"] = range(amount.windows, amount.windows + amount.stopped_windows)
        parts["back"] = parts["stopped"][-1:]
    windows = max(one.stop for one in parts.values())
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
        requests: list[int] = []
        cut: tuple[float, float] | None = None
        for begin in (one.start for name, one in parts.items() if name != "back"):
            time.sleep(max(0.0, first + begin * amount.window_s - time.time()))
            requests.append(sum(sharer.ask(requests=True)["requests"] for sharer in sharers))
            if begin and store.switches is not None:
                cut = _interrupt(*store.switches, first, amount)
        found = server.listen()
        for sharer in sharers:
            sharer.tell()
        theirs = [sharer.listen() for sharer in sharers]
    requests += [sum(one["requests"] for one in theirs)] * 2
    run = _Run(found, theirs, amount.window_s, first)
    return [
        {
            "part": part,
            **run.figures(of, requests[number + 1] - requests[number]),
            "cut": cut if part == "stopped" else None,
        }
        for number, (part, of) in enumerate(parts.items())
        if part in (*amount.parts, "back")
    ]


def _interrupt(
    stop: Callable[[], None], start: Callable[[], None], first: float, amount: Amount
) -> tuple[float, float]:
    """Stop the store for a third of its windows; return when, in seconds of its part."""
    begin = first + amount.windows * amount.window_s
    time.sleep(max(0.0, begin + STOP_AT * amount.window_s - time.time()))
    stop()
    stopped = time.time() - begin
    time.sleep(amount.stopped_windows / 3 * amount.window_s)
    start()
    return stopped, time.time() - begin


class _Run(NamedTuple):
    """What the server and the processes have counted in one run."""

    found: dict[str, Any]
    theirs: list[dict[str, Any]]
    window_s: float
    first: float
    """When the first full window began, UNIX seconds."""

    def figures(self, windows: range, requests: int) -> dict[str, Any]:
        """Return the figures of some windows, in which so many requests were sent to the store."""
        rows = self.found["windows"][windows.start : windows.stop]
        served, refused, allowed = (
            sum(row[name] for row in rows) for name in ("served", "refused", "allowed")
        )
        begin, end = (self.first + self.window_s * at for at in (windows.start, windows.stop))
        ends = {round(begin + self.window_s * (number + 1), 3) for number in range(len(windows))}
        shares = [_sum(one["served"], ends) for one in self.theirs]
        waits = [
            (at, wait)
            for one in self.theirs
            for at, wait in one["interactive"]
            if begin <= at < end
        ]
        in_room = [
            wait for at, wait in waits if (at - wait) // self.window_s == at // self.window_s
        ]
        all_waits = [wait for _, wait in waits]
        longest = [
            wait
            for one in self.theirs
            for at, wait in one["longest"].items()
            if round(float(at), 3) in ends
        ]
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
            "longest_person_s": max(all_waits, default=0.0),
            "longest_s": max(longest, default=0.0),
            "trips": requests / max(1, sum(shares)) if requests > 0 else None,
            "windows": rows,
            "samples": [
                (since_s - begin + self.first, *counts)
                for since_s, *counts in self.found["samples"]
                if begin <= self.first + since_s < end
            ],
        }  # fmt: skip


def _sum(by_end: dict[str, int], ends: set[float]) -> int:
    return sum(count for end, count in by_end.items() if round(float(end), 3) in ends)


def missed(found: dict[str, Any], wanted: dict[str, float]) -> list[str]:
    """Return the figures that are not as wanted."""
    low = ("used", "jain")
    return [
        name
        for name, goal in wanted.items()
        if (found[name] < goal if name in low else (found[name] or 0) > goal)
    ]


def wanted(part: str, count: int) -> dict[str, float]:
    """Return what is wanted of a part with so many processes."""
    if part != "steady":
        return WANTED_STOPPED if part == "stopped" else WANTED_BACK
    return {name: goal for name, goal in WANTED.items() if name != "trips" or count <= FEW}


def run(amount: Amount, into: Path | None) -> list[dict[str, Any]]:
    """Measure everything, one after the other; write the results down as they come."""
    print(
        f"windows of {amount.window_s:g} s, {PER_MINUTE:,} calls a minute, one token\n"
        f"{'':24}{'used':>8}{'refused':>9}{'Jain':>8}{'p50':>8}{'p99':>8}{'room':>8}"
        f"{'longest':>9}{'trips':>7}  missed"
    )
    results: list[dict[str, Any]] = []
    for name in amount.stores:
        # With few processes the headers are enough: there a store need not be told from none.
        is_brief = amount is USUAL and name == "null"
        try:
            with running_store(name) as store:
                for count in amount.counts:
                    if is_brief and count <= FEW:
                        continue
                    for found in measure(store, count, amount):
                        gaps = missed(found, wanted(found["part"], count))
                        print(_line(f"{found['part']} {name} {count}", found, gaps), flush=True)
                        results.append({"store": name, "count": count, "missed": gaps, **found})
        except MissingServerError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
        if into:
            whole = {"per_minute": PER_MINUTE, **amount._asdict(), "results": results}
            into.write_text(json.dumps(whole) + "\n")
    return results


def table(results: list[dict[str, Any]]) -> str:
    """Return a row of Markdown for each measurement."""
    lines = [f"| | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for result in sorted(results, key=lambda one: PLACES.index(one["part"])):
        title = TITLES[result["store"]]
        name = {"steady": title, "stopped": f"{title} stopped", "back": f"{title} back"}
        cells = (
            f"{name[result['part']]}, {result['count']} processes",
            f"{result['used']:.2%}".replace("%", " %"),
            f"{result['refused']:.2%}".replace("%", " %") if result["refused"] else "0",
            f"{result['jain']:.4f}",
            *(f"{result[key] * 1e3:,.0f} ms" for key in ("p50_s", "p99_s", "p99_room_s")),
            f"{result['trips']:.3f}" if result["trips"] else "–",
            ", ".join(SAID.get(one, one) for one in result["missed"]) or "–",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def redraw(picture: Path, amount: Amount, results: list[dict[str, Any]]) -> None:
    """Draw the picture of the page from the same results, where matplotlib is installed."""
    try:
        from draw_processes import draw  # noqa: PLC0415 (an extra)
    except ImportError:
        print(f"{picture} is left as it is: matplotlib is not installed", file=sys.stderr)
        return
    most = max(amount.counts)
    shown = [one for one in results if one["part"] != "back" and one["count"] == most]
    if shown:
        draw(amount.window_s, shown, picture)


def _line(title: str, found: dict[str, Any], gaps: list[str]) -> str:
    return (
        f"{title:24}{found['used']:8.2%}{found['refused']:9.3%}{found['jain']:8.4f}"
        f"{found['p50_s'] * 1e3:6.0f}ms{found['p99_s'] * 1e3:6.0f}ms"
        f"{found['p99_room_s'] * 1e3:6.0f}ms{found['longest_s']:8.1f}s{found['trips'] or 0:7.3f}"
        f"  {', '.join(gaps) or '-'}"
    )


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="Several processes on one token.")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--long", action="store_true", help="more windows, and without a store")
    sizes.add_argument("--quick", action="store_true", help="short windows, less of everything")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--table", type=Path, help="put table and picture into this page")
    parser.add_argument("--only", nargs="+", choices=STORES, help="these stores")
    parser.add_argument("--counts", nargs="+", type=int, help="so many processes; 4 and 8")
    parser.add_argument("--parts", nargs="+", choices=PARTS)
    options = parser.parse_args()
    amount = QUICK if options.quick else LONG if options.long else USUAL
    if options.only or options.counts or options.parts:
        amount = amount._replace(
            stores=tuple(options.only or amount.stores),
            counts=tuple(options.counts or amount.counts),
            parts=tuple(options.parts or amount.parts),
        )
    results = run(amount, options.json)
    rows = table(results)
    print(f"\n{rows}")
    if options.table:
        replace_table(options.table, rows, TABLE_BEGINS, TABLE_ENDS)
        redraw(options.table.with_suffix(".png"), amount, results)


if __name__ == "__main__":
    main()
