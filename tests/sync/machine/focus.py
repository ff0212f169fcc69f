"""What a history may be about: one kind of trouble that is likely in it, and where that strikes.

What needs two rare things together, a kill at the right write and a row that is old by then, comes
up in hundreds of histories instead of in tens of thousands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .drift import KINDS as DRIFTS
from .steps import CHANGING, Reconcile

HOUR_S, DAY_S = 3_600, 86_400
CLOCK_STEPS_S = (-DAY_S, -HOUR_S, 60, HOUR_S, 5 * HOUR_S, DAY_S)
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
VERSIONS = ("2.14", "2.14", "2.16", "2.17", "Preview")
OLD_S = (60, HOUR_S, 5 * DAY_S, 400 * DAY_S)
"""How old rows are that are brought from elsewhere."""
TEXTS: Mapping[str, tuple[str, ...]] = {
    "zone": ZONES,
    "server_zone": ZONES,
    "version": VERSIONS,
    "drift": ("", *DRIFTS),
}
"""What some changes say."""

WAITS_S = (1, 1, 30, 300, 700, 3_000, HOUR_S, 5 * HOUR_S, DAY_S, 3 * DAY_S, 8 * DAY_S)
SETTLED_S = (3 * DAY_S, 3 * DAY_S, DAY_S, 5 * HOUR_S, 8_000, 60, 0, 40 * DAY_S)
"""Mostly more than a lookback reaches back."""
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
        during_last: That call in small histories, one of these.
        failures: How many failures a run has, one of these.
        kinds: What most failures are.
        paths: What most failures strike.
        times: How often, one of these.
        most_after: How many calls pass first, at most.
        picks: The failures' `pick`, one of these.
        reconcile: When runs look for what is gone, one of these.
        incidents: What happens to most runs, one of these.
        leaves_out: How likely a run leaves streams out.
        partial: Which of small histories may, counted from 0; by default any.
        drops: How likely it drops one.
        since: How likely it reads changes from a moment on.
        since_s: How many seconds before it that moment lies, one of these.
        steps_clock: Whether this machine's clock is stepped between runs.
        clock_steps_s: By how many seconds, one of these.
        blocks: Of small histories: how many times rows come before the first run, one of these.
        rows: Of small histories: how many come at once, one of these; by default a few.
        prepared: Of small histories: what is done to some rows before the first run.
        full: How likely a run reads all rows once more.
        both: How likely a run that fails is stopped, killed or damaged as well.
        runs: How many runs a small history has, one of these.
        last: How likely it is the last one in small histories that has the trouble.
        troubled: Which of them has it otherwise, counted from 0, one of these; by default any.
        settled_s: How many seconds lie between the first rows of a small history and its first run.
        cut_short: How likely a run before that one is stopped or killed, in small histories.
        cuts: How it is, one of these.
        second: What the rows of the stream are answered with beside a failure, one of these.
        weight: How many histories are about it, against those about another one.
    """

    name: str = ""
    streams: tuple[tuple[str, ...], ...] = SUBSETS
    settings: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    verbs: tuple[str, ...] = ()
    waits_s: tuple[int, ...] = WAITS_S
    changes: tuple[int, int] = (0, 6)
    during: tuple[int, ...] = (0, 0, 0, 1, 2, 4)
    during_calls: int = 40
    during_last: tuple[int, ...] = (4, 8, 16)
    failures: tuple[int, ...] = (0, 0, 0, 0, 1, 1, 2)
    kinds: tuple[str, ...] = ()
    paths: tuple[str, ...] = (ROWS,)
    times: tuple[int, ...] = (1, 1, 3, 0)
    most_after: int = 3
    picks: tuple[int, ...] = (0,)
    reconcile: tuple[Reconcile, ...] = ("auto", "auto", "now", "never", "never")
    incidents: tuple[str, ...] = ()
    leaves_out: float = 0.15
    partial: tuple[int, ...] = ()
    drops: float = 0.07
    since: float = 0.1
    since_s: tuple[int, ...] = (60, HOUR_S, DAY_S)
    steps_clock: bool = False
    clock_steps_s: tuple[int, ...] = CLOCK_STEPS_S
    blocks: tuple[int, ...] = (1, 1, 1, 2, 3)
    rows: tuple[int, ...] = ()
    prepared: tuple[str, ...] = ()
    full: float = 0.08
    both: float = 0.15
    runs: tuple[int, ...] = (1, 2, 2, 2, 2, 3)
    last: float = 0.75
    troubled: tuple[int, ...] = ()
    settled_s: tuple[int, ...] = SETTLED_S
    cut_short: float = 0.2
    cuts: tuple[str, ...] = ("stop", "stop", "kill")
    second: tuple[str, ...] = ()
    weight: float = 1.0


MOSTLY = (0, 1, 1)
UNSWEPT: tuple[Reconcile, ...] = ("never", "never", "auto")

