"""What a history is made of: plain data that can be written down, mutated and shrunk."""

from __future__ import annotations

from typing import Literal

import msgspec

from .cursors import Expired
from .search_index import Sorting

Form = Literal["jsonl", "jsonl.zst", "duckdb", "parquet", "objects", "postgres"]
Reconcile = Literal["auto", "now", "never"]
Departed = Literal["keep", "erase", "drop"]
ShardDo = Literal["read", "stop", "kill", "rivals", "finish", "zone"]
Damage = Literal[
    "", "cut", "remove", "flip", "stateless", "garbled", "unlocked", "older", "journal"
]
"""What happens to a target between two runs: a published file loses its end, goes, or a byte of it
changes; the state goes, or cannot be read; the sync's own folder goes; all of it is put back to
what it was after the first run; a byte changes of what a run that was cut short has committed."""

CHANGING = (
    "contacts",
    "companies",
    "conversations",
    "conversation_parts",
    "tickets",
    "ticket_parts",
    "tags",
    "articles",
)
"""Streams whose rows a history changes."""

WRONG_BY_S = 10 * 86_400
"""By how many seconds a time of change is too late, where an answer says a wrong one."""


class Change(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="step", tag="change"):
    """One change of the workspace, of its server or of this machine's clock.

    `pick` and `other` choose among the records that are there, modulo their number, so that a
    history stays valid when steps before it are removed. A `note` is a reply that leaves the time
    of its conversation as it was.
    """

    do: Literal[
        "create",
        "bring",
        "change",
        "delete",
        "archive",
        "unarchive",
        "merge",
        "tag",
        "untag",
        "attach",
        "detach",
        "reply",
        "note",
        "wait",
        "step_clock",
        "zone",
        "server_zone",
        "version",
        "drift",
        "file",
        "convert",
        "role",
    ]
    stream: str = "contacts"
    pick: int = 0
    other: int = 0
    count: int = 1
    seconds: int = 0
    """What `wait` and `step_clock` take, and how old a row is that `bring` creates."""
    text: str = ""
    """What `zone`, `server_zone`, `version` and `drift` take."""


class During(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change that happens right before the answer to the n-th call of a run."""

    call: int
    change: Change


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happens to some answers of a run.

    Args:
        kind: A status, page and a status (of a proxy's page), or one of drop, hang, slow, garble,
            utf8, no_key, no_time, number, twice, ahead, no_next, empty, short, none (empty, and
            counted so), lie, no_date, no_clock, wrong_date, outage, relapse (an outage that comes
            back, once, after a few answers), poison, loop, back, link (of `cursors`), cut or denied
            (of a file).
        path: Only calls whose path begins so.
        after: Calls of that path that pass first.
        times: How many it strikes; 0 is all.
        pick: Of poison: the record whose page fails, with 404 where it is odd; of an outage and of
            a relapse: its seconds; of a wrong date: by how many seconds.
    """

    kind: str
    path: str = "/"
    after: int = 0
    times: int = 1
    pick: int = 0


class ShardStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happens in a run in shards, before the shards that are left are read.

    A process reads a shard, is told to stop at its n-th call, or ends before its n-th statement;
    two read the same one; one tries to end the run; the workspace gets another zone.
    """

    do: ShardDo
    pick: int = 0
    """The shard, modulo their number; it may be one that was read."""
    at: int = 0


class Run(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="step", tag="run"):
    """One call of `sync`, and what happens to it."""

    streams: tuple[str, ...] = ()
    """Empty: those of the settings."""
    full: bool = False
    since_s: int | None = None
    """Seconds before now."""
    reconcile: Reconcile = "auto"
    during: tuple[During, ...] = ()
    failures: tuple[Failure, ...] = ()
    stop_at_call: int = 0
    kill_at_call: int = 0
    kill_at_write: int = 0
    """The process ends before its n-th operation on the disk."""
    keeping: Literal["all", "some", "none"] = "all"
    """What of the unsynced outlives a kill."""
    full_at_write: int = 0
    """From the n-th operation on, the disk is full."""
    stop_at_write: int = 0
    """The run is to stop at its n-th operation on the disk."""
    is_twin: bool = False
    """A second sync of the same target begins while it runs, and is refused."""
    is_awaited: bool = False
    """A second one begins while it runs, and waits for the target."""
    is_stranger: bool = False
    """The token is of another workspace, once the target belongs to one."""
    damage: Damage = ""
    """What happens to the target before."""
    file: int = 0
    """Which of the published files is damaged, modulo their number; of a journal, which tenth."""
    departed: Departed = "keep"
    """What becomes of rows that are gone."""
    dropped: tuple[str, ...] = ()
    """Streams that go, which the run does not read."""
    repair: bool = False
    verify: bool = False
    rows_per_shard: int = 0
    """It is read in shards of so many rows; 0 is a sync. Of PostgreSQL only."""
    shards: tuple[ShardStep, ...] = ()


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stays the same during a history."""

    form: Form = "jsonl"
    streams: tuple[str, ...] = CHANGING
    page_rows: int = 3
    """Rows that the server puts into a page at most."""
    per_page: int = 150
    """Rows a page that the sync asks for and reckons with."""
    part_pages: int = 16
    """Pages that a part has at least: with few, small workspaces are cut into parts."""
    part_cap: int = 5
    late_s: int = 0
    """How late search finds a change, at most."""
    is_stale: bool = False
    """Whether search shows what it found, rather than what the row is now."""
    is_gone_late: bool = False
    """Whether search finds a row that went for as long as it may miss one that came."""
    sorting: Sorting = "asked"
    """In which order search gives rows."""
    lookback_s: int = 3_600
    zone: str = "UTC"
    """What `/me` says; the server's days are those of `server_zone`."""
    server_zone: str = ""
    version: str = "2.14"
    latency_s: float = 0.05
    has_deletion_lists: bool = True
    """Whether the server lists deleted contacts and conversations."""
    is_moving: bool = False
    """Companies and articles change their places while their lists are read."""
    hides_has_more: bool = False
    """Embedded lists that are cut do not say so."""
    deletions_order: Literal["newest", "oldest", "mixed"] = "newest"
    """How the lists of deleted rows are sorted: that of contacts is not documented."""
    dates_deletions: bool = True
    """Whether lists of deleted rows say when they went; that of contacts is not known to."""
    names_returned: bool = False
    """Whether the lists of deleted rows go on naming those that came back."""
    is_costly: bool = False
    """Whether a sweep takes so much of the rate that it is made within a week only."""
    is_large: bool = False
    """Whether a few rows are many: more than a run reads by their ids, or lets go unseen."""
    cursor_s: int = 0
    """Seconds for which a cursor of a search leads on; 0 is for ever."""
    expired: Expired = "400"
    saves_files: bool = False
    """Whether the sync saves the files of parts."""
    listed: int = 10_000
    """Companies that numbered pages list; more are scrolled."""

    @property
    def is_exact(self) -> bool:
        """Whether search is never late, and the sync knows it: a look at everything is a proof."""
        return not (self.late_s or self.lookback_s or self.is_stale or self.is_gone_late)


class History(msgspec.Struct, frozen=True, omit_defaults=True):
    """Settings and steps; `note` says what it shows."""

    steps: tuple[Change | Run, ...]
    settings: Settings = Settings()
    note: str = ""
