"""How exact a search for contacts takes a moment: to the second, or to a day, and of which zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from .findings import CheckResult
from .visit import Visit

HOUR_S = 3600
"""Seconds of an hour."""


async def check_search_days(visit: Visit) -> CheckResult:
    """Search one contact by moments around its own, and see which of them find it."""
    intercom, me = visit.intercom, visit.me
    one = await intercom.contacts.list(per_page=1).first()
    made_at = None if one is None else one.created_at
    if one is None or made_at is None:
        return CheckResult(
            check="search_days", outcome="unknown", text="there is no contact to search for"
        )

    async def finds(operator: str, moment: int) -> bool:
        query = {
            "operator": "AND",
            "value": [
                {"field": "id", "operator": "=", "value": one.id},
                {"field": "created_at", "operator": operator, "value": moment},
            ],
        }
        return (await intercom.contacts.search(query, per_page=1).first()) is not None

    if await finds(">", made_at - 1):
        return _said("to the second", {"granularity": "second"})
    if not await finds("=", made_at):
        return CheckResult(
            check="search_days",
            outcome="unknown",
            text="a search by the moment of a contact does not find it",
            facts={"granularity": None},
        )
    facts: dict[str, Any] = {"granularity": "day", "days_of": None}
    zone = _zone(me.app.timezone if me.app else None)
    probe = None if zone is None else _other_day(made_at, zone)
    if zone is None:
        return _said("to whole days; the workspace's time zone is not known here", facts)
    if probe is None:
        return _said("to whole days, of UTC, which is the workspace's zone as well", facts)
    facts["days_of"] = "UTC" if await finds("=", probe) else "workspace"
    where = "of UTC" if facts["days_of"] == "UTC" else "of the workspace's time zone"
    return _said(f"to whole days {where}", facts)


def _said(how: str, facts: dict[str, Any]) -> CheckResult:
    return CheckResult(
        check="search_days",
        outcome="good",
        text=f"contact search takes moments {how}",
        facts=facts,
    )


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name or "")
    except (OSError, ValueError):  # unknown here, or spelled as Intercom's own
        return None


def _other_day(moment: int, zone: tzinfo) -> int | None:
    """Return a moment of the same day of UTC and of another day of a zone."""
    for hours in range(-23, 24):
        other = moment + hours * HOUR_S
        if _day(other, UTC) == _day(moment, UTC) and _day(other, zone) != _day(moment, zone):
            return other
    return None


def _day(moment: int, zone: tzinfo) -> int:
    return datetime.fromtimestamp(moment, zone).toordinal()
