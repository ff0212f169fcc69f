"""Shared by all tests."""

from __future__ import annotations

import gc
import os
import shutil
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.scripted_client import client

__all__ = ["client"]

# A shared machine stalls now and then; a deadline would make that a failure. The suite draws the
# same examples in each run, as who runs it asks about a change; chaos draws others each time.
for profile, max_examples in (("default", 40), ("thorough", 2_000)):
    settings.register_profile(
        profile,
        deadline=None,
        derandomize=profile == "default",
        suppress_health_check=[HealthCheck.too_slow],
        max_examples=max_examples,
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What a developer has in the environment is nothing to test with.
for name in ("INTERCOM_TOKEN", "INTERCOM_BASE_URL"):
    os.environ.pop(name, None)

gc.disable()
ON_REQUEST = [Path(__file__).parent / name for name in ("services", "documentation")]


MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 2 << 30
"""Bytes that have to be free there; a container's own default is far less."""

# A sync waits for the disk at each commit. What is tested is the order of these waits, not their
# length, so that temporary folders are held in memory where the system has such a place.
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let each worker compile a part of the tests that all of them are going to import.

    Without it each compiles all, and pytest's compiler takes two thirds of the collection. What
    cannot be imported is reported by the collection itself.
    """
    given = getattr(session.config, "workerinput", None)
    if given is None or session.config.args != session.config.getini("testpaths"):
        return
    folder = Path(__file__).parent
    found = [path for path in sorted(folder.rglob("test_*.py")) if path.parent not in ON_REQUEST]
    for path in found[int(given["workerid"][2:]) :: int(given["workercount"])]:
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(path.relative_to(folder.parent).with_suffix("").parts))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect services and documentation only where their path is given, as nox's sessions do."""
    if collection_path not in ON_REQUEST:
        return None
    given = [Path(each.partition("::")[0]).resolve() for each in config.invocation_params.args]
    return None if any(path.is_relative_to(collection_path) for path in given) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of the whole suite what is marked `once`; named, by whatever, it runs."""
    chosen = config.option.markexpr or config.option.keyword
    if chosen or config.args != config.getini("testpaths"):
        return
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (left_out if item.get_closest_marker("once") else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every search for garbage: it stays to the end.

    That is half a million objects; to look through them took a tenth of the suite's time. What
    tests make is searched less often than by default, for another fortieth.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio in real time; folders whose time is virtual have a conftest that says so."""
    return "asyncio"
