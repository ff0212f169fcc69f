"""A command in a pseudo-terminal, and the screen that a person would see."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX's", allow_module_level=True)

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio
import anyio.to_thread

pyte = pytest.importorskip("pyte")

CONTROL_C = b"\x03"


@dataclass
class Terminal:
    """A terminal of a size, with what a command has written to it."""

    columns: int = 80
    rows: int = 40
    written: bytes = b""
    code: int | None = None
    screens: list[list[str]] = field(default_factory=list[list[str]])
    """What was seen, one screen a change, the last one last."""

    @property
    def lines(self) -> list[str]:
        """The last screen, without blank lines at its end."""
        return self.screens[-1] if self.screens else []

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


async def in_terminal(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    columns: int = 80,
    rows: int = 40,
    until: Callable[[Terminal], bool] | None = None,
    then: bytes = CONTROL_C,
    limit_s: float = 60.0,
) -> Terminal:
    """Run the command line in a terminal to its end.

    Args:
        arguments: Those of `intercom-async`.
        environment: Beside that of this process.
        columns: Width of the terminal.
        rows: Its height.
        until: Looks at the terminal after each change; as soon as it is satisfied, `then` is typed.
        then: What is typed, once; by default Ctrl-C.
        limit_s: Seconds after which the command is killed and the test fails.
    """
    terminal = Terminal(columns, rows)
    surroundings = {**os.environ, "TERM": "xterm-256color"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        surroundings.pop(name, None)
    env = {**surroundings, **(environment or {})}
    await anyio.to_thread.run_sync(_run, arguments, env, terminal, until, then, limit_s)
    return terminal


def _run(
    arguments: tuple[str, ...],
    env: dict[str, str],
    terminal: Terminal,
    until: Callable[[Terminal], bool] | None,
    then: bytes,
    limit_s: float,
) -> None:
    master, slave = pty.openpty()
    size = struct.pack("HHHH", terminal.rows, terminal.columns, 0, 0)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
    process = subprocess.Popen(
        [sys.executable, "-m", "intercom_async", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 (for Ctrl-C)
    )
    os.close(slave)
    try:
        _read(terminal, master, process, until, then, limit_s)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _read(
    terminal: Terminal,
    master: int,
    process: subprocess.Popen[bytes],
    until: Callable[[Terminal], bool] | None,
    then: bytes,
    limit_s: float,
) -> None:
    screen = pyte.Screen(terminal.columns, terminal.rows)
    stream = pyte.ByteStream(screen)
    end_s = time.monotonic() + limit_s  # noqa: TID251 (a real process)
    while time.monotonic() < end_s:  # noqa: TID251
        if not select.select([master], [], [], 0.5)[0]:
            continue
        try:
            data = os.read(master, 65_536)
        except OSError:  # the other end is closed
            data = b""
        if not data:
            terminal.code = process.wait(10)
            return
        terminal.written += data
        stream.feed(data)
        lines = [line.rstrip() for line in screen.display]
        while lines and not lines[-1]:
            lines.pop()
        if not terminal.screens or terminal.screens[-1] != lines:
            terminal.screens.append(lines)
        if until is not None and until(terminal):
            until = None
            os.write(master, then)
    raise AssertionError(f"not done within {limit_s} s:\n{terminal.text}")
