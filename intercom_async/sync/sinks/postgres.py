"""A PostgreSQL schema: a table a stream, with typed columns and the whole row beside them.

The journal is a table of the same schema, and so are the staging tables that hold its rows. A
commit is one transaction that puts rows into those, entries into the journal, and writes the state.
Publishing is one transaction, too: it moves the staged rows into their tables, or makes the tables
of them, so readers see the old rows until they see all of the new ones.

A sync that opens the schema takes the next *epoch*. A sync that finds another epoch than its own
changes nothing any more, so two syncs cannot mix, even where a connection pooler in transaction
mode makes session locks useless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice

from intercom_async.sync.errors import BusyTargetError
from .base import Departed, Opened, RowFields, Table
from .columns import TableColumns
from .entries import Entry, Frame, Put, changed_by, repeated_by
from .merge import Merge
from .ownership import refuse_taken
from .postgres_damage import CheckedTables
from .postgres_schema import StoredTables
from .postgres_sql import (
    JOURNAL,
    LZ4,
    STAGED,
    STATE,
    TAKEN,
    chunks,
    identifier,
    plain,
    setup,
)

LOCK_TRIES = 10
"""Times that the lock of a schema is asked for, 0.05 seconds apart, until another sync holds it
(test_postgres_lock.py)."""
STAGED_PACKS = 16
"""Rows of the journal whose entries are staged together, about a megabyte."""


class PostgresSink(CheckedTables):
    """Writes each stream into a table of its own.

    Moments are `timestamptz`; fields that the package does not know get `jsonb` columns as they are
    first seen. Tables of yours in the schema are left alone.

    Args:
        conninfo: How to connect, such as `postgresql://user@host/database`.
        schema: The schema; made if it is not there. A schema a workspace keeps workspaces apart.
        inline: Work in the loop's own thread, for tests in virtual time.

    Raises:
        TargetError: psycopg is missing.
        SyncConfigError: The address or the schema is no text or an empty one, or the schema has
            more than 63 bytes, a percent sign, or a name that PostgreSQL keeps for itself.
    """

    def __init__(self, conninfo: str, *, schema: str = "intercom", inline: bool = False) -> None:
        super().__init__(conninfo, schema=schema, inline=inline)
        self._epoch = 0
        self._changed: set[str] | None = None
        """Tables that entries of the journal change; None where an earlier run has written some."""
        self._lost = ""
        """What is missing of the journal, in words, until `begin` gives it up."""
        self._repeated: set[str] = set()
        """Tables of which it has more than first Puts."""
        self._unstaged: set[str] = set()
        """Tables of which an earlier run has left rows in it that are not staged."""
        self._made: list[str] = []
        """What removes what was made when it was opened; nothing once something is written."""

    # Opening ----------------------------------------------------------------------------------

    def is_new(self) -> bool:
        """Say whether no sync has written to the schema."""
        with self._errors(), self._connect() as self._connection:
            return self._ask("SELECT to_regclass(%s)", [self._own(STATE)])[0][0] is None

    def open(self, *, verify: bool = False) -> Opened:
        """Take the schema over and return the state in it."""
        try:
            return self._open(verify=verify)
        except BaseException:
            self.close()
            raise

    def _open(self, *, verify: bool) -> Opened:
        with self._errors():
            self._connection = self._connect()
            # Before all else: a sync that holds it may be about to remove what it has made.
            self._refuse_another_sync()
            with self._connection.transaction():
                # CREATE … IF NOT EXISTS is no protection from another process that does the same.
                self._ask("SELECT pg_advisory_xact_lock(hashtext('intercom_async'))")
                schema, has = identifier(self._schema), "to_regnamespace(%s), to_regclass(%s)"
                there = self._ask(f"SELECT {has}", [schema, self._own(STATE)])[0]
                if there[0] is None:
                    # Asked before: IF NOT EXISTS takes the right to create, where it is there, too.
                    self._ask(f"CREATE SCHEMA {schema}")
                self._made = (
                    [] if there[1] is not None else _removal(schema, is_made=there[0] is None)
                )
                self._lost = self._without_journal()
                if not self._lost:
                    self._ask(setup(self._schema))
                self._compression = "lz4" if self._ask(LZ4)[0][0] else ""
            with self._connection.transaction():
                found = self._ask(
                    f"UPDATE {self._own(STATE)} SET epoch = epoch + 1 "
                    "RETURNING epoch, state, journal_state, sink"
                )
                self._epoch, state, journal_state, sink = found[0]
                names = self._ask(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
                    [self._schema],
                )
                self._names = frozenset(str(row[0]) for row in names)
            self._remember(sink)
            self._lost = self._lost or self._missing()
            damaged = tuple(self._damaged(whole=verify))
        if self._lost:
            journal_state = None
        self._changed = set() if journal_state is None else None
        self._repeated, self._unstaged = set(), set()
        base = None if state is None else state.encode()
        return Opened(
            base if journal_state is None else journal_state.encode(),
            base,
            damaged=damaged,
            lost=self._lost,
        )

    def _refuse_another_sync(self) -> None:
        """Hold a lock for the session, where the session is ours.

        Behind a pooler in transaction mode the lock would stay with one of its connections when
        this sync has ended; there the epoch alone keeps two syncs apart.
        """
        if self._ask("SELECT pg_backend_pid()")[0][0] != self._connection.info.backend_pid:
            return
        for _ in range(LOCK_TRIES):
            held = self._ask(
                "SELECT pg_try_advisory_lock(hashtext('intercom_async sync'), hashtext(%s))",
                [self._schema],
            )
            if held[0][0]:
                return
            # The server lets go of a session's locks a moment after its client has closed it.
            self._ask("SELECT pg_sleep(0.05)")
        raise BusyTargetError(
            f"another sync writes to {self.where}; try again when it has ended, "
            "as sync does with --wait SECONDS"
        )

    def _without_journal(self) -> str:
        """Say that the journal is missing to which a stopped run has committed, if it is."""
        state = self._own(STATE)
        there = self._ask("SELECT to_regclass(%s), to_regclass(%s)", [state, self._own(JOURNAL)])
        if there[0][0] is None or there[0][1] is not None:
            return ""
        if not self._ask(f"SELECT 1 FROM {state} WHERE journal_state IS NOT NULL"):
            return ""
        return f"the table {JOURNAL} is missing, with what a stopped run has committed"

    def _missing(self) -> str:
        """Say which rows are missing that a stopped run has committed, if any are."""
        stored = self._stored
        counts = {STAGED + name: stored.staged.get(name) for name in stored.staging}
        for name, count in {JOURNAL: stored.journal, **counts}.items():
            if plain(name) not in self._names:
                return f"the table {plain(name)} is missing, with rows of a stopped run"
            found = self._ask(f"SELECT count(*) FROM {self._own(name)}")[0][0] if count else 0
            # An earlier version that goes on with it counts none, so there may be more.
            if found < (count or 0):
                return f"{plain(name)}, of a stopped run, has {found} rows instead of {count}"
        return ""

    def _give_up_journal(self) -> None:
        """Begin with an empty journal where what a stopped run has committed is not all there."""
        stored = self._stored
        with self._connection.transaction():
            self._ask(setup(self._schema))
            self._check_epoch()
            for name in stored.staging:
                self._ask(f"DROP TABLE IF EXISTS {self._own(STAGED + name)}")
            self._ask(f"TRUNCATE {self._own(JOURNAL)}")
            self._ask(f"UPDATE {self._own(STATE)} SET journal_state = NULL")
            stored.staging, stored.staged, stored.journal = {}, {}, 0
            self._save_stored(stored)
        self._lost = ""

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Note the tables, and refuse those that are somebody else's."""
        taken = [
            table.name
            for table in tables
            if plain(table.name) in self._names and table.name not in self._stored.rows
        ]
        refuse_taken(self.where, taken, kind="tables", other="schema")
        self._tables.update((table.name, table) for table in tables)
        self._without = set(repaired)
        if self._lost:
            with self._errors():
                self._give_up_journal()
        there = self._stored.staging
        self._staging = {name: self._columns(name) for name in self._tables if name in there}
        for name, columns in self._staging.items():
            with self._errors():
                # A later version of this package may know more fields than the stopped run's.
                self._restore_columns(STAGED + name, columns)
        for name in self._stored.rows.keys() & self._tables.keys() - self._without:
            if plain(name) in self._names:
                with self._errors():
                    # What `rows` reads has to be there before the next rows are.
                    self._restore_columns(name, TableColumns(self._tables[name], own=TAKEN))
        with self._errors(), self._connection.transaction():
            self._known()
            if not self._unstaged.isdisjoint(self._tables):
                self._stage_journal()

    def _stage_journal(self) -> None:
        """Stage the rows that stand in the journal itself: those of shards, or of older versions.

        It is done before the first commit, so that what a commit stages is later than they are.
        """
        journal = self._own(JOURNAL)
        self._check_epoch()
        last = self._ask(f"SELECT max(number) FROM {journal}")[0][0]
        frames, count = self._journal_frames(self._connection), 0
        while together := list(islice(frames, STAGED_PACKS)):
            kept = self._stage(list(chain.from_iterable(together)))
            count += self._copy(f"{journal} (entry)", ["bytea"], [], kept)
        self._ask(f"DELETE FROM {journal} WHERE number <= %s", [last])
        self._stored.journal = count
        self._save_stored(self._stored)

    def staged_rows(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give some fields of the rows that a stopped run or shards have left."""
        if name in self._staging:
            with self._errors():
                yield from self._row_fields(name, STAGED + name, fields)

    # Writing ----------------------------------------------------------------------------------

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal in one transaction."""
        with self._errors(), self._connection.transaction():
            self._check_epoch(state)
            kept = self._stage(entries)
            count = self._copy(f"{self._own(JOURNAL)} (entry)", ["bytea"], [], kept)
            if self._stored.journal is not None:
                self._stored.journal += count
            self._save_stored(self._stored)
        if self._changed is not None:
            self._changed.update(changed_by(kept))
            self._repeated.update(repeated_by(kept))

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Bring the tables to the next generation in one transaction."""
        stored = self._stored.next()
        with self._errors(), self._connection.transaction():
            self._check_epoch()
            for name in self._tables:
                self._bring_forward(name, stored, departed)
            for name in sorted(stored.rows.keys() & set(dropped)):
                self._ask(f"DROP TABLE IF EXISTS {self._own(name)}")
                stored.forget(name)
            self._drop_staging()
            self._ask(f"TRUNCATE {self._own(JOURNAL)}")
            self._ask(
                f"UPDATE {self._own(STATE)} SET state = %s, journal_state = NULL", [state.decode()]
            )
            self._save_stored(stored)
        self._stored = stored
        self._staging.clear()
        self._names = frozenset(map(plain, stored.rows)) | self._names
        self._changed, self._repeated = set(), set()

    def _check_epoch(self, state: bytes | None = None) -> None:
        """Refuse to go on once another sync has taken the schema over; hold it until the end.

        Args:
            state: What the journal leads to; it stays where nothing is given.
        """
        found = self._ask(
            f"UPDATE {self._own(STATE)} SET journal_state = %s WHERE epoch = %s RETURNING epoch"
            if state is not None
            else f"SELECT epoch FROM {self._own(STATE)} WHERE epoch = %s FOR UPDATE",
            [self._epoch] if state is None else [state.decode(), self._epoch],
        )
        if not found:
            raise BusyTargetError(f"{self.where} was taken over by another sync")
        self._made = []

    def close(self) -> None:
        """Let go of the schema; what was made for a run that has written nothing goes, too."""
        made, self._made = self._made, []
        if made and self._connection is not None:
            with suppress(self._psycopg.Error), self._connection.transaction():
                state = self._own(STATE)
                is_ours = "epoch = %s AND state IS NULL AND journal_state IS NULL"
                if self._ask(f"SELECT 1 FROM {state} WHERE {is_ours} FOR UPDATE", [self._epoch]):
                    for statement in made:
                        # Something of a user's may have come into the schema meanwhile.
                        with suppress(self._psycopg.Error), self._connection.transaction():
                            self._ask(statement)
        super().close()

    def _bring_forward(self, name: str, stored: StoredTables, departed: Departed) -> None:
        """Bring one table to the next generation."""
        table, columns = self._tables[name], self._staging.get(name) or self._columns(name)
        is_there = name in self._stored.rows and plain(name) in self._names
        if is_there and name in self._without:
            is_there = not self._drop(name)
        merge = Merge(table, self, departed)
        if is_there:
            known = self._stored.extra.get(name, ())
            self._restore_columns(name, columns, set(columns.extra).difference(known))
            if merge.changes:
                rows = self._stored_rows(self._connection, name)
                self._apply(name, name, ((row, merge.fate(row)) for row in rows))
        self._bring_staged(name, merge, is_there=is_there)
        for chunk in chunks(merge.erased()):
            self._put_new(name, columns, chunk)
        self._comment(name, table, columns)
        self._note(name, columns, stored)

    def entries(self) -> Iterator[Entry]:
        """Give the entries of the journal; none of one of which some are missing."""
        return iter(()) if self._lost else super().entries()

    def changes(self, table: str) -> bool:
        """Say whether any entry of the journal changes a table."""
        return table in self._known()[0]

    def frames(self, table: str, *, repeats: bool = False) -> Iterator[Frame]:
        """Give the frames of the journal, unless it has none of a table that are asked for."""
        if table not in self._known()[repeats]:
            return
        begin = 0
        for entries in self._journal_frames(self._connection):
            yield Frame(begin, entries)
            begin += len(entries)

    def _known(self) -> tuple[set[str], set[str]]:
        """Return `_changed` and `_repeated`, once read from what an earlier run has written.

        `_unstaged` is found with them: what a run commits itself is staged.
        """
        if self._changed is None:
            changed = set[str]()
            self._repeated, self._unstaged = set(), set()
            for entries in self._journal_frames(self._connection):
                changed |= changed_by(entries)
                self._repeated |= repeated_by(entries)
                self._unstaged |= _unstaged_by(entries)
            self._changed = changed
        return self._changed, self._repeated


def _removal(schema: str, *, is_made: bool) -> list[str]:
    """Return what removes the sink's own tables, and the schema if it was made with them."""
    return [
        f"DROP TABLE {schema}.{STATE}, {schema}.{JOURNAL}",
        f"DROP FUNCTION {schema}.intercom_async_moment(jsonb)",
        *([f"DROP SCHEMA {schema}"] if is_made else []),
    ]


def _unstaged_by(entries: Sequence[Entry]) -> set[str]:
    """Return the tables of which rows stand in some entries themselves."""
    return {entry.table for entry in entries if type(entry) is Put and not entry.is_staged}
