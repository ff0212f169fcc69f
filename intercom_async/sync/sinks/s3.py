"""Object storage that speaks the protocol of S3, through obstore.

Credentials, region and address come from the environment as Amazon's own tools name them
(`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`,
`AWS_ENDPOINT_URL`), or from the machine's role. No message holds one: the storage's own words stay
out but for its error code, as some of its answers repeat a request's signature.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from intercom_async.sync.addresses import instead_of
from intercom_async.sync.arguments import checked_text
from intercom_async.sync.errors import SyncConfigError, TargetError
from .extra import load
from .failures import KEPT, failure_of, origin_of
from .object_store import ChangedObjectError, ObjectBody, ObjectInfo

_ADDRESS = re.compile(r"(?i:s3)://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]*)(?:/(?P<prefix>[^?#]*))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VISIBLE = re.compile(r"[!-~]+")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_DENIED = "the credentials are not accepted: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_EXPIRED = "the credentials have expired: renew AWS_SESSION_TOKEN"
_ADVICE = {
    "AccessDenied": "the credentials may not do this: they need s3:ListBucket of the bucket, and "
    "s3:GetObject, s3:PutObject and s3:DeleteObject of the prefix",
    "InvalidAccessKeyId": _DENIED,
    "SignatureDoesNotMatch": _DENIED,
    "InvalidToken": _DENIED,
    "ExpiredToken": _EXPIRED,
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "NoSuchBucket": "there is no such bucket",
    "SlowDown": "object storage asks for fewer requests",
}
"""What is said of the storage's error codes."""
METADATA_ADDRESS = "169.254.169.254"
"""Where obstore looks for the role of a machine when the environment has no credentials."""
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
RETRY_S = 60
"""Seconds for which a request that fails by no fault of its own is sent again; the client's own
are three minutes (test_object_storage.py::test_storage_that_does_not_answer_is_told_in_time)."""
MOST_RETRIES = 5
"""Repetitions of one request at most."""
ANSWER_WITHIN_S = 30
"""Seconds for the answer to one request, with the data that it carries."""
PANIC = "PanicException"
"""What obstore raises where it expects no failure; no class that can be imported."""
CHUNK_BYTES = 2**20
"""Bytes of an object that are read at once."""


