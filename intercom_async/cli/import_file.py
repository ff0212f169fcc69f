"""``import``: upsert contacts or companies from a file; rejected rows go to another file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority
from intercom_async.workflows.bulk import BulkOptions, BulkPlan, BulkProgress, BulkRun, Done, Failed
from intercom_async.workflows.upsert import Upserted
from .connection import Connection
from .console import console, put_json, say
from .import_columns import Columns, Kind, check_key
from .options import Flag, Place, check_new_file, whole
from .os_errors import naming
from .rejected_rows import RefusedRows, check_rejected, refused_path
from .row_files import Row, check_rows, is_text, places_of, read_rows

PARTIAL = 3
"""Exit code where rows were refused."""
SAVE_EVERY_S = 2.0
"""Seconds between two saves of the position of an import
(test_import.py::test_an_interrupted_import_goes_on_where_it_was)."""
LINE_EVERY_S = 5.0
"""Seconds between two lines of progress where stderr is no terminal."""
SHOWN = 5
"""Rejected rows that a dry run names; the file of an import has all."""


class Position(msgspec.Struct, frozen=True):
    """Position of an import in its file."""

    size: int
    changed_at: float
    rows: int


async def import_(
    kind: Kind,
    path: Place,
    /,
    *,
    key: str | None = None,
    dry_run: Flag = False,
    rejected: Place | None = None,
    from_start: Flag = False,
    concurrency: Annotated[int, whole(least=1, most=1_000)] = 16,
    connection: Connection | None = None,
) -> int:
    """Create or update contacts or companies from a file.

    A row updates the contact or company that has its key, or creates one. Rejected rows are
    written to a file with the reason: fix it and import it. An interrupted import resumes where it
    stopped. The exit code is 0 if all rows were written, 3 if some were rejected.

    Parameters
    ----------
    kind:
        What the rows are.
    path:
        CSV with a header, JSON lines, or Parquet (extra arrow). Columns are named like the API's
        fields; a custom attribute is custom_attributes.NAME.
    key:
        Column that identifies a row: email (default), external_id or id for contacts; company_id
        for companies.
    dry_run:
        Check every row, as far as that is possible without the API, and print the number of calls
        and their time; write nothing.
    rejected:
        File for rejected rows; by default NAME.rejected.csv or .jsonl beside the file.
    from_start:
        Start at the first row instead of resuming an interrupted import.
    concurrency:
        Number of rows written concurrently.
    """
    key = key or ("email" if kind == "contacts" else "company_id")
    check_key(kind, key)
    check_rows(path)
    check_new_file("--rejected", rejected)
    skip = 0 if from_start else position_in(path)
    target = rejected or refused_path(path)
    if target.resolve() == state_path(path).resolve():
        raise ConfigError(f"--rejected: {target} is where import records how far it is")
    before = check_rejected(target, path, goes_on=skip > 0)
    async with (connection or Connection()).client() as client:
        intercom = client.with_options(priority=Priority.BULK)
        model = "contact" if kind == "contacts" else "company"
        attributes = await intercom.data_attributes.list(model=model).collect()
        columns = Columns(
            kind,
            key,
            attributes,
            are_texts=is_text(path),
        )
        job = Import(intercom, kind, path, columns, concurrency)
        plan = await job.plan()
        if dry_run:
            return _report_plan(plan, job)
        if skip:
            say(f"resuming after row {skip:,}; use --from-start to start over")
        with RefusedRows(target, before=before, goes_on=skip > 0) as refused:
            found = await job.run(refused, skip=skip, total=plan.items)
    put_json(msgspec.json.encode(found))
    if refused.total:
        say(_what_is_left(refused))
    return PARTIAL if refused.total else 0


def state_path(path: Path) -> Path:
    """Return the path where an import of a file records its position."""
    return path.with_name(f"{path.name}.import.json")


def position_in(path: Path) -> int:
    """Return the number of rows that an interrupted import of a file has finished."""
    try:
        state = msgspec.json.decode(state_path(path).read_bytes(), type=Position)
    except (OSError, msgspec.MsgspecError):
        return 0
    found = path.stat()
    is_same = (state.size, state.changed_at) == (found.st_size, found.st_mtime)
    return state.rows if is_same else 0


class Import:
    """An import of one file."""

    def __init__(
        self, intercom: Intercom, kind: Kind, path: Path, columns: Columns, concurrency: int
    ) -> None:
        self._intercom = intercom
        self._kind = kind
        self.path = path
        self._columns = columns
        self._concurrency = concurrency
        self._state = state_path(path)
        self.rows: dict[int, Row] = {}
        """Rows being written, by their number."""
        self.reasons: dict[int, str] = {}
        """Why a row cannot be sent, by its number; found before anything is sent."""

    async def plan(self) -> BulkPlan[Any]:
        """Check the whole file without sending anything.

        Raises:
            ConfigError: A column is no field and no attribute.
        """
        plan = await self._run(self._items(None)).plan()
        for failed in plan.rejected:
            self.reasons.setdefault(failed.position, str(failed.error))
        return plan

    async def run(self, refused: RefusedRows, *, skip: int, total: int) -> dict[str, Any]:
        """Write the rows and return how many were created, updated and rejected."""
        count = {"rows": total - skip, "created": 0, "updated": 0, "rejected": 0}
        finished, saved_s = skip, CLOCK.now()

        def note(progress: BulkProgress) -> None:
            nonlocal finished, saved_s
            finished = progress.resume_from
            if CLOCK.now() - saved_s >= SAVE_EVERY_S:
                saved_s = CLOCK.now()
                self._save(finished)
            tell(skip + progress.done + progress.failed, refused.before + progress.failed)

        run = self._run(self._items(skip), skip=skip, on_progress=note)
        try:
            with _shown(total) as tell:
                async for result in run:
                    row = self.rows.pop(result.position)
                    if isinstance(result, Failed):
                        count["rejected"] += 1
                        reason = self.reasons.get(result.position) or str(result.error)
                        refused.put(row, reason)
                    else:
                        count[_outcome(result)] += 1
        except BaseException:
            self._save(finished)
            raise
        self._state.unlink(missing_ok=True)
        return {**count, "rejected_file": str(refused.path) if refused.total else None}

    def _run(
        self,
        items: AsyncGenerator[Any, None],
        skip: int = 0,
        on_progress: Callable[[BulkProgress], None] | None = None,
    ) -> BulkRun[Any, Any]:
        options: BulkOptions = {"concurrency": self._concurrency, "skip": skip}
        if on_progress is not None:
            options["on_progress"] = on_progress
        if self._kind == "contacts":
            return self._intercom.contacts.upsert_many(items, **options)
        return self._intercom.companies.upsert_many(items, **options)

    async def _items(self, kept_from: int | None) -> AsyncGenerator[Any, None]:
        for position, row in enumerate(read_rows(self.path)):
            if position == 0:
                self._columns.check(row)
            try:
                item = self._columns.item(row)
            except ConfigError as error:
                self.reasons[position] = str(error)
                item = {"": None}  # which no check lets pass
            if kept_from is not None and position >= kept_from:
                self.rows[position] = row
            yield item

    def _save(self, rows: int) -> None:
        found = self.path.stat()
        state = Position(found.st_size, found.st_mtime, rows)
        with naming(self._state):
            self._state.write_bytes(msgspec.json.encode(state))


def _what_is_left(refused: RefusedRows) -> str:
    """Say how many rows are rejected, and where they are."""
    path = escape(str(refused.path))
    count = "1 row was" if refused.count == 1 else f"{refused.count:,} rows were"
    if not refused.before:
        return f"{count} rejected: fix {path} and import it"
    return f"{count} rejected in this run; {path} has {refused.total:,}: fix it and import it"


def _outcome(result: Done[Any, Any]) -> str:
    found = result.result
    # The API's upsert of companies does not say whether it made one.
    is_new = isinstance(found, Upserted) and found.created
    return "created" if is_new else "updated"


def _report_plan(plan: BulkPlan[Any], job: Import) -> int:
    put_json(
        msgspec.json.encode(
            {
                "rows": plan.items,
                "calls": plan.calls,
                "seconds": round(plan.seconds, 1),
                "rejected": len(plan.rejected),
            }
        )
    )
    shown = sorted(failed.position for failed in plan.rejected[:SHOWN])
    for position, place in zip(shown, places_of(job.path, shown), strict=True):
        say(f"{place}: {escape(job.reasons[position])}")
    if len(plan.rejected) > SHOWN:
        say(f"and {len(plan.rejected) - SHOWN:,} more")
    return PARTIAL if plan.rejected else 0


@contextmanager
def _shown(total: int) -> Generator[Any]:
    """Show progress: a bar in a terminal, else a line every few seconds."""
    if not console.is_terminal:
        told_s = CLOCK.now()

        def tell(done: int, failed: int) -> None:
            nonlocal told_s
            if CLOCK.now() - told_s >= LINE_EVERY_S:
                told_s = CLOCK.now()
                say(f"{done:,} of {total:,} rows, {failed:,} rejected")

        yield tell
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("importing", total=total)

        def show(done: int, failed: int) -> None:
            text = f"importing, {failed:,} rejected" if failed else "importing"
            bar.update(task, completed=done, description=text)

        yield show
