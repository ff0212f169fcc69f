"""Foci that were added when histories had been counted: each takes its share of the seeds, and the
others keep their histories.

All but the first are about what the design of the sync begins with: losses that connectors have,
and that no target may have. What each needs is likely in them, and little else happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .focus import (
    BY_DAYS,
    DAY_S,
    HOUR_S,
    PARTS,
    ROWS,
    SUBSETS,
    UNSWEPT,
    WITH_PARTS,
    Focus,
)
from .steps import Reconcile

SEARCHED = (("contacts",), ("conversations",), ("tickets",))
NEVER: tuple[Reconcile, ...] = ("never", "never", "never", "auto")
"""Nothing but changes is read again, so that nothing else brings what they lack."""
NO_CHANCE: Mapping[str, Sequence[Any]] = {
    "is_gone_late": (False,), "is_moving": (False,), "is_large": (False,), "is_costly": (False,),
}  # fmt: skip
"""Settings under which a run that outlasts an outage has to be complete."""

LATER: tuple[Focus, ...] = (
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
        # Rows of one moment come in either of two orders on each page.
        "ties", streams=(("contacts",), ("conversations",), ("tickets",)),
        verbs=("create", "change", "change", "delete"), changes=(2, 6), during=(0, 0, 1, 2),
        during_calls=12, failures=(0, 0, 0, 1), since=0.05,
        waits_s=(1, 60, 600, 5 * HOUR_S, DAY_S), blocks=(1, 2, 3),
        settings={
            "sorting": ("ties",), "page_rows": (2, 3), "per_page": (2, 3), "part_pages": (1, 16),
            "lookback_s": (0, 3_600), "late_s": (0,),
        },
    ),
    Focus(
        # A run is told to read changes since a moment that is later than its last one.
        "since", streams=SEARCHED, verbs=("change", "change", "create"), changes=(1, 3),
        waits_s=(5 * HOUR_S, DAY_S, 3 * DAY_S), failures=(0,), during=(0,), since=0.75,
        since_s=(60, 60, HOUR_S), reconcile=NEVER, cut_short=0.0, full=0.0, leaves_out=0.0,
        drops=0.0, runs=(2, 3, 3), weight=2.0,
    ),
    Focus(
        # This machine's clock is ahead of the server's, and rows change that it takes for old.
        "ahead", streams=(*SEARCHED, *SUBSETS[3:5]), verbs=("change", "reply", "create"),
        steps_clock=True, clock_steps_s=(5 * HOUR_S, DAY_S, DAY_S, -DAY_S),
        waits_s=(60, 700, 3_000, 2 * HOUR_S), changes=(1, 3), failures=(0, 0, 1), during=(0,),
        kinds=("no_date", "no_date", "no_clock"), paths=("/",), times=(0,), most_after=0,
        reconcile=NEVER, cut_short=0.0, full=0.0, since=0.0, drops=0.0, runs=(2, 3, 3), weight=2.0,
    ),
    Focus(
        # Search finds rows minutes after they came or changed, when a run is over.
        "found late", streams=SEARCHED, verbs=("create", "change"), changes=(1, 3),
        settings={"late_s": (900, 3_500), "is_gone_late": (False,)}, settled_s=(0, 0, 60, 300),
        waits_s=(60, 300, 5 * HOUR_S, DAY_S), failures=(0,), during=(0,), reconcile=NEVER,
        cut_short=0.0, full=0.0, since=0.0, drops=0.0, runs=(2, 3, 3), weight=2.0,
    ),
    Focus(
        # A run is stopped, rows change that it has read, and a later one goes on with it.
        "gone on with", streams=(*SEARCHED, *WITH_PARTS[:2]), verbs=("change", "change", "reply"),
        changes=(5, 9), waits_s=(5 * HOUR_S, DAY_S, 3 * DAY_S), failures=(0,), during=(0,),
        reconcile=NEVER, cut_short=1.0, cuts=("early",), last=1.0, blocks=(1, 2),
        rows=(5, 7), prepared=("reply",), runs=(2, 3, 3), since=0.0, drops=0.0, leaves_out=0.0,
        full=0.35, weight=2.0,
    ),
    Focus(
        # A run begins in an outage, or soon comes into one, that passes or that does not.
        "first calls", streams=(*SEARCHED, ("tags",), *WITH_PARTS[:2]), failures=(1,),
        kinds=("outage",), paths=("/me", "/", ROWS), times=(1,), most_after=1, during=(0,),
        picks=(1, 20, 90, 400, 400), reconcile=("auto", "now"), settings=NO_CHANCE, cut_short=0.0,
        drops=0.0, leaves_out=0.0, since=0.0, runs=(1, 1, 2), weight=2.0,
    ),
    Focus(
        # Rows of days that are cut into parts, of a server whose day is not the workspace's.
        "day cuts", streams=(("contacts",),), settings=BY_DAYS, blocks=(5, 9, 12),
        rows=(1, 1, 1, 2), waits_s=(HOUR_S, 3 * HOUR_S, 5 * HOUR_S, 9 * HOUR_S),
        failures=(0,), during=(0, 0, 1), verbs=("create", "change"), changes=(0, 2),
        reconcile=NEVER, settled_s=(3 * DAY_S, DAY_S), since=0.0, runs=(1, 1, 2),
        cut_short=0.3, weight=2.0,
    ),
    Focus(
        # What a run could not read is named by it and by the next one, which does not look there.
        "forgotten", streams=(*SEARCHED, *WITH_PARTS[:2]), failures=(1,), times=(0,), during=(0,),
        kinds=("no_key", "no_key", "poison", "404", "500"), paths=(ROWS, ROWS, *PARTS),
        most_after=2, reconcile=NEVER, waits_s=(300, DAY_S), last=0.0, runs=(2, 3), cut_short=0.0,
        verbs=("change", "reply"), prepared=("reply",), since=0.0, drops=0.0, weight=2.0,
    ),
    Focus(
        # The process ends while it commits what it has read.
        "commits", streams=(*SEARCHED, *WITH_PARTS[:2]), rows=(5, 7, 9), blocks=(1,), during=(0,),
        failures=(0,), reconcile=NEVER, cut_short=1.0, cuts=("commit",), last=1.0, runs=(2, 2, 3),
        waits_s=(60, 5 * HOUR_S, DAY_S), since=0.0, drops=0.0, prepared=("reply",),
        settled_s=(3 * DAY_S,), weight=2.0,
    ),
    Focus(
        # An outage outlasts the patience of a run, which has children to read.
        "given up", streams=WITH_PARTS[:2], failures=(1,), during=(0,),
        kinds=("outage", "outage", "hang"), paths=("/", *PARTS, *PARTS, *PARTS), times=(1,),
        most_after=2, picks=(2_000,), reconcile=("never",), verbs=("reply", "reply", "change"),
        prepared=("reply",), changes=(1, 3), waits_s=(DAY_S, 8 * DAY_S), last=1.0, cut_short=0.0,
        settings={"has_deletion_lists": (False, True)}, since=0.0, drops=0.0, leaves_out=0.0,
        runs=(2,), weight=2.0,
    ),
    Focus(
        # Rows change while changes are read, by calls that take long; nothing is read twice.
        "moved on", streams=(*SEARCHED, ("contacts",)), verbs=("change",), changes=(0, 0),
        during=(1, 2, 4), during_last=(3, 3, 3, 8), failures=(0,), reconcile=NEVER, rows=(5, 7),
        blocks=(1,), waits_s=(5 * HOUR_S, DAY_S), runs=(3,), last=0.0, troubled=(1, 1, 0),
        cut_short=0.0, since=0.0, drops=0.0, full=0.0,
        settings={
            "latency_s": (2.0, 10.0), "lookback_s": (0,), "late_s": (0,), "is_stale": (False,),
            "is_gone_late": (False,), "version": ("2.16", "2.17"), "page_rows": (2, 3),
        },
        weight=2.0,
    ),
    Focus(
        # Files of rows are damaged that are old, and that nothing else reads again.
        "damaged", streams=(*WITH_PARTS[:2], *WITH_PARTS[:2], SUBSETS[2]), incidents=("file",),
        settled_s=(40 * DAY_S,), prepared=("reply",), verbs=("change", "reply"), changes=(0, 0),
        failures=(0,), during=(0,), cut_short=0.0, since=0.0, drops=0.0, full=0.0, runs=(2,),
        last=1.0, waits_s=(60, DAY_S), reconcile=("auto", "never"), leaves_out=0.0,
        settings={"has_deletion_lists": (False, True)},
    ),
    Focus(
        # Streams that a run leaves out were begun by a stopped one, or are damaged.
        "left out", streams=(SUBSETS[2], SUBSETS[2], SUBSETS[7], *WITH_PARTS[:2]), leaves_out=0.9,
        partial=(1,), incidents=("file", ""), failures=(0,), during=(0,), cut_short=0.7,
        cuts=("early",), since=0.0, drops=0.0, full=0.0, runs=(2, 3, 3), waits_s=(1, 60, DAY_S),
        rows=(4, 5), reconcile=("auto", "never"), settled_s=(DAY_S, 3 * DAY_S),
    ),
    Focus(
        # Lists of deleted contacts say no dates, or go on naming contacts that came back.
        "came back", streams=(("contacts",), ("contacts", "companies", "tags")),
        verbs=("archive", "archive", "unarchive", "unarchive", "delete", "change"), changes=(1, 4),
        during=(0, 0, 1), failures=(0, 0, 0, 1), kinds=("500", "no_key", "short", "empty"),
        paths=("/contacts/deleted", ROWS, "/contacts/"), times=(1, 3, 0),
        settings={
            "has_deletion_lists": (True,), "dates_deletions": (True, False),
            "names_returned": (True, True, False), "deletions_order": ("newest", "mixed"),
        },
        waits_s=(300, 3_000, 5 * HOUR_S, DAY_S, 3 * DAY_S), reconcile=("auto", "auto", "never"),
        since=0.0, drops=0.0, leaves_out=0.0, runs=(2, 3, 3), rows=(3, 4, 5),
    ),
    Focus(
        # A run is told to stop while nobody answers whose workspace it is.
        "first stop", failures=(1,), kinds=("hang", "hang", "slow", "drop", "503"), times=(0,),
        paths=("/me", "/"), most_after=0, incidents=("first",), both=1.0, during=(0,),
        changes=(0, 2), drops=0.0, since=0.0, runs=(1, 2, 2),
    ),
    Focus(
        # A run is stopped while it reads changes, and a later one goes on with it.
        "stopped changes", streams=SEARCHED, verbs=("change",), changes=(4, 7), last=0.0,
        incidents=("early",), troubled=(1,), runs=(3,), rows=(5, 7), blocks=(1, 2), failures=(0,),
        waits_s=(5 * HOUR_S, DAY_S), settled_s=(3 * DAY_S,), reconcile=("never",), cut_short=0.0,
        during=(0,), full=0.0, since=0.0, drops=0.0, leaves_out=0.0,
        settings={"page_rows": (2, 3)},
    ),
    Focus(
        # A run is stopped, and one of other streams comes before that which goes on with it.
        "left behind", streams=(SUBSETS[2], SUBSETS[6], SUBSETS[7]), leaves_out=1.0, partial=(1,),
        cut_short=1.0, cuts=("early",), last=0.0, troubled=(1,), runs=(3,), changes=(0, 1),
        rows=(4, 5, 7), blocks=(1,), failures=(0,), during=(0,), waits_s=(1, 60, DAY_S),
        settled_s=(DAY_S, 3 * DAY_S), reconcile=("never",), full=0.0, since=0.0, drops=0.0,
    ),
    Focus(
        # So many rows in days that are cut into parts that their order is believed.
        "below days", streams=(("contacts",),), settings={**BY_DAYS, "page_rows": (2,)},
        blocks=(12, 16), rows=(2, 2, 3), waits_s=(HOUR_S, 2 * HOUR_S, 3 * HOUR_S), runs=(1, 1, 2),
        settled_s=(3 * DAY_S,), failures=(0,), during=(0,), verbs=("change",), changes=(0, 1),
        reconcile=("never",), cut_short=0.2, since=0.0, full=0.0,
    ),
    Focus(
        # The version that a stopped run read with is not that of the run that goes on with it.
        "other version", streams=(("contacts",),), verbs=("version",), changes=(1, 1),
        settings={
            "version": ("2.17", "Preview"), "page_rows": (2,), "per_page": (2,),
            "part_pages": (1,),
        },
        blocks=(2,), rows=(2, 4, 16, 16), waits_s=(HOUR_S, 3 * HOUR_S, 5 * HOUR_S),
        settled_s=(3 * DAY_S,), runs=(2,), cut_short=1.0, cuts=("planned",), last=1.0,
        failures=(0,), during=(0,), reconcile=("never",), since=0.0, full=0.0, drops=0.0,
        incidents=("",), weight=2.0,
    ),
    Focus(
        # Search serves old bodies of rows of which a read by id has shown a newer one.
        "old bodies", streams=WITH_PARTS[:2], verbs=("reply",), during=(1,), during_last=(4, 5, 8),
        settings={"late_s": (3_500,), "is_stale": (True,), "is_gone_late": (False,)},
        settled_s=(DAY_S, 3 * DAY_S), waits_s=(60, 300, 900), changes=(0, 0), failures=(0,),
        blocks=(1,), reconcile=("now",), last=0.0, troubled=(0,), runs=(2, 3), cut_short=0.0,
        since=0.0, drops=0.0, full=0.0, leaves_out=0.0,
    ),
    Focus(
        # Parts that leave the time of their conversation as it was.
        "notes", streams=(SUBSETS[3], SUBSETS[3], SUBSETS[6]), verbs=("note", "note", "reply"),
        changes=(1, 3), prepared=("reply",), waits_s=(60, 5 * HOUR_S, DAY_S), failures=(0,),
        during=(0, 0, 1), reconcile=("auto", "now", "never"), cut_short=0.1, since=0.0, drops=0.0,
        full=0.0, settled_s=(HOUR_S, DAY_S, 3 * DAY_S), leaves_out=0.0,
    ),
    Focus(
        # An outage that comes back as soon as a few calls were answered, while children are read.
        "outages again", streams=WITH_PARTS[:3], failures=(1,), kinds=("relapse",), times=(1,),
        paths=PARTS, most_after=4, picks=(40, 60, 90), prepared=("reply",), rows=(5, 7),
        blocks=(1, 2), verbs=("reply",), changes=(0, 2), during=(0,), cut_short=0.0,
        reconcile=("auto", "now"), settings=NO_CHANCE, since=0.0, drops=0.0, leaves_out=0.0,
        last=0.3, troubled=(0,), runs=(1, 2), settled_s=(DAY_S, 3 * DAY_S),
    ),
    Focus(
        # What a stopped run has committed is damaged before the next one goes on with it.
        "journals", streams=(*SEARCHED, SUBSETS[2], *WITH_PARTS[:2]), incidents=("journal",),
        cut_short=1.0, cuts=("early",), last=1.0, runs=(2,), rows=(4, 5, 7), prepared=("reply",),
        failures=(0,), during=(0,), changes=(0, 2), waits_s=(1, 60, DAY_S), leaves_out=0.0,
        settled_s=(DAY_S, 3 * DAY_S), reconcile=("never", "auto"), since=0.0, drops=0.0, full=0.0,
    ),
    Focus(
        # Rows come with the times that they had elsewhere, so that no change tells of them. Where
        # no list tells what went, rows that have gone hide them from a count until a sweep.
        "brought", streams=(("contacts",), ("conversations",), *WITH_PARTS[:2]), failures=(0,),
        verbs=("bring", "bring", "change", "delete", "create"), changes=(1, 3), during=(0, 0, 1),
        waits_s=(60, 900, 5 * HOUR_S, DAY_S), settled_s=(0, HOUR_S, DAY_S), reconcile=("auto",),
        cut_short=0.2, since=0.0, drops=0.0, full=0.0, runs=(2, 3, 3), leaves_out=0.0,
        settings={"has_deletion_lists": (True,)},
    ),
)  # fmt: skip
