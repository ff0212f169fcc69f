"""What is run before a change lands; `nox -l` lists it, `nox -s NAME` runs one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests", "lowest", "docs"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = ("3.11", "3.12", "3.13")
TARGETS = ("intercom_async", "tests", "benchmarks", "examples", "noxfile.py")


def answers(interpreter: str | Path, version: str) -> bool:
    """Say whether this runs and is what its name says; a shim on the PATH may be neither."""
    try:
        told = subprocess.run(
            [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return told.stdout.strip() == version


def find(version: str) -> str | None:
    """Return an interpreter of this version that runs, from the PATH or from pyenv."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    named = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    installed = sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
    candidates = [*([named] if named else []), *map(str, installed)]
    return next((path for path in candidates if answers(path, version)), None)


FOUND = {version: path for version in PYTHONS if (path := find(version))}
# nox looks its interpreters up on the PATH, where a shim may stand before the real one.
os.environ["PATH"] = os.pathsep.join(
    [*(str(Path(path).parent) for path in FOUND.values()), os.environ.get("PATH", "")]
)


def install(session: nox.Session, *groups: str, extras: str = "all") -> None:
    """Install the package with extras, and dependency groups."""
    needed = [line for group in groups for line in nox.project.dependency_groups(PYPROJECT, group)]
    session.install("-e", f".[{extras}]", *needed)


@nox.session
def demo(session: nox.Session) -> None:
    """Run the demo against a local simulator."""
    install(session, extras="cli")
    session.run("intercom-async", "demo", *session.posargs)


@nox.session(python=list(FOUND))
def tests(session: nox.Session) -> None:
    """Run the tests on every Python that is here, the first one with coverage."""
    for version in PYTHONS:
        if version not in FOUND:
            session.log(f"Python {version} is not here or does not run: skipped")
    install(session, "test")
    run = ["python", "-X", "dev", "-m"]
    suite = ["pytest", "--numprocesses=auto", *session.posargs]
    if session.python != next(iter(FOUND)) or session.posargs:
        session.run(*run, *suite)
        return
    # Begun before pytest, which loads this package's own plugin before any of its others.
    session.run(*run, "coverage", "run", "-m", *suite)
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session(name="scheduler-report")
def scheduler_report(session: nox.Session) -> None:
    """Measure the scheduler beside the usual ways of not being turned away."""
    install(session, "test")
    session.run("python", "-m", "benchmarks.scheduler_report", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests on the lowest versions that the core's dependencies allow."""
    install(session, "test")
    pins = [re.sub(r">=", "==", line) for line in PYPROJECT["project"]["dependencies"]]
    session.install(*pins)
    session.run("python", "-m", "pytest", "-q", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check form, spelling and news fragments."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "format", "--check", *TARGETS)
    session.run("ruff", "check", *TARGETS)
    session.run("codespell", *TARGETS, "README.md", "CONTRIBUTING.md", "changes", "docs")


@nox.session
def types(session: nox.Session) -> None:
    """Check types of package, tests and examples with two checkers."""
    # Not editable: pyright looks for py.typed where packages are installed.
    needed = [
        line
        for group in ("test", "types")
        for line in nox.project.dependency_groups(PYPROJECT, group)
    ]
    session.install(".[all]", *needed)
    session.run("mypy")
    session.run("pyright", "--pythonpath", str(Path(session.bin) / "python"))
    with session.chdir(session.create_tmp()):
        session.run("pyright", "--verifytypes", "intercom_async", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken link or reference fails."""
    install(session, "docs")
    session.run("mkdocs", "build", "--strict", "--site-dir", session.create_tmp())


@nox.session(python=next(iter(FOUND), False))
def bench(session: nox.Session) -> None:
    """Run every benchmark beside the peers; `-- --quick` is shorter, `-- --check` counts only.

    `--check` counts instructions, in a minute, and fails where a call has become more expensive
    than `benchmarks/instructions.json` says. The peers are installed into an environment of their
    own.
    """
    install(session)
    if "--check" in session.posargs or "--record" in session.posargs:
        session.run("python", str(ROOT / "benchmarks" / "instructions.py"), *session.posargs)
        return
    peers = Path(session.create_tmp()) / "peers"
    session.run("python", "-m", "venv", str(peers), silent=True)
    python = str(peers / ("Scripts" if os.name == "nt" else "bin") / "python")
    session.run(python, "-m", "pip", "install", "-q", "-r", "benchmarks/peers.txt", external=True)
    session.install("uvloop; sys_platform != 'win32'")
    programs = (
        ("overhead.py", "--peers", python),
        ("utilisation.py", "--peers", python),
        ("memory.py", "--peers", python),
        ("import_time.py", "--peers", python),
        ("scheduler.py",),
        ("sync.py", "full"),
        ("sync.py", "chain"),
    )
    for program, *arguments in programs:
        session.run("python", str(ROOT / "benchmarks" / program), *arguments, *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel and import it from a clean environment."""
    session.install("build")
    out = session.create_tmp()
    session.run("python", "-m", "build", "--wheel", "--outdir", out)
    built = max(Path(out).glob("*.whl"), key=lambda path: path.stat().st_mtime)
    session.install("--force-reinstall", str(built))
    session.cd(out)
    session.run("python", "-c", "import intercom_async; print(intercom_async.__version__)")
