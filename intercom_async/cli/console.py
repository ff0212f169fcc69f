"""Where messages go: stderr, so that stdout is for other programs."""

from __future__ import annotations

import json
import sys

import msgspec
from rich.console import Console

from intercom_async.redaction import printable

console: Console = Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """Print a message for a person."""
    lines = (printable(line, limit=10_000) for line in message.split("\n"))
    console.print("\n".join(lines), soft_wrap=True)


def put_json(body: bytes) -> None:
    """Print JSON for a program; laid out for reading if it is a person after all."""
    if sys.stdout.isatty():
        body = for_terminal(msgspec.json.format(body, indent=2))
    put_raw(body)


def for_terminal(body: bytes) -> bytes:
    """Escape what could steer a terminal in JSON: control, C1 and bidirectional characters."""
    text = body.decode(errors="replace")
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]
        for letter in text
    ).encode()


def put_raw(body: bytes) -> None:
    """Print a line for a program."""
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
