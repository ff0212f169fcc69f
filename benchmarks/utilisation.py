"""Measures how much of the allowed rate a program uses, and how much of what it sends is refused.

    python benchmarks/utilisation.py [--quick] [--json FILE] [--peers PYTHON]
        [--only STRATEGY ...] [--situations SITUATION ...] [--windows N]

used        calls served ÷ calls allowed. Allowed is the app's limit in each window, or what the
            neighbour leaves of the workspace's: more than all of it is taken from the neighbour.
refused     429 responses ÷ all responses.

Both are counted by the server's ledger, over full windows only: the window in which a program
starts is not counted, but it is in the samples of which timelines.py draws a picture. Each program
always has more to ask than is allowed, and asks for the smallest thing there is, so that the limit
alone holds it back.

Strategies
    ours            this package, as its README shows it; 200 tasks
    official-50     python-intercom with its retries on (max_retries 10), 50 tasks
    official-200    the same with 200 tasks
    limiter         aiohttp behind AsyncLimiter(limit of a window, length of a window), 200 tasks
    limiter-minute  aiohttp behind AsyncLimiter(10,000, 60), as the documentation names the limit
    naive           aiohttp alone, a gather of 1,000 tasks, bounded by the pool of 100 connections

Situations, all with a latency of 50 ms unless they say otherwise
    alone       nothing is the matter
    neighbour   somebody else's app takes 30 % of the workspace; its limit is the app's
    halved      the app's limit is halved when half of the windows are over
    ahead       the server's clock is 7 s ahead of the client's
    behind      the server's clock is 7 s behind the client's
    latency     300 ms ± 150 ms

The latency comes after a call is counted, on the way back. The limit is the real one, 10,000 calls
a minute in windows of 10 s; `--quick` has windows of 2 s at the same rate, and fewer of everything.
Each program and each workspace is a process of its own; programs that leave a processor idle are
measured side by side, each in a workspace of its own; the official client has one alone.
All of it takes half an hour.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from _processes import Child, child, find_peer
from _situation import Situation, Trouble

PER_MINUTE = 10_000
BEGIN_AT = 0.7
"""Fraction of a window after which programs begin. What is left of it is not counted."""

SITUATIONS: dict[str, Trouble] = {
    "alone": {},
    "neighbour": {"neighbour": 0.30},
    "halved": {"halved": True},
    "ahead": {"clock_s": 7.0},
    "behind": {"clock_s": -7.0},
    "latency": {"latency_s": [0.150, 0.450]},
}


class Strategy(NamedTuple):
    """A module with a `Client`, how many tasks use it, and what it is set to."""

    module: str
    tasks: int
    settings: tuple[float, ...] = ()


class Amount(NamedTuple):
    """How much is measured."""

    windows: int
    window_s: float
    strategies: tuple[str, ...]
    situations: tuple[str, ...]


SIDE_BY_SIDE = (
    ("ours", "limiter", "limiter-minute"),
    ("official-50",),
    ("official-200",),
    ("naive",),
)
ALL = tuple(name for group in SIDE_BY_SIDE for name in group)
FULL = Amount(6, 10.0, ALL, tuple(SITUATIONS))
QUICK = Amount(4, 2.0, ("ours", "limiter", "official-50", "naive"), ("alone", "neighbour"))


def strategies(window_s: float) -> dict[str, Strategy]:
    """Return all strategies, set for windows of this length."""
    per_window = round(PER_MINUTE * window_s / 60)
    return {
        "ours": Strategy("_ours", 200),
        "limiter": Strategy("_by_hand", 200, (per_window, window_s)),
        "limiter-minute": Strategy("_by_hand", 200, (PER_MINUTE, 60)),
        "official-50": Strategy("_official", 50),
        "official-200": Strategy("_official", 200),
        "naive": Strategy("_by_hand", 1_000),
    }


def measure(
    situation: Situation, chosen: dict[str, Strategy], windows: int, peers: str
) -> dict[str, dict[str, Any]]:
    """Let programs press, each on a workspace of its own; return what happened to each."""
    with ExitStack() as stack:
        servers: dict[str, Child] = {}
        programs: list[Child] = []
        for name, (module, tasks, settings) in chosen.items():
            server = stack.enter_context(child("_situation.py", json.dumps(situation)))
            where = server.ready["url"], server.ready["token"]
            arguments = (module, str(tasks), *where, *map(str, settings))
            python = peers if module == "_official" else sys.executable
            programs.append(stack.enter_context(child("_presser.py", *arguments, python=python)))
            servers[name] = server
        window_s = situation["window_s"]
        server_now = time.time() + situation.get("clock_s", 0.0)
        time.sleep((BEGIN_AT * window_s - server_now) % window_s)
        for server in servers.values():
            server.tell(windows=windows)
        for program in programs:
            program.tell()
        return {name: server.listen() for name, server in servers.items()}


def summarise(situation: str, strategy: str, found: dict[str, Any]) -> dict[str, Any]:
    """Print what a program came to and return it.

    Raises:
        RuntimeError: Nothing was served at all: then it is the program that does not work.
    """
    rows = found["windows"]
    served, refused = (sum(row[name] for row in rows) for name in ("served", "refused"))
    if not served:
        raise RuntimeError(f"{strategy} was served nothing, {situation}")
    used = served / sum(row["allowed"] for row in rows)
    share = refused / (served + refused)
    print(f"{situation:10} {strategy:15} {used:8.2%} {share:8.2%}", flush=True)
    return {"situation": situation, "strategy": strategy, "used": used, "refused": share, **found}


def run(amount: Amount, peers: str, into: Path | None) -> None:
    """Measure everything, one situation after the other; write the results down as they come."""
    known = strategies(amount.window_s)
    results: list[dict[str, Any]] = []
    print(
        f"{amount.windows} windows of {amount.window_s:g} s, {PER_MINUTE:,} calls a minute\n"
        f"{'':26} {'used':>8} {'refused':>8}"
    )
    for situation in amount.situations:
        for group in SIDE_BY_SIDE:
            chosen = {name: known[name] for name in group if name in amount.strategies}
            if not chosen:
                continue
            given: Situation = {
                **SITUATIONS[situation],
                "per_minute": PER_MINUTE,
                "window_s": amount.window_s,
            }
            for name, found in measure(given, chosen, amount.windows, peers).items():
                results.append(summarise(situation, name, found))
            if into:
                whole = {"per_minute": PER_MINUTE, **amount._asdict(), "results": results}
                into.write_text(json.dumps(whole) + "\n")


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description="Share of the allowed rate used, and of 429s.")
    parser.add_argument("--quick", action="store_true", help="fewer of everything, short windows")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--peers", default=sys.executable, help="interpreter with python-intercom")
    parser.add_argument("--only", nargs="+", choices=ALL, help="these strategies")
    parser.add_argument("--situations", nargs="+", choices=list(SITUATIONS))
    parser.add_argument("--windows", type=int, help="instead of 6, or of 4 with --quick")
    options = parser.parse_args()
    amount = QUICK if options.quick else FULL
    amount = amount._replace(
        strategies=tuple(options.only or amount.strategies),
        situations=tuple(options.situations or amount.situations),
        windows=options.windows or amount.windows,
    )
    if not find_peer(options.peers):
        left = tuple(name for name in amount.strategies if not name.startswith("official"))
        amount = amount._replace(strategies=left)
    run(amount, options.peers, options.json)


if __name__ == "__main__":
    main()
