"""Files of conversations and tickets, saved in a folder while their parts are read.

A link to a file expires half an hour after the answer that has it, so a file is fetched as soon as
its part is read, and before the part is written. What ends a run in between loses nothing: the
parts are not in the target yet, so the next run reads them again, and files that are there are not
fetched twice. A file that cannot be had is a hole of its conversation, which is tried again.

The folder has ``conversations/ID/PART-NUMBER-NAME`` and an index of the conversations whose files
are all there. Those that the index lacks are read again, so files can be asked for later. What an
earlier version has noted is above a mark: it took whatever a host sent for a file, so conversations
that have files are read once more, and what has another size than it should is fetched again.
Several processes may share the folder: each adds whole lines to the index, and no two read one
conversation, but for one that was thought dead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import anyio
import msgspec

from intercom_async.clock import CLOCK
from intercom_async.codec import decode
from intercom_async.errors import ClosedError, DecodeError, IntercomError
from intercom_async.models import Attachment, Id, Model
from intercom_async.resources._registry import ResourceRegistry
from intercom_async.workflows.attachments import PartFiles, safe_name, save_files
from .errors import SyncConfigError
from .key_table import Held, KeyTable
from .sinks.base import Departed, Sink
from .sinks.disk import OS_DISK, PRIVATE_FILE, PRIVATE_FOLDER
from .sinks.failures import failures_as_target_errors
from .sinks.new_target import is_inside, path_of
from .stream_run import StreamRun
from .streams import Children, ChildRows, Stream

T = TypeVar("T")

FILES_AT_ONCE = 16
"""Files fetched concurrently: the host that has them is not Intercom, and its limits are not known
(test_attachment_folder.py::test_few_files_are_fetched_at_once)."""
MAX_NAMED = 3
"""Files that a hole names (test_attachment_folder.py::test_a_file_that_cannot_be_had_is_named)."""
ABANDONED_S = 600
"""Seconds without a write after which a file half fetched was left by a process that was killed,
and is removed; another process may be fetching a younger one
(test_attachment_folder.py::test_what_a_killed_run_leaves_is_tidied_up)."""
INDEX = "index.jsonl"
MARK = b'{"compared":true}'
"""The line of an index below which sizes were compared when files were saved
(test_attachment_folder.py::test_what_an_earlier_version_saved_instead_of_a_file_is_fetched_again).
"""
HOLDERS = {"conversation_parts": "conversations", "ticket_parts": "tickets"}
"""Streams whose rows have files, and the streams of what these belong to."""


class _Holder(Model, frozen=True, kw_only=True):
    """The fields of a part, or of a first message, that its files are known by."""

    id: Id | None = None
    attachments: list[Attachment] | None = None


class _Parent(Model, frozen=True, kw_only=True):
    source: _Holder | None = None


def may_have_files(stream: str) -> bool:
    """Say whether files may belong to rows of a stream."""
    return stream in HOLDERS.values()


def check_has_files(chosen: Iterable[Stream], folder: Path | None) -> None:
    """Refuse a folder for files where no stream has any.

    Raises:
        SyncConfigError: Neither parts of conversations nor parts of tickets are read together with
            what they belong to.
    """
    names = {stream.name for stream in chosen}
    if folder is None or any({parts, whole} <= names for parts, whole in HOLDERS.items()):
        return
    raise SyncConfigError(
        "attachments are saved while parts are read: name the streams conversations and "
        "conversation_parts, or tickets and ticket_parts"
    )


def check_is_apart(folder: Path | None, sink: Sink) -> None:
    """Refuse a folder for files within a target, which replaces folders of its own as a whole.

    Args:
        folder: Where files are to be saved; None for nowhere.
        sink: The target.

    Raises:
        SyncConfigError: Files would come into the target.
    """
    target = path_of(sink)
    if folder is None or target is None:
        return
    # A target may also be where a link in the folder leads, or one of those that are made in it.
    for each in (folder, *(folder / whole for whole in HOLDERS.values())):
        if is_inside(each, target):
            raise SyncConfigError(
                f"attachments must be a folder apart from the target {sink.where}, which replaces "
                "what is in it"
            )


class AttachmentFolder:
    """The files of one run."""

    def __init__(self) -> None:
        self._folders: dict[str, _StreamFolder] = {}

    @classmethod
    def of(cls, folder: Path | None, chosen: Sequence[Stream]) -> AttachmentFolder:
        """Return the folder, made if need be; one without a path saves nothing.

        Raises:
            SyncConfigError: No stream has files.
            TargetError: It cannot be written to.
        """
        check_has_files(chosen, folder)
        made = cls()
        names = {stream.name for stream in chosen}
        for parts, whole in HOLDERS.items():
            if folder is not None and {parts, whole} <= names:
                made._folders[parts] = _StreamFolder(folder / whole)
        return made

    def wrap(self, streams: Iterable[Stream]) -> tuple[Stream, ...]:
        """Return streams that save the files of their rows, where these have any."""
        return tuple(
            replace(stream, source=folder.source_of(stream.source))
            if isinstance(stream.source, Children)
            and (folder := self._folders.get(stream.name)) is not None
            else stream
            for stream in streams
        )

    def remove_departed(self, runs: Iterable[StreamRun], departed: Departed) -> None:
        """Remove the files of what is gone, unless its rows are kept as they were."""
        for run in runs:
            folder = self._folders.get(run.name)
            if folder is not None and run.parent is not None and departed != "keep":
                folder.remove_departed(run.parent.table)


class _StreamFolder:
    """The folder of the files of one stream.

    Raises:
        TargetError: It cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = KeyTable()
        self._tried = KeyTable()
        """Conversations of which this run could not have every file."""
        self._limiter = anyio.Semaphore(FILES_AT_ONCE)
        with _failures(folder):
            for parent in (*reversed(folder.parents), folder):
                if not parent.exists():
                    OS_DISK.make_folder(parent)
            self._index = folder / INDEX
            self._index.touch(mode=PRIVATE_FILE)
            lines = self._index.read_bytes().split(b"\n")
            mark = lines.index(MARK) if MARK in lines else len(lines)
            # So that the next line is one of its own.
            more = (b"\n" if lines[-1] else b"") + (MARK + b"\n" if mark == len(lines) else b"")
            if more:
                with self._index.open("ab") as index:
                    index.write(more)
            with_files = _filled(folder) if any(lines[:mark]) else set[str]()
        for number, line in enumerate(lines):
            self._note(line, without=with_files if number < mark else ())

    def _note(self, line: bytes, *, without: Collection[str]) -> None:
        try:
            key = msgspec.json.decode(line, type=str)
        except msgspec.DecodeError:  # the mark, or the end of a write that was broken off
            return
        if safe_name(key) not in without:
            self._known.put(key, Held(0, 0, 0, 0))

    def _put(self, key: str) -> None:
        """Note that all files of a conversation are here."""
        if self._known.get(key) is None:
            with _failures(self._folder), self._index.open("ab") as index:
                index.write(msgspec.json.encode(key) + b"\n")
            self._known.put(key, Held(0, 0, 0, 0))

    def source_of(self, source: Children) -> Children:
        """Return a source that saves the files of the rows that it reads."""

        async def read(client: ResourceRegistry, key: str) -> ChildRows:
            children = await source.read(client, key)
            holders = list(_holders(children))
            lacks = await self._save(client, key, holders) if holders else ""
            if lacks:
                # Its hole is not in the target yet: a run that is killed leaves no other trace.
                self._tried.put(key, Held(0, 0, 0, 0))
            else:
                self._put(key)
            return msgspec.structs.replace(children, lacks=lacks)

        def is_due(key: str) -> bool:
            return self._known.get(key) is None and self._tried.get(key) is None

        return replace(source, read=read, is_due=is_due)

    async def _save(self, client: Any, key: str, holders: Sequence[PartFiles]) -> str:
        """Save the files of one conversation, and say which of them could not be had."""
        folder = self._folder / safe_name(key)
        with _failures(folder):
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            for left in folder.glob(".*.part"):
                with suppress(FileNotFoundError):  # its process is not dead, and has finished it
                    if left.stat().st_mtime < CLOCK.unix() - ABANDONED_S:
                        left.unlink()
            result = await save_files(holders, folder, client.open_link, self._limiter)
            for saved in result.saved:
                saved.path.chmod(PRIVATE_FILE)
        for lost in result.lost:
            if isinstance(lost.error, ClosedError):
                raise lost.error
        return _named([(lost.part_id, lost.error) for lost in result.lost])

    def remove_departed(self, table: KeyTable) -> None:
        """Remove the files of what is gone."""
        with _failures(self._folder):
            for folder in [each for each in self._folder.iterdir() if each.is_dir()]:
                held = table.get(folder.name)
                if held is not None and held.is_gone:
                    shutil.rmtree(folder)


