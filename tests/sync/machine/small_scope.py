"""Draws small histories: few rows of one stream, few runs, and one trouble aimed at that stream.

Most defects show in a history that is small (the small-scope hypothesis), once its parts agree: the
trouble strikes a call that the run makes, the changes before it concern the rows that it hides, and
no other trouble tells of them. In a history of many independent parts they seldom do.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from .claims import PARENTS
from .focus import DAY_S, HOUR_S, OLD_S, PLAIN, ROWS, TEXTS, ZONES, Focus
from .incidents import incident
from .steps import Change, During, Failure, Form, History, Reconcile, Run, Settings

SEARCHED = ("contacts", "conversations", "tickets")
FAMILIES = ("contacts", "companies", "conversations", "tickets", "tags", "articles")
STREAMS_OF: Mapping[str, Sequence[str]] = {
    "bring": ("contacts", "conversations"),
    "archive": ("contacts",),
    "unarchive": ("contacts",),
    "merge": ("contacts",),
    "tag": ("contacts",),
    "untag": ("contacts",),
    "attach": ("contacts", "companies"),
    "detach": ("contacts", "companies"),
    "role": ("contacts",),
    "reply": ("conversations", "tickets"),
    "file": ("conversations", "tickets"),
    "note": ("conversations",),
    "convert": ("conversations",),
}
"""What is changed by changes that are not of every stream."""
UNDONE = {"archive": "unarchive", "tag": "untag", "attach": "detach"}
COUNTS = (1, 2, 3, 3, 4, 5, 7)
"""Rows that come at once: about a page of three, and fewer or more than one."""
PAUSES_S = (1, 60, 300, 800, HOUR_S, 5 * HOUR_S, 5 * HOUR_S, DAY_S, DAY_S, 8 * DAY_S)
LAST_CALLS = (6, 12, 30)
LAST_WRITES = (20, 40, 60)
ODD = 0.15
"""How likely a setting is not the usual one: with all of them odd, no history is small."""
OTHERS: Mapping[str, Sequence[Any]] = {
    "page_rows": (2, 2, 150),
    "per_page": (2,),
    "part_pages": (1, 2),
    "late_s": (60, 900, 3_500),
    "is_stale": (True,),
    "is_gone_late": (True,),
    "version": ("2.16", "2.17", "Preview"),
    "latency_s": (2.0,),
    "has_deletion_lists": (False, False, False),
    "is_moving": (True,),
    "is_costly": (True,),
    "is_large": (True,),
    "hides_has_more": (True,),
    "deletions_order": ("oldest", "mixed"),
    "listed": (3,),
}
"""Values of settings that are not the usual ones."""
LIKELY: Mapping[str, float] = {"has_deletion_lists": 0.5, "page_rows": 0.3, "version": 0.3}
OF_LISTS = ("none", "no_next", "twice", "no_time", "ahead", "utf8")
"""Kinds of failures that change lists of rows only."""


def small(dice: random.Random, form: Form, focus: Focus) -> History:
    """Return a small history about a focus."""
    return _Small(dice, form, focus).history()


class _Small:
    def __init__(self, dice: random.Random, form: Form, focus: Focus) -> None:
        self._dice = dice
        self._form: Form = form
        self._focus = focus
        streams = dice.choice(focus.streams)
        families = sorted({PARENTS.get(one, one) for one in streams})
        if focus.prepared:
            families = [one for one in families if one in STREAMS_OF[focus.prepared[0]]] or families
        self._main: str = dice.choice(families)
        if focus.leaves_out <= PLAIN.leaves_out and dice.random() < 0.6:
            streams = tuple(one for one in streams if PARENTS.get(one, one) == self._main)
        self._streams: tuple[str, ...] = streams
        verbs = [one for one in focus.verbs if self._main in STREAMS_OF.get(one, FAMILIES)]
        self._verbs: Sequence[str] = verbs or ("change", "change", "create", "delete")
        self._reconcile: Reconcile = dice.choice(focus.reconcile)
        self._done = ""
        self._keeps_reconcile: bool = dice.random() < 0.5

    def history(self) -> History:
        dice = self._dice
        steps: list[Change | Run] = [*self._beginning()]
        runs = dice.choice(self._focus.runs)
        others = self._focus.troubled or range(runs)
        troubled = runs - 1 if dice.random() < self._focus.last else dice.choice(others)
        is_cut_short = dice.random() < self._focus.cut_short
        cut_short = dice.randrange(troubled) if is_cut_short and troubled else runs
        for number in range(runs):
            run = self._run(number)
            if number == troubled:
                run = self._troubled(run)
            elif number == cut_short:
                run = self._with_incident(run, dice.choice(self._focus.cuts))
            elif number < troubled and dice.random() < 0.5:
                run = msgspec.structs.replace(run, reconcile="auto")
            steps.append(run)
            if number < runs - 1 or dice.random() < 0.4:
                steps += self._between()
        return History(tuple(steps), self._settings())

    def _settings(self) -> Settings:
        dice = self._dice
        chosen: dict[str, Any] = {"form": self._form, "streams": self._streams}
        for name, values in OTHERS.items():
            if dice.random() < LIKELY.get(name, ODD):
                chosen[name] = dice.choice(values)
        if chosen.get("is_gone_late") and dice.random() < 0.7:
            chosen["late_s"] = 3_500
        for name, values in self._focus.settings.items():
            chosen[name] = dice.choice(values)
        if self._focus.settings.get("version") == ("2.14",):
            chosen["zone"], chosen["server_zone"] = dice.sample(ZONES, 2)
        if chosen.get("lookback_s") == 0:
            # Nothing may be late where nothing is read again.
            chosen |= {"late_s": 0, "is_stale": False, "is_gone_late": False}
        return Settings(**chosen)

    def _beginning(self) -> list[Change]:
        dice, steps = self._dice, list[Change]()
        for number in range(dice.choice(self._focus.blocks)):
            if number and dice.random() < 0.8:
                steps.append(Change("wait", seconds=dice.choice((60, *self._focus.waits_s))))
            steps.append(
                Change("create", self._main, count=dice.choice(self._focus.rows or COUNTS))
            )
        if dice.random() < 0.15:
            others = [one for one in FAMILIES if one in self._streams]
            steps.append(Change("create", dice.choice(others or FAMILIES), count=2))
        if self._focus.steps_clock and dice.random() < 0.4:
            steps.append(Change("step_clock", seconds=dice.choice(self._focus.clock_steps_s)))
        prepared = [one for one in self._focus.prepared if self._main in STREAMS_OF[one]]
        if prepared and dice.random() < 0.75:
            steps += self._changes(dice.choice((1, 1, 2)), dice.choice(prepared))
        steps.append(Change("wait", seconds=dice.choice(self._focus.settled_s)))
        return steps

    def _between(self) -> list[Change]:
        """Change some rows in one way, and let time pass."""
        dice, count = self._dice, self._dice.choice((0, 1, 1, 1, 2, 4))
        if self._focus.changes != PLAIN.changes and dice.random() < 0.5:
            count = dice.randint(*self._focus.changes)
        steps = self._changes(count)
        if dice.random() < 0.2:
            steps += self._changes(1)
        if self._focus.steps_clock and dice.random() < 0.5:
            steps.append(Change("step_clock", seconds=dice.choice(self._focus.clock_steps_s)))
        pauses_s = PAUSES_S if dice.random() < 0.5 else self._focus.waits_s
        return [*steps, Change("wait", seconds=dice.choice(pauses_s))]

    def _changes(self, count: int, verb: str = "") -> list[Change]:
        """Do the same to some rows, mostly to one after the other."""
        dice = self._dice
        undone = UNDONE.get(self._done, "")
        if undone in self._verbs and dice.random() < 0.5:
            verb = verb or undone
        self._done = verb = verb or dice.choice(self._verbs)
        first, is_ordered = dice.choice((0, 0, dice.randint(0, 9))), dice.random() < 0.6
        return [
            self._change(verb, first + number if is_ordered else dice.randint(0, 9))
            for number in range(count)
        ]

    def _change(self, verb: str, pick: int) -> Change:
        dice = self._dice
        counts = {"create": (1, 1, 2, 7), "reply": (1, 1, 4, 7), "tag": (1, 2, 12, 12)}
        return msgspec.convert(
            {
                "step": "change", "do": verb, "stream": self._main, "pick": pick,
                "count": dice.choice(counts.get(verb, (1,))), "other": dice.randint(0, 3),
                "text": dice.choice(TEXTS.get(verb, ("",))),
                "seconds": dice.choice(OLD_S) if verb == "bring" else 0,
            },
            Change,
        )  # fmt: skip

    def _run(self, number: int) -> Run:
        dice, focus = self._dice, self._focus
        if not self._keeps_reconcile:
            self._reconcile = dice.choice(focus.reconcile)
        may_leave_out = number in (focus.partial or (number,))
        streams = self._some(focus.leaves_out) if may_leave_out else ()
        left = set(streams or self._streams)
        dropped = self._some(focus.drops)
        return Run(
            streams,
            full=dice.random() < focus.full,
            reconcile=self._reconcile,
            since_s=dice.choice(focus.since_s) if dice.random() < focus.since * 0.7 else None,
            dropped=dropped if left - {*dropped} else (),
        )

    def _some(self, likely: float) -> tuple[str, ...]:
        """Return some of the streams, children with their parents only; mostly none."""
        dice = self._dice
        if dice.random() > likely:
            return ()
        kept = [one for one in self._streams if dice.random() < 0.5]
        return tuple(one for one in kept if PARENTS.get(one, one) in (*kept, one))

    def _with_incident(self, run: Run, kind: str) -> Run:
        dice = self._dice
        fields = incident(dice, self._form, kind, calls=LAST_CALLS, writes=LAST_WRITES)
        if fields.get("rows_per_shard"):
            # What `finish_run` has no option for.
            fields |= {"reconcile": "auto", "since_s": None, "dropped": ()}
        return msgspec.structs.replace(run, **fields)

    def _troubled(self, run: Run) -> Run:
        """Let one thing happen to a run that its focus is about, now and then another one."""
        dice, focus = self._dice, self._focus
        incidents = [*focus.incidents]
        fails, changes = bool(focus.kinds) and any(focus.failures), any(focus.during)
        if changes and (dice.random() < 0.25 or not (fails or incidents)):
            run = msgspec.structs.replace(run, during=self._during())
            fails, incidents = fails and dice.random() < 0.4, incidents[: dice.random() < 0.4]
        is_both = dice.random() < focus.both
        if fails and (is_both or not incidents or dice.random() < 0.6):
            run, fails = msgspec.structs.replace(run, failures=self._failures()), False
            incidents = incidents if is_both else []
        if focus.steps_clock and dice.random() < 0.3:
            step = Change("step_clock", seconds=dice.choice(focus.clock_steps_s))
            during = (*run.during, During(dice.randint(1, 16), step))
            run = msgspec.structs.replace(run, during=during)
        return self._with_incident(run, dice.choice(incidents)) if incidents else run

    def _during(self) -> tuple[During, ...]:
        dice, last = self._dice, self._dice.choice(self._focus.during_last)
        changes = self._changes(dice.choice((1, 1, 2)))
        return tuple(During(dice.randint(1, last), change) for change in changes)

    def _failures(self) -> tuple[Failure, ...]:
        dice, focus = self._dice, self._focus
        first = self._failure(dice.choice(focus.kinds))
        if focus.second and dice.random() < 0.6:
            kind, after = dice.choice(focus.second), dice.randint(0, min(2, focus.most_after))
            after = dice.choice((after, dice.randint(0, focus.most_after)))
            return (first, Failure(kind, self._rows(), after=after, times=dice.choice((1, 1, 0))))
        if dice.random() < 0.2:
            return (first, self._failure(dice.choice(focus.kinds)))
        return (first,)

    def _failure(self, kind: str) -> Failure:
        dice, focus = self._dice, self._focus
        if kind == "poison":
            return Failure(kind, f"/{self._main}", pick=dice.randint(0, 9), times=0)
        after = min(dice.randint(0, focus.most_after), dice.randint(0, focus.most_after))
        return Failure(
            kind,
            self._path(kind),
            after=after,
            times=dice.choice((*focus.times, 0, 1)),
            pick=dice.choice(focus.picks),
        )

    def _path(self, kind: str) -> str:
        """Return a path that a run of the main stream asks for, of those of the focus."""
        mine = [one for one in self._focus.paths if one in (ROWS, "/") or self._is_mine(one)]
        if kind in OF_LISTS and ROWS in mine:
            return self._rows()
        path = self._dice.choice(mine or [ROWS])
        return self._rows() if path == ROWS else path

    def _rows(self) -> str:
        """Return the path of the rows of the main stream."""
        return f"/{self._main}/search" if self._main in SEARCHED else f"/{self._main}"

    def _is_mine(self, path: str) -> bool:
        return path in ("/me", "/files") or path.strip("/").partition("/")[0] == self._main
