"""What is run before a change lands; `nox -l` lists it, `nox -s NAME` runs one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests", "coverage", "lowest", "docs"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = ("3.11", "3.12", "3.13")
TARGETS = ("intercom_async", "tests", "benchmarks", "examples", "docs", "noxfile.py")
PARALLEL = (
    f"--numprocesses={(os.cpu_count() or 1) + 1}",
    "--dist=worksteal",
    "--randomly-seed=1",
)
"""One process more than there are processors, since tests wait for sockets and timers as well.

Order and seeds are the same in each run, so that what fails is what was changed; `chaos` draws
others.
"""
TEXTS = ("README.md", "CONTRIBUTING.md", "changes", "docs")
COVERAGE = {"request": 98, "codec": 98, "pagination": 98, "scheduler": 98}
"""Percent of lines and branches that a package's own tests reach at least."""
SIMULATIONS = tuple(
    f"tests/scheduler/test_{name}.py"
    for name in ("ablations", "hardships", "invariants", "overload", "rules", "scenarios")
)
"""Minutes of traffic in virtual time, which measuring makes several times as long; what they reach,
others reach as well."""
SDIST = {
    *("intercom_async", "tests", "examples", "docs", "benchmarks", "changes", "contrib"),
    *("noxfile.py", "mkdocs.yml", "dev-requirements.txt", "LICENSE", "README.md"),
}
"""What a distributor needs to build, test and document from the sdist alone."""
FROM_SDIST = ("tests/test_architecture.py", "tests/test_config.py", "tests/cli/test_options.py")
"""Tests that show that those of the sdist run; all of them have run from the checkout."""
NO_TESTS = 5
"""pytest's exit code where nothing was collected."""


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
FIRST = next(iter(FOUND), False)
"""The oldest Python that is here, for what runs on one."""
LAST = next(reversed(FOUND), False)
"""The newest one."""
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
    """Run the tests on every Python here; the newest in `-X dev`."""
    for version in PYTHONS:
        if version not in FOUND:
            session.log(f"Python {version} is not here or does not run: skipped")
    install(session, "test")
    keep_bytecode(session)
    dev = ["-X", "dev"] if session.python == LAST else []
    session.run("python", *dev, "-m", "pytest", *PARALLEL, *session.posargs)


@nox.session(python=FIRST)
def coverage(session: nox.Session) -> None:
    """Hold the packages that have a floor to it, by the tests of their own folders.

    `nox -s coverage -- tests` measures the whole suite instead, and reports what it does not reach.
    """
    install(session, "test")
    keep_bytecode(session)
    # Begun before pytest, which loads this package's own plugin before any of its others.
    suite = ["pytest", *PARALLEL, *(session.posargs or measured())]
    session.run("python", "-m", "coverage", "run", "-m", *suite)
    session.run("coverage", "combine")
    if session.posargs:
        session.run("coverage", "report")
        return
    for package, least in COVERAGE.items():
        only = f"--include=intercom_async/{package}/*"
        # Stores are tested on real servers, by the session `services`.
        but = "--omit=intercom_async/scheduler/stores/*"
        session.run("coverage", "report", only, but, f"--fail-under={least}")


ELSEWHERE = ("tests/contract/test_checkpoints.py", "tests/sync/test_numbered_pages.py")
"""Tests of these packages in other folders: over all lists, and by the sync that needs them."""


def measured() -> list[str]:
    """Return what pytest is given for the tests of the packages that have a floor."""
    folders = [f"tests/{package}" for package in COVERAGE]
    return [*folders, *ELSEWHERE, *(f"--ignore={each}" for each in SIMULATIONS)]


def keep_bytecode(session: nox.Session) -> None:
    """Compile once, whatever the environment says: some hundred processes import the package."""
    session.env["PYTHONDONTWRITEBYTECODE"] = ""


