"""Draws what utilisation.py saw: calls served and refused per 100 ms, a row for each strategy.

    python benchmarks/timelines.py RESULT ... --to PICTURE [--situations SITUATION ...]

RESULT is what `utilisation.py --json` wrote; several are put together, and where two speak of the
same program in the same situation, the later one holds. What was served goes up, what was refused
goes down, on one scale for all; bars that are cut off by it are as long as the picture allows.
Dashed lines are the ends of windows, grey is the window that was not counted. The table of all
shares is printed as Markdown. Needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

BAR_S = 0.1
SHOWN = 60
"""Calls per bar, up and down: three and a half times the even pace of 10,000 a minute."""
SERVED, REFUSED, UNCOUNTED = "#2a78b5", "#c8423b", "#efefef"

Result = dict[str, Any]


def load(files: list[Path]) -> tuple[float, list[Result]]:
    """Return the length of a window and the results of all files."""
    wholes: list[dict[str, Any]] = [json.loads(file.read_text()) for file in files]
    (window_s,) = {whole["window_s"] for whole in wholes}
    found = {
        (result["strategy"], result["situation"]): result
        for whole in wholes
        for result in whole["results"]
    }
    return window_s, list(found.values())


def names(results: list[Result], of: str) -> list[str]:
    """Return the different names, in the order of their first result."""
    return list(dict.fromkeys(str(result[of]) for result in results))


def table(results: list[Result]) -> str:
    """Return a row for each strategy, a column for each situation: used / refused."""
    cells = {
        (result["strategy"], result["situation"]): f"{result['used']:.1%} / {result['refused']:.1%}"
        for result in results
    }
    columns = names(results, "situation")
    lines = [f"| | {' | '.join(columns)} |", "| --- " * (len(columns) + 1) + "|"]
    for strategy in names(results, "strategy"):
        row = [cells.get((strategy, column), "–") for column in columns]
        lines.append(f"| {strategy} | {' | '.join(row)} |")
    return "\n".join(lines)


def bars(samples: list[tuple[float, int, int]]) -> tuple[list[float], list[float], list[float]]:
    """Return where each bar begins, and calls served and refused per 100 ms in it."""
    begins: list[float] = []
    served: list[float] = []
    refused: list[float] = []
    for (begun, *before), (ended, *after) in pairwise(samples):
        part = BAR_S / max(ended - begun, 1e-3)
        begins.append(begun)
        served.append((after[0] - before[0]) * part)
        refused.append((before[1] - after[1]) * part)
    return begins, served, refused


def draw(window_s: float, results: list[Result], situations: list[str], into: Path) -> None:
    """Write the picture."""
    mpl.rcParams.update({"font.size": 8, "savefig.dpi": 110, "axes.spines.top": False})
    strategies = names(results, "strategy")
    _, grid = plt.subplots(
        len(strategies),
        len(situations),
        figsize=(4.6 * len(situations), 1.05 * len(strategies) + 0.7),
        sharex="col",
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for result in results:
        if result["situation"] not in situations:
            continue
        row, column = strategies.index(result["strategy"]), situations.index(result["situation"])
        axes = grid[row][column]
        begins, served, refused = bars(result["samples"])
        axes.axvspan(begins[0], 0, color=UNCOUNTED)
        axes.bar(begins, served, BAR_S, align="edge", color=SERVED)
        axes.bar(begins, refused, BAR_S, align="edge", color=REFUSED)
        for number in range(len(result["windows"]) + 1):
            axes.axvline(number * window_s, color="0.6", linewidth=0.6, linestyle="--")
        axes.set_ylim(-SHOWN, SHOWN)
        axes.set_xlim(begins[0], len(result["windows"]) * window_s)
        axes.set_yticks([-SHOWN, 0, SHOWN], [f"{SHOWN}", "0", f"{SHOWN}"])
        text = f"{result['used']:.1%} used, {result['refused']:.1%} refused"
        axes.set_title(text, fontsize=7, loc="right", pad=1)
    for strategy, first in zip(strategies, grid[:, 0], strict=True):
        first.set_ylabel(strategy)
    for situation, top, bottom in zip(situations, grid[0], grid[-1], strict=True):
        top.set_title(situation, loc="left", fontweight="bold")
        bottom.set_xlabel("seconds")
    plt.savefig(into)  # pyright: ignore[reportUnknownMemberType] (its stubs leave `kwargs` open)


def main() -> None:
    """Read the arguments, print the table, draw."""
    parser = argparse.ArgumentParser(description="Table and picture of utilisation.py's results.")
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--to", type=Path, required=True, help="the picture: PNG or SVG")
    parser.add_argument("--situations", nargs="+", help="these columns in the picture")
    options = parser.parse_args()
    window_s, results = load(options.results)
    print(table(results))
    draw(window_s, results, options.situations or names(results, "situation"), options.to)


if __name__ == "__main__":
    main()
