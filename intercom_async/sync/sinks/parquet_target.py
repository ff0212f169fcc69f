"""What holds the Parquet files of a target: a folder, or a prefix of object storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO, Protocol

from .base import Departed, Opened
from .entries import Entry
from .folder import Manifest, StoredFile, StoredStream
from .journal import Journal


class NextFiles(Protocol):
    """Where the files of a stream's next generation are made."""

    def create(self, name: str) -> BinaryIO:
        """Open a new file for writing."""
        ...

    def sync(self, file: BinaryIO) -> None:
        """Bring what was written into an open file to where a crash leaves it."""
        ...

    def place(self, name: str, rows: int) -> StoredFile:
        """Bring a file that was written and closed to where it stays, and describe it."""
        ...

    def keep(self, file: StoredFile) -> None:
        """Take over a file of the last generation as it is."""
        ...

    def end(self, files: list[StoredFile]) -> StoredStream:
        """Bring the names of all files of the stream to where a crash leaves them; return both."""
        ...


class ParquetTarget(Protocol):
    """Keeps manifest, journal and files of a `ParquetSink`."""

    @property
    def where(self) -> str:
        """What messages call it."""
        ...

    @property
    def manifest(self) -> Manifest:
        """What the target holds."""
        ...

    def is_new(self) -> bool:
        """Say whether nothing of a target is there yet."""
        ...

    def open(self, *, verify: bool) -> Opened:
        """Take hold of the target, finish what a crash has interrupted, and look at it."""
        ...

    def begin(self, names: Iterable[str]) -> None:
        """Refuse to write streams where files of a user's stand; give up a journal that lacks some.

        Args:
            names: The streams.
        """
        ...

    @property
    def journal(self) -> Journal:
        """What came since the last generation."""
        ...

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal."""
        ...

    def publish(
        self,
        state: bytes,
        made: Mapping[str, StoredStream],
        *,
        departed: Departed,
        dropped: Sequence[str],
    ) -> None:
        """Make what was written the next generation, with one commit point."""
        ...

    def older_files(self, stream: str) -> list[StoredFile]:
        """Return files that an earlier format has no list of; their digests are not known."""
        ...

    def read(self, stream: str, file: StoredFile) -> BinaryIO:
        """Open a file for reading."""
        ...

    def damage(self, stream: str, file: StoredFile) -> str | None:
        """Compare all of a file with its digest; say in words what differs."""
        ...

    def next_files(self, stream: str) -> NextFiles:
        """Return where the next generation of a stream is made."""
        ...

    def close(self) -> None:
        """Let go of the target."""
        ...
