"""Draws histories from kept ones: changes one a little, or puts the end of one behind another.

What a kept history needs, another defect may need in another place: the same trouble in another
stream, a call later, or behind a run that was stopped. A fuzzer mutates what it has in that way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from .claims import PARENTS
from .focus import DELETED, SETTLED_S
from .small_scope import FAMILIES, OTHERS, PAUSES_S, SEARCHED
from .steps import Change, Failure, Form, History, Run, Settings

KINDS: Mapping[str, Sequence[str]] = {
    "rows": ("empty", "short", "none", "no_key", "no_time", "ahead", "twice", "no_next", "utf8"),
    "calls": ("500", "404", "403", "hang", "drop", "garble", "outage"),
    "clocks": ("wrong_date", "no_date", "no_clock"),
}
"""Kinds of failures; one is put in the place of another of its row."""
MOVES = (-3, -2, -1, -1, 1, 1, 2, 3)
"""By how many calls, or operations on the disk, what happens is moved."""
TARGETS = ("stop_at_call", "kill_at_call", "kill_at_write", "stop_at_write", "full_at_write")


class Spliced(NamedTuple):
    """A history, and those that it was made of."""

    history: History
    made_of: tuple[History, ...]


def splice(seed: int, corpus: Sequence[History], form: Form = "jsonl") -> Spliced:
    """Return the history of a seed, made of one or two of a corpus."""
    return _Splice(random.Random(seed), corpus, form).spliced()


class _Splice:
    def __init__(self, dice: random.Random, corpus: Sequence[History], form: Form) -> None:
        self._dice = dice
        self._corpus = corpus
        self._form: Form = form

    def spliced(self) -> Spliced:
        dice = self._dice
        made_of = [dice.choice(self._corpus)]
        made = made_of[0]
        if dice.random() < 0.25:
            made_of.append(dice.choice(self._corpus))
            made = self._joined(made, made_of[1])
        if dice.random() < 0.35:
            made = self._elsewhere(made)
        changes: tuple[Callable[[History], History], ...] = (
            self._with_other_settings, self._without_a_step, self._with_a_step_again,
            self._with_a_pause, self._with_another_run, self._with_another_run,
        )  # fmt: skip
        for _ in range(dice.choice((1, 1, 2, 3, 4))):
            made = dice.choice(changes)(made)
        settings = _agreeing(msgspec.structs.replace(made.settings, form=self._form))
        return Spliced(msgspec.structs.replace(made, note="", settings=settings), tuple(made_of))

    def _joined(self, first: History, second: History) -> History:
        """Put what one history ends with behind another one, about the streams of the first."""
        kept = second.steps[self._dice.randrange(len(second.steps)) :]
        main, other = _main(first), _main(second)
        return msgspec.structs.replace(first, steps=first.steps + _moved(kept, other, main))

    def _elsewhere(self, history: History) -> History:
        """Let a history be about another stream."""
        main, other = _main(history), self._dice.choice(FAMILIES)
        children = tuple(child for child, parent in PARENTS.items() if parent == other)
        settings = msgspec.structs.replace(history.settings, streams=(other, *children))
        return History(_moved(history.steps, main, other), settings)

    def _with_other_settings(self, history: History) -> History:
        name = self._dice.choice([*OTHERS])
        usual = getattr(Settings(), name)
        value = self._dice.choice((usual, *OTHERS[name]))
        settings = msgspec.structs.replace(history.settings, **{name: value})
        return msgspec.structs.replace(history, settings=settings)

    def _without_a_step(self, history: History) -> History:
        place = self._dice.randrange(len(history.steps))
        steps = history.steps[:place] + history.steps[place + 1 :]
        return msgspec.structs.replace(history, steps=steps or history.steps)

    def _with_a_step_again(self, history: History) -> History:
        """Do something once more, right behind or at the end; a run without its trouble."""
        dice = self._dice
        again = dice.choice(history.steps)
        if isinstance(again, Run) and dice.random() < 0.6:
            again = Run(again.streams, reconcile=again.reconcile)
        elif isinstance(again, Change):
            again = msgspec.structs.replace(again, pick=dice.randint(0, 4))
        place = dice.randint(0, len(history.steps))
        steps = (*history.steps[:place], again, *history.steps[place:])
        return msgspec.structs.replace(history, steps=steps)

    def _with_a_pause(self, history: History) -> History:
        """Let time pass somewhere, or let another time pass."""
        dice, steps = self._dice, [*history.steps]
        place, pause = dice.randrange(len(steps)), dice.choice((*PAUSES_S, *SETTLED_S))
        step = steps[place]
        if isinstance(step, Change) and step.do == "wait":
            steps[place] = msgspec.structs.replace(step, seconds=pause)
        else:
            steps.insert(place, Change("wait", seconds=pause))
        return msgspec.structs.replace(history, steps=tuple(steps))

    def _with_another_run(self, history: History) -> History:
        """Change what happens to one of the runs."""
        places = [at for at, step in enumerate(history.steps) if isinstance(step, Run)]
        if not places:
            return msgspec.structs.replace(history, steps=(*history.steps, Run()))
        at = self._dice.choice(places)
        run = history.steps[at]
        assert isinstance(run, Run)
        steps = (*history.steps[:at], self._other(run), *history.steps[at + 1 :])
        return msgspec.structs.replace(history, steps=steps)

    def _other(self, run: Run) -> Run:
        dice = self._dice
        named = [name for name in TARGETS if getattr(run, name)]
        if named and dice.random() < 0.5:
            name = dice.choice(named)
            moved = max(1, getattr(run, name) + dice.choice(MOVES))
            return msgspec.structs.replace(run, **{name: moved})
        if run.failures and dice.random() < 0.7:
            at = dice.randrange(len(run.failures))
            failures = [*run.failures]
            failures[at] = self._failure(failures[at])
            return msgspec.structs.replace(run, failures=tuple(failures))
        if run.during and dice.random() < 0.6:
            at = dice.randrange(len(run.during))
            during = [*run.during]
            call = max(1, during[at].call + dice.choice(MOVES))
            during[at] = msgspec.structs.replace(during[at], call=call)
            return msgspec.structs.replace(run, during=tuple(during))
        others: tuple[Mapping[str, Any], ...] = (
            {"reconcile": "never"}, {"reconcile": "now"}, {"reconcile": "auto"}, {"full": True},
            {"stop_at_call": dice.randint(1, 12)}, {"kill_at_write": dice.randint(1, 40)},
        )  # fmt: skip
        return msgspec.structs.replace(run, **dice.choice(others))

    def _failure(self, failure: Failure) -> Failure:
        dice = self._dice
        row = next((row for row in KINDS.values() if failure.kind in row), (failure.kind,))
        others: tuple[Mapping[str, Any], ...] = (
            {"after": max(0, failure.after + dice.choice(MOVES))},
            {"times": dice.choice((0, 1, 3, 20))},
            {"kind": dice.choice(row)},
        )
        return msgspec.structs.replace(failure, **dice.choice(others))


def _main(history: History) -> str:
    """Return the stream that a history is about: that of its first rows."""
    made = (one.stream for one in history.steps if isinstance(one, Change) and one.do == "create")
    return next(made, PARENTS.get(history.settings.streams[0], history.settings.streams[0]))


def _moved(steps: Sequence[Change | Run], main: str, other: str) -> tuple[Change | Run, ...]:
    """Return steps about one stream as steps about another one."""
    return tuple(
        _moved_run(step, main, other)
        if isinstance(step, Run)
        else msgspec.structs.replace(step, stream=other if step.stream == main else step.stream)
        for step in steps
    )


def _moved_run(run: Run, main: str, other: str) -> Run:
    failures = tuple(
        msgspec.structs.replace(one, path=_moved_path(one.path, main, other))
        for one in run.failures
    )
    during = tuple(
        msgspec.structs.replace(one, change=msgspec.structs.replace(one.change, stream=other))
        if one.change.stream == main
        else one
        for one in run.during
    )
    return msgspec.structs.replace(run, streams=(), dropped=(), failures=failures, during=during)


def _moved_path(path: str, main: str, other: str) -> str:
    first, _, rest = path.strip("/").partition("/")
    if first != main:
        return path
    if path in DELETED:
        return f"/{other}/deleted"
    is_searched = other in SEARCHED
    if rest == "search" or not path.endswith("/"):
        return f"/{other}/search" if is_searched else f"/{other}"
    return f"/{other}/"


def _agreeing(settings: Settings) -> Settings:
    """Return settings of which none breaks what another one assumes."""
    if settings.lookback_s:
        return settings
    return msgspec.structs.replace(settings, late_s=0, is_stale=False, is_gone_late=False)
