"""What proves that a row is gone: absence is a suspicion only.

A row goes by one of these, and by nothing else:

- a list of deleted rows names it;
- a read by id says 410 in the API's own words: it was merged;
- a read by id says 404 in the API's own words, and a search by id does not find it either;
- a read by id gives a row that its list leaves out, such as a company without users, or one that
  neither a complete reading nor a search by id finds, although it has not changed for longer than
  a search may lag: it is archived, or no longer one of the stream's rows. The same search finds
  other rows, or two complete readings have met none;
- where rows cannot be read by id, two complete readings agree that it is not there, neither of
  them empty where rows were; and where they can be searched by id, such a search finds others and
  not it, although it has not changed for longer than a search may lag.

What disagrees, a row that is found by id and not listed, is a hole until it agrees. A status alone
is no evidence: proxies, gateways and CDNs say 404 and 410 as well.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from intercom_async.errors import GoneError, IntercomError, NotFoundError
from intercom_async.models.base import Timestamp
from .errors import UNREADABLE
from .holes import Hole
from .key_table import GONE, Held
from .merging import digest_of
from .sinks.entries import Entry, Family, Gone, Put
from .stream_run import StreamRun

TOMBSTONES = "tombstones"
"""The table of rows that are gone: which, why, and by what evidence."""


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is gone, as the table of tombstones has it."""

    id: str
    """The stream and the row's key."""
    stream: str
    record_id: str
    reason: str
    """``deleted``, ``merged``, ``archived``, ``unlisted``, or what the API calls it; ``unknown``
    where the tombstone was damaged and is made from the row."""
    into: str | None
    """The row that it was merged into."""
    evidence: str
    """What proves it."""
    found_at: Timestamp
    """When that was seen, in the server's time."""


class ToldGone(NamedTuple):
    """What the API says of a row that it does not give any longer."""

    reason: Literal["deleted", "merged"]
    into: str | None = None
    """The row that it was merged into, where that is said."""


class _Envelope(msgspec.Struct):
    """The body of each refusal of a read by id, by the API's reference; its list is not empty."""

    type: Literal["error.list"]
    errors: Annotated[list[Any], msgspec.Meta(min_length=1)]


def told_gone(error: IntercomError | None) -> ToldGone | None:
    """Return what a read by id that failed says of a row that has gone.

    None where that proves nothing: it is another failure, or the answer is not the API's own but
    that of a proxy, a gateway or a CDN, which have pages, texts and JSON of theirs, or none
    (test_evidence.py::test_a_status_alone_proves_nothing).
    """
    if not isinstance(error, NotFoundError | GoneError):
        return None
    try:
        msgspec.json.decode(error.body, type=_Envelope)
    except UNREADABLE:
        return None
    if isinstance(error, GoneError):
        return ToldGone("merged", error.canonical_id)
    return ToldGone("deleted")


Verdict = Literal["gone", "merged", "unlisted", "there", "unknown"]


class Finding(NamedTuple):
    """What a read by id says of a row that was not listed."""

    verdict: Verdict
    reason: str = ""
    into: str | None = None


def judge(error: IntercomError | None, *, is_listed: bool, is_settled: bool = False) -> Finding:
    """Say what a read by id means for a row that a complete reading has not met.

    Args:
        error: What the read failed with; None if it gave the row.
        is_listed: Of a row that was given: whether its list should have it.
        is_settled: Of a row that was given: whether it has not changed for so long that a search
            by id, which did not find it, would have to.
    """
    told = told_gone(error)
    if told is not None:
        verdict: Verdict = "merged" if told.reason == "merged" else "gone"
        return Finding(verdict, told.reason, told.into)
    if error is not None:
        return Finding("unknown", str(error))
    if not is_listed or is_settled:
        return Finding("unlisted", "archived" if is_settled else "unlisted")
    return Finding("there", "it is found by its id, and not listed")


def tombstone(
    run: StreamRun,
    key: str,
    at: int,
    reason: str,
    *,
    into: str | None = None,
    evidence: str,
) -> list[Entry]:
    """Return the entries by which a row and its children go, and note it as gone.

    Args:
        run: The row's stream.
        key: The row.
        at: When it was found to be gone, in the server's time.
        reason: ``deleted``, ``merged`` or ``unlisted``.
        into: The row that it was merged into.
        evidence: What proves it.
    """
    held = run.table.get(key)
    if held is not None and held.is_gone:
        return []
    run.table.put(key, Held(held.version if held else 0, at, 0, GONE))
    run.removed += 1
    run.just_gone.append(key)
    entries: list[Entry] = [
        Gone(run.table_name, key, at),
        tombstone_put(run.name, key, at, reason, into=into, evidence=evidence),
    ]
    for child in run.children:
        version = held.version if held else 0
        entries.append(Family(child.table_name, key, at, version, 0, is_gone=True))
        child.families.put(key, Held(version, at, 0, GONE))
    return entries


def suspect(key: str, reason: str, since: int) -> Hole:
    """Return the hole of a row of which what is known disagrees."""
    return Hole(kind="suspect", key=key, reason=reason, since=since)


def tombstone_put(
    stream: str, key: str, at: int, reason: str, *, into: str | None = None, evidence: str
) -> Put:
    """Return the row of `tombstones` that says of a row that it is gone."""
    stone = Tombstone(
        id=f"{stream}:{key}", stream=stream, record_id=key, reason=reason, into=into,
        evidence=evidence, found_at=at,
    )  # fmt: skip
    body = msgspec.json.encode(stone)
    return Put(TOMBSTONES, stone.id, "", body, at, at, digest_of(body))
