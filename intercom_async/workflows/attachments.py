"""Files of messages: read from bytes or paths to be sent, and saved before their links expire."""

from __future__ import annotations

import base64
import mimetypes
import os
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

import anyio

from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ConfigError,
    ConnectionLostError,
    DecodeError,
    IntercomError,
    ResponseError,
    TransportError,
)
from intercom_async.fields import AttachmentFile, AttachmentSource
from intercom_async.models import Attachment, Conversation
from intercom_async.request.fetching import NAME
from intercom_async.response import UNKNOWN, Response, header
from intercom_async.transport.base import StreamReply
from .concurrency import fan_out
from .download import Download

OCTETS = "application/octet-stream"
PAGES = ("text/html", "application/xhtml+xml")
"""Content types of pages."""
OK = 200
"""The only status of a whole file: 204 has none, 206 a part of it, 203 a changed one
(test_attachments.py::test_only_the_whole_file_is_saved)."""
_UNSAFE = re.compile(r"[^\w.\- ()]+")
MAX_NAME = 120
"""Bytes of a saved file's own name in UTF-8; file systems take 255
(test_attachments.py::test_a_name_cannot_leave_its_folder)."""
MAX_ENDING = 10
"""Letters after the last dot that count as the kind of a file."""
AT_ONCE = 4
"""Files of one conversation fetched concurrently
(test_attachments.py::test_every_attachment_is_saved_once)."""
TRIES = 3
"""Attempts at one file; only a host that fails is asked again
(test_attachments.py::test_a_host_that_fails_is_asked_again)."""
PAUSE_S = 0.5
"""Seconds before the second attempt, twice as many before the third (as above)."""
FIRST_SERVER_ERROR = 500
"""Statuses from here on are failures of the server, and tried again."""

Fetch = Callable[[str], Awaitable[StreamReply]]
"""Begins to read a linked file."""


class PartFiles(NamedTuple):
    """The files of one part, or of the message that a conversation began with."""

    part_id: str
    attachments: Collection[Attachment]


class SavedAttachment(NamedTuple):
    """A file that is on disk now."""

    path: Path
    attachment: Attachment
    part_id: str
    """The part it belongs to, or the message that the conversation began with."""
    size: int
    """Bytes."""


class LostAttachment(NamedTuple):
    """A file that could not be fetched."""

    attachment: Attachment
    part_id: str
    error: IntercomError


@dataclass(frozen=True, slots=True)
class SavedAttachments:
    """What became of the files of a conversation."""

    saved: list[SavedAttachment] = field(default_factory=list[SavedAttachment])
    lost: list[LostAttachment] = field(default_factory=list[LostAttachment])


async def read_attachments(sources: Collection[AttachmentSource]) -> list[AttachmentFile]:
    """Return files in the form that the API takes.

    Args:
        sources: Each a path, a name with its bytes, or the form of the API.

    Raises:
        ConfigError: One is none of these, or its file cannot be read.
    """
    return [await _read(source) for source in sources]


async def _read(source: Any) -> AttachmentFile:
    if isinstance(source, os.PathLike):
        path = anyio.Path(os.fsdecode(source))  # pyright: ignore[reportUnknownArgumentType] (any path)
        try:
            return _encoded(path.name, await path.read_bytes())
        except OSError as error:
            raise ConfigError(f"attachment_files: {path.name} {error.strerror}") from None
    match source:
        case (str() as name, (bytes() | bytearray()) as data):
            return _encoded(name, bytes(data))
        case tuple():
            raise ConfigError("attachment_files: a tuple is a name and bytes")
        case str() | bytes():
            raise ConfigError("attachment_files: give a Path, (name, bytes), or a dict")
        case _:
            as_it_is: AttachmentFile = source
            return as_it_is


def _encoded(name: str, data: bytes) -> AttachmentFile:
    kind = _kind_of(name) or OCTETS
    return {"name": name, "content_type": kind, "data": base64.b64encode(data).decode("ascii")}


