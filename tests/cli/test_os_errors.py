"""What the system refuses is told with the file or the stream that it is about, and what to do."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import anyio
import pytest

from intercom_async.simulator import Simulator
from tests.support.small_disk import small_disk_in
from .conftest import Run

pytest.importorskip("cyclopts")

from intercom_async.cli.os_errors import STDOUT, naming, words_of

pytestmark = [pytest.mark.anyio, pytest.mark.once]

needs_full = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no /dev/full"
)
FULL = b"error: stdout cannot be written: No space left on device: make room on the disk"
COMMANDS: dict[str, tuple[str, ...]] = {
    "json": ("sync", "--to", "target", "--streams", "tags", "--json"),
    "json lines": ("sync", "--to", "target", "--streams", "tags", "--json-lines"),
    "plan": ("sync", "--plan"),
    "whoami": ("whoami",),
    "api": ("api", "/tags"),
    "all pages": ("api", "/contacts", "--paginate"),
    "headers": ("api", "/tags", "--include"),
    "limits": ("limits",),
    "import": ("import", "contacts", str(Path(__file__).with_name("people.csv")), "--dry-run"),
    "help": ("--help",),
    "version": ("--version",),
    "help of a command": ("help-center", "pull", "--help"),
}


@needs_full
@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
async def test_a_full_stdout_is_named(arguments: tuple[str, ...], tmp_path: Path) -> None:
    async with Simulator(contacts=3, conversations=0, companies=0, tickets=0) as simulator:
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        with anyio.fail_after(60), Path("/dev/full").open("wb") as full:  # noqa: ASYNC230 (a device)
            done = await anyio.run_process(
                [sys.executable, "-m", "intercom_async", *arguments],
                check=False, env={**os.environ, **there}, stdout=full, cwd=tmp_path,
            )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(FULL), done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("/dev/null", "/dev/null: File exists: move away what is there and is no folder"),
        ("plain.txt", "plain.txt: File exists: move away what is there and is no folder"),
        ("plain.txt/x", "plain.txt/x: Not a directory: move the file away"),
        ("/proc/x", "/proc/x: No such file or directory: correct the path"),
    ],
)
async def test_a_folder_that_cannot_be_made_is_named(
    folder: str, words: str, run_here: Run, tmp_path: Path
) -> None:
    (tmp_path / "plain.txt").write_text("x")
    done = await run_here("help-center", "pull", folder)

    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"error: {words}")


async def test_a_file_that_the_disk_has_no_room_for_is_named(run_here: Run, tmp_path: Path) -> None:
    with small_disk_in(tmp_path, "64k") as folder:
        async with Simulator(contacts=0, conversations=0, companies=0, tickets=0) as simulator:
            there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
            (folder / "full").write_bytes(b"x" * (folder_room(folder) - 4_096))
            await run_here(
                "api", "post", "/articles", "-f", "title=Long", "-f", "author_id=1",
                "-f", f"body={'long ' * 3_000}", environment=there,
            )  # fmt: skip
            done = await run_here("help-center", "pull", str(folder), environment=there)

    assert done.returncode == 1, done.stdout
    words = done.stderr.decode()
    assert ".md: No space left on device: make room on the disk" in words


def folder_room(folder: Path) -> int:
    """Return the bytes that are free there."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@pytest.mark.parametrize("given", ["nope", ".", "plain.txt"])
async def test_settings_that_are_none_are_told_with_what_to_do(
    given: str, run_here: Run, tmp_path: Path
) -> None:
    (tmp_path / "plain.txt").write_text("x")
    done = await run_here("whoami", "--settings", given)

    assert done.returncode == 2
    assert f"settings of a doctor in {given}: ".encode() in done.stderr
    assert b"doctor --save" in done.stderr
    assert b"Errno" not in done.stderr


@pytest.mark.parametrize("token", ["", " "])
@pytest.mark.parametrize("command", [("whoami",), ("sync", "--to", "target"), ("sync", "--plan")])
async def test_a_token_that_is_missing_is_told_with_option_and_variable(
    token: str, command: tuple[str, ...], run_here: Run, tmp_path: Path
) -> None:
    done = await run_here(*command, environment={"INTERCOM_TOKEN": token})

    assert done.returncode == 2
    assert b"set INTERCOM_TOKEN to an access token, or give --token" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == []  # noqa: ASYNC240 (a test's own folder)


async def test_a_folder_is_no_file_to_import(run_here: Run, tmp_path: Path) -> None:
    (tmp_path / "people.csv").mkdir()
    for folder in (".", "people.csv"):
        done = await run_here("import", "contacts", folder)
        assert done.returncode == 2
        words = f"error: {folder} is a folder: import reads a file (.csv,"
        assert done.stderr.decode().startswith(words)


def test_what_the_system_says_has_the_file_and_what_to_do() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert words_of(full) == "No space left on device: make room on the disk"
    with pytest.raises(OSError, match="No space") as raised, naming("a.csv"):
        raise full
    assert words_of(raised.value) == "a.csv: No space left on device: make room on the disk"
    with pytest.raises(BrokenPipeError) as broken, naming(STDOUT):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert broken.value.filename is None
    assert words_of(OSError("plain words")) == "plain words"
    assert words_of(OSError()) == "OSError"
