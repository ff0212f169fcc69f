"""Ctrl-C and SIGTERM end a command in the same way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import anyio
import pytest

pytest.importorskip("cyclopts")

from intercom_async.cli.signals import SIGNALS, stopping, terminable

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.once,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send"),
]
AMID_A_LINE = """
import io, os, signal, sys
from intercom_async.cli.signals import ending_at_once
class Terminal(io.RawIOBase):
    def writable(self):
        return True
    def fileno(self):
        return 2
    def write(self, text):
        os.write(2, text)
        signal.raise_signal(signal.SIGINT)
        return len(text)
sys.stderr = io.TextIOWrapper(io.BufferedWriter(Terminal()), line_buffering=True)
with ending_at_once():
    print("Serving", file=sys.stderr)
"""
"""The signal comes as soon as a line is there, before the program knows that it is."""
WHOAMI, API = ("whoami",), ("api", "GET", "/contacts")
START = """
import os, runpy, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN if sys.argv.pop(1) == "ignored" else
              signal.default_int_handler)
runpy.run_module("intercom_async", run_name="__main__", alter_sys=True)
"""
"""A shell's script starts a command in the background with SIGINT ignored."""

DURING_IMPORTS = """
import os, runpy, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "cyclopts":
            os.kill(os.getpid(), int(sys.argv.pop(1)))
sys.meta_path.insert(0, Finder())
runpy.run_module("intercom_async", run_name="__main__", alter_sys=True)
"""
"""The program is sent a signal while it imports what it needs."""


AT_END = """
import atexit, gc, runpy
before = gc.get_freeze_count()
atexit.register(lambda: print(gc.get_freeze_count() > before + 10_000))
runpy.run_module("intercom_async", run_name="__main__", alter_sys=True)
"""
"""The program says at its end whether Python will look through what is left in memory."""


async def end(command: tuple[str, ...], number: signal.Signals, *, interrupt: str) -> None:
    """Send a signal to a command that waits for an answer, and see it end."""
    asked = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    there = {"INTERCOM_TOKEN": "token", "INTERCOM_BASE_URL": f"http://127.0.0.1:{port}"}
    process = await anyio.open_process(
        [sys.executable, "-W", "always::ResourceWarning", "-c", START, interrupt, *command],
        env={**os.environ, "NO_COLOR": "1", **there},
    )
    async with process, server:
        assert process.stderr is not None
        await asked.wait()
        process.send_signal(number)
        said = b"".join([part async for part in process.stderr])
        assert await process.wait() == 130, (command, said)
    assert said.splitlines() == [b"interrupted"], (command, said)


@pytest.mark.parametrize(
    ("number", "interrupt", "command"),
    [  # every two of a signal, a way of starting and a command
        (signal.SIGINT, "heard", WHOAMI),
        (signal.SIGINT, "ignored", API),
        (signal.SIGTERM, "heard", API),
        (signal.SIGTERM, "ignored", WHOAMI),
    ],
)
async def test_a_signal_ends_a_command(
    number: signal.Signals, interrupt: str, command: tuple[str, ...]
) -> None:
    with anyio.fail_after(60):
        await end(command, number, interrupt=interrupt)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_a_command_that_is_not_yet_imported(number: signal.Signals) -> None:
    with anyio.fail_after(60):
        done = await anyio.run_process(
            [sys.executable, "-c", DURING_IMPORTS, str(int(number)), *WHOAMI], check=False
        )

    assert done.returncode == 130
    assert done.stderr == b"interrupted\n"


async def test_a_sync_that_has_ended_leaves_signals_as_they_were() -> None:
    """While it reports, SIGTERM would else kill it."""
    with terminable():
        before = [signal.getsignal(one) for one in SIGNALS]
        with stopping(anyio.Event()):
            pass
        assert [signal.getsignal(one) for one in SIGNALS] == before


@pytest.mark.parametrize(("options", "is_left"), [((), True), (("-W", "always"), False)])
async def test_what_is_left_in_memory_goes_with_the_process(
    options: tuple[str, ...],
    is_left: bool,  # noqa: FBT001 (of the table)
) -> None:
    """To free it costs more than all else that a sync does once it is asked to stop."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    process = await anyio.run_process(
        [sys.executable, *options, "-c", AT_END, "--version"], env=environment
    )

    assert process.stdout.decode().split()[-1] == str(is_left)


async def test_a_signal_amid_a_line_ends_at_once() -> None:
    process = await anyio.run_process([sys.executable, "-c", AMID_A_LINE], check=False)
    assert process.stderr.splitlines() == [b"Serving", b"interrupted"]
    assert process.returncode == 130
