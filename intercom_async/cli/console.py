"""Where messages go: stderr, so that stdout is for other programs."""

from __future__ import annotations

import sys

import msgspec
from rich.console import Console

console: Console = Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """Print a message for a person."""
    console.print(message, soft_wrap=True)


def put_json(body: bytes) -> None:
    """Print JSON for a program; laid out for reading if it is a person after all."""
    if sys.stdout.isatty():
        body = msgspec.json.format(body, indent=2)
    put_raw(body)


def put_raw(body: bytes) -> None:
    """Print a line for a program."""
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
