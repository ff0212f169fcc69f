"""The files of a target in object storage, for who reads them."""

from __future__ import annotations

import os

from intercom_async.sync.addresses import is_path
from intercom_async.sync.arguments import checked_text
from intercom_async.sync.errors import SyncConfigError, TargetError
from .bucket_manifest import decode_manifest
from .folder import STATE_NAME
from .object_store import ObjectStore, is_object_store
from .s3 import S3Objects


def published_files(target: str | ObjectStore, stream: str) -> list[str]:
    """Return the addresses of the Parquet files that hold a stream, all of one generation.

    ::

        files = published_files("s3://bucket/prefix", "contacts")
        polars.scan_parquet(files)
        duckdb.read_parquet(files)

    They stay until the second sync from now has ended; one with `hard_delete` or `erase_deleted`
    removes what it no longer needs at once. A pattern such as `data/**/*.parquet` finds
    files of other generations as well.

    Args:
        target: `s3://bucket/prefix`, as `ParquetSink` takes it.
        stream: The stream, such as `contacts`.

    Raises:
        TargetError: The target cannot be read, or has no such stream.
        SyncConfigError: It is no address.
    """
    checked_text("stream", stream)
    objects = target if is_object_store(target) else S3Objects(_address(target))
    found = objects.get(STATE_NAME)
    if found is None:
        raise TargetError(f"{objects.where} has no {STATE_NAME}: nothing was synced to it")
    streams = decode_manifest(found.body, objects.where).streams
    if stream not in streams:
        named = ", ".join(sorted(streams)) or "none yet"
        raise TargetError(f"{objects.where} has no stream {stream}; its streams: {named}")
    return [f"{objects.where}/{file.name}" for file in streams[stream].files]


def _address(target: object) -> str:
    """Return the address of a target.

    Raises:
        SyncConfigError: It is another one, such as a folder.
    """
    if isinstance(target, os.PathLike) or (isinstance(target, str) and is_path(target)):
        raise SyncConfigError(
            "target must be s3://bucket/prefix: published_files is for object storage; of a target "
            "in a folder, read all files in FOLDER/STREAM"
        )
    return checked_text("target", target)
