"""Parquet files under a prefix of object storage, where nothing is renamed and nothing is locked.

    s3://bucket/prefix/
    ├── sync-state.json                      the manifest: state, epoch, and each file of a stream
    ├── data/000007-000012/contacts/…        files that generation 7 made, in epoch 12
    └── journal/000007-000012/00000001       one commit on top of generation 7

Putting the manifest, on the condition that it is the one that was read, is the commit point: files
are put before it under names that nothing else uses, and are of no generation until it names them.
It is the fence, too. Who opens the target puts it with the next *epoch*; a sync that finds another
one's manifest has lost the target, and its files and commits are void from then on. So the last
one to open the target goes on, from the commits that the one before had made.

A file that a generation no longer has stays until the generation after: who has read the manifest
has until then to read the files. Where rows are erased, it goes at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from intercom_async.sync.errors import BusyTargetError, TargetError
from .base import Departed, Opened
from .bucket_manifest import (
    DATA,
    JOURNAL,
    BucketManifest,
    JournalPart,
    decode_manifest,
    encode_manifest,
    frame_name,
    leftovers,
    place_name,
)
from .disk import OS_DISK
from .ending import current_ending
from .entries import Entry
from .files import JOURNAL_NAME
from .folder import STATE_NAME, StoredFile, StoredStream, described
from .journal import Journal
from .object_cache import ObjectCache, digested
from .object_store import ChangedObjectError, ObjectInfo, ObjectStore
from .spool import Spool

NO_TAG = '"none"'
"""A tag that no object has (test_bucket.py::test_storage_without_conditions_is_refused)."""


class Bucket:
    """A `ParquetTarget` in object storage.

    The journal and the files that were read last stand in a temporary folder as well, which goes
    when the target is closed: a run reads each of them several times.

    Args:
        objects: The storage.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._spool: Spool | None = None
        self._journal: Journal | None = None
        self._manifest = BucketManifest()
        self._tag: str | None = None
        self._frames = 0
        self._cache: ObjectCache | None = None
        self._lost = ""
        """What is missing of the journal, in words, until `begin` gives it up."""

    @property
    def where(self) -> str:
        """Its address."""
        return self._objects.where

    @property
    def manifest(self) -> BucketManifest:
        """What the target holds."""
        return self._manifest

    # Opening ----------------------------------------------------------------------------------

    def is_new(self) -> bool:
        """Say whether the prefix has no objects."""
        return next(iter(self._objects.objects()), None) is None

    def open(self, *, verify: bool) -> Opened:
        """Take the target over, clear what a crash has left, and compare the files."""
        self.close()
        try:
            return self._open(verify=verify)
        except BaseException:
            self.close()
            raise

    def _open(self, *, verify: bool) -> Opened:
        found = self._objects.get(STATE_NAME)
        if found is None:
            self._refuse_other_objects()
            self._manifest, self._tag = BucketManifest(), None
        else:
            self._manifest, self._tag = decode_manifest(found.body, self.where), found.tag
        self._take_over()
        listing = {one.name: one for one in self._objects.objects()}
        self._remove_leftovers(listing)
        self._fetch_journal()
        base = None if self._manifest.generation == 0 else bytes(self._manifest.sync)
        damaged = tuple(self._damaged(listing, whole=verify))
        return Opened(self.journal.state or base, base, damaged=damaged, lost=self._lost)

    def _refuse_other_objects(self) -> None:
        for _ in self._objects.objects():
            if self._objects.tag(STATE_NAME) is not None:
                raise self._taken_over()  # since it was asked for
            raise TargetError(
                f"{self.where} has objects and no {STATE_NAME}: it is not a sync's prefix; "
                "choose one without objects"
            )

    def _take_over(self) -> None:
        """Take the next epoch, and with it what the last one has committed."""
        manifest = self._manifest
        frames = self._count_frames(manifest.epoch)
        chain = [*manifest.journal, *([JournalPart(manifest.epoch, frames)] if frames else [])]
        is_new = self._tag is None
        self._put_manifest(
            msgspec.structs.replace(
                manifest,
                epoch=manifest.epoch + 1,
                holder=secrets.token_hex(8),
                journal=chain,
            )
        )
        self._frames = 0
        if is_new:
            self._refuse_careless_storage()

    def _refuse_careless_storage(self) -> None:
        """Refuse storage that puts whatever the condition: two syncs would mix in it."""
        body = encode_manifest(self._manifest)
        for tag in (None, NO_TAG):
            with suppress(ChangedObjectError):
                self._put_if(body, tag)
                raise TargetError(
                    f"{self.where}: this storage ignores If-None-Match or If-Match, so that it "
                    "cannot keep two syncs apart"
                )

    def _count_frames(self, epoch: int) -> int:
        """Return how many commits of an epoch there are, without a gap."""
        count = 0
        prefix = f"{JOURNAL}/{place_name(self._manifest.generation, epoch)}/"
        for one in self._objects.objects(prefix):
            if one.name != frame_name(self._manifest.generation, epoch, count + 1):
                break
            count += 1
        return count

    def _fetch_journal(self) -> None:
        """Bring the commits on top of this generation into the local journal."""
        manifest, self._lost = self._manifest, ""
        self._spool = Spool()
        path = self._spool.path / JOURNAL_NAME
        names = [
            frame_name(manifest.generation, part.epoch, number)
            for part in manifest.journal
            for number in range(1, part.frames + 1)
        ]
        with OS_DISK.create(path) as file:
            for name in names:
                frame = self._objects.get(name)
                if frame is None:
                    self._check_epoch()  # one that has taken the target over may have published
                    self._lost = f"{name} is missing, with what a stopped run has committed"
                    file.truncate(0)
                    break
                file.write(frame.body)
        self._journal = Journal(OS_DISK, path)
        self._journal.open(manifest.generation)
        self._cache = ObjectCache(self._objects, self._spool.path)

    def _damaged(
        self, listing: Mapping[str, ObjectInfo], *, whole: bool
    ) -> Iterator[tuple[str, str]]:
        ending = current_ending()
        for name, stream in self._manifest.streams.items():
            for file in stream.files:
                reason = _difference(listing.get(file.name), file)
                if reason is None and whole:
                    ending.check(file.rows)
                    reason = self.damage(name, file)
                if reason is not None:
                    yield name, reason
                    break

    # Reading ----------------------------------------------------------------------------------

    @property
    def journal(self) -> Journal:
        """What came since the last generation."""
        if self._journal is None:
            raise TargetError(f"{self.where} is not open")
        return self._journal

    def begin(self, names: Iterable[str]) -> None:
        """Give up a journal of which some is missing; objects have names that nothing else uses."""
        del names
        if self._lost:
            self._put_manifest(msgspec.structs.replace(self._manifest, journal=[]))
            self._lost = ""

    def older_files(self, stream: str) -> list[StoredFile]:
        """Return nothing: there is no older format in object storage."""
        del stream
        return []

    def read(self, stream: str, file: StoredFile) -> BinaryIO:
        """Open a file, compared with its digest.

        Raises:
            TargetError: It is missing, or was changed.
        """
        reason = self.damage(stream, file)
        if reason is not None:
            raise TargetError(f"{self.where}: {reason}; --repair reads the stream again")
        return self._fetched.path(file).open("rb")

    def damage(self, stream: str, file: StoredFile) -> str | None:
        """Compare all of a file with its digest; say in words what differs."""
        del stream
        return self._fetched.damage(file)

    # Writing ----------------------------------------------------------------------------------

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Put entries and state as the next object of the journal."""
        self._check_epoch()
        journal, manifest = self.journal, self._manifest
        frame = journal.frame(entries, state)
        name = frame_name(manifest.generation, manifest.epoch, self._frames + 1)
        try:
            self._objects.create(name, frame)
        except ChangedObjectError:
            # An answer was lost and the put repeated: then this is what is there.
            found = self._objects.get(name)
            if found is None or found.body != frame:
                raise self._taken_over() from None
        self._frames += 1
        journal.add(frame, entries, state)

    def _check_epoch(self) -> None:
        """Refuse to go on once another sync has put the manifest."""
        if self._objects.tag(STATE_NAME) != self._tag:
            raise self._taken_over()

    def _taken_over(self) -> BusyTargetError:
        return BusyTargetError(
            f"{self.where} was taken over by another sync, which goes on from the last commit"
        )

    def next_files(self, stream: str) -> NextObjects:
        """Return where the next generation of a stream is made."""
        manifest = self._manifest
        place = f"{DATA}/{place_name(manifest.generation + 1, manifest.epoch)}/{stream}"
        return NextObjects(self._objects, self._spooled, place)

    def publish(
        self,
        state: bytes,
        made: Mapping[str, StoredStream],
        *,
        departed: Departed,
        dropped: Sequence[str],
    ) -> None:
        """Put the manifest that names the files of the next generation."""
        old = self._manifest
        kept = {name: one for name, one in old.streams.items() if name not in dropped}
        manifest = msgspec.structs.replace(
            old,
            generation=old.generation + 1,
            sync=msgspec.Raw(state),
            streams={**kept, **made},
            journal=[],
        )
        if departed == "keep":
            manifest.retired = sorted(old.files - manifest.files)
        else:
            manifest.retired = []
        self._put_manifest(manifest)
        # From here on a crash no longer undoes it; what is left over goes with the next opening.
        self._frames = 0
        self.journal.clear(manifest.generation)
        self._remove_leftovers({one.name: one for one in self._objects.objects()})

    def _put_manifest(self, manifest: BucketManifest) -> None:
        """Put a manifest in the place of the one that was read or put last."""
        body = encode_manifest(manifest)
        try:
            self._tag = self._put_if(body, self._tag)
        except ChangedObjectError:
            # An answer was lost and the put repeated: then this is what is there.
            found = self._objects.get(STATE_NAME)
            if found is None or found.body != body:
                raise self._taken_over() from None
            self._tag = found.tag
        self._manifest = manifest

    def _put_if(self, body: bytes, tag: str | None) -> str:
        """Put a manifest in the place of the one with this tag; None is where there is none."""
        if tag is None:
            return self._objects.create(STATE_NAME, body)
        return self._objects.replace(STATE_NAME, body, tag)

    def _remove_leftovers(self, listing: Mapping[str, ObjectInfo]) -> None:
        """Remove what no generation and no reader needs, of this epoch and of earlier ones."""
        names = leftovers(listing, self._manifest)
        if names:
            self._objects.remove(names)

    # ------------------------------------------------------------------------------------------

    @property
    def _fetched(self) -> ObjectCache:
        if self._cache is None:
            raise TargetError(f"{self.where} is not open")
        return self._cache

    @property
    def _spooled(self) -> Path:
        if self._spool is None:
            raise TargetError(f"{self.where} is not open")
        return self._spool.path

    def close(self) -> None:
        """Remove the temporary folder; the manifest stays as it is."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()
        spool, self._spool = self._spool, None
        self._cache = None
        if spool is not None:
            spool.remove()


