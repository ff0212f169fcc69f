"""The manifest of a target in object storage, and the names of the objects beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from intercom_async.sync.errors import TargetError
from .folder import FORMAT, STATE_NAME, Manifest

ROWS = "parquet-objects"
"""What the manifest calls its rows: another name than in a folder, as files have other names."""
DATA, JOURNAL = "data", "journal"
_PLACE = re.compile(rf"(?P<kind>{DATA}|{JOURNAL})/(?P<generation>\d+)-(?P<epoch>\d+)/(?P<rest>.+)")


class JournalPart(msgspec.Struct, frozen=True, array_like=True):
    """The commits of an epoch that a later one goes on from."""

    epoch: int
    frames: int
    """The first so many; what a sync that was thought dead adds is void."""


class BucketManifest(Manifest, kw_only=True):
    """What the target holds."""

    format_of_rows: str = ROWS
    sync: msgspec.Raw = msgspec.Raw(b"null")
    epoch: int = 0
    """How many times it was opened."""
    holder: str = ""
    """Who opened it last, a random text: manifests of two that open it at once differ."""
    journal: list[JournalPart] = msgspec.field(default_factory=list[JournalPart])
    """Commits of earlier epochs on top of this generation, in their order."""
    retired: list[str] = msgspec.field(default_factory=list[str])
    """Files of the last generation that this one has no more, kept for who reads them."""

    @property
    def files(self) -> set[str]:
        """The names of all files of the generation."""
        return {file.name for stream in self.streams.values() for file in stream.files}


class _Head(msgspec.Struct):
    format: int = 1
    format_of_rows: str = ""


def decode_manifest(body: bytes, where: str) -> BucketManifest:
    """Read a manifest.

    Raises:
        TargetError: It is damaged, or of something else.
    """
    path = f"{where.rstrip('/')}/{STATE_NAME}"
    try:
        head = msgspec.json.decode(body, type=_Head)
        if head.format == FORMAT and head.format_of_rows == ROWS:
            return msgspec.json.decode(body, type=BucketManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise TargetError(f"{path} is damaged; restore it, or choose another prefix") from None
    if head.format_of_rows != ROWS:
        raise TargetError(f"{path} is a folder's that was copied there; choose another prefix")
    raise TargetError(f"{path} has format {head.format}, this version reads {FORMAT}")


def encode_manifest(manifest: BucketManifest) -> bytes:
    """Return a manifest as JSON that people can read as well."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def place_name(generation: int, epoch: int) -> str:
    """Return the name under which an epoch puts what belongs to a generation."""
    return f"{generation:06d}-{epoch:06d}"


def frame_name(generation: int, epoch: int, number: int) -> str:
    """Return the name of a commit; names are in the order of the commits."""
    return f"{JOURNAL}/{place_name(generation, epoch)}/{number:08d}"


def leftovers(names: Iterable[str], manifest: BucketManifest) -> list[str]:
    """Return the objects of ours that are needed no more.

    What a later epoch has put is its own, and what has another name is somebody else's.
    """
    needed = manifest.files.union(manifest.retired)
    commits = {part.epoch: part.frames for part in manifest.journal}
    return [name for name in names if name not in needed and _is_void(name, manifest, commits)]


def _is_void(name: str, manifest: BucketManifest, commits: dict[int, int]) -> bool:
    found = _PLACE.fullmatch(name)
    if found is None or int(found["epoch"]) > manifest.epoch:
        return False
    if found["kind"] == DATA or int(found["generation"]) < manifest.generation:
        return True
    epoch, number = int(found["epoch"]), found["rest"]
    return epoch < manifest.epoch and not (
        number.isdecimal() and int(number) <= commits.get(epoch, 0)
    )