@nox.session(python=FIRST)
def services(session: nox.Session) -> None:
    """Run the tests that need Redis, PostgreSQL, S3, web frameworks and the like.

    Then those that take long and say the same on every Python, which `tests` leaves out. A test
    whose service is missing is skipped with the reason; `.ci/run` installs them all.
    """
    install(session, "test", "services")
    suite = ["-m", "pytest", "tests/services", *session.posargs]
    session.run("python", "-X", "dev", *suite, success_codes=[0, NO_TESTS])
    if not session.posargs:
        keep_bytecode(session)
        session.run("python", "-m", "pytest", *PARALLEL, "-m", "once")


@nox.session(python=FIRST)
def chaos(session: nox.Session) -> None:
    """Search for hours for histories that break the sync's promise; `-- --minutes 480`.

    First all tests try more cases than in `tests`; then the machine plays histories in virtual
    time, real syncs are killed behind real HTTP, and a client is soaked in faults, outages and
    cancelled calls.
    """
    install(session, "test")
    given = session.posargs or ["--minutes", "60"]
    # All situations of the scheduler, and fifty times the examples of every property.
    thorough = {"HYPOTHESIS_PROFILE": "thorough", "INTERCOM_TEST_EXAMPLES": "600"}
    options = ["-q", "--numprocesses=auto", "--timeout=0", "-m", "once or not once"]
    session.run("python", "-m", "pytest", *options, env=thorough)
    session.run("python", "-m", "tests.sync.machine", *given)
    session.run("python", "-m", "tests.sync.machine.kills", *given)
    session.run("python", "-X", "dev", "benchmarks/soak.py", *given)


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
    keep_bytecode(session)
    suite = ["pytest", "-q", *PARALLEL]
    session.run("python", "-m", *suite, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check form, spelling and news fragments."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "format", "--check", *TARGETS)
    session.run("ruff", "check", *TARGETS)
    session.run("codespell", *TARGETS, *TEXTS)
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)
    check_news(session)


def check_news(session: nox.Session) -> None:
    """Refuse a branch that changes the package and has no news fragment.

    A change that no user can notice says so in its commit: `No news: why`.
    """
    base = git("merge-base", "HEAD", "origin/main") or git("merge-base", "HEAD", "main")
    if not base:
        session.log("no history of main here: news fragments are not checked")
    elif git("diff", "--name-only", f"{base}..HEAD", "--", "intercom_async"):
        if git("log", "--grep=^No news: ", "--format=%h", f"{base}..HEAD"):
            return
        if not git("diff", "--name-only", "--diff-filter=A", f"{base}..HEAD", "--", "changes"):
            session.error(
                "the package has changed: add a fragment to changes/ that tells users what they can"
                " do now, or write `No news: why` into a commit that no user can notice"
            )


def git(*arguments: str) -> str:
    """Return what git prints; nothing where it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@nox.session
def types(session: nox.Session) -> None:
    """Check types of package, tests and examples with two checkers."""
    # Not editable: pyright looks for py.typed where packages are installed.
    needed = [
        line
        for group in ("test", "services", "types")
        for line in nox.project.dependency_groups(PYPROJECT, group)
    ]
    session.install(".[all]", *needed)
    session.run("mypy")
    session.run("pyright", "--pythonpath", str(Path(session.bin) / "python"))
    with session.chdir(session.create_tmp()):
        session.run("pyright", "--verifytypes", "intercom_async", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, and run its snippets; a broken link, anchor or reference fails.

    `-- --site-dir DIR` keeps the site.
    """
    install(session, "test", "services", "docs")
    options = session.posargs or ["--site-dir", str(Path(session.create_tmp()) / "site")]
    environment = {"NO_MKDOCS_2_WARNING": "1"}
    session.run("mkdocs", "build", "--strict", *options, env=environment)
    site = Path(options[options.index("--site-dir") + 1]) if "--site-dir" in options else None
    where = {"DOCUMENTATION_SITE": str(site.resolve())} if site else {}
    session.run("python", "-m", "pytest", "tests/documentation", env=where)


