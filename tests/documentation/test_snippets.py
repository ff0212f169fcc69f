"""Every snippet of README, pages and docstrings runs against the simulator and type-checks."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

import intercom_async
from intercom_async import Intercom, config, scheduler, simulator, sync, transport
from intercom_async.simulator.running import in_thread
from .snippets import ROOT, Page, docstrings, module_of, pages, run

PAGES = list(pages())
DOCSTRINGS = list(docstrings([intercom_async, scheduler, simulator, sync, transport]))
ALL = [*PAGES, *DOCSTRINGS]

pytestmark = pytest.mark.anyio


@contextmanager
def logging_restored() -> Generator[None]:
    """Undo what a snippet configures: its handlers hold a stderr that is closed after the test."""
    before = {logger: _configuration(logger) for logger in _loggers()}
    try:
        yield
    finally:
        for logger in _loggers():
            level, propagates, is_disabled, handlers = before.get(
                logger, (logging.NOTSET, True, False, [])
            )
            logger.setLevel(level)
            logger.propagate, logger.disabled = propagates, is_disabled
            logger.handlers[:] = handlers


def _loggers() -> list[logging.Logger]:
    known = list(logging.root.manager.loggerDict.values())
    return [logging.root, *(each for each in known if isinstance(each, logging.Logger))]


def _configuration(logger: logging.Logger) -> tuple[int, bool, bool, list[logging.Handler]]:
    return logger.level, logger.propagate, logger.disabled, [*logger.handlers]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
async def test_snippets_run(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with in_thread(contacts=60, conversations=20, companies=8, tickets=12) as local:
        monkeypatch.setitem(config.REGIONS, "us", local.url)
        monkeypatch.setenv("INTERCOM_TOKEN", local.token)
        monkeypatch.setenv("INTERCOM_BASE_URL", local.url)
        monkeypatch.chdir(tmp_path)
        with logging_restored():
            async with Intercom() as intercom:
                await run(page, {"__name__": "snippet", "intercom": intercom})
    capsys.readouterr()


def test_logging_is_restored_after_a_snippet() -> None:
    logger = logging.getLogger("intercom_async")
    before = _configuration(logger)
    with logging_restored():
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.DEBUG)
        logger.propagate = not logger.propagate
        logging.getLogger("intercom_async.new").addHandler(logging.StreamHandler())
    assert _configuration(logger) == before
    assert logging.getLogger("intercom_async.new").handlers == []


def test_snippets_type_check(tmp_path: Path) -> None:
    names = {f"page_{number}": page for number, page in enumerate(ALL)}
    for name, page in names.items():
        (tmp_path / f"{name}.py").write_text(module_of(page), encoding="utf-8")
    # What is shown need not be kept, and a name may be used again in the next snippet.
    options = ["--strict", "--allow-redefinition", "--no-error-summary", "--no-pretty"]
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--config-file", "mypy.ini", "."],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        check=False,
    )
    told = re.sub(r"page_\d+", lambda found: names[found[0]].name, done.stdout)
    assert done.returncode == 0, told + done.stderr


def test_a_page_whose_snippets_do_not_run_says_why() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if re.search(r"^```python$", text := path.read_text(encoding="utf-8"), re.MULTILINE)
        and not any(page.name == str(path.relative_to(ROOT)) for page in PAGES)
        and "<!-- not run: " not in text
    ]
    assert silent == []


def test_the_quickstart_is_short() -> None:
    [readme] = [page for page in PAGES if page.name == "README.md"]
    [quickstart] = [block for block in readme.blocks if "asyncio.run" in block.source]
    assert len(quickstart.source.strip().splitlines()) <= 17
