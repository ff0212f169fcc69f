"""A folder that holds one sync: manifest, journal, and how a generation takes the last one's place.

    workspace/
    ├── sync-state.json          the manifest: state, and each file with its rows, bytes and digest
    ├── contacts.jsonl           what readers see; of Parquet, a folder of files
    └── .sync/                   lock, epoch, journal; staged files, none of which looks like data

The manifest's rename is the commit point. It names what was staged, so that after a crash the rest
of the renames is done when the folder is opened. A folder takes another one's place by two renames:
a reader's glob may fail in between, but never mixes two generations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from intercom_async.sync.errors import TargetError
from .base import Opened
from .disk import Disk
from .ending import current_ending
from .entries import Entry
from .failures import failures_as_target_errors, shown
from .files import (
    EPOCH_NAME,
    JOURNAL_NAME,
    LOCK_NAME,
    Digesting,
    TargetLock,
    check_file,
    read_whole,
    write_whole,
)
from .journal import Journal
from .new_target import check_place
from .ownership import older_streams, refuse_taken

STATE_NAME = "sync-state.json"
PRIVATE_NAME = ".sync"
FORMAT = 2
"""Version of the manifest; 1 had no journal and no digests."""
OLDER_LEFTOVERS = (".lock", "sync-state.json.new")
"""Files that the earlier format made beside its rows."""


class StoredFile(msgspec.Struct, kw_only=True, frozen=True):
    """A file of a generation."""

    name: str
    rows: int
    bytes: int
    tail: str
    """Digest of its end, compared in each run."""
    digest: str
    """Digest of all of it, compared when it is merged and by ``--verify``."""
    tag: str | msgspec.UnsetType = msgspec.UNSET
    """The tag of its object, if it is one; compared in each run."""


def described(name: str, rows: int, digesting: Digesting) -> StoredFile:
    """Return what a manifest holds of a file that was read or written to its end."""
    return StoredFile(
        name=name,
        rows=rows,
        bytes=digesting.length,
        tail=digesting.tail,
        digest=digesting.digest,
    )


class StoredStream(msgspec.Struct, kw_only=True):
    """A stream of a generation."""

    staged: str = ""
    """Its name among the staged ones: if it is there, it is still to take its place."""
    files: list[StoredFile] = []
    extra: list[str] = []
    """Fields beyond the model's that have columns, in the order in which they came."""
    columns: list[tuple[str, str]] | msgspec.UnsetType = msgspec.UNSET
    """The fields that all of its files have columns of, each with its kind; unset where there are
    no columns, or an earlier version has written it, whose files may differ."""


class Manifest(msgspec.Struct, kw_only=True):
    """What the folder holds."""

    format: int = FORMAT
    format_of_rows: str
    generation: int = 0
    sync: msgspec.Raw
    streams: dict[str, StoredStream] = {}
    dropped: list[str] = []
    """Names that are still to be removed."""


class _Head(msgspec.Struct):
    format: int = 1
    format_of_rows: str = ""


class _Older(msgspec.Struct):
    """What is read of the earlier format."""

    format_of_rows: str
    sync: msgspec.Raw


