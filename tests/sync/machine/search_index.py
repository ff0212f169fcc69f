"""A search that finds changes late: what the server's index holds of each record at a moment.

A version enters the index some seconds after it was made; until then the version before it is
found, by its own times. The body may be the indexed one (stale) or the record's present one. Each
version has a lag of its own, so none is found later than the assumption allows, however often its
record changes.
"""

from __future__ import annotations

import base64
import datetime as dt
import random
import zlib
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from intercom_async.transport.base import Reply, Request

Row = dict[str, Any]

Sorting = Literal["asked", "own", "paged", "newest", "ties"]
"""The order of a search: that which is asked for, one of its own, one of its own with each page in
the order that is asked for, the newest first, or that which is asked for with rows of one moment in
one of two orders on each page, and pages that begin behind a number of rows."""

STREAMS = {
    "/contacts/search": ("contacts", "data", "list"),
    "/conversations/search": ("conversations", "conversations", "conversation.list"),
    "/tickets/search": ("tickets", "tickets", "ticket.list"),
}
EXACT_SINCE = "2.17"
"""The first version whose contact search compares seconds; before, days of the server's zone."""


class SearchIndex:
    """The versions of all records, and when search finds each.

    Args:
        late_s: The longest time that a version takes.
        is_stale: Whether bodies are those of the index.
        is_gone_late: Whether a row that went is found until the index notices.
        zone: Whose days contact search compares.
        sorting: In which order it gives rows.
    """

    def __init__(
        self,
        *,
        late_s: int,
        is_stale: bool,
        is_gone_late: bool,
        zone: str,
        sorting: Sorting = "asked",
    ) -> None:
        self._late_s = late_s
        self._is_stale = is_stale
        self._is_gone_late = is_gone_late
        self._sorting: Sorting = sorting
        self.zone: ZoneInfo = ZoneInfo(zone)
        self._versions: dict[str, dict[str, list[tuple[float, Row | None]]]] = {}
        self._answers = 0

    def keep_order(self) -> None:
        """Give rows of one moment in one order from now on."""
        self._sorting = "asked" if self._sorting == "ties" else self._sorting

    def note(self, stream: str, key: str, at: float, body: Row | None) -> None:
        """Take in what a record is from now on; None once it is in no list."""
        versions = self._versions.setdefault(stream, {}).setdefault(key, [])
        number = len(versions)
        named = f"{stream}{key}{number}"
        lag = self.lag(stream, key, number) if body is None else self._lag(named)
        if body is not None:
            body = {name: value for name, value in body.items() if name != "conversation_parts"}
        versions.append((at + lag, body))

    def lag(self, stream: str, key: str, number: int | str) -> int:
        """Return how late it is noticed that a row went."""
        return self._lag(f"{stream}{key}{number}") if self._is_gone_late else 0

    def _lag(self, name: str) -> int:
        return zlib.crc32(name.encode()) % (self._late_s + 1)

    def answer(self, request: Request, path: str, now: float) -> Reply:
        """Answer a search as of a moment."""
        self._answers += 1
        stream, key, kind = STREAMS[path]
        asked: Row = msgspec.json.decode(request.body or b"{}")
        version = request.headers.get("Intercom-Version", "2.14")
        is_by_day = stream == "contacts" and version < EXACT_SINCE
        found = [
            (indexed, shown)
            for indexed, shown in self._found(stream, now)
            if self._matches(indexed, asked["query"], is_by_day=is_by_day)
        ]
        sort: Row = asked.get("sort") or {}
        field: str = sort.get("field", "created_at")
        is_wanted_down = sort.get("order", "descending") == "descending"
        is_descending = is_wanted_down or self._sorting == "newest"
        found.sort(key=lambda one: self._place(one[0], field), reverse=is_descending)
        paging: Row = asked.get("pagination") or {}
        per_page = int(paging.get("per_page") or 50)
        after = paging.get("starting_after")
        rows = found
        skipped = 0
        mark: Any = msgspec.json.decode(base64.b64decode(after)) if after else None
        if isinstance(mark, int):
            rows, skipped = found[mark:], mark
        elif mark:
            last = tuple(mark)
            rows = [
                one
                for one in found
                if _is_behind(self._place(one[0], field), last, is_descending=is_descending)
            ]
        page, rest = rows[:per_page], rows[per_page:]
        pages: Row = {"type": "pages", "page": 1, "per_page": per_page, "total_pages": 1}
        if rest:
            is_number = self._sorting == "ties"
            mark = skipped + per_page if is_number else self._place(page[-1][0], field)
            mark_text = base64.b64encode(msgspec.json.encode(mark)).decode()
            pages["next"] = {"page": 2, "starting_after": mark_text}
        if self._sorting == "paged":
            page.sort(key=lambda one: (one[0][field], str(one[0]["id"])), reverse=is_wanted_down)
        body: Row = {"type": kind, key: [one[1] for one in page]}
        body |= {"total_count": len(found), "pages": pages}
        return Reply(200, {}, msgspec.json.encode(body))

    def _found(self, stream: str, now: float) -> list[tuple[Row, Row]]:
        """Return the indexed and the shown body of each record that search finds."""
        found: list[tuple[Row, Row]] = []
        for versions in self._versions.get(stream, {}).values():
            present = versions[-1][1]
            if present is None and not self._is_gone_late:
                continue
            indexed = next((body for at, body in reversed(versions) if at <= now), None)
            if indexed is not None:
                found.append((indexed, indexed if self._is_stale or present is None else present))
        return found

    def _place(self, row: Row, field: str) -> tuple[int, str]:
        key = str(row["id"])
        if self._sorting == "ties":
            replica = random.Random(self._answers).randrange(2)
            return (row[field], str(zlib.crc32(f"{key} {replica}".encode())))
        is_own = self._sorting in ("own", "paged")
        return (zlib.crc32(key.encode()) if is_own else row[field], key)

    def _matches(self, row: Row, query: Row, *, is_by_day: bool) -> bool:
        operator, value = query["operator"], query["value"]
        if operator in ("AND", "OR"):
            each = (self._matches(row, one, is_by_day=is_by_day) for one in value)
            return all(each) if operator == "AND" else any(each)
        field = query["field"]
        if field == "id":
            wanted: list[Any] = value if operator == "IN" else [value]
            return str(row["id"]) in {str(one) for one in wanted}
        held, moment = row[field], int(float(value))
        if not is_by_day:
            return _compared(held, operator, moment)
        start, following = self._day(moment)
        return bool(
            {"=": start <= held < following, ">": held >= following, "<": held < start}[operator]
        )

    def _day(self, moment: int) -> tuple[int, int]:
        local = dt.datetime.fromtimestamp(moment, self.zone).date()
        midnight = dt.time()
        start = dt.datetime.combine(local, midnight, self.zone)
        following = dt.datetime.combine(local + dt.timedelta(days=1), midnight, self.zone)
        return int(start.timestamp()), int(following.timestamp())


def _compared(held: int, operator: str, wanted: int) -> bool:
    return {
        "=": held == wanted,
        "!=": held != wanted,
        ">": held > wanted,
        "<": held < wanted,
        ">=": held >= wanted,
        "<=": held <= wanted,
    }[operator]


def _is_behind(place: tuple[int, str], mark: tuple[Any, ...], *, is_descending: bool) -> bool:
    return place < mark if is_descending else place > mark