PLAIN = Focus(weight=4.0)
FOCUSES: tuple[Focus, ...] = (
    PLAIN,
    Focus("stops", reconcile=UNSWEPT, incidents=("stop",), full=0.2, weight=2.0,
          runs=(2, 2, 3, 3), last=0.3),
    Focus("kills", reconcile=UNSWEPT, incidents=("kill",), waits_s=(1, HOUR_S, DAY_S), weight=1.5,
          last=0.4),
    Focus(
        "hangs", failures=MOSTLY, kinds=("hang", "hang", "500"), paths=("/", ROWS), times=(0, 20),
        most_after=8, incidents=("stop", "stop", ""), both=0.8,
    ),
    Focus(
        # Told to stop at any of its calls, under each way in which a server can be in trouble.
        "stopped faults", failures=(1, 1, 2), both=0.8,
        kinds=("hang", "slow", "drop", "503", "429", "outage"),
        paths=("/", "/", ROWS, *PARTS, *DELETED), times=(0,), most_after=6, incidents=("stop",),
        changes=(0, 2), during=(0,), picks=(2_000,),
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
        most_after=8, picks=(1, 20, 90, 400, 2_000), verbs=("reply", "change"), prepared=("reply",),
    ),
    Focus(
        "answers", streams=(("contacts",), ("conversations",), ("tickets",), *SUBSETS[2:4]),
        failures=MOSTLY, times=(1, 0), most_after=2, reconcile=UNSWEPT, weight=4.0,
        kinds=(
            *("utf8", "no_key", "no_key", "no_time", "404", "empty", "short", "garble", "twice"),
            *("ahead", "403"),
        ),
    ),
    Focus(
        "parts", streams=WITH_PARTS, verbs=("reply",), failures=MOSTLY, paths=PARTS,
        kinds=("empty", "short", "no_key", "404", "403", "401", "garble"), times=(1, 1, 3),
        most_after=8, prepared=("reply",), weight=2.0, cut_short=0.35,
    ),
    Focus(
        "lists", streams=(("tags",), ("tags",), ("companies",), ("articles",), SUBSETS[7]),
        verbs=("change", "delete", "create"), failures=MOSTLY, kinds=("empty", "short", "500"),
        times=(1, 1, 2), paths=(ROWS,), most_after=2, reconcile=("auto", "auto", "now"),
    ),
    Focus(
        # Lists inside rows, of which an answer gives ten.
        "embedded", streams=(SUBSETS[1], SUBSETS[1], SUBSETS[2]), verbs=("tag", "tag", "untag"),
        failures=MOSTLY, kinds=("short", "empty", "no_key", "500"), times=(1, 1, 0),
        paths=("/contacts/",), most_after=3, prepared=("tag",),
        settings={"late_s": (0, 0, 900), "is_stale": (False, False, True)},
    ),
    Focus(
        # A look at everything is due, and the server cannot be reached.
        "overdue", streams=(*WITH_PARTS, ("contacts",)), verbs=("reply", "change", "delete"),
        failures=(1,), kinds=("hang", "outage", "503"), paths=("/", "/", ROWS), times=(0,),
        most_after=4, picks=(2_000,), reconcile=("never", "never", "auto"), waits_s=(8 * DAY_S,),
        settings={"has_deletion_lists": (False,)},
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
        incidents=("kill", "stop", "", "", ""), weight=2.0, last=0.5,
    ),
    Focus(
        # A Date alone is ahead; most of what changes afterwards lies before it.
        "dates", streams=(("contacts",), *SUBSETS[3:5]), failures=(1,), kinds=("wrong_date",),
        paths=("/",), times=(0,), most_after=0, picks=(DAY_S,), reconcile=UNSWEPT,
        verbs=("change", "reply", "create", "delete", "archive", "unarchive"), incidents=("stop",),
        waits_s=(HOUR_S, 5 * HOUR_S), settings={"late_s": (0, 60), "is_costly": (False, True),
                  "has_deletion_lists": (False, False, True)},
        settled_s=(0, 3 * DAY_S),
        weight=2.0, both=0.3, last=0.3, runs=(1, 2, 2, 3),
    ),
    Focus(
        # More rows go, or do not say when they changed, than a run looks at one by one.
        "many", streams=(("contacts",), ("contacts",), ("conversations",), SUBSETS[4]),
        verbs=("archive", "archive", "delete", "unarchive"), changes=(2, 6), since=0.05,
        failures=(0, 0, 1), kinds=("empty", "ahead", "no_time", "short", "500"), times=(1, 3, 0),
        waits_s=(300, 5 * HOUR_S, DAY_S), rows=(2, 3, 3, 6), weight=1.5,
        blocks=(1,),
        settings={"is_large": (True,), "is_gone_late": (False,)},
    ),
    Focus(
        "none", streams=(("contacts",), ("conversations",), *SUBSETS[3:5]), failures=(0, 1, 1),
        kinds=("none", "none", "none", "short"), paths=(ROWS,), times=(0, 0, 3, 20), most_after=6,
        verbs=("change", "reply", "delete"), waits_s=(300, 5 * HOUR_S, DAY_S), since=0.05,
        settled_s=(3 * DAY_S,), weight=2.0, second=("short", "none", "empty"),
    ),
    Focus("shards", incidents=("shards",), leaves_out=0.05),  # of PostgreSQL only
    Focus(
        "targets", streams=(*SUBSETS, *WITH_PARTS), incidents=("damage", "damage", "stranger"),
        settled_s=(DAY_S, 40 * DAY_S), prepared=("reply",),
    ),
    Focus(
        "cuts", failures=MOSTLY, kinds=("empty", "short"), most_after=12,
        incidents=("stop", ""), blocks=(1, 4, 4), rows=(7,), cut_short=0.5, weight=2.0,
        settings={"page_rows": (2,), "per_page": (2,), "part_pages": (16,)},
    ),
    Focus(
        "deletions", streams=(("contacts",), ("conversations",), SUBSETS[6]),
        verbs=("delete", "delete", "archive", "unarchive"), during=(0, 1, 1), rows=(5, 7, 9),
        runs=(2, 3),
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
        "changes", streams=(("contacts",), ("conversations",), ("tickets",)),
        verbs=("delete", "delete", "change"), changes=(1, 3), waits_s=(300, 5 * HOUR_S, DAY_S),
        during=(0, 0, 1), failures=(0, 0, 0, 1), since=1.0,
        since_s=(HOUR_S, DAY_S, 8 * DAY_S, 30 * DAY_S), leaves_out=0.0, drops=0.0,
    ),
    Focus(
        # What the reading of changes is given is not all of it.
        "tails", streams=(("contacts",), ("conversations",), ("tickets",)), failures=(0, 1, 1),
        verbs=("change", "change", "create"), changes=(2, 6), kinds=("short", "empty", "no_next"),
        times=(1,), reconcile=("never",), waits_s=(5 * HOUR_S, DAY_S), most_after=1,
    ),
    Focus(
        # Two ways to learn of a row do not tell the same of it.
        "evidence", streams=(("contacts",), *SUBSETS[3:5]), verbs=("reply", "change", "delete"),
        failures=(1,), kinds=("404", "404", "500", "403", "page410"), times=(0, 1),
        paths=(*PARTS, "/contacts/"),
        second=("empty", "empty", "short", "none"), reconcile=("never", "auto", "now"),
        settings={"has_deletion_lists": (False, False, True)},
    ),
    Focus(
        # A contact that is archived is in no list, and comes back as it was.
        "archives", streams=(("contacts",),), verbs=("archive", "archive", "unarchive", "delete"),
        failures=(0, 1, 1), kinds=("500", "404", "page410", "none", "empty"), times=(0, 1),
        paths=("/contacts/", ROWS), second=("none", "empty", "short"), reconcile=("now", "auto"),
        incidents=("stop", ""), rows=(1, 2, 2, 3),
        settings={"has_deletion_lists": (False, False, True), "is_costly": (False, True)},
    ),
    Focus(
        # Long runs, in which rows change when their reading has begun; nothing is read again.
        "ends", streams=(("contacts",), ("conversations",), ("tickets",)), verbs=("change",),
        during=(1, 2), during_calls=8, reconcile=UNSWEPT, rows=(7, 20, 40),
        runs=(2, 3, 3), last=0.4, blocks=(1,),
        settings={
            "latency_s": (2.0,), "lookback_s": (0,), "late_s": (0,), "is_stale": (False,),
            "is_gone_late": (False,), "version": ("2.14", "2.17"), "page_rows": (2, 150),
        },
    ),
    Focus(
        # A search finds a row for an hour after it went.
        "late", streams=(("contacts",), ("conversations",), SUBSETS[5]), verbs=("delete",),
        runs=(3,), last=0.3,
        waits_s=(300, 800, 3_000, 3_350), incidents=("stop", ""), reconcile=("auto", "now"),
        settings={
            "late_s": (3_500,), "is_gone_late": (True,), "is_costly": (False,),
            "has_deletion_lists": (False, False, True), "is_large": (False,),
        },
    ),
    Focus(
        # Pages fail for one row of them, and what is read around it is not all there is.
        "poison", streams=(("contacts",), ("conversations",), ("tickets",)), failures=(1,),
        kinds=("poison",), paths=(ROWS,), most_after=12, reconcile=UNSWEPT,
        second=("short", "short", "empty", "500", "404"),
        blocks=(2, 3), rows=(3, 4),
    ),
    Focus(
        # The process ends while a generation is published.
        "publications", streams=(("contacts",), ("contacts",), ("tickets",), ("tags",)),
        incidents=("publication",), verbs=("change", "create"), changes=(1, 3), failures=(0,),
        during=(0,), blocks=(1,), rows=(2, 3, 3), runs=(2, 3),
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
        failures=MOSTLY, paths=("/files",), kinds=(
            "403", "404", "500", "204", "206", "drop", "hang", "slow", "cut", "denied", "outage",
        ), times=(1, 3, 0), most_after=4, incidents=("stop", "kill", "", ""),
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
        "subsets", leaves_out=0.6, drops=0.35, since=0.3, verbs=("delete", "reply"),
        incidents=("damage", "", ""), reconcile=("auto", "never"),
    ),
)  # fmt: skip
