"""``limits``: show the rate limits of a token and what is left of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.redaction import printable
from intercom_async.scheduler import Statistics, TierStatistics
from .connection import Connection
from .console import console, put_json, put_view, say
from .fitted_table import FittedTable
from .options import Flag

ASK_EVERY_S = 5.0
"""Seconds between two calls that ask for the limits."""
REFRESH_S = 0.5
"""Seconds between two updates of what is shown."""
BAR_WIDTH = 20
"""Columns of the bar that shows how much of a window is used."""


async def limits(
    *, watch: Flag = False, json: Flag = False, connection: Connection | None = None
) -> None:
    """Show the rate limits of the token: used, left, and time until the next window.

    Prints a table in a terminal and JSON to a pipe.

    Parameters
    ----------
    watch:
        Keep showing them until interrupted, at one call every five seconds.
    json:
        Print JSON in a terminal as well.
    """
    async with (connection or Connection()).client() as intercom:
        answer = await intercom.send(intercom.admins.ME.at())
        app = answer.data.app
        name = printable((app.name if app else None) or "this workspace", limit=60)
        if not watch:
            _put(intercom.statistics(), name, as_json=json or not sys.stdout.isatty())
            return
        if console.is_terminal:
            note = f"[dim]asked every {ASK_EVERY_S:g} s with one call; Ctrl-C ends it[/]"
            with Live(console=console, auto_refresh=False) as live:
                await _watch(
                    intercom, lambda now: live.update(Group(show(now, name), note), refresh=True)
                )
        await _watch(intercom, lambda now: say(line(now)), every_s=ASK_EVERY_S)


def _put(now: Statistics, name: str, *, as_json: bool) -> None:
    """Print both limits once."""
    if as_json:
        put_json(msgspec.json.encode(describe(now)))
    else:
        put_view(show(now, name))


async def _watch(
    intercom: Intercom, tell: Callable[[Statistics], None], every_s: float = REFRESH_S
) -> None:
    """Request the limits every `ASK_EVERY_S` and show them every `every_s` seconds."""
    asked_s = CLOCK.now()
    while True:
        if CLOCK.now() - asked_s >= ASK_EVERY_S:
            asked_s = CLOCK.now()
            await intercom.send(intercom.admins.ME.at())
        tell(intercom.statistics())
        await CLOCK.sleep(every_s)


def describe(now: Statistics) -> dict[str, Any]:
    """Return both limits as JSON values."""
    return {"app": _tier(now.app), "workspace": _tier(now.workspace)}


def _tier(tier: TierStatistics) -> dict[str, Any]:
    return {
        "limit_per_window": tier.limit,
        "used": tier.used,
        "by_others": tier.external,
        "remaining": tier.remaining,
        "reset_at": tier.reset_at,
        "resets_in_s": _resets_in_s(tier),
    }


def _resets_in_s(tier: TierStatistics) -> float | None:
    return None if tier.reset_at is None else round(max(0.0, tier.reset_at - CLOCK.unix()), 1)


def show(now: Statistics, name: str) -> RenderableType:
    """Return both limits as a table for a terminal."""
    table = Table(box=None, pad_edge=False)
    for heading in ("limit", "a window", "used", "by others", "left", "new window in", ""):
        is_text = heading in ("limit", "")
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=True)
    for label, tier in (("app", now.app), ("workspace", now.workspace)):
        wait_s = _resets_in_s(tier)
        table.add_row(
            label,
            f"{tier.limit:,}",
            f"{tier.used:,}",
            f"{tier.external:,}",
            f"{tier.remaining:,}",
            "–" if wait_s is None else f"{wait_s:.1f} s",
            bar(tier.used / tier.limit if tier.limit else 0.0),
        )
    return Group(f"[i]Limits of {escape(name)}[/]", FittedTable(table))


def bar(share: float) -> str:
    """Draw a fraction as a bar that is readable without colors."""
    filled = round(BAR_WIDTH * min(1.0, max(0.0, share)))
    return "█" * filled + "░" * (BAR_WIDTH - filled)


def line(now: Statistics) -> str:
    """Return both limits on one line."""
    parts = [
        f"{label} {tier.used:,} of {tier.limit:,} used, {tier.remaining:,} left"
        for label, tier in (("app", now.app), ("workspace", now.workspace))
    ]
    return " | ".join(parts)
