"""Draws histories: mostly plain, with a few faults each, so that what fails shows one thing.

Most have a focus: one kind of trouble that is likely in them. What needs two rare things at a
time, a kill at the right write and a row that is old by then, comes up in hundreds of histories
instead of in tens of thousands.
"""

from __future__ import annotations

import random
from typing import Any

import msgspec

from .claims import PARENTS
from .steps import CHANGING, Change, During, Failure, Form, History, Reconcile, Run, Settings

HOUR_S, DAY_S = 3_600, 86_400

CHANGES = (
    ("create", 6),
    ("change", 8),
    ("reply", 5),
    ("delete", 3),
    ("archive", 1),
    ("unarchive", 1),
    ("merge", 2),
    ("tag", 2),
    ("untag", 1),
    ("attach", 2),
    ("detach", 1),
)
VERSIONS = ("2.14", "2.14", "2.16", "2.17", "Preview")
FIRST = ("contacts", "companies", "conversations", "tickets", "tags", "articles")
STEPS_S = (-DAY_S, -HOUR_S, 60, HOUR_S, 5 * HOUR_S, DAY_S)
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
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
    "empty",
    "short",
    "lie",
    "no_date",
)
CLOCKS = ("no_date", "no_clock", "wrong_date")
FOCUSES = (
    "", "", "stops", "kills", "outages", "answers", "days", "moves", "clocks", "targets", "cuts",
)  # fmt: skip
DROPPED = 0.07
DAMAGES = ("stateless", "garbled", "unlocked", "older", "older")
FOCUSED = 0.6
"""How likely a run of a history with a focus has the trouble that it is about."""
MOSTLY_FAILING = ("outages", "answers", "clocks", "cuts")
CUTS = ("empty", "short")
ANSWERS = ("utf8", "utf8", "no_key", "404", "empty", "short", "garble")
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


def draw(seed: int, form: Form = "jsonl") -> History:
    """Return the history of a seed."""
    return _Draw(random.Random(seed), form).history()