def _filled(folder: Path) -> set[str]:
    """Return the names of the folders that have files."""
    with os.scandir(folder) as found:
        return {each.name for each in found if each.is_dir() and any(Path(each.path).iterdir())}


def _failures(folder: Path) -> AbstractContextManager[None]:
    """Turn what the system refuses into a `TargetError`; names of files are those of customers."""
    return failures_as_target_errors(str(folder), names_files=False)


def _holders(children: ChildRows) -> Iterator[PartFiles]:
    """Yield what has files."""
    first = None if children.parent is None else _read(children.parent, _Parent)
    if first is not None and first.source is not None and first.source.attachments:
        yield PartFiles(first.source.id or "source", first.source.attachments)
    for row in children.rows:
        part = _read(row, _Holder)
        if part is not None and part.attachments:
            yield PartFiles(part.id or "part", part.attachments)


def _read(body: bytes, model: type[T]) -> T | None:
    """Read what may have files; None for a row that has none, or cannot be read at all."""
    if b'"attachments"' not in body:
        return None
    try:
        return decode(body, model)
    except DecodeError:
        return None


def _named(lost: Sequence[tuple[str, IntercomError]]) -> str:
    """Say in a phrase which files could not be had, without their names and links."""
    if not lost:
        return ""
    some = "; ".join(f"of part {part_id}: {error}" for part_id, error in lost[:MAX_NAMED])
    more = f"; and {len(lost) - MAX_NAMED} more" if len(lost) > MAX_NAMED else ""
    count = "a file" if len(lost) == 1 else f"{len(lost)} files"
    return f"{count} could not be saved, {some}{more}"