class Folder:
    """A folder that holds one sync.

    Args:
        disk: Where files are.
        path: The folder; it is made if it is not there, its parent is not.
        rows: What its rows are written as; another one is refused.
    """

    def __init__(self, disk: Disk, path: Path, rows: str) -> None:
        self.disk = disk
        self.path = path
        self.private: Path = path / PRIVATE_NAME
        self._rows = rows
        self._lock = TargetLock(disk, self.private, shown(path))
        self.journal: Journal = Journal(disk, self.private / JOURNAL_NAME)
        self.manifest: Manifest = Manifest(format_of_rows=rows, sync=msgspec.Raw(b"null"))
        self.is_older: bool = False
        self._is_made = False
        """Whether the folder was made when it was opened."""

    def open(self, *, verify: bool) -> Opened:
        """Take hold of the folder, finish an interrupted publication and compare the files."""
        disk, path = self.disk, self.path
        check_place(path, kind="folder")
        self._is_made = not disk.is_folder(path)
        if self._is_made:
            disk.make_folder(path)
            disk.sync_folder(path.parent)
        self._refuse_other_files()
        self._lock.take()
        if disk.size(path / STATE_NAME) is None:
            self.journal.open(0)
            return Opened(self.journal.state)
        self._read_manifest()
        damaged: tuple[tuple[str, str], ...] = ()
        if not self.is_older:
            self._roll_forward()
            damaged = tuple(self._damaged(whole=verify))
        self.journal.open(self.manifest.generation)
        base = bytes(self.manifest.sync)
        return Opened(self.journal.state or base, base, is_older=self.is_older, damaged=damaged)

    def _refuse_other_files(self) -> None:
        names = set(self.disk.names(self.path)) - {PRIVATE_NAME, *OLDER_LEFTOVERS}
        if STATE_NAME not in names and not all(map(self._is_empty_folder, names)):
            raise TargetError(
                f"{shown(self.path)} has files and no {STATE_NAME}: it is not a sync's folder; "
                "choose an empty one"
            )

    def _is_empty_folder(self, name: str) -> bool:
        """Say whether this is what an earlier version that was killed may have left."""
        path = self.path / name
        return self.disk.is_folder(path) and not self.disk.names(path)

    def _read_manifest(self) -> None:
        path = self.path / STATE_NAME
        body = read_whole(self.disk, path)
        try:
            head = msgspec.json.decode(body, type=_Head)
            self.is_older = head.format < FORMAT
            if self.is_older:
                older = msgspec.json.decode(body, type=_Older)
                self.manifest.sync = older.sync
            elif head.format == FORMAT:
                self.manifest = msgspec.json.decode(body, type=Manifest)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise TargetError(
                f"{shown(path)} is damaged; restore it, or choose another folder"
            ) from None
        if head.format > FORMAT:
            raise TargetError(
                f"{shown(path)} has format {head.format}, this version reads {FORMAT}"
            )
        if head.format_of_rows != self._rows:
            raise TargetError(
                f"{shown(self.path)} holds {head.format_of_rows}, not {self._rows}: run with "
                f"--format {head.format_of_rows}, or choose another folder"
            )

    def _damaged(self, *, whole: bool) -> Iterator[tuple[str, str]]:
        ending = current_ending()
        for name, stream in self.manifest.streams.items():
            folder = "" if self._rows != "parquet" else f"{name}/"
            for file in stream.files:
                if whole:
                    ending.check(file.rows)
                reason = check_file(
                    self.disk,
                    self.path,
                    f"{folder}{file.name}",
                    file.bytes,
                    file.tail,
                    file.digest,
                    whole=whole,
                )
                if reason is not None:
                    yield name, reason
                    break

    def has_written(self, name: str) -> bool:
        """Say whether what stands where a stream does was written by a sync."""
        manifest = self.manifest
        return name in manifest.streams or (
            self.is_older and name in older_streams(bytes(manifest.sync))
        )

    def refuse_taken(self, names: Iterable[str]) -> None:
        """Refuse to write streams where files of a user's stand.

        Raises:
            TargetError: There are some.
        """
        taken = [
            self.final(name).name
            for name in names
            if not self.has_written(name) and self._has_files(self.final(name))
        ]
        refuse_taken(shown(self.path), taken, kind="files", other="folder")

    def _has_files(self, path: Path) -> bool:
        return self.disk.size(path) is not None or bool(self.disk.names(path))

    def final(self, name: str) -> Path:
        """Return where readers find a stream: a file, or of Parquet a folder."""
        return self.path / (name if self._rows == "parquet" else f"{name}.{self._rows}")

    def staged(self, name: str) -> Path:
        """Return where the next generation of a stream is made."""
        return self.private / f"{name}.{self.manifest.generation + 1}"

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal."""
        with failures_as_target_errors(str(self.path)):
            self._lock.check()
            self.journal.append(entries, state)

    def publish(
        self, state: bytes, made: Mapping[str, StoredStream], dropped: Sequence[str]
    ) -> None:
        """Put what was staged in its place, with one commit point.

        Args:
            state: What is remembered with it.
            made: Streams that were staged; the others stay as they are.
            dropped: Streams that go; one that no sync has written stays.
        """
        self._lock.check()
        self.disk.sync_folder(self.private)
        old = self.manifest
        streams = {name: one for name, one in old.streams.items() if name not in dropped}
        self.manifest = Manifest(
            format_of_rows=self._rows,
            generation=old.generation + 1,
            sync=msgspec.Raw(state),
            streams={**streams, **made},
            dropped=list(filter(self.has_written, dropped)),
        )
        self._write_manifest()
        # From here on a crash no longer undoes it: what is left is to rename.
        self._roll_forward()
        self.journal.clear(self.manifest.generation)
        if self.is_older:
            self.is_older = False
            for name in OLDER_LEFTOVERS:
                self.disk.remove(self.path / name)

    def _write_manifest(self) -> None:
        body = msgspec.json.format(msgspec.json.encode(self.manifest), indent=1)
        write_whole(self.disk, self.path / STATE_NAME, self.private / "manifest", body)

    def _roll_forward(self) -> None:
        """Put what the manifest says was staged in its place, and clear what is left over."""
        staged = set(self.disk.names(self.private))
        for name, stream in self.manifest.streams.items():
            if stream.staged in staged:
                self._swap(self.private / stream.staged, self.final(name))
        for name in self.manifest.dropped:
            if name not in self.manifest.streams:
                self.disk.remove(self.final(name))
        self.disk.sync_folder(self.path)
        if self.manifest.dropped:
            # What comes there later is not ours.
            self.manifest.dropped = []
            self._write_manifest()
        for name in self.disk.names(self.private):
            if name not in (LOCK_NAME, EPOCH_NAME, JOURNAL_NAME):
                self.disk.remove(self.private / name)

    def _swap(self, staged: Path, final: Path) -> None:
        if self.disk.is_folder(final):
            away = self.private / f"{final.name}.old"
            self.disk.remove(away)
            self.disk.rename(final, away)
        self.disk.rename(staged, final)

    def close(self) -> None:
        """Let go of the folder; one that was made, and in which nothing was written, goes."""
        self.journal.close()
        self._lock.release()
        if self._is_made:
            self._is_made = False
            self.disk.remove_empty(self.path)
