"""Says how like two histories are, to play those first that are likely to show a defect."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from tests.sync.machine.claims import PARENTS
from tests.sync.machine.steps import Change, Failure, History, Run, Settings

LOOKBACK_S = 3_600
WEEK_S = 7 * 86_400
ONCE = ("stop_at_call", "kill_at_call", "kill_at_write", "stop_at_write", "full_at_write")
OTHERWISE = ("since_s", "full", "is_twin", "is_stranger", "damage", "dropped", "rows_per_shard")
SAME_FOCUS = 4.0
"""What a common focus counts, against the logarithm of how rare a common trait is."""
TROUBLE = "trouble: "
OTHER = 0.4
"""What a trait that is no trouble counts, such as a setting or a change."""
NOISE = 0.35
"""What a trait counts that only one of the two has, against one that both have."""


def ranked(
    kept: History, drawn: Sequence[tuple[int, History]], focus: Collection[int] = ()
) -> list[int]:
    """Return the seeds of histories that were drawn, those most like a kept one first.

    Args:
        kept: The history that shows a defect.
        drawn: Seeds and their histories.
        focus: Seeds of histories that are about the same kind of trouble.
    """
    traits_of = {seed: frozenset(traits(history)) for seed, history in drawn}
    known = Counter(trait for each in traits_of.values() for trait in each)
    weight = {
        trait: math.log(1 + len(drawn) / count) * (1.0 if trait.startswith(TROUBLE) else OTHER)
        for trait, count in known.items()
    }
    wanted = frozenset(traits(kept))
    likeness = {
        seed: _likeness(wanted, found, weight) + (SAME_FOCUS if seed in focus else 0.0)
        for seed, found in traits_of.items()
    }
    return sorted(likeness, key=lambda seed: (-likeness[seed], seed))


def _likeness(wanted: frozenset[str], found: frozenset[str], weight: Mapping[str, float]) -> float:
    shared = sum(weight.get(one, 0.0) for one in wanted & found)
    return shared - NOISE * sum(weight.get(one, 0.0) for one in wanted ^ found)


def traits(history: History) -> Iterator[str]:
    """Give what a history has: its troubles and their places, changes, settings, waits."""
    usual = Settings()
    for name in Settings.__struct_fields__:
        value = getattr(history.settings, name)
        if name not in ("form", "latency_s", "zone", "streams") and value != getattr(usual, name):
            yield f"{name}={value}" if isinstance(value, bool) else name
    yield from (f"stream {name}" for name in history.settings.streams)
    runs = [at for at, step in enumerate(history.steps) if isinstance(step, Run)]
    is_troubled, previous = False, "first"
    for place, step in enumerate(history.steps):
        number = sum(at < place for at in runs)
        when = "before" if not number else "after" if number == len(runs) else "between"
        if isinstance(step, Change):
            yield f"{when} {_change(step)}"
            continue
        signs = [*_signs(step)]
        for sign in signs:
            yield f"{TROUBLE}{sign}"
            yield f"{TROUBLE}{previous} then {sign}"
        is_quiet = not signs
        if is_quiet:
            yield "quiet after trouble" if is_troubled else "quiet first"
        yield f"{step.reconcile} {'quiet' if is_quiet else 'troubled'}"
        is_troubled = is_troubled or not is_quiet
        previous = "quiet" if is_quiet else "troubled"
    yield f"{len(runs)} runs"


def _change(change: Change) -> str:
    if change.do == "wait":
        if change.seconds >= WEEK_S:
            return "waits a week"
        return "waits" if change.seconds > LOOKBACK_S else "waits a little"
    many = " many" if change.count >= 7 else ""
    return f"{change.do} {change.stream}{many}"


def _signs(run: Run) -> Iterator[str]:
    """Give what happens to a run."""
    for name in ONCE:
        if getattr(run, name):
            yield name
    for name in OTHERWISE:
        if getattr(run, name):
            yield f"{name} {run.damage}" if name == "damage" else name
    for during in run.during:
        yield f"during {during.change.do} {during.change.stream}"
    for failure in run.failures:
        yield from _failure(failure)


def _failure(failure: Failure) -> Iterator[str]:
    first, _, rest = failure.path.strip("/").partition("/")
    stream = PARENTS.get(first, first)
    kind = "a status" if failure.kind.isdecimal() else failure.kind
    part = "id" if failure.path.endswith("/") or rest.isdecimal() else rest
    yield f"{kind} {part}"
    yield f"{kind} {part} {stream}"
    yield f"{kind} {'always' if not failure.times else 'once' if failure.times == 1 else 'often'}"
    if failure.after:
        yield f"{kind} later"
