"""The promise, as comparisons of a target with the truth.

A record that was the same from before the run's lookback until its end has one right answer; of one
that changed in between, each version that it had in that time is right.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from .claims import PARENTS, Named
from .steps import WRONG_BY_S
from .targets import Record, Rows
from .truth import Truth, Version
from .workspace import mark_of

AHEAD_S = 600
"""Seconds by which the time of a row has to lie ahead to be noticed."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a target breaks the promise."""

    rule: str
    stream: str
    key: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.stream} {self.key} {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class Span:
    """When a run began and ended, in the server's UNIX seconds."""

    begun_at: float
    ended_at: float
    lookback_s: float
    checked_to: float = float("inf")
    """R, where the run was told not to look for what is gone."""

    @property
    def low(self) -> float:
        """Until when everything must be in the target."""
        return self.begun_at - self.lookback_s


def doubled(rows: Rows) -> Iterator[Violation]:
    """A key has one live row."""
    for stream, records in rows.items():
        counts = Counter(record.key for record in records if record.is_live)
        for key, count in counts.items():
            if count > 1:
                yield Violation("doubled", stream, key, f"{count} live rows")


def backwards(before: Rows, after: Rows, truth: Truth) -> Iterator[Violation]:
    """No row goes back to an earlier version."""
    for stream, records in after.items():
        if stream in PARENTS:
            continue
        had = {one.key: one for one in before.get(stream, ()) if one.is_live}
        for record in records:
            earlier = had.get(record.key)
            if earlier is None or not record.is_live:
                continue
            versions = truth.versions(stream, record.key)
            old, new = _places(stream, earlier, versions), _places(stream, record, versions)
            if old and new and max(new) < min(old):
                yield Violation("backwards", stream, record.key)


def outlived(before: Rows, after: Rows, truth: Truth) -> Iterator[Violation]:
    """Children stay as they were last seen while their parent is there, however many there are."""
    for stream, parent_stream in PARENTS.items():
        if stream not in after:
            continue
        field = parent_stream.removesuffix("s") + "_id"
        live = {str(one.record["id"]) for one in after[stream] if one.is_live}
        for one in before.get(stream, ()):
            key = str(one.record["id"])
            parent = truth.current(parent_stream, str(one.record[field]))
            if one.is_live and key not in live and parent is not None and key in parent.parts:
                yield Violation("children gone", stream, key)


def moment_of(record: Record) -> int | None:
    """Return when a row says that it changed; a server may write it as text."""
    moment = record.record.get("updated_at")
    return int(moment) if isinstance(moment, str) else moment


def _places(stream: str, record: Record, versions: list[Version]) -> list[int]:
    mark = mark_of(stream, record.record)
    return [place for place, one in enumerate(versions) if one.mark == mark]


def whole(
    rows: Rows, truth: Truth, streams: tuple[str, ...], span: Span, claims: Named, cap: int
) -> Iterator[Violation]:
    """Each row that was there is there, as it was, and what was gone is not; or it is named."""
    for stream in streams:
        live = {one.key: one for one in rows.get(stream, ()) if one.is_live}
        if stream in PARENTS:
            yield from _children(stream, rows, truth, span, claims, cap)
            continue
        for key in truth.keys(stream):
            problem = _difference(stream, key, live.get(key), truth, span)
            if problem is None:
                continue
            versions = truth.versions(stream, key)
            if not claims.covers(stream, key, versions, truth.gone_since(stream, key)):
                yield problem


def _difference(
    stream: str, key: str, record: Record | None, truth: Truth, span: Span
) -> Violation | None:
    states = truth.between(stream, key, span.low, span.ended_at)
    if record is None:
        return None if None in states else Violation("missing", stream, key)
    right = [one for one in states if one is not None]
    # A report has whole seconds: no run says that it knows what went in the second of H.
    known_to = min(span.checked_to, math.floor(span.low))
    if not right and (truth.gone_since(stream, key) or 0) >= known_to:
        return None
    if not right:
        return Violation("ghost", stream, key, "was gone before the lookback")
    if None in states:
        # It went, or came, in between: the read by id shows a contact that was just archived.
        return None
    return _another_content(stream, key, record, right, truth, span)


def _another_content(
    stream: str, key: str, record: Record, right: list[Version], truth: Truth, span: Span
) -> Violation | None:
    mark, updated_at = mark_of(stream, record.record), moment_of(record)
    if "\ufffd" in mark:
        # A byte that is not UTF-8 was sent for it; the row is kept, and its content is as sent.
        return None
    # Articles move in their list by a time of change that no history has noted.
    is_dated = stream != "articles" and (updated_at is not None or stream == "tags")
    # A time that was still to come was sent so; nor does one that has passed show that it is wrong.
    is_wrong = any(_is_wrong(one, updated_at or 0) for one in right)
    is_dated = is_dated and not is_wrong and (updated_at or 0) <= span.ended_at + AHEAD_S
    times = {updated_at or 0} if is_dated else {one.updated_at for one in right}
    if not any(one.mark == mark and one.updated_at in times for one in right):
        wanted = ", ".join(f"{one.mark}@{one.updated_at}" for one in right)
        return Violation("stale", stream, key, f"{mark}@{updated_at}, not one of {wanted}")
    if stream == "contacts":
        tags = frozenset(str(one["id"]) for one in record.record["tags"]["data"])
        # A tag that is deleted leaves a contact without a change: it goes with the next sweep.
        versions = truth.versions(stream, key) if is_dated else right
        at = updated_at if is_dated else None
        if not any(one.tags == tags for one in versions if at in (None, one.updated_at)):
            return Violation("tags", stream, key, f"{len(tags)} tags")
    return None


def _is_wrong(version: Version, updated_at: int) -> bool:
    """Say whether a version was sent with a wrong time, by one fault or by several."""
    wrong_by = updated_at - version.updated_at
    return wrong_by > 0 and wrong_by % WRONG_BY_S == 0


def _children(
    stream: str, rows: Rows, truth: Truth, span: Span, claims: Named, cap: int
) -> Iterator[Violation]:
    """A live parent's children are those of one answer, read for its stored change."""
    parent_stream = PARENTS[stream]
    field = parent_stream.removesuffix("s") + "_id"
    stored = {one.key: one for one in rows.get(parent_stream, ()) if one.is_live}
    live: dict[str, set[str]] = {}
    for one in rows.get(stream, ()):
        if one.is_live:
            live.setdefault(str(one.record[field]), set()).add(str(one.record["id"]))
    for parent in truth.keys(parent_stream):
        states = truth.between(parent_stream, parent, span.low, span.ended_at)
        right = [one for one in states if one is not None]
        if None in states:
            continue
        if parent in stored:
            updated_at = moment_of(stored[parent])
            right = [one for one in right if one.updated_at == updated_at] or right
        # A part that moves no time is known from the next sweep on.
        right = [each for one in right for each in truth.alike(parent_stream, parent, one)]
        shown = live.get(parent, set())
        if any(set(one.parts[-cap:]) <= shown <= set(one.parts) for one in right):
            continue
        versions = truth.versions(parent_stream, parent)
        if not claims.covers(stream, parent, versions):
            wanted = " or ".join(str(len(one.parts)) for one in right)
            yield Violation("children", stream, parent, f"{len(shown)}, not {wanted}")


def equal(
    rows: Rows, truth: Truth, streams: tuple[str, ...], span: Span, cap: int
) -> Iterator[Violation]:
    """Where search is never late and a run looks at everything, target and workspace are equal.

    Only what has changed since the run began may be as it was.
    """
    for stream in streams:
        parent_stream = PARENTS.get(stream, stream)
        field = "id" if stream == parent_stream else parent_stream.removesuffix("s") + "_id"
        held: dict[str, list[Record]] = {}
        for one in rows.get(stream, ()):
            if one.is_live:
                held.setdefault(str(one.record[field]), []).append(one)
        others = truth.others.get(stream, frozenset[str]())
        for key in held.keys() - others - {*truth.keys(parent_stream)}:
            yield Violation("not equal", stream, key, "it never was there")
        for key in truth.keys(parent_stream):
            if truth.changed_at(parent_stream, key) < span.begun_at:
                version = truth.current(parent_stream, key)
                yield from _unequal(stream, key, held.get(key, []), version, truth, span, cap)


def _unequal(
    stream: str,
    key: str,
    held: list[Record],
    version: Version | None,
    truth: Truth,
    span: Span,
    cap: int,
) -> Iterator[Violation]:
    if version is None:
        if held:
            yield Violation("not equal", stream, key, "it is gone")
    elif stream in PARENTS:
        shown = {str(one.record["id"]) for one in held}
        if not set(version.parts[-cap:]) <= shown <= set(version.parts):
            yield Violation("not equal", stream, key, f"{len(shown)} of {len(version.parts)}")
    elif not held:
        yield Violation("not equal", stream, key, "it is missing")
    else:
        found = _another_content(stream, key, held[0], [version], truth, span)
        if found is not None:
            yield Violation("not equal", stream, key, found.text)


def at_rest(rows: Rows, truth: Truth, streams: tuple[str, ...], cap: int) -> Iterator[Violation]:
    """After a look at everything, without a change meanwhile, target and workspace are equal."""
    for stream in streams:
        if stream in PARENTS:
            yield from _children_at_rest(stream, rows, truth, cap)
            continue
        live = {one.key: one for one in rows.get(stream, ()) if one.is_live}
        for key in truth.keys(stream):
            version = truth.current(stream, key)
            if (version is not None) != (key in live):
                yield Violation("at rest", stream, key, f"it is there: {version is not None}")
            elif version is not None and version.mark != mark_of(stream, live[key].record):
                yield Violation("at rest", stream, key, "it has another content")


def _children_at_rest(stream: str, rows: Rows, truth: Truth, cap: int) -> Iterator[Violation]:
    """A sweep tells of children that have moved no time, too."""
    parent_stream = PARENTS[stream]
    field = parent_stream.removesuffix("s") + "_id"
    shown: dict[str, set[str]] = {}
    for one in rows.get(stream, ()):
        if one.is_live:
            shown.setdefault(str(one.record[field]), set()).add(str(one.record["id"]))
    for parent in truth.live(parent_stream):
        version = truth.current(parent_stream, parent)
        parts = () if version is None else version.parts
        found = shown.get(parent, set[str]())
        if not set(parts[-cap:]) <= found <= set(parts):
            yield Violation("at rest", stream, parent, f"{len(found)} of {len(parts)}")
