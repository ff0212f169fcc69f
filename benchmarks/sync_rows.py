"""What a row of a full sync costs, beside a loop that is written by hand: CPU microseconds.

    python benchmarks/sync_rows.py [--contacts 15000] [--rounds 3] [--only FORM ...] [--quick]

ours     `sync(intercom, ["contacts"], sink=…)`, a new target each time
by hand  a chain of pages by aiohttp and msgspec, a journal with one fsync for 600 rows, and the
         fastest bulk insert that the target's own library has (`_hand_sync.py`)
whole    for JSON lines and DuckDB the same, with all that the target of a sync has: each row once,
         its moments and digest, checksums, a rename (`_hand_whole.py`)

Each sync is a process of its own, and counts user and kernel time of all of its threads without
imports; the simulator and PostgreSQL are other processes and are not counted. The ways take turns;
printed are the medians of the rounds, and the median of each round's ratios. Wanted: 1.5 times for
DuckDB and PostgreSQL, 2.5 times for JSON lines and Parquet. PostgreSQL runs without fsync; it is
left out where it is not installed. Run from the root of the repository.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sync import server

from tests.support.servers import MissingServerError, running_postgres

WAYS = ("ours", "hand", "whole")
HAS_WHOLE = ("jsonl", "duckdb")
WANTED = {"jsonl": 2.5, "parquet": 2.5, "duckdb": 1.5, "postgres": 1.5}
SUFFIXES = {"jsonl": "", "parquet": "", "duckdb": ".duckdb"}


def cost(way: str, form: str, url: str, token: str, target: str) -> dict[str, Any]:
    """Sync once in a process of its own; return what it says."""
    program = str(Path(__file__).with_name("_row_worker.py"))
    command = [sys.executable, program, way, form, url, token, target]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 (its own program)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextmanager
def targets(form: str) -> Generator[str]:
    """Give an empty place for a target: a name in a new folder, or a new database."""
    with ExitStack() as stack:
        if form == "postgres":
            yield stack.enter_context(running_postgres()).url
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield str(Path(folder) / f"target{SUFFIXES[form]}")


def measure(form: str, rounds: int, url: str, token: str) -> dict[str, Any]:
    """Return what a row costs either way."""
    ways = [way for way in WAYS if way != "whole" or form in HAS_WHOLE]
    found: dict[str, list[float]] = {way: [] for way in ways}
    rows = 0
    for _ in range(rounds):
        for way in ways:
            with targets(form) as target:
                one = cost(way, form, url, token, target)
            rows = one["rows"]
            found[way].append(1e6 * one["cpu_s"] / rows)
    ratios = {
        "ratio" if way == "hand" else f"ratio_{way}": round(
            median(ours / other for ours, other in zip(found["ours"], found[way], strict=True)), 2
        )
        for way in ways[1:]
    }
    return {
        "form": form,
        "rows": rows,
        **{f"{way}_us": round(median(costs), 1) for way, costs in found.items()},
        **ratios,
        "wanted": WANTED[form],
    }


def main() -> None:
    """Measure every target and print a line of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=15_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=[*WANTED], default=[*WANTED])
    parser.add_argument("--quick", action="store_true", help="a fifth of the contacts, one round")
    parser.add_argument("--json", type=Path, help="write the results here, too")
    given = parser.parse_args()
    contacts, rounds = (given.contacts // 5, 1) if given.quick else (given.contacts, given.rounds)
    settings: dict[str, Any] = {
        "contacts": contacts, "conversations": 0, "tickets": 0, "companies": 100,
        "app_per_minute": 10_000_000, "workspace_per_minute": 10_000_000,
    }  # fmt: skip
    results: list[dict[str, Any]] = []
    with server(**settings) as (url, token):
        for form in given.only:
            try:
                results.append(measure(form, rounds, url, token))
            except MissingServerError as missing:
                print(f"{form} is left out: {missing}", file=sys.stderr)
                continue
            print(json.dumps(results[-1]), flush=True)
    if given.json is not None:
        given.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
