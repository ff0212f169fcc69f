"""Processes that a benchmark starts and talks to: one line of JSON each way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

HERE = Path(__file__).parent
LOOPS = ("asyncio", "uvloop")


class Child:
    """A process of a program of this folder, ready to answer.

    Args:
        process: The process; its first line says that it is ready, and with what.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ready: dict[str, Any] = self.listen()
        """What it said when it began."""

    def listen(self) -> dict[str, Any]:
        """Return what it says next.

        Raises:
            RuntimeError: It has ended.
        """
        line = cast("TextIO", self._process.stdout).readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def tell(self, **command: Any) -> None:
        """Tell it what to do and do not wait for its answer."""
        into = cast("TextIO", self._process.stdin)
        into.write(json.dumps(command) + "\n")
        into.flush()

    def ask(self, **command: Any) -> dict[str, Any]:
        """Tell it what to do and return its answer."""
        self.tell(**command)
        return self.listen()


@contextmanager
def child(program: str, *arguments: str, python: str = sys.executable) -> Generator[Child]:
    """Run a program of this folder for the length of a block."""
    process = subprocess.Popen(  # noqa: S603 (this folder's own programs)
        [python, str(HERE / program), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Child(process)
    finally:
        process.terminate()
        process.wait()


def replace_table(page: Path, rows: str, begins: str, ends: str) -> None:
    """Put a table into a page of the documentation, in place of the one between two lines."""
    before, has_begin, rest = page.read_text().partition(begins)
    _, has_end, after = rest.partition(ends)
    if not has_begin or not has_end:
        raise SystemExit(f"{page} has no line {begins}, or no {ends} below it")
    page.write_text(f"{before}{begins}\n\n{rows}\n\n{ends}{after}")


def can_import(python: str, module: str) -> bool:
    """Say whether an interpreter has a module."""
    code = f"import importlib.util, sys; sys.exit(not importlib.util.find_spec({module!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, check=False)  # noqa: S603 (an interpreter)
    return done.returncode == 0


def find_peer(python: str) -> bool:
    """Say whether python-intercom is there; if not, print that it is left out."""
    if can_import(python, "intercom"):
        return True
    print(
        f"python-intercom is left out: {python} does not have it. Install benchmarks/peers.txt "
        "into an environment and name its interpreter with --peers.",
        file=sys.stderr,
    )
    return False


def find_loops(*interpreters: str) -> list[str]:
    """Return the event loops that all interpreters have; print what is left out."""
    if all(can_import(python, "uvloop") for python in interpreters):
        return list(LOOPS)
    print("uvloop is left out: not all interpreters have it.", file=sys.stderr)
    return ["asyncio"]
