"""Interruption of commands: Ctrl-C and SIGTERM are treated alike.

One rule for all commands: the signal cancels the command, which closes what it holds, and the
program says "interrupted" and ends with 130. A sync has more to do and asks with `stopping`, and
what waits for a terminal's next line cannot be cancelled and ends with `ending_at_once`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

import anyio

from .console import say

INTERRUPTED = 130
"""Exit code of a program ended by SIGINT."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def terminable() -> Generator[None]:
    """Treat SIGTERM like Ctrl-C, whatever both did before.

    A shell's script starts a background command with SIGINT ignored; it is heard again, or neither
    signal would end the command.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)


@contextmanager
def stopping(stop: anyio.Event) -> Generator[None]:
    """Let the first signal ask for an end, and the second one be it.

    Only the main thread hears signals; in another one, nothing changes.
    """
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            # What was committed is safe; nothing else is worth a moment more.
            os._exit(INTERRUPTED)
        stop.set()
        say("finishing the pages in hand and saving; once more ends at once")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        with suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends the run there
            loop.add_signal_handler(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            # The loop leaves behind what Python begins with: SIGTERM would kill while it reports.
            signal.signal(number, handler)


@contextmanager
def ending_at_once() -> Generator[None]:
    """Exit on the first signal, while a thread waits for a line and cannot be cancelled."""
    before = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    """Exit at once; at most another line to the terminal is being written.

    So this one goes past the buffer, which takes no second line meanwhile.
    """
    with suppress(AttributeError, ValueError, OSError):  # stderr is closed
        os.write(sys.stderr.fileno(), b"interrupted\n")
    os._exit(INTERRUPTED)