@nox.session(python=FIRST)
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
    session.install(
        "uvloop; sys_platform != 'win32'",
        *("uvicorn", "hypercorn", "aiolimiter", "fastapi", "opentelemetry-sdk>=1.27"),
    )
    programs = (
        ("overhead.py", "--peers", python),
        ("utilisation.py", "--peers", python),
        ("memory.py", "--peers", python),
        ("import_time.py", "--peers", python),
        ("scheduler.py",),
        ("sync.py", "full"),
        ("sync.py", "chain"),
        ("webhooks.py",),
        ("web_page.py",),
        ("observed.py",),
        ("sync_rows.py",),
        ("loop_turns.py",),
        ("scale.py", "--only", "waiting", "rows", "apps", "apps_full"),
        ("processes.py",),
    )
    for program, *arguments in programs:
        session.run("python", str(ROOT / "benchmarks" / program), *arguments, *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Pin what development needs in `dev-requirements.txt`: no hosts, so that any index serves."""
    session.install("uv")
    target = "dev-requirements.txt"
    command = ["uv", "pip", "compile", "pyproject.toml", "--all-extras", "--group", "dev"]
    options = ["--universal", "--python-version", PYTHONS[0], "--generate-hashes", "--upgrade"]
    session.run(*command, *options, "--no-header", "--no-annotate", "--quiet", "-o", target)


@nox.session
def dist(session: nox.Session) -> None:
    """Build sdist and wheel, and use the wheel in an empty environment, with and without extras."""
    session.install("build>=1.2", "twine>=6")
    out = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(out, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(out))
    session.run("twine", "check", "--strict", *map(str, out.iterdir()))
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    if missing := SDIST - held:
        session.error(f"the sdist lacks {', '.join(sorted(missing))}")
    empty = out.parent / "empty"
    session.run("python", "-m", "venv", "--clear", str(empty), silent=True)
    python = str(empty / ("Scripts" if os.name == "nt" else "bin") / "python")
    session.cd(out)
    session.run(python, "-m", "pip", "install", "-q", str(wheel), external=True)
    session.run(python, "-m", "pip", "check", external=True)
    session.run(python, "-c", "from intercom_async import Intercom, simulator", external=True)
    session.run(python, "-m", "intercom_async", external=True, success_codes=[1, 2], silent=True)
    session.run(python, "-m", "pip", "install", "-q", f"{wheel}[cli]", external=True)
    session.run(python, "-m", "intercom_async", "demo", external=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(out, filter="data")
    session.cd(out / sdist.name.removesuffix(".tar.gz"))
    needed = nox.project.dependency_groups(PYPROJECT, "test")
    session.run(python, "-m", "pip", "install", "-q", *needed, external=True)
    session.run(python, "-m", "pytest", "-q", *FROM_SDIST, external=True)


@nox.session
def release(session: nox.Session) -> None:
    """Prepare a release: `-- 0.2.0` checks, collects the news, commits, builds and tags.

    Nothing is pushed and nothing is published; `git reset --hard HEAD~1` and `git tag -d` undo it.
    """
    [version] = session.posargs or [""]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        session.error("give the version: nox -s release -- 0.2.0")
    if git("status", "--porcelain"):
        session.error("the tree has changes that are not committed")
    if git("tag", "--list", f"v{version}"):
        session.error(f"there is a tag v{version} already")
    session.install("nox", *nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("nox", "-s", *(nox.options.sessions or ()))
    session.run("towncrier", "build", "--yes", "--version", version)
    path = ROOT / "intercom_async" / "_version.py"
    path.write_text(re.sub(r'(__version__.* = )".*"', rf'\1"{version}"', path.read_text()))
    session.run("git", "commit", "-am", f"Release {version}", external=True)
    session.run("nox", "-s", "dist")
    session.run("git", "tag", "-a", f"v{version}", "-m", f"intercom-async {version}", external=True)
    session.log("tagged; push the commit and the tag, then upload what dist built")
