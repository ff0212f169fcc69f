"""Draws what processes.py saw: calls served and refused per 100 ms, a row for each measurement.

    python benchmarks/draw_processes.py RESULT ... --to PICTURE [--counts N ...]

RESULT is what `processes.py --json` wrote; where two speak of the same measurement, the later one
holds. What was served goes up, what was refused goes down, on one scale for all. Dashed lines are
the ends of windows; the store is stopped where it is grey. Needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from timelines import BAR_S, REFUSED, SERVED, SHOWN, UNCOUNTED, bars

Result = dict[str, Any]


def load(files: list[Path]) -> tuple[float, list[Result]]:
    """Return the length of a window and the results of all files."""
    wholes: list[dict[str, Any]] = [json.loads(file.read_text()) for file in files]
    (window_s,) = {whole["window_s"] for whole in wholes}
    found = {
        (result["part"], result["store"], result["count"]): result
        for whole in wholes
        for result in whole["results"]
        if result["part"] != "back"  # a part of what is shown as stopped
    }
    return window_s, list(found.values())


def name(result: Result) -> str:
    """Return what a measurement is called."""
    stopped = ", stopped" if result["cut"] else ""
    return f"{result['store']}{stopped}, {result['count']} processes"


def draw(window_s: float, results: list[Result], into: Path) -> None:
    """Write the picture."""
    mpl.rcParams.update({"font.size": 8, "savefig.dpi": 110, "axes.spines.top": False})
    _, grid = plt.subplots(
        len(results), 1, figsize=(9.2, 1.1 * len(results) + 0.5), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for result, (axes,) in zip(results, grid, strict=True):
        begins, served, refused = bars(result["samples"])
        if result["cut"]:
            axes.axvspan(*result["cut"], color=UNCOUNTED)
        axes.bar(begins, served, BAR_S, align="edge", color=SERVED)
        axes.bar(begins, refused, BAR_S, align="edge", color=REFUSED)
        windows = len(result["windows"])
        for number in range(windows + 1):
            axes.axvline(number * window_s, color="0.6", linewidth=0.6, linestyle="--")
        axes.set_ylim(-SHOWN, SHOWN)
        axes.set_xlim(0, windows * window_s)
        axes.set_yticks([-SHOWN, 0, SHOWN], [f"{SHOWN}", "0", f"{SHOWN}"])
        axes.set_title(name(result), loc="left", fontsize=8, fontweight="bold", pad=1)
        text = f"{result['used']:.1%} used, {result['refused']:.2%} refused"
        axes.set_title(text, fontsize=7, loc="right", pad=1)
    grid[-1][0].set_xlabel("seconds")
    plt.savefig(into)  # pyright: ignore[reportUnknownMemberType] (its stubs leave `kwargs` open)


def main() -> None:
    """Read the arguments, draw."""
    parser = argparse.ArgumentParser(description="Picture of processes.py's results.")
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--to", type=Path, required=True, help="the picture: PNG or SVG")
    parser.add_argument("--counts", nargs="+", type=int, help="these numbers of processes")
    options = parser.parse_args()
    window_s, results = load(options.results)
    shown = [one for one in results if not options.counts or one["count"] in options.counts]
    draw(window_s, shown, options.to)


if __name__ == "__main__":
    main()