async def save_attachments(
    conversation: Conversation, folder: str | os.PathLike[str], fetch: Fetch
) -> SavedAttachments:
    """Save all files of a conversation as ``PART-NUMBER-NAME`` in a folder, which is made.

    A file that is there already is not fetched again, unless it is empty or its size differs from
    the one that its attachment says.

    Raises:
        OSError: A file cannot be written.
    """
    target = Path(folder)
    await anyio.Path(target).mkdir(parents=True, exist_ok=True)
    return await save_files(_files_of(conversation), target, fetch)


async def save_files(
    holders: Iterable[PartFiles], folder: Path, fetch: Fetch, limiter: anyio.Semaphore | None = None
) -> SavedAttachments:
    """Save files as ``PART-NUMBER-NAME`` in a folder that is there, but for those it has.

    Args:
        holders: What the files belong to.
        folder: Where.
        fetch: Begins to read a file.
        limiter: Bounds the files that are fetched concurrently; four by default.

    Raises:
        OSError: A file cannot be written.
    """
    result = SavedAttachments()
    place = limiter or anyio.Semaphore(AT_ONCE)

    async def work(found: tuple[Path, str, Attachment]) -> None:
        path, part_id, attachment = found
        try:
            if not _is_there(path, attachment):
                async with place:
                    await _save(path, attachment, fetch)
        except IntercomError as error:
            result.lost.append(LostAttachment(attachment, part_id, error))
        else:
            saved = SavedAttachment(path, attachment, part_id, path.stat().st_size)
            result.saved.append(saved)

    async for _ in fan_out(_targets(holders, folder), work, concurrency=AT_ONCE):
        pass
    result.saved.sort(key=lambda one: one.path)
    return result


def _is_there(path: Path, attachment: Attachment) -> bool:
    """Say whether a file is saved, as far as its size tells."""
    if not path.exists():
        return False
    size_bytes, told = path.stat().st_size, _size_of(attachment)
    if told is None:
        return size_bytes > 0 or attachment.filesize == 0
    return size_bytes == told


async def _save(path: Path, attachment: Attachment, fetch: Fetch) -> None:
    """Save one file; a host that fails is asked again.

    Raises:
        DecodeError: The host answered with something else than the whole file.
    """

    async def begin() -> Response[StreamReply]:
        reply = await fetch(attachment.url or "")
        return Response(
            data=reply,
            status=reply.status,
            headers=reply.headers,
            request_id=None,
            window=UNKNOWN,
            attempts=1,
            elapsed_s=0.0,
        )

    for attempt in range(1, TRIES + 1):
        try:
            async with Download(begin) as stream:
                await _save_whole(stream, path, attachment)
                return
        except (TransportError, ResponseError) as error:
            is_final = isinstance(error, ResponseError) and error.status < FIRST_SERVER_ERROR
            if is_final or attempt == TRIES:
                raise
        await CLOCK.sleep(PAUSE_S * attempt)


async def _save_whole(stream: Download, path: Path, attachment: Attachment) -> None:
    """Save what a host sends, if it is the file.

    Raises:
        ResponseError: It has another status than that of a file.
        ConnectionLostError: Less came of it than its host has announced.
        DecodeError: It is something else.
    """
    if stream.response.status != OK:
        raise ResponseError(call=NAME, status=stream.response.status, headers=stream.headers)
    told = _size_of(attachment)
    other = _told_instead(_main_type(header(stream.headers, "Content-Type")), attachment)
    if other and told is None:
        raise DecodeError(f"its host answered with {other} instead of the file")
    # A name as `Download` gives one: what a killed process leaves is tidied up alike.
    partial = path.with_name(f".{token_hex(8)}.part")
    try:
        size_bytes = await stream.save(partial)
        sizes = _sizes_sent(stream.headers, size_bytes)
        if not size_bytes and attachment.filesize != 0:
            raise DecodeError("its host sent an empty file")
        if told is not None and told not in sizes:
            if other:
                raise DecodeError(f"its host answered with {other} instead of the file")
            raise DecodeError(f"its host sent {size_bytes} bytes, and its attachment says {told}")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _size_of(attachment: Attachment) -> int | None:
    """Return how many bytes a file has; None where its attachment does not say it."""
    size_bytes = attachment.filesize
    return size_bytes if size_bytes is not None and size_bytes > 0 else None


