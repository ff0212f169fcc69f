"""Draws histories: mostly plain, with a few faults each, so that what fails shows one thing.

Most have a focus: one kind of trouble that is likely in them. Each knows some of the changes and of
the faults only (swarm testing): what happens often in one history hides what is rare in another.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec

from .claims import PARENTS
from .focus import (
    CLOCK_STEPS_S,
    DAY_S,
    FOCUSES,
    OLD_S,
    PLAIN,
    ROWS,
    TEXTS,
    VERSIONS,
    WAITS_S,
    ZONES,
    Focus,
)
from .incidents import any_incident, incident
from .later_foci import LATER
from .small_scope import small
from .steps import Change, During, Failure, Form, History, Run, Settings

CHANGES = {
    "create": 6,
    "change": 8,
    "reply": 5,
    "delete": 3,
    "archive": 1,
    "unarchive": 1,
    "merge": 2,
    "tag": 2,
    "untag": 1,
    "attach": 2,
    "detach": 1,
    "role": 1,
    "convert": 1,
    "file": 1,
    "drift": 1,
}
"""How often each is."""
FIRST = ("contacts", "companies", "conversations", "tickets", "tags", "articles")
PATHS = (
    "/contacts/search",
    "/conversations/search",
    "/tickets/search",
    "/conversations/",
    "/tickets/",
    "/companies",
    "/tags",
    "/articles",
    "/",
    "/me",
    "/contacts/",
    "/contacts/deleted",
    "/conversations/deleted",
    "/companies/scroll",
)
KINDS = (
    "500",
    "503",
    "400",
    "404",
    "429",
    "403",
    "401",
    "drop",
    "hang",
    "garble",
    "utf8",
    "no_key",
    "no_time",
    "number",
    "twice",
    "ahead",
    "no_next",
    "empty",
    "short",
    "lie",
    "no_date",
    "outage",
    "outage",
    "poison",
    "poison",
    "loop",
    "back",
    "link",
)
POISONED = ("/contacts", "/conversations", "/tickets")
OUTAGES_S = (1, 20, 90, 400, 2_000)
KNOWN = 0.7
"""How likely a history knows a change, or a kind of failure."""
FOCUSED = 0.65
"""How likely a run of a history with a focus has the trouble that it is about."""
SMALL = 0.85
"""How likely a history with a focus is a small one."""
SUSPENDED = 0.04
"""How likely time passes in the middle of a call, or the clock is stepped there."""


def draw(seed: int, form: Form = "jsonl") -> History:
    """Return the history of a seed."""
    dice = random.Random(seed)
    focus = _focus(seed, dice, form)
    if focus.name and dice.random() < SMALL:
        return small(dice, form, focus)
    return _Draw(dice, form, focus).history()


def focus_of(seed: int, form: Form = "jsonl") -> str:
    """Return the name of what the history of a seed is about."""
    return _focus(seed, random.Random(seed), form).name


def _focus(seed: int, dice: random.Random, form: Form) -> Focus:
    found = dice.choices(FOCUSES, [one.weight for one in FOCUSES])[0]
    total = sum(one.weight for one in FOCUSES)
    for one in LATER:
        total += one.weight
        if random.Random(f"{seed} {one.name}").random() < one.weight / total:
            found = one
    return PLAIN if found.name == "shards" and form != "postgres" else found


class _Draw:
    def __init__(self, dice: random.Random, form: Form, focus: Focus) -> None:
        self._dice = dice
        self._form: Form = form
        self._focus = focus
        self._streams: tuple[str, ...] = dice.choice(self._focus.streams)
        known = {verb: weight for verb, weight in CHANGES.items() if dice.random() < KNOWN}
        self._changes: dict[str, int] = known or CHANGES
        self._kinds: list[str] = [one for one in KINDS if dice.random() < KNOWN] or [*KINDS]

    def history(self) -> History:
        dice = self._dice
        steps: list[Change | Run] = [*self._beginning()]
        settings = self._settings()
        for _ in range(dice.randint(1, 3)):
            steps.append(self._run())
            steps += self._between()
        if self._focus.name == "cuts":
            # Many rows that are too old to come as changes, and chains to be split.
            many = [Change("create", self._stream(), count=7) for _ in range(4)]
            steps = [*many, Change("wait", seconds=3 * DAY_S), *steps[-6:]]
        history = History(tuple(steps), settings)
        return _exact(history) if dice.random() < 0.1 else history

    def _settings(self) -> Settings:
        dice = self._dice
        zone = dice.choice(ZONES)
        settings = Settings(
            form=self._form,
            streams=self._streams,
            page_rows=dice.choice((2, 3, 3, 150)),
            per_page=dice.choice((2, 3, 150)),
            part_pages=dice.choice((1, 1, 2, 16)),
            late_s=dice.choice((0, 0, 60, 900, 3_500)),
            zone=zone,
            server_zone=dice.choice((zone, zone, *ZONES)),
            version=dice.choice(VERSIONS),
            latency_s=dice.choice((*(0.05,) * 9, 2.0)),
            has_deletion_lists=dice.random() < 0.5,
            is_stale=dice.random() < 0.3,
            is_gone_late=dice.random() < 0.3,
            is_moving=dice.random() < 0.3,
            is_costly=dice.random() < 0.2,
            is_large=dice.random() < 0.1,
            hides_has_more=dice.random() < 0.2,
            deletions_order=dice.choice(("newest", "newest", "oldest", "mixed")),
            listed=dice.choice((10_000, 10_000, 10_000, 3)),
            cursor_s=dice.choice((*(0,) * 9, 30)),
            expired=dice.choice(("400", "500", "first")),
        )
        chosen: dict[str, Any] = {
            name: dice.choice(values) for name, values in self._focus.settings.items()
        }
        if self._focus.settings.get("version") == ("2.14",):
            # The server's days are not those of the workspace.
            chosen["zone"], chosen["server_zone"] = dice.sample(ZONES, 2)
        return msgspec.structs.replace(settings, **chosen)

    def _beginning(self) -> list[Change]:
        dice, steps = self._dice, list[Change]()
        few, many = dice.choice(((1, 2), (3, 4), (9, 4)))
        for _ in range(dice.randint(1, few)):
            stream = self._stream()
            steps.append(
                Change("create", stream, pick=dice.randint(0, 9), count=dice.randint(1, many))
            )
            if dice.random() < 0.7:
                steps.append(self._wait())
        return steps

    def _between(self) -> list[Change]:
        dice, steps = self._dice, list[Change]()
        for _ in range(dice.randint(*self._focus.changes)):
            steps.append(self._change())
            if dice.random() < 0.5:
                steps.append(self._wait())
        draw = dice.random()
        if draw < 0.03:
            steps.append(Change("zone", text=dice.choice(ZONES)))
        elif draw < 0.06:
            steps.append(Change("server_zone", text=dice.choice(ZONES)))
        elif draw < 0.09:
            steps.append(Change("version", text=dice.choice(VERSIONS)))
        elif draw < 0.19 or self._focus.steps_clock:
            steps.append(Change("step_clock", seconds=dice.choice(self._focus.clock_steps_s)))
        steps.append(self._wait())
        return steps

    def _wait(self) -> Change:
        waits_s = self._focus.waits_s if self._dice.random() < FOCUSED else WAITS_S
        return Change("wait", seconds=self._dice.choice(waits_s))

    def _stream(self) -> str:
        names = [one for one in FIRST if one in self._streams]
        if "conversation_parts" in self._streams:
            names.append("conversations")
        return self._dice.choice(names or ["conversations"])

    def _change(self) -> Change:
        dice = self._dice
        verb = dice.choices([*self._changes], [*self._changes.values()])[0]
        if self._focus.verbs and dice.random() < FOCUSED:
            verb = dice.choice(self._focus.verbs)
        stream = self._stream()
        if verb in ("reply", "file"):
            stream = "tickets" if "tickets" in self._streams else "conversations"
        count = 1
        if verb in ("create", "reply"):
            count = dice.choice((1, 1, 2, 7))
        if verb == "tag":
            count = dice.choice((1, 2, 12))
        more: dict[str, Any] = {}
        if verb in ("merge", "attach", "detach", "untag", "file"):
            more["other"] = dice.randint(0, 9)
        if verb == "drift":
            stream = dice.choice(self._streams)
        if verb in TEXTS:
            more["text"] = dice.choice(TEXTS[verb])
        return msgspec.convert(
            {"step": "change", "do": verb, "stream": stream, "pick": dice.randint(0, 9)}
            | {"seconds": dice.choice(OLD_S) if verb == "bring" else 0}
            | {"count": count, **more},
            Change,
        )

    def _run(self) -> Run:
        dice, focus = self._dice, self._focus
        incident = self._incident()
        during = [
            During(dice.randint(1, focus.during_calls), self._change())
            for _ in range(dice.choice(focus.during))
        ]
        if not incident and dice.random() < SUSPENDED:
            # The machine sleeps in the middle of a run, or a clock or a zone is set.
            passes = Change("wait", seconds=dice.choice((300, 700)))
            steps = Change("step_clock", seconds=dice.choice(CLOCK_STEPS_S))
            moves = Change("server_zone", text=dice.choice(ZONES))
            during.append(During(dice.randint(1, 20), dice.choice((passes, steps, moves))))
        streams = self._some_streams()
        run = Run(
            streams,
            full=dice.random() < max(0.15, focus.full),
            # Small workspaces are swept by each run that may: without, changes are on their own.
            reconcile=dice.choice(focus.reconcile),
            since_s=dice.choice(focus.since_s) if dice.random() < focus.since else None,
            during=tuple(during),
            failures=tuple(self._failure() for _ in range(dice.choice(focus.failures))),
            departed=dice.choice(("keep",) * 8 + ("erase", "drop")),
            dropped=self._dropped(streams or self._streams),
            **incident,
        )
        if not run.rows_per_shard:
            return run
        # What `finish_run` has no option for.
        return msgspec.structs.replace(run, reconcile="auto", since_s=None, dropped=())

    def _dropped(self, streams: tuple[str, ...]) -> tuple[str, ...]:
        """Drop a stream and its children now and then, as long as others are left."""
        one, is_wanted = self._dice.choice(self._streams), self._dice.random() < self._focus.drops
        dropped = tuple(name for name in self._streams if one in (name, PARENTS.get(name)))
        return dropped if is_wanted and set(streams) - set(dropped) else ()

    def _some_streams(self) -> tuple[str, ...]:
        """Leave some streams out now and then; children come with their parents."""
        dice = self._dice
        if dice.random() > self._focus.leaves_out:
            return ()
        kept = [one for one in self._streams if dice.random() < 0.6]
        return tuple(one for one in kept if PARENTS.get(one, one) in kept)

    def _incident(self) -> dict[str, Any]:
        """Return what happens to the process or to the target, if anything does."""
        dice = self._dice
        if self._focus.incidents and dice.random() < FOCUSED:
            return incident(dice, self._form, dice.choice(self._focus.incidents))
        return any_incident(dice, self._form)

    def _failure(self) -> Failure:
        dice, focus = self._dice, self._focus
        if focus.kinds and dice.random() < FOCUSED:
            path = dice.choice(focus.paths)
            return Failure(
                dice.choice(focus.kinds),
                self._path() if path == ROWS else path,
                after=dice.randint(0, focus.most_after),
                times=dice.choice(focus.times),
                pick=dice.choice(focus.picks),
            )
        kind, path = dice.choice(self._kinds), dice.choice(PATHS)
        if kind == "outage":
            return Failure(kind, path, after=dice.randint(0, 5), pick=dice.choice(OUTAGES_S))
        if kind == "poison":
            return Failure(kind, dice.choice(POISONED), pick=dice.randint(0, 9), times=0)
        times = dice.choice((1, 1, 3, 20, 0))
        pick = dice.choice((0, 1, 1_000)) if kind == "lie" else 0
        return Failure(kind, path, after=dice.randint(0, 6), times=times, pick=pick)

    def _path(self) -> str:
        """Return where rows of one of the streams come from."""
        stream = PARENTS.get(one := self._dice.choice(self._streams), one)
        is_searched = stream in ("contacts", "conversations", "tickets")
        return f"/{stream}/search" if is_searched else f"/{stream}"


def _exact(history: History) -> History:
    """Let search find all at once and each run look at everything: then nothing may be old."""
    settings = msgspec.structs.replace(
        history.settings, late_s=0, lookback_s=0, is_stale=False, is_gone_late=False
    )
    steps = tuple(
        msgspec.structs.replace(step, reconcile="now") if isinstance(step, Run) else step
        for step in history.steps
    )
    return History(steps, settings)
