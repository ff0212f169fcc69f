"""What a history may be about: one kind of trouble that is likely in it, and where that strikes.

What needs two rare things together, a kill at the right write and a row that is old by then, comes
up in hundreds of histories instead of in tens of thousands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .steps import CHANGING, Reconcile

HOUR_S, DAY_S = 3_600, 86_400

WAITS_S = (1, 1, 30, 300, 700, 3_000, HOUR_S, 5 * HOUR_S, DAY_S, 3 * DAY_S, 8 * DAY_S)
ROWS = ""
"""The path of where the rows of one of a history's streams come from."""
DELETED = ("/contacts/deleted", "/conversations/deleted")
PARTS = ("/conversations/", "/tickets/")
SUBSETS: tuple[tuple[str, ...], ...] = (
    CHANGING,
    ("contacts",),
    ("contacts", "companies", "tags"),
    ("conversations", "conversation_parts"),
    ("tickets", "ticket_parts"),
    ("tags", "conversation_parts"),
    ("contacts", "conversations", "conversation_parts"),
    ("companies", "articles", "tags"),
)
WITH_PARTS = SUBSETS[3:7]
BY_DAYS: Mapping[str, Sequence[Any]] = {"version": ("2.14",), "per_page": (2,), "part_pages": (1,)}


@dataclass(frozen=True, slots=True)
class Focus:
    """A kind of trouble.

    Args:
        name: What it is called.
        streams: Those of the history, one of these.
        settings: Values that some settings have, one of each.
        verbs: What most changes are.
        waits_s: Seconds that pass, one of these.
        changes: How many changes lie between two runs, at least and at most.
        during: How many changes happen during a run, one of these.
        during_calls: The last call of a run before which one may happen.
        failures: How many failures a run has, one of these.
        kinds: What most failures are.
        paths: What most failures strike.
        times: How often, one of these.
        most_after: How many calls pass first, at most.
        picks: The failures' `pick`, one of these.
        reconcile: When runs look for what is gone, one of these.
        incidents: What happens to most runs, one of these.
        leaves_out: How likely a run leaves streams out.
        drops: How likely it drops one.
        since: How likely it reads changes from a moment on.
        since_s: How many seconds before it that moment lies, one of these.
        steps_clock: Whether this machine's clock is stepped between runs.
    """

    name: str = ""
    streams: tuple[tuple[str, ...], ...] = SUBSETS
    settings: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    verbs: tuple[str, ...] = ()
    waits_s: tuple[int, ...] = WAITS_S
    changes: tuple[int, int] = (0, 6)
    during: tuple[int, ...] = (0, 0, 0, 1, 2, 4)
    during_calls: int = 40
    failures: tuple[int, ...] = (0, 0, 0, 0, 1, 1, 2)
    kinds: tuple[str, ...] = ()
    paths: tuple[str, ...] = (ROWS,)
    times: tuple[int, ...] = (1, 1, 3, 0)
    most_after: int = 3
    picks: tuple[int, ...] = (0,)
    reconcile: tuple[Reconcile, ...] = ("auto", "auto", "now", "never", "never")
    incidents: tuple[str, ...] = ()
    leaves_out: float = 0.15
    drops: float = 0.07
    since: float = 0.1
    since_s: tuple[int, ...] = (60, HOUR_S, DAY_S)
    steps_clock: bool = False


MOSTLY = (0, 1, 1)
UNSWEPT: tuple[Reconcile, ...] = ("never", "never", "auto")