class _Draw:
    def __init__(self, dice: random.Random, form: Form) -> None:
        self._dice = dice
        self._form: Form = form
        self._streams: tuple[str, ...] = ()
        self._focus = ""

    def history(self) -> History:
        dice = self._dice
        self._streams = dice.choice(SUBSETS)
        self._focus = dice.choice(FOCUSES)
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
            has_deletion_lists=dice.random() < 0.5,
            is_stale=dice.random() < 0.3,
            is_gone_late=dice.random() < 0.5,
            is_moving=dice.random() < 0.3,
            hides_has_more=dice.random() < 0.2,
            deletions_order=dice.choice(("newest", "newest", "oldest", "mixed")),
            listed=dice.choice((10_000, 10_000, 10_000, 3)),
        )
        if self._focus in ("days", "moves"):
            settings = self._by_days(settings)
        if self._focus == "cuts":
            # Many pages of rows that are too old to come as changes, and chains to be split.
            settings = msgspec.structs.replace(settings, page_rows=2, per_page=2, part_pages=16)
        steps: list[Change | Run] = [*self._beginning()]
        for _ in range(dice.randint(1, 3)):
            steps.append(self._run())
            steps += self._between()
        if self._focus == "cuts":
            rested = (Change("wait", seconds=3 * DAY_S), *steps[-6:])
            many = [Change("create", self._stream(), count=7) for _ in range(4)]
            steps = [*many, *rested]
        history = History(tuple(steps), settings)
        return _exact(history) if dice.random() < 0.1 else history

    def _by_days(self, settings: Settings) -> Settings:
        """Let contacts be asked for by days that are not those of the workspace, in small parts."""
        self._streams = ("contacts",)
        zone, server_zone = self._dice.sample(ZONES, 2)
        if self._focus == "moves":
            # Changes are read by pages of two, newest first, and nothing else is.
            settings = msgspec.structs.replace(settings, has_deletion_lists=True, late_s=0)
        return msgspec.structs.replace(
            settings,
            streams=self._streams,
            version="2.14",
            per_page=2,
            part_pages=1,
            zone=zone,
            server_zone=server_zone,
        )

    def _beginning(self) -> list[Change]:
        dice, steps = self._dice, list[Change]()
        for _ in range(dice.randint(3, 9)):
            stream = self._stream()
            steps.append(
                Change("create", stream, pick=dice.randint(0, 9), count=dice.randint(1, 4))
            )
            if dice.random() < 0.7:
                steps.append(Change("wait", seconds=self._seconds()))
        return steps

    def _between(self) -> list[Change]:
        dice, steps = self._dice, list[Change]()
        fewest = 4 if self._focus == "moves" else 0
        for _ in range(dice.randint(fewest, 6)):
            steps.append(self._change())
            if dice.random() < 0.5:
                steps.append(Change("wait", seconds=self._seconds()))
        draw = dice.random()
        if draw < 0.03:
            steps.append(Change("zone", text=dice.choice(ZONES)))
        elif draw < 0.06:
            steps.append(Change("server_zone", text=dice.choice(ZONES)))
        elif draw < 0.09:
            steps.append(Change("version", text=dice.choice(VERSIONS)))
        elif draw < 0.19 or self._focus == "clocks":
            steps.append(Change("step_clock", seconds=dice.choice(STEPS_S)))
        steps.append(Change("wait", seconds=self._seconds()))
        return steps

    def _seconds(self) -> int:
        if self._focus == "days":
            return self._dice.choice((300, 5 * HOUR_S, 9 * HOUR_S, DAY_S))
        return self._dice.choice((1, 1, 30, 300, 700, HOUR_S, 5 * HOUR_S, DAY_S, 3 * DAY_S))

    def _stream(self) -> str:
        names = [one for one in FIRST if one in self._streams]
        if "conversation_parts" in self._streams:
            names.append("conversations")
        return self._dice.choice(names or ["conversations"])

    def _change(self) -> Change:
        dice = self._dice
        verbs, weights = zip(*CHANGES, strict=True)
        verb = dice.choices(verbs, weights)[0]
        if self._focus == "moves" and dice.random() < FOCUSED:
            verb = "change"
        stream = self._stream()
        if verb == "reply":
            stream = "tickets" if "tickets" in self._streams else "conversations"
        count = 1
        if verb in ("create", "reply"):
            count = dice.choice((1, 1, 2, 7))
        if verb == "tag":
            count = dice.choice((1, 2, 12))
        more: dict[str, Any] = {}
        if verb in ("merge", "attach", "detach", "untag"):
            more["other"] = dice.randint(0, 9)
        return Change(verb, stream, pick=dice.randint(0, 9), count=count, **more)

    def _run(self) -> Run:
        dice = self._dice
        is_moves = self._focus == "moves"
        during = tuple(
            During(dice.randint(1, 8 if is_moves else 40), self._change())
            for _ in range(dice.choice((1, 2, 4) if is_moves else (0, 0, 0, 1, 2, 4)))
        )
        most = (0, 1, 1) if self._focus in MOSTLY_FAILING else (0, 0, 0, 0, 1, 1, 2)
        failures = tuple(self._failure() for _ in range(dice.choice(most)))
        streams = self._some_streams()
        return Run(
            streams,
            full=dice.random() < 0.15,
            # Small workspaces are swept by each run that may: without, changes are on their own.
            reconcile=self._reconcile(),
            since_s=dice.choice((60, HOUR_S, DAY_S)) if dice.random() < 0.1 else None,
            during=during,
            failures=failures,
            departed=dice.choice(("keep",) * 8 + ("erase", "drop")),
            dropped=self._dropped(streams or self._streams),
            **self._incident(),
        )

    def _reconcile(self) -> Reconcile:
        if self._focus in ("stops", "kills", "moves") and self._dice.random() < 0.6:
            return "never"
        return self._dice.choice(("auto", "auto", "now", "never", "never"))

    def _dropped(self, streams: tuple[str, ...]) -> tuple[str, ...]:
        """Drop a stream and its children now and then, as long as others are left."""
        one = self._dice.choice(self._streams)
        dropped = tuple(name for name in self._streams if one in (name, PARENTS.get(name)))
        return dropped if self._dice.random() < DROPPED and set(streams) - set(dropped) else ()

    def _some_streams(self) -> tuple[str, ...]:
        """Leave some streams out now and then; children come with their parents."""
        dice = self._dice
        if dice.random() > 0.15:
            return ()
        kept = [one for one in self._streams if dice.random() < 0.6]
        return tuple(one for one in kept if PARENTS.get(one, one) in kept)

    def _incident(self) -> dict[str, Any]:
        """Return what happens to the process or to the target, if anything does."""
        dice, draw = self._dice, self._dice.random()
        is_stopped = self._focus == "stops" or (self._focus == "cuts" and dice.random() < FOCUSED)
        if is_stopped and dice.random() < FOCUSED:
            return {"stop_at_call": dice.randint(2, dice.choice((8, 30)))}
        if self._focus == "kills" and dice.random() < FOCUSED:
            draw = 0.2
        keeping = dice.choice(("all", "some", "none"))
        # A database is one file: what is left of a part of it is not read again.
        damages: tuple[str, ...] = ("cut", "remove", "flip", *DAMAGES)
        if self._form == "duckdb":
            damages = ("remove", *DAMAGES)
        if self._form == "objects":
            damages = ("cut", "remove", "flip", "older")
        if self._form == "postgres":
            damages = ("cut", "remove", "stateless", "garbled")
        at_write = dice.randint(1, dice.choice((8, 20, 60, 200)))
        if self._focus == "targets" and dice.random() < FOCUSED:
            draw = 0.34 if dice.random() < 0.7 else 0.42
        incidents: tuple[tuple[float, dict[str, Any]], ...] = (
            (0.08, {"stop_at_call": dice.randint(1, dice.choice((30, 120)))}),
            (0.1, {"stop_at_write": at_write}),
            (0.15, {"kill_at_call": dice.randint(2, 30), "keeping": keeping}),
            (0.25, {"kill_at_write": at_write, "keeping": keeping}),
            (0.3, {"full_at_write": at_write}),
            (0.35, {"damage": dice.choice(damages), "file": dice.randint(0, 9)}),
            (0.4, {"is_twin": True}),
            (0.43, {"is_stranger": True}),
        )
        nothing: dict[str, Any] = {}
        return next((incident for limit, incident in incidents if draw < limit), nothing)

    def _failure(self) -> Failure:
        dice, draw = self._dice, self._dice.random()
        path = dice.choice(PATHS)
        if self._focus == "clocks" and draw < FOCUSED:
            times = dice.choice((0, 0, 1))
            pick = dice.choice((-DAY_S, -HOUR_S, HOUR_S, DAY_S))
            return Failure(dice.choice(CLOCKS), "/", times=times, pick=pick)
        if draw < 0.15 or self._focus == "outages":
            seconds = dice.choice((1, 20, 90, 400))
            return Failure("outage", path, after=dice.randint(0, 5), pick=seconds)
        if self._focus in ("answers", "cuts") and draw > 0.35:
            most, kinds = (3, ANSWERS) if self._focus == "answers" else (12, CUTS)
            times = dice.choice((1, 3, 0))
            return Failure(dice.choice(kinds), self._path(), dice.randint(0, most), times)
        if draw < 0.35:
            path = dice.choice(("/contacts", "/conversations", "/tickets"))
            return Failure("poison", path, pick=dice.randint(0, 9), times=0)
        kind = dice.choice(KINDS)
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
    settings = msgspec.structs.replace(history.settings, late_s=0, lookback_s=0, is_stale=False)
    steps = tuple(
        msgspec.structs.replace(step, reconcile="now") if isinstance(step, Run) else step
        for step in history.steps
    )
    return History(steps, settings)