class S3Objects:
    """An `ObjectStore` in a bucket.

    Args:
        address: `s3://bucket/prefix`.

    Raises:
        SyncConfigError: It is no such address.
        TargetError: obstore is missing.
    """

    def __init__(self, address: str) -> None:
        bucket, prefix = checked_address(address)
        endpoint = checked_environment()
        self._where = f"s3://{bucket}/{prefix}".rstrip("/")
        self._obstore = load("obstore", extra="s3", what="Object storage")
        self._errors = load("obstore.exceptions", extra="s3", what="Object storage")
        stores = load("obstore.store", extra="s3", what="Object storage")
        with self._told():
            self._store = stores.S3Store(
                bucket,
                prefix=prefix or None,
                # Who writes http:// into the environment means it.
                client_options={
                    "allow_http": urlsplit(endpoint).scheme == "http",
                    "timeout": timedelta(seconds=ANSWER_WITHIN_S),
                },
                retry_config={
                    "max_retries": MOST_RETRIES,
                    "retry_timeout": timedelta(seconds=RETRY_S),
                },
            )

    def __repr__(self) -> str:
        return f"<S3Objects {self._where}>"

    @property
    def where(self) -> str:
        """The address."""
        return self._where

    def get(self, name: str) -> ObjectBody | None:
        """Return an object; None if there is none."""
        with self._told():
            try:
                found = self._obstore.get(self._store, name)
            except FileNotFoundError:
                return None
            return ObjectBody(bytes(found.bytes()), str(found.meta["e_tag"]))

    def create(self, name: str, body: bytes) -> str:
        """Put an object where there is none and return its tag."""
        return self._put(name, body, "create")

    def replace(self, name: str, body: bytes, tag: str) -> str:
        """Put an object in the place of one with this tag and return the new tag."""
        return self._put(name, body, {"e_tag": tag})

    def _put(self, name: str, body: bytes, mode: Any) -> str:
        with self._told():
            try:
                found = self._obstore.put(self._store, name, body, mode=mode, use_multipart=False)
            except (
                *(self._errors.AlreadyExistsError, self._errors.PreconditionError),
                FileNotFoundError,
            ):
                raise ChangedObjectError from None
            return str(found["e_tag"])

    def upload(self, name: str, path: Path) -> str:
        """Put a file as an object, whatever is there, and return the tag."""
        with self._told():
            return str(self._obstore.put(self._store, name, path)["e_tag"])

    def download(self, name: str, path: Path) -> bool:
        """Write an object into a file; say whether there is one."""
        with self._told():
            try:
                found = self._obstore.get(self._store, name)
            except FileNotFoundError:
                return False
            with path.open("wb") as file:
                for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                    file.write(chunk)
        return True

    def tag(self, name: str) -> str | None:
        """Return an object's tag; None if there is none."""
        with self._told():
            try:
                return str(self._obstore.head(self._store, name)["e_tag"])
            except FileNotFoundError:
                return None

    def objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Give the objects whose names begin so, in the order of their names."""
        with self._told():
            for page in self._obstore.list(self._store, prefix=prefix.rstrip("/") or None):
                for one in page:
                    yield ObjectInfo(str(one["path"]), int(one["size"]), str(one["e_tag"]))

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; one that is not there is no error."""
        with self._told():
            self._obstore.delete(self._store, list(names))

    @contextmanager
    def _told(self) -> Generator[None]:
        """Turn what obstore raises into one line that names the target and no credential."""
        try:
            yield
        except (self._errors.BaseError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # of a file of this machine
                raise failure_of(self._where, error) from origin_of(error)
            raise TargetError(f"{self._where}: {_reason(error)}; {KEPT}") from None
        except BaseException as error:
            if type(error).__name__ != PANIC:
                raise
            raise TargetError(
                f"{self._where}: obstore has failed; check the variables AWS_…; {KEPT}"
            ) from None


def _reason(error: Exception) -> str:
    """Return what is wrong, and what to do, without the storage's own words."""
    text = str(error)
    found = _CODE.search(text)
    code = found[1] if found is not None else ""
    if code in _ADVICE:
        return f"{_ADVICE[code]} ({code})"
    if METADATA_ADDRESS in text:
        return "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if "redirect" in text:
        return "the bucket is in another region: set AWS_REGION"
    said = f" ({code})" if code else ""
    return (
        f"object storage does not answer as it should{said}: "
        "check the network, AWS_ENDPOINT_URL and AWS_REGION"
    )


def checked_address(address: object) -> tuple[str, str]:
    """Return bucket and prefix of an address.

    Raises:
        SyncConfigError: It is not supported; what may be a credential is in no message.
    """
    text = checked_text("path", address)
    if not text.lower().startswith("s3://"):
        raise SyncConfigError(f"path must be a folder or s3://bucket/prefix: {instead_of(text)}")
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise SyncConfigError(
            "path must be s3://bucket/prefix; credentials and settings come from the environment"
        )
    prefix = (found["prefix"] or "").strip("/")
    if (prefix and not {"", ".", ".."}.isdisjoint(prefix.split("/"))) or _CONTROL.search(prefix):
        raise SyncConfigError("path must have no //, /./, /../ or line break in its prefix")
    return found["bucket"], prefix


def checked_environment() -> str:
    """Return the endpoint that the environment names, or nothing.

    Raises:
        SyncConfigError: A variable has a value that obstore could not send; it is in no message.
    """
    for name in sorted(os.environ):
        if name.startswith("AWS_") and _CONTROL.search(os.environ[name]):
            raise SyncConfigError(f"{name} has a line break or a control character: remove it")
    name = next((name for name in ENDPOINTS if os.environ.get(name)), "")
    endpoint = os.environ.get(name, "")
    try:
        parts = urlsplit(endpoint)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if endpoint and not (is_address and _VISIBLE.fullmatch(endpoint)):
        raise SyncConfigError(f"{name} must be an address such as https://storage.example.com:9000")
    return endpoint
