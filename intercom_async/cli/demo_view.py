"""Terminal output of ``demo``: windows, lanes and result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from intercom_async.priority import Priority
from intercom_async.scheduler import Statistics
from intercom_async.simulator.limits.windows import LedgerRow

WINDOWS = 6
"""Windows that are shown, the newest last."""
RECENT = 200
"""Answers of a lane whose median is shown."""
INTERACTIVE, BULK, FREE = "▓", "█", "░"
"""One cell of a bar; the three differ without colours, too."""
STYLES = {INTERACTIVE: "green", BULK: "blue", FREE: "bright_black"}


@dataclass
class DemoCounts:
    """Counts so far."""

    contacts_of: int
    conversations_of: int
    latency_s: float
    """Latency of the simulated network; the rest of a response time is waiting."""
    contacts: int = 0
    conversations: int = 0
    parts: int = 0
    interactive_s: list[float] = field(default_factory=list[float])
    bulk_s: list[float] = field(default_factory=list[float])
    interactive_by_window: Counter[float] = field(default_factory=Counter[float])
    """Interactive calls by the start of the window they were counted in."""

    @property
    def rows(self) -> int:
        """Contacts, conversations and parts together."""
        return self.contacts + self.conversations + self.parts


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the simulated server."""

    calls: int
    rejected: int
    seconds: float
    share: float | None
    """Fraction of the allowed calls that were made, over windows busy from start to end."""
    windows: int


def result_of(rows: Sequence[LedgerRow], begun_at: float, seconds: float) -> DemoResult:
    """Read the server's ledger."""
    # The first and the last window are begun or left midway: what they allow is not all on offer.
    full = [row for row in rows if begun_at <= row.window_at and row is not rows[-1]]
    allowed = sum(row.limit for row in full)
    return DemoResult(
        calls=sum(row.served + row.rejected for row in rows),
        rejected=sum(row.rejected for row in rows),
        seconds=seconds,
        share=sum(row.served for row in full) / allowed if allowed else None,
        windows=len(full),
    )


def progress_line(now: Statistics, counts: DemoCounts) -> str:
    """Return the progress on one line."""
    return (
        f"{counts.contacts:,} contacts  {counts.conversations:,} conversations  "
        f"{counts.parts:,} parts | window {now.app.used} of {now.app.limit} | "
        f"{now.in_flight} in flight, {sum(now.queued.values())} waiting | {now.throttled} × 429"
    )


def picture(
    now: Statistics, rows: Sequence[LedgerRow], counts: DemoCounts, width: int
) -> RenderableType:
    """Return the live view."""
    return Group(
        Text(),
        _windows(rows, counts, width),
        _legend(),
        Text(),
        _lanes(now, counts),
        Text(),
        _done(now, counts, width),
    )


def _windows(rows: Sequence[LedgerRow], counts: DemoCounts, width: int) -> RenderableType:
    """Draw the last windows, each filled by what the server has counted in it."""
    size = max(20, width - 26)
    lines: list[Text] = []
    first = rows[0].window_at if rows else 0.0
    for row in rows[-WINDOWS:]:
        interactive = min(counts.interactive_by_window[row.window_at], row.served)
        bar = _bar(interactive, row.served - interactive, row.limit, size)
        label = f"{row.window_at - first:5.0f} s  "
        count = f"  {row.served:,} of {row.limit:,}"
        refused = Text(f"  {row.rejected} × 429", style="red") if row.rejected else Text()
        lines.append(Text(label).append_text(bar).append(count).append_text(refused))
    lines += [Text()] * (WINDOWS - len(lines))
    return Group(Text("windows of the rate limit, as the server counts them", style="bold"), *lines)


def _bar(interactive: int, bulk: int, limit: int, size: int) -> Text:
    """Draw a window; a lane that has any call has at least one cell."""
    used = min(size, round((interactive + bulk) / max(1, limit) * size))
    mine = min(used, max(round(interactive / max(1, limit) * size), int(interactive > 0)))
    bar = Text()
    for mark, cells in ((INTERACTIVE, mine), (BULK, used - mine), (FREE, size - used)):
        bar.append(mark * cells, style=STYLES[mark])
    return bar


def _legend() -> Text:
    legend = Text("         ")
    for mark, what in ((INTERACTIVE, "interactive"), (BULK, "bulk"), (FREE, "free")):
        legend.append(mark, style=STYLES[mark]).append(f" {what}   ")
    return legend


def _lanes(now: Statistics, counts: DemoCounts) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("lane", "answers", "waiting now", "longest wait", "median answer"):
        table.add_column(heading, justify="left" if heading == "lane" else "right", no_wrap=True)
    for lane, mark, taken_s in (
        (Priority.INTERACTIVE, INTERACTIVE, counts.interactive_s),
        (Priority.BULK, BULK, counts.bulk_s),
    ):
        recent = sorted(taken_s[-RECENT:])
        middle = f"{1000 * recent[len(recent) // 2]:,.0f} ms" if recent else ""
        table.add_row(
            Text(lane.name.lower(), style=STYLES[mark]),
            f"{len(taken_s):,}",
            f"{now.queued[lane]:,}",
            f"{1000 * now.oldest_wait_s[lane]:,.0f} ms",
            middle,
        )
    return table


def _done(now: Statistics, counts: DemoCounts, width: int) -> RenderableType:
    size = max(10, width - 45)
    table = Table(box=None, pad_edge=False, show_header=False)
    for justify in ("left", "left", "right"):
        table.add_column(justify=justify, no_wrap=True)
    for name, count, whole in (
        ("contacts", counts.contacts, counts.contacts_of),
        ("conversations", counts.conversations, counts.conversations_of),
    ):
        table.add_row(name, _bar(0, count, whole, size), f"{count:,} of {whole:,}")
    refused = "no 429s" if not now.throttled else f"429s: {now.throttled}"
    return Group(table, Text(refused, style="red" if now.throttled else ""))


def report_view(counts: DemoCounts, result: DemoResult) -> RenderableType:
    """Return the result as a table."""
    table = Table(
        title="What happened, as the server counted it",
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        show_header=False,
    )
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    found = f"{counts.contacts:,} + {counts.conversations:,} + {counts.parts:,}"
    table.add_row("rows", f"{counts.rows:,}", f"contacts, conversations, parts: {found}")
    table.add_row("calls", f"{result.calls:,}", f"in {result.seconds:.1f} s")
    if result.share is not None:
        where = f"over {result.windows} full windows" if result.windows > 1 else "in a full window"
        table.add_row("of the allowed rate", f"{result.share:.1%}", where)
    table.add_row("429 responses", str(result.rejected), "")
    waits_ms = sorted(1000 * seconds for seconds in counts.interactive_s)
    if waits_ms:
        p50, p99 = waits_ms[len(waits_ms) // 2], waits_ms[int(len(waits_ms) * 0.99)]
        table.add_row(
            "interactive answers",
            f"{p50:.0f} ms",
            f"median of {len(waits_ms)}; 99 % within {p99:.0f} ms "
            f"(network {1000 * counts.latency_s:.0f} ms)",
        )
    return Group(Text(), table)
