"""Measure the scheduler in all situations, beside the usual ways of not being turned away.

    python -m benchmarks.scheduler_report [--seeds 20] [--only NAME …] [--real SECONDS] [--json F]

Each situation is run on virtual time once a seed; the median and the worst seed are printed, and
whether both reach what the situation asks for; `longest waits` are the medians of the four lanes'
longest ones, until a call was sent for the last time. Baselines run with the same seeds: those that
wait for the same thing have the same figures, such as 8 processes of which none has the workers to
reach the limiter of its own, so that only the backoff that they share is at work. `--real` adds
runs in real time over real HTTP.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.support.scheduler.clients import BASELINES, scheduled
from tests.support.scheduler.hardships import HARDSHIPS
from tests.support.scheduler.real import measure_http
from tests.support.scheduler.scenarios import HOUR, SCENARIOS, Goal, Outcome, Scenario, run

OURS = "scheduler"
EVERY = (*SCENARIOS, *HARDSHIPS, HOUR)
COMPARED = (
    "alone",
    "neighbour 20 %",
    "8 processes",
    "interactive on bulk",
    "demand 130 %, interactive",
    "clock -3 s",
    "stripped headers",
    "cold failure",
)
"""Situations in which the baselines run, too."""
QUICK = ("alone", "limit doubled", "neighbour 20 %", "2 processes")


class Job(NamedTuple):
    """One run."""

    scenario: str
    sender: str
    seed: int
    span_s: float


def find(name: str) -> Scenario:
    """Return the situation of this name."""
    return next(found for found in EVERY if found.name == name)


def play(job: Job) -> Outcome:
    """Run one job; at the top of the module, so that another process can."""
    scenario = find(job.scenario)
    make = scheduled(scenario.settings) if job.sender == OURS else BASELINES[job.sender]
    return run(replace(scenario, span_s=job.span_s), job.seed, make)


def jobs_of(arguments: argparse.Namespace) -> list[Job]:
    """List every run that is asked for."""
    jobs: list[Job] = []
    for scenario in EVERY:
        name = scenario.name
        if arguments.quick and name not in QUICK:
            continue
        if arguments.only and not any(part in name for part in arguments.only):
            continue
        is_compared = name in COMPARED and not (arguments.quick or arguments.alone)
        senders = [OURS, *BASELINES] if is_compared else [OURS]
        seeds = 1 if scenario is HOUR else arguments.seeds
        span_s = min(scenario.span_s, 35.0) if arguments.quick else scenario.span_s
        first = arguments.first_seed
        numbers = range(first, first + seeds)
        jobs += [Job(name, sender, seed, span_s) for sender in senders for seed in numbers]
    return jobs


def summarize(
    name: str, sender: str, outcomes: list[Outcome], goal: Goal
) -> tuple[dict[str, object], list[str]]:
    """Put the seeds of one situation together."""
    middle = Outcome(
        utilisation=median(each.utilisation for each in outcomes),
        worst_window=min(each.worst_window for each in outcomes),
        throttled=median(each.throttled for each in outcomes),
        jain=median(each.jain for each in outcomes),
        wait_p99_s=median(each.wait_p99_s for each in outcomes),
        sends=sum(each.sends for each in outcomes),
        longest_waits_s=lane_waits(outcomes, median),
        silence_s=median(each.silence_s for each in outcomes),
    )
    misses = middle.misses(goal) if sender == OURS else []
    row: dict[str, object] = {
        "situation": name,
        "sender": sender,
        "seeds": len(outcomes),
        "median": asdict(middle),
        "worst": {
            "utilisation": min(each.utilisation for each in outcomes),
            "throttled": max(each.throttled for each in outcomes),
            "jain": min(each.jain for each in outcomes),
            "wait_p99_s": max(each.wait_p99_s for each in outcomes),
            "longest_waits_s": lane_waits(outcomes, max),
            "silence_s": max(each.silence_s for each in outcomes),
        },
        "goal": asdict(goal),
        "misses": misses,
        "seeds_that_miss": sum(bool(each.misses(goal)) for each in outcomes),
    }
    return row, misses


def lane_waits(
    outcomes: list[Outcome], summary: Callable[[list[float]], float]
) -> tuple[float, ...]:
    """Put the longest waits of each lane together."""
    by_lane = zip(*(each.longest_waits_s for each in outcomes), strict=True)
    return tuple(summary(list(waits)) for waits in by_lane)


def line(name: str, sender: str, outcomes: list[Outcome], misses: list[str]) -> str:
    """Format one row of the table."""
    used = [each.utilisation for each in outcomes]
    away = [each.throttled for each in outcomes]
    missed = ", ".join(misses)
    waits = "/".join(f"{wait_s:.1f}" for wait_s in lane_waits(outcomes, median))
    return (
        f"{name:24} {sender:23} {100 * median(used):8.3f} {100 * min(used):8.3f}"
        f" {100 * min(each.worst_window for each in outcomes):8.2f}"
        f" {100 * median(away):8.3f} {100 * max(away):8.3f}"
        f" {min(each.jain for each in outcomes):6.3f}"
        f" {1000 * max(each.wait_p99_s for each in outcomes):8.0f}"
        f" {median(each.silence_s for each in outcomes):8.2f} {waits:>20}"
        f"{'  missed: ' if missed else ''}{missed}"
    )


def show(text: str) -> None:
    """Print a line now, so that a long run can be followed."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


HEAD = (
    f"{'situation':24} {'sender':23} {'used %':>8} {'worst':>8} {'window':>8}"
    f" {'429 %':>8} {'worst':>8} {'Jain':>6} {'p99 ms':>8}"
    f" {'silent s':>8} {'longest waits s':>20}"
)


def main() -> int:
    """Run and print; 1 if the scheduler's median misses a goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--alone", action="store_true", help="without the baselines")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=None, help="processes, by default all")
    parser.add_argument("--quick", action="store_true", help="four situations, two seeds, 35 s")
    parser.add_argument("--only", nargs="*", default=[], help="parts of names")
    parser.add_argument("--real", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.seeds = min(arguments.seeds, 2)
    jobs = jobs_of(arguments)
    rows: list[dict[str, object]] = []
    show(HEAD)
    with ProcessPoolExecutor(arguments.workers) as pool:
        results = pool.map(play, jobs)
        for name, sender in dict.fromkeys((job.scenario, job.sender) for job in jobs):
            count = sum((job.scenario, job.sender) == (name, sender) for job in jobs)
            outcomes = [next(results) for _ in range(count)]
            row, misses = summarize(name, sender, outcomes, find(name).goal)
            rows.append(row)
            show(line(name, sender, outcomes, misses))
    if arguments.real:
        for real in measure_http(arguments.real):
            rows.append(real)
            show(json.dumps(real))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(rows, indent=1))
    return int(any(row.get("misses") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
