"""Chromium without a window, from the system, steered by its own driver."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-prefers-reduced-motion",
)


def programs() -> tuple[str, str]:
    """Return browser and driver; the test is skipped where one of them is missing."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("there is no browser here: apt-get install chromium chromium-driver")
    return browser, driver


@contextmanager
def chromium(folder: Path, *, width: int = 1280, height: int = 900) -> Generator[Any]:
    """Open a browser with a profile of its own."""
    webdriver: Any = pytest.importorskip("selenium.webdriver")
    browser, driver = programs()
    options: Any = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (*ARGUMENTS, f"--user-data-dir={folder}", f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened: Any = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(executable_path=driver)
    )
    try:
        yield opened
    finally:
        opened.quit()
