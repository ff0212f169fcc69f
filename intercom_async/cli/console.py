"""Messages on stderr, results on stdout."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import IO, Any, cast

import msgspec
from rich.console import Console, ConsoleDimensions, RenderableType

from intercom_async.errors import ConfigError
from intercom_async.redaction import printable
from .os_errors import STDOUT, naming

UNWRAPPED = 10_000
"""Columns of a line that goes to a pipe or a file, so that no row is wrapped there
(test_console.py::test_a_table_in_a_pipe_has_a_line_for_each_row)."""

_LONGEST = 10_000
"""Characters of a line that `say` prints; more are cut off
(test_sync_findings.py::test_a_hole_is_named_to_be_copied_only_where_it_is_shown_as_it_is)."""


class _EndingConsole(Console):
    """Ends a command where the reader of what it prints has gone."""

    def on_broken_pipe(self) -> None:
        """Let the command end as where anything else of it has no reader."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class PipedConsole(_EndingConsole):
    """Wraps lines to the width of a terminal, and does not wrap them in a pipe or a file."""

    @property
    def size(self) -> ConsoleDimensions:
        """Return columns and lines of the terminal, or those of a page without edges."""
        return super().size if self.is_terminal else ConsoleDimensions(UNWRAPPED, 25)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        """Set columns and lines, as `Console` allows."""
        self._width, self._height = new_size


class _GuardedStream:
    """A stream that writes within a guard, which says what becomes of what it cannot write.

    Args:
        stream: Where it writes.
        guard: Makes the guard of one write.
    """

    def __init__(self, stream: IO[str], guard: Callable[[], AbstractContextManager[None]]) -> None:
        self._stream = stream
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text."""
        with self._guard():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write out what the stream holds back."""
        with self._guard():
            self._stream.flush()


class ResultConsole(_EndingConsole):
    """Prints on stdout."""

    @property
    def file(self) -> IO[str]:
        """Return the stream that is printed to."""
        return cast("IO[str]", _GuardedStream(super().file, partial(naming, STDOUT)))

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        """Set another stream, as `Console` allows."""
        self._file = new_file


class _PipedResults(ResultConsole, PipedConsole):
    """Prints tables on stdout."""


@contextmanager
def _dropping() -> Generator[None]:
    """Drop what cannot be written in the block, unless its reader has gone."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass


class MessageConsole(PipedConsole):
    """Prints messages as far as stderr takes them: a full disk must not end a command.

    See test_lost_messages.py::test_a_sync_whose_messages_are_lost_is_complete.
    """

    @property
    def file(self) -> IO[str]:
        """Return the stream that is printed to."""
        return cast("IO[str]", _GuardedStream(super().file, _dropping))

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        """Set another stream, as `Console` allows."""
        self._file = new_file


console: Console = MessageConsole(stderr=True, highlight=False, emoji=False)
"""Messages, on stderr."""


def is_shown_whole(text: str) -> bool:
    """Say whether `say` prints a text as it is, on one line, so that it can be copied."""
    return "\n" not in text and printable(text, limit=_LONGEST) == text


def say(message: str, *, wraps: bool = True) -> None:
    """Print a message on stderr.

    Args:
        message: The message, in Rich's markup.
        wraps: Whether a terminal may have it on several lines; not what is to be copied.
    """
    lines = [printable(line, limit=_LONGEST) for line in message.split("\n")]
    for line in lines:
        # A line for a program stays one line, and an address can be copied whole.
        is_long = max(map(len, line.split()), default=0) > console.width
        console.print(line, soft_wrap=not wraps or not console.is_terminal or is_long)


def put_view(view: RenderableType) -> None:
    """Print a table or a text on stdout."""
    _PipedResults(highlight=False).print(view)


def put_json(body: bytes) -> None:
    """Print JSON on stdout, indented in a terminal."""
    if sys.stdout.isatty():
        body = for_terminal(msgspec.json.format(body, indent=2))
    put_raw(body)


def put_body(body: bytes) -> None:
    """Print the body of a response on stdout: JSON, text or bytes.

    Raises:
        ConfigError: It is no text, and stdout is a terminal.
    """
    is_terminal = sys.stdout.isatty()
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    else:
        put_json(body)
        return
    if is_terminal:
        try:
            body.decode()
        except UnicodeDecodeError:
            raise ConfigError(
                f"the answer is {len(body):,} bytes that are no text: send stdout to a file"
            ) from None
        body = for_terminal(body)
    put_bytes(body + (b"\n" if is_terminal and not body.endswith(b"\n") else b""))


def for_terminal(body: bytes) -> bytes:
    """Escape control, C1 and bidirectional characters, which could steer a terminal."""
    text = body.decode(errors="replace")
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]
        for letter in text
    ).encode()


def put_raw(body: bytes) -> None:
    """Print a line on stdout."""
    put_bytes(body, b"\n")


def put_bytes(*parts: bytes) -> None:
    """Write bytes on stdout.

    Raises:
        OSError: They cannot be written; it names stdout.
    """
    with naming(STDOUT):
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()


def flush() -> None:
    """Write out what stdout holds back; a program may have been started without one."""
    if sys.stdout:
        with naming(STDOUT):
            sys.stdout.flush()


def drop_unwritten(stream: IO[str] | None) -> None:
    """Let a stream lead nowhere if it cannot write what it holds; Python would end with 120."""
    try:
        if stream:
            stream.flush()
    except OSError:
        lead_nowhere(stream)


def lead_nowhere(stream: IO[str] | None) -> None:
    """Let a stream of the program lead nowhere."""
    if stream:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def put_line(event: str, value: object) -> None:
    """Print something for programs, as one line of JSON that says what it is."""
    put_raw(msgspec.json.encode({"event": event, event: value}))


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 row``, ``1,204 rows``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
