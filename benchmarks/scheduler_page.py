"""Write what scheduler_report.py found as one HTML file with pictures, which loads nothing.

    python -m benchmarks.scheduler_report --seeds 20 --json RESULT
    python benchmarks/scheduler_page.py RESULT --to PAGE
    python benchmarks/scheduler_page.py RESULT --table docs/guides/benchmarks.md --measured COMMIT

A bar is the median of the seeds, a thin line leads to the worst one, and red is what the situation
asks for. Needs matplotlib. `--table` replaces the table in a page of the documentation that stands
below TABLE_BEGINS, and names the commit that was measured.
"""

from __future__ import annotations

import argparse
import io
import json
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from _processes import replace_table
from matplotlib.figure import Figure

OURS, OTHER, GOAL, INK = "#3d63dd", "#9aa3b2", "#b3261e", "#123456"
STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #1b1f27;
  --quiet: #535b69; --line: #d6dae1; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1218; --card: #181c24; --text: #e6e9ef;
  --quiet: #a3adbd; --line: #323946; --bad: #ff8d84; } }
body { margin: 0 auto; padding: 1rem; max-width: 66rem; background: var(--ground);
  color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .9rem 1rem; margin: 1rem 0; overflow-x: auto; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: right; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); white-space: nowrap; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
.bad { color: var(--bad); } .quiet { color: var(--quiet); } svg { max-width: 100%; height: auto; }
"""
Row = dict[str, Any]
TABLE_BEGINS = "<!-- measured by benchmarks/scheduler_report.py -->"
TABLE_ENDS = "<!-- measured -->"
HEADINGS = (
    *("Situation", "who sends", "seeds", "used, median", "worst", "refused, median", "worst"),
    *("longest silence", "longest waits by lane", "misses"),
)


class Measure(NamedTuple):
    """One thing that is measured: its field, its title, and what it is multiplied by."""

    field: str
    title: str
    scale: float


MEASURES = (
    Measure("utilisation", "Share of the limit that was used, %", 100),
    Measure("throttled", "Share of calls that were answered 429, %", 100),
    Measure("wait_p99_s", "Wait of an interactive call, p99, ms", 1_000),
    Measure("jain", "Fairness between apps (Jain's index)", 1),
)


def draw(rows: list[Row], measure: Measure) -> str:
    """Return the picture of one measure, a bar for each situation and sender."""
    figure = Figure(figsize=(10, 0.24 * len(rows) + 0.8), layout="constrained")
    figure.patch.set_alpha(0)
    axes: Any = figure.subplots()
    axes.patch.set_alpha(0)
    for place, row in enumerate(rows):
        middle = row["median"][measure.field] * measure.scale
        worst = row["worst"][measure.field] * measure.scale
        color = OURS if row["sender"] == "scheduler" else OTHER
        axes.barh(place, middle, color=color, height=0.7)
        axes.plot([middle, worst], [place, place], color=INK, linewidth=1)
        goal = row["goal"][measure.field] * measure.scale
        if row["sender"] == "scheduler" and 0 < goal < float("inf"):
            axes.plot([goal, goal], [place - 0.45, place + 0.45], color=GOAL, linewidth=1.5)
    names = [f"{row['situation']}, {row['sender']}" for row in rows]
    axes.set_yticks(range(len(rows)), names, color=INK)
    axes.invert_yaxis()
    axes.tick_params(colors=INK, axis="x")
    axes.tick_params(axis="y", length=0)
    axes.margins(y=0.01)
    axes.set_xlim(0, 100 if measure.field == "utilisation" else None)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(INK)
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    named = f'<svg role="img" aria-label="{escape(measure.title)}" '
    return text[text.index("<svg") :].replace(INK, "currentColor").replace("<svg ", named, 1)


def table(rows: list[Row]) -> str:
    """Return all figures as a table."""
    headings = (
        *("Situation", "Sender", "Used %", "Worst seed", "429 %", "Worst seed", "Jain"),
        *("p99 ms", "Seeds", "Missed"),
    )
    lines: list[str] = []
    for row in rows:
        middle, worst = row["median"], row["worst"]
        cells = (
            *(row["situation"], row["sender"]),
            f"{100 * middle['utilisation']:.2f}",
            f"{100 * worst['utilisation']:.2f}",
            f"{100 * middle['throttled']:.3f}",
            f"{100 * worst['throttled']:.3f}",
            f"{middle['jain']:.3f}",
            f"{1_000 * middle['wait_p99_s']:.0f}",
            str(row["seeds"]),
        )
        told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        lines.append(f"<tr>{told}<td class=bad>{escape(', '.join(row['misses']))}</td></tr>")
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def markdown(rows: list[Row], measured: str) -> str:
    """Return the figures as a table of the documentation."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{' --- |' * len(HEADINGS)}"]
    for row in rows:
        middle, worst = row["median"], row["worst"]
        waits_s = middle["longest_waits_s"] if any(middle["longest_waits_s"]) else ()
        cells = (
            *(row["situation"], row["sender"], str(row["seeds"])),
            f"{100 * middle['utilisation']:.1f} %",
            f"{100 * worst['utilisation']:.1f} %",
            f"{100 * middle['throttled']:.2f} %",
            f"{100 * worst['throttled']:.2f} %",
            f"{middle['silence_s']:.2f} s",
            " / ".join(f"{wait_s:.1f} s" for wait_s in waits_s),
            ", ".join(row["misses"]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + f"\n\nMeasured at {measured}."


def page(rows: list[Row]) -> str:
    """Return the page."""
    shown = [m for m in MEASURES if any(row["worst"][m.field] for row in rows)]
    parts = [f"<section><h2>{escape(m.title)}</h2>{draw(rows, m)}</section>" for m in shown]
    parts.append(f"<section><h2>All figures</h2>{table(rows)}</section>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Situations of the scheduler</title><style>{STYLE}</style></head><body>"
        "<h1>Situations of the scheduler</h1><p class=quiet>Virtual time; a bar is the median of "
        "the seeds, the thin line leads to the worst one, red is what the situation asks for.</p>"
        f"{''.join(parts)}</body></html>\n"
    )


def main() -> None:
    """Read the result and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("result", type=Path)
    parser.add_argument("--to", type=Path, help="an HTML file to write")
    parser.add_argument("--table", type=Path, help="a page of the documentation")
    parser.add_argument("--measured", default="a commit that is not named", metavar="COMMIT")
    given = parser.parse_args()
    if given.table is None and given.to is None:
        parser.error("nothing to write: give --to, --table or both")
    # Rows of real time have no median, and are left to the JSON.
    rows = [row for row in json.loads(given.result.read_text()) if "median" in row]
    if given.table is not None:
        replace_table(given.table, markdown(rows, given.measured), TABLE_BEGINS, TABLE_ENDS)
    if given.to is not None:
        mpl.rcParams.update({"svg.fonttype": "none", "font.size": 9, "svg.hashsalt": "page"})
        given.to.write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
