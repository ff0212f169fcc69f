"""The command line within the test's own process: starting one takes longer than most commands."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import pytest


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


Run = Callable[..., Awaitable[Done]]


@pytest.fixture
def run_here(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """Run commands in a thread, in an empty folder, with a token and no other settings."""
    pytest.importorskip("cyclopts")
    from intercom_async.cli import run  # noqa: PLC0415 (an extra)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERCOM_TOKEN", "t")
    for name in ("INTERCOM_BASE_URL", "INTERCOM_REGION"):
        monkeypatch.delenv(name, raising=False)

    async def call(
        *arguments: str, environment: Mapping[str, str] | None = None, given: bytes = b""
    ) -> Done:
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
        capsysbinary.readouterr()
        code = await anyio.to_thread.run_sync(run, arguments)
        shown = capsysbinary.readouterr()
        return Done(code, shown.out, shown.err)

    return call