class NextObjects:
    """The objects of a stream's next generation.

    Args:
        objects: The storage.
        spool: A local folder for the file that is being written.
        place: With what the objects' names begin.
    """

    def __init__(self, objects: ObjectStore, spool: Path, place: str) -> None:
        self._objects = objects
        self._spool = spool
        self._place = place

    def create(self, name: str) -> BinaryIO:
        """Open a new local file for writing."""
        return OS_DISK.create(self._spool / name)

    def sync(self, file: BinaryIO) -> None:
        """Do nothing: the object counts, not the file."""

    def place(self, name: str, rows: int) -> StoredFile:
        """Put a file as an object, and remove it here."""
        path = self._spool / name
        stored = described(f"{self._place}/{name}", rows, digested(path))
        tag = self._objects.upload(stored.name, path)
        path.unlink()
        return msgspec.structs.replace(stored, tag=tag)

    def keep(self, file: StoredFile) -> None:
        """Do nothing: the next manifest names the object as well."""

    def end(self, files: list[StoredFile]) -> StoredStream:
        """Return the stream as the manifest holds it."""
        return StoredStream(files=files)


def _difference(found: ObjectInfo | None, file: StoredFile) -> str | None:
    """Compare an object with what was put; say in words what differs."""
    if found is None:
        return f"{file.name} is missing"
    if found.size != file.bytes:
        return f"{file.name} has {found.size} bytes instead of {file.bytes}"
    if found.tag != file.tag:
        return f"{file.name} was changed"
    return None