def _sizes_sent(headers: Mapping[str, str], size_bytes: int) -> tuple[int, ...]:
    """Return the sizes that a file may have of which so many bytes came.

    Raises:
        ConnectionLostError: Its host has announced another number.
    """
    length = header(headers, "Content-Length") or ""
    announced = int(length) if length.isascii() and length.isdigit() else size_bytes
    if (header(headers, "Content-Encoding") or "identity").strip().lower() != "identity":
        # What is stored packed is as large as what was sent, and what is packed on its way is not.
        return size_bytes, announced
    if announced != size_bytes:
        raise ConnectionLostError(f"{size_bytes} of {announced} bytes came", call=NAME)
    return (size_bytes,)


def _told_instead(told: str | None, attachment: Attachment) -> str:
    """Say what a host answered with, if that is of another kind than the file.

    A login or an error of a host, or of what stands before it, may come with the status 200.

    Args:
        told: The content type of the answer.
        attachment: The file; it has a kind by its content type, or by its name.
    """
    kinds = {_main_type(attachment.content_type), _kind_of(attachment.name or "")} - {None, OCTETS}
    if not kinds:
        return ""
    for what, is_it in (("a page", _is_page), ("JSON", _is_json), ("XML", _is_xml)):
        if is_it(told):
            return "" if any(is_it(kind) for kind in kinds) else what
    return ""


def _is_page(kind: str | None) -> bool:
    return kind in PAGES


def _is_json(kind: str | None) -> bool:
    return kind is not None and kind.endswith(("/json", "+json"))


def _is_xml(kind: str | None) -> bool:
    return kind in PAGES or (kind is not None and kind.endswith(("/xml", "+xml")))


def _kind_of(name: str) -> str | None:
    """Return the content type that a file's name tells, which may be what no address can be.

    To the standard library a name is an address: it finds no kind behind a colon, and raises a
    `ValueError` that may quote it.
    """
    return mimetypes.guess_type(_UNSAFE.sub("_", name))[0]


def _main_type(content_type: str | None) -> str | None:
    """Return a content type without its parameters; None where there is none."""
    return (content_type or "").partition(";")[0].strip().lower() or None


def _files_of(conversation: Conversation) -> Iterator[PartFiles]:
    source, parts = conversation.source, conversation.conversation_parts
    if source is not None:
        yield PartFiles(source.id or "source", source.attachments)
    if parts is not None:
        for part in parts.conversation_parts:
            yield PartFiles(part.id, part.attachments)


def _targets(holders: Iterable[PartFiles], folder: Path) -> Iterator[tuple[Path, str, Attachment]]:
    for part_id, attachments in holders:
        for number, attachment in enumerate(attachments, 1):
            name = safe_name(f"{part_id}-{number}-{attachment.name or 'file'}")
            yield folder / name, part_id, attachment


def safe_name(name: str) -> str:
    """Return a name that is one segment of a path on every system, with its ending."""
    clean = _UNSAFE.sub("_", name).strip(" .") or "file"
    stem, dot, ending = clean.rpartition(".")
    if not dot or len(ending) > MAX_ENDING:
        return _cut(clean, MAX_NAME)
    ending = f".{ending}"
    return f"{_cut(stem, MAX_NAME - len(ending.encode()))}{ending}"


def _cut(text: str, size: int) -> str:
    """Return as many of the first characters as have `size` bytes."""
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