PLAIN = Focus()
FOCUSES: tuple[Focus, ...] = (
    PLAIN,
    Focus("stops", reconcile=UNSWEPT, incidents=("stop",)),
    Focus("kills", reconcile=UNSWEPT, incidents=("kill",)),
    Focus(
        "hangs", failures=MOSTLY, kinds=("hang", "hang", "500"), paths=("/", ROWS), times=(0, 20),
        most_after=8, incidents=("stop", "stop", ""),
    ),
    Focus(
        # Told to stop at any of its calls, under each way in which a server can be in trouble.
        "stopped faults", failures=(1, 1, 2), kinds=("hang", "slow", "drop", "503", "429"),
        paths=("/", "/", ROWS, *PARTS, *DELETED), times=(0,), most_after=6, incidents=("stop",),
        changes=(0, 2), during=(0,),
    ),
    Focus(
        # Nothing is late, and each run looks at everything: a complete one leaves both equal.
        "equal", reconcile=("now",), incidents=("stop", "kill", "twin", "", ""),
        settings={
            "late_s": (0,), "lookback_s": (0,), "is_stale": (False,), "is_gone_late": (False,),
        },
    ),
    Focus(
        "outages", failures=MOSTLY, kinds=("outage",), paths=("/", ROWS, *PARTS), times=(1,),
        most_after=8, picks=(1, 20, 90, 400, 2_000),
    ),
    Focus(
        "answers", failures=MOSTLY,
        kinds=("utf8", "utf8", "no_key", "no_time", "404", "empty", "short", "garble", "twice"),
    ),
    Focus(
        "parts", streams=WITH_PARTS, verbs=("reply",), failures=MOSTLY, paths=PARTS,
        kinds=("empty", "short", "no_key", "404", "403", "garble"), times=(1, 1, 3), most_after=8,
    ),
    Focus(
        "lists", streams=(SUBSETS[1], SUBSETS[2], SUBSETS[7], SUBSETS[5]), verbs=("tag", "attach"),
        failures=MOSTLY, kinds=("empty", "short", "no_key", "500"), times=(1, 1, 2),
        paths=("/contacts/", "/contacts/", "/tags", "/companies", "/articles"), most_after=4,
    ),
    Focus(
        "days", streams=(("contacts",),), settings=BY_DAYS, failures=(0, 0, 1), kinds=("poison",),
        paths=("/contacts",), times=(0,), picks=tuple(range(10)),
        waits_s=(300, 5 * HOUR_S, 9 * HOUR_S, DAY_S),
    ),
    Focus(
        # Changes are read by pages of two, newest first, and nothing else is: of what changes
        # before a run and again during it, no lookback reads the first change once more.
        "moves", streams=(("contacts",),), verbs=("change",), changes=(4, 6), during=(1, 2, 4),
        during_calls=8, reconcile=UNSWEPT,
        settings={
            **BY_DAYS, "has_deletion_lists": (True,), "late_s": (0,), "lookback_s": (0, 0, 3_600),
            "is_stale": (False,), "is_gone_late": (False,),
        },
    ),
    Focus(
        "seconds", streams=(SUBSETS[1], SUBSETS[3], SUBSETS[4]), waits_s=(1, 1, 1, 2, DAY_S),
        verbs=("change", "reply"), during=(1, 2, 4), during_calls=12, reconcile=UNSWEPT,
        settings={"late_s": (0,)},
    ),
    Focus(
        "clocks", failures=MOSTLY, kinds=("wrong_date", "wrong_date", "no_date", "no_clock"),
        paths=("/",), times=(0, 0, 1), most_after=0, picks=(-DAY_S, -HOUR_S, HOUR_S, DAY_S, DAY_S),
        reconcile=UNSWEPT, waits_s=(30, 3_000, HOUR_S, 5 * HOUR_S), steps_clock=True,
    ),
    Focus(
        # A Date alone is ahead; most of what changes afterwards lies before it.
        "dates", streams=SUBSETS[3:5], failures=(1,), kinds=("wrong_date",), paths=("/",),
        times=(0,), most_after=0, picks=(DAY_S,), verbs=("change", "reply"), reconcile=UNSWEPT,
        waits_s=(HOUR_S, 5 * HOUR_S), settings={"late_s": (0, 60)},
    ),
    Focus(
        # More rows go, or do not say when they changed, than a run looks at one by one.
        "many", streams=(("contacts",), ("contacts",), ("conversations",), SUBSETS[4]),
        verbs=("archive", "archive", "delete", "unarchive"), changes=(2, 6), since=0.05,
        failures=(0, 0, 1), kinds=("empty", "ahead", "no_time", "short", "500"), times=(1, 3, 0),
        waits_s=(300, 5 * HOUR_S, DAY_S), settings={"is_large": (True,), "is_gone_late": (False,)},
    ),
    Focus(
        # Nothing could tell of contacts: an archived one is in no list, and can be read by its id.
        "none", streams=(("conversations",), *SUBSETS[3:5]), failures=(0, 1, 1), kinds=("none",),
        paths=("/conversations/search", "/tickets/search"), times=(0, 0, 3, 20), most_after=6,
        verbs=("change", "reply", "delete"), waits_s=(300, 5 * HOUR_S, DAY_S), since=0.05,
    ),
    Focus("shards", incidents=("shards",), leaves_out=0.05),  # of PostgreSQL only
    Focus("targets", incidents=("damage", "damage", "stranger")),
    Focus(
        "cuts", failures=MOSTLY, kinds=("empty", "short"), most_after=12,
        incidents=("stop", ""), settings={"page_rows": (2,), "per_page": (2,), "part_pages": (16,)},
    ),
    Focus(
        "deletions", streams=(("contacts",), ("conversations",), SUBSETS[6]), verbs=("delete",),
        changes=(2, 6), waits_s=(300, HOUR_S, 5 * HOUR_S, DAY_S), failures=(0, 0, 1),
        kinds=("empty", "short", "no_key", "number"), paths=DELETED, times=(1, 0), most_after=1,
        reconcile=("auto",), since=0.0, drops=0.0,
        settings={
            "has_deletion_lists": (True,), "page_rows": (2, 3), "late_s": (0, 0, 900),
            "deletions_order": ("newest", "oldest", "oldest", "mixed"),
        },
    ),
    Focus(
        # Nothing but changes is ever read.
        "changes", streams=(("contacts",), ("conversations",), ("tickets",)), verbs=("delete",),
        changes=(1, 3), waits_s=(300, 5 * HOUR_S, DAY_S), during=(0, 0, 1), failures=(0, 0, 0, 1),
        since=1.0, since_s=(DAY_S, 8 * DAY_S, 30 * DAY_S), leaves_out=0.0, drops=0.0,
    ),
    Focus(
        # Places in lists are forgotten, lead in a circle, or are said in another form.
        "cursors", streams=(("contacts",), *SUBSETS[3:5], SUBSETS[6], SUBSETS[7]),
        failures=MOSTLY, kinds=("loop", "back", "link"), times=(1, 1, 3, 0), most_after=4,
        incidents=("stop", "", ""), waits_s=(1, 30, 300, HOUR_S, DAY_S),
        settings={
            "cursor_s": (0, 30, 30, 300), "page_rows": (2, 3), "latency_s": (0.05, 0.05, 10.0),
            "expired": ("400", "400", "500", "first"),
        },
    ),
    Focus(
        # Rows get fields, lose some, and have others of another type, between two pages as well.
        "forms", verbs=("drift", "drift", "change", "create", "reply"), changes=(2, 6),
        during=(0, 1, 2), during_calls=12, incidents=("stop", "kill", "", "", ""),
        settings={"page_rows": (2, 3)},
    ),
    Focus(
        "files", streams=WITH_PARTS, verbs=("file", "file", "reply", "delete"), changes=(2, 6),
        failures=MOSTLY, kinds=("403", "404", "500", "drop", "hang", "slow", "cut", "outage"),
        paths=("/files",), times=(1, 3, 0), most_after=4, incidents=("stop", "kill", "", ""),
        settings={"saves_files": (True,)},
    ),
    Focus(
        # The zone or the version is another one when a run is gone on with.
        "resets", verbs=("zone", "version", "server_zone", "change", "reply"), changes=(1, 3),
        incidents=("stop", "kill", ""), waits_s=(1, 30, 300, HOUR_S, DAY_S),
        settings={"page_rows": (2, 3), "per_page": (2, 3), "part_pages": (1,)},
    ),
    Focus("awaited", incidents=("awaited",), during=(0, 1, 2, 4)),
    Focus(
        # A run lasts for longer than the lookback, and over midnight.
        "slow", streams=(SUBSETS[1], *SUBSETS[3:5], SUBSETS[6]), verbs=("change", "reply"),
        during=(1, 2, 4), reconcile=UNSWEPT, incidents=("stop", "", "", ""),
        settings={
            "latency_s": (5.0, 20.0, 50.0), "lookback_s": (60, 60, 600), "late_s": (0, 60),
            "page_rows": (2, 3), "per_page": (2, 3), "part_pages": (1, 2),
        },
    ),
    Focus(
        # Rows are merged one into the other while a sweep is read.
        "merges", streams=(("contacts",), ("contacts",), SUBSETS[2]),
        verbs=("merge", "merge", "role", "delete"), changes=(2, 6), during=(1, 2, 4),
        during_calls=20, reconcile=("now", "now", "auto"), waits_s=(1, 30, 300, 5 * HOUR_S, DAY_S),
    ),
    Focus(
        # Conversations become tickets, each linked to the other.
        "converted", streams=(("conversations", "conversation_parts", "tickets", "ticket_parts"),),
        verbs=("convert", "convert", "reply", "delete"), changes=(1, 4), during=(0, 1, 2),
        incidents=("stop", "kill", "", ""), waits_s=(1, 300, 5 * HOUR_S, DAY_S),
    ),
    Focus(
        # More companies than numbered pages list, by a scroll that ends after a minute.
        "scrolls", streams=(("companies",), SUBSETS[2]), verbs=("create", "attach", "detach"),
        changes=(2, 6), failures=MOSTLY, kinds=("slow", "hang", "500", "404", "drop", "empty"),
        paths=("/companies/scroll",), times=(1, 1, 3), most_after=6,
        incidents=("stop", "", ""), settings={
            "listed": (3,), "latency_s": (0.05, 0.05, 40.0), "is_moving": (False, False, True),
        },
    ),
    Focus(
        # Search gives rows in another order than is asked for.
        "sorting", streams=(("contacts",), ("conversations",), ("tickets",)), verbs=("change",),
        changes=(2, 6), during=(0, 1, 2), during_calls=12, failures=(0, 0, 0, 1), since=0.05,
        kinds=("poison", "no_key", "500"), paths=(ROWS,), reconcile=UNSWEPT,
        waits_s=(60, 600, 5 * HOUR_S, 9 * HOUR_S, DAY_S),
        settings={
            "sorting": ("own", "paged", "newest"), "page_rows": (2,), "per_page": (2,),
            "part_pages": (1, 16), "lookback_s": (0, 3_600), "late_s": (0,),
        },
    ),
    Focus(
        "subsets", leaves_out=0.6, drops=0.35, since=0.3, verbs=("delete", "reply"),
        incidents=("damage", "", ""), reconcile=("auto", "never"),
    ),
)  # fmt: skip
