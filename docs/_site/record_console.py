"""Take the picture of the simulator's console in a browser without a window.

Two clients make calls, one of them until its window is full, while one fault is in force.

    python docs/_site/record_console.py          # writes docs/images/console.png

Needs selenium, Pillow, chromium and chromedriver.
"""

from __future__ import annotations

import http.client
import io
import shutil
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from intercom_async.simulator import Simulator, in_thread

TARGET = Path(__file__).parents[1] / "images" / "console.png"
WIDTH, HEIGHT = 1265, 1090
COLORS = 256
"""Colours of the picture, as many as the page has: the file is a third as long."""
PATHS = ("/me", "/contacts?per_page=5", "/contacts/unknown", "/tags", "/conversations", "/admins")


def call(simulator: Simulator, token: str, times: int) -> None:
    """Make calls of several kinds."""
    connection = http.client.HTTPConnection(simulator.url.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    for number in range(times):
        connection.request("GET", PATHS[number % len(PATHS)], headers=headers)
        connection.getresponse().read()
    connection.close()


def shot(url: str) -> bytes:
    """Open a page, wait until it is live, and return its picture."""
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", f"--window-size={WIDTH},{HEIGHT}"):
        options.add_argument(argument)
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(url)
        WebDriverWait(browser, 10).until(
            lambda page: page.find_elements("css selector", "#in-force li")
        )
        return browser.get_screenshot_as_png()
    finally:
        browser.quit()


def main() -> None:
    """Take the picture and write it."""
    with in_thread(contacts=60, app_per_minute=300, workspace_per_minute=600) as simulator:
        other = simulator.new_app()
        simulator.clock.freeze(1_780_000_004)
        simulator.faults.add(path="/conversations", status=503, rate=0.5)
        call(simulator, other.token, 14)
        call(simulator, simulator.token, 54)
        picture = Image.open(io.BytesIO(shot(simulator.console_url)))
        picture.convert("RGB").quantize(COLORS).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
