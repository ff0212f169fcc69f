"""The simulator's console in a browser: what it shows, and what it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest

from intercom_async import Intercom
from intercom_async.config import RetryPolicy
from intercom_async.errors import ServerError
from intercom_async.simulator import Simulator, in_thread
from .browser import chromium

WAIT_S = 10.0
LIMIT = 40
"""Calls of a window of 10 s."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with in_thread(contacts=60, app_per_minute=LIMIT * 6) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def page(simulator: Simulator, browser: Any) -> Page:
    simulator.reset()
    simulator.clock.freeze(1_780_000_001)
    browser.get(simulator.console_url)
    opened = Page(browser)
    opened.until(lambda: opened.text("#connection") == "live")
    return opened


class Page:
    """The open page, asked by CSS selectors."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.browser.find_elements("css selector", selector)
        return found

    def one(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def text(self, selector: str) -> str:
        return str(self.one(selector).text)

    def button(self, words: str) -> Any:
        return next(one for one in self.all("button") if one.text == words)

    def until(self, holds: Callable[[], object]) -> None:
        wait: Any = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait
        gone: Any = pytest.importorskip("selenium.common.exceptions").WebDriverException

        def ask(_: object) -> object:
            return holds()

        wait(self.browser, WAIT_S, 0.05, ignored_exceptions=[gone]).until(ask)

    def run(self, script: str) -> Any:
        return self.browser.execute_script(script)


def call(simulator: Simulator, *paths: str) -> list[int]:
    """Make requests and return their statuses."""

    async def send() -> list[int]:
        headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
        async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
            return [(await http.get(path)).status for path in paths]

    return asyncio.run(send())


async def list_contacts(simulator: Simulator) -> int:
    async with Intercom(
        simulator.token, base_url=simulator.url, retry=RetryPolicy(max_attempts=1)
    ) as intercom:
        return len(await intercom.contacts.list(per_page=3).collect())


def test_a_client_fills_the_bar_and_is_refused_when_it_is_full(
    simulator: Simulator, page: Page
) -> None:
    bar = page.one(".bar")
    assert bar.get_attribute("aria-valuenow") == "0"

    assert asyncio.run(list_contacts(simulator)) == 60

    page.until(lambda: bar.get_attribute("aria-valuenow") == "20")
    width = page.run(
        "const b = document.querySelector('.bar'); return b.firstChild.offsetWidth / b.offsetWidth"
    )
    assert width == pytest.approx(0.5, abs=0.02)
    rows = [one.text for one in page.all("#lines tr")]
    assert (len(rows), "/contacts" in rows[0], "200" in rows[0]) == (20, True, True)

    assert call(simulator, *["/tags"] * 25)[-5:] == [429] * 5
    page.until(lambda: "full" in page.text(".app .told") and "5 × 429 now" in page.text(".told"))
    assert page.text("#lines tr .status") == "429"
    assert "full" in bar.get_attribute("class")


def test_a_fault_is_switched_on_and_off(simulator: Simulator, page: Page) -> None:
    page.button("503 for all").click()
    page.until(simulator.faults.rules)
    page.until(lambda: page.button("503 for all").get_attribute("aria-checked") == "true")
    with pytest.raises(ServerError):
        asyncio.run(list_contacts(simulator))
    page.until(lambda: "503" in page.text("#lines tr"))
    page.until(lambda: f"applied {simulator.faults.struck()}×" in page.text("#in-force"))
    assert simulator.faults.struck()

    page.button("503 for all").click()
    page.until(lambda: not simulator.faults.rules())
    assert asyncio.run(list_contacts(simulator)) == 60
    assert "Fault off" in page.text("#said")


def test_reset_asks_first_and_brings_the_first_state_back(simulator: Simulator, page: Page) -> None:
    simulator.call("POST", "/contacts", {"email": "ada@example.com"})
    call(simulator, "/tags")
    page.until(lambda: page.all("#lines tr"))

    page.button("Reset…").click()
    page.button("Cancel").click()
    assert simulator.requests == 1
    page.button("Reset…").click()
    page.button("Reset").click()

    page.until(lambda: simulator.requests == 0 and not page.all("#lines tr"))
    page.until(lambda: "60 in all" in page.text("#record-count"))


def test_records_are_turned_over_and_opened(page: Page) -> None:
    page.until(lambda: "60 in all" in page.text("#record-count"))
    first = page.text("#record-lines tr .id")
    page.button("Next page").click()
    page.until(lambda: page.text("#record-lines tr .id") != first)
    wanted = page.text("#record-lines tr .id")
    page.one("#record-lines tr button").click()
    page.until(lambda: f'"id": "{wanted}"' in page.text("#detail-body"))


def test_a_request_is_shown_in_full_and_copied(simulator: Simulator, page: Page) -> None:
    call(simulator, "/contacts/nobody?display=1")
    page.until(lambda: page.all("#lines tr"))
    page.one("#lines tr button").click()
    page.until(lambda: "User Not Found" in page.text("#detail-body"))
    assert page.text("#detail-title") == "GET /contacts/nobody?display=1"
    page.one("#copy-curl").click()
    page.until(lambda: "Copied" in page.text("#said"))
    assert simulator.token not in page.browser.page_source


def test_limits_and_clock_are_set(simulator: Simulator, page: Page) -> None:
    field = page.one("[name=app_per_minute]")
    page.until(lambda: field.get_attribute("value") == str(LIMIT * 6))
    field.clear()
    field.send_keys("600")
    page.button("Set limits").click()
    page.until(lambda: "of 100" in page.text(".told"))
    before = simulator.clock.now()
    page.button("+1 min").click()
    page.until(lambda: simulator.clock.now() == before + 60)
    page.button("Resume the clock").click()
    page.until(lambda: not simulator.clock.is_frozen)


def test_a_delivery_is_sent_once_more(simulator: Simulator, page: Page) -> None:
    page.one("[name=url]").send_keys("http://127.0.0.1:9/hook")
    page.button("Subscribe").click()
    page.until(simulator.webhooks.subscriptions)
    page.button("Ping").click()
    page.until(lambda: len(page.all("#deliveries tr")) == 1)
    page.button("Resend").click()
    page.until(lambda: len(page.all("#deliveries tr")) == 2)


def test_text_of_a_client_does_not_become_markup(simulator: Simulator, page: Page) -> None:
    name = "<img src=x onerror=alert(1)>"
    simulator.call("POST", "/contacts", {"email": "a@example.com", "name": name})
    call(simulator, "/contacts/%3Cscript%3Ealert(1)%3C/script%3E")
    page.browser.refresh()
    page.until(lambda: "onerror" in page.text("#record-lines"))
    page.until(lambda: page.all("#lines tr"))
    assert page.all("#lines script, #record-lines img") == []
    found = [one for one in page.browser.get_log("browser") if one["level"] == "SEVERE"]
    assert found == []


def test_keys_reach_everything_and_everything_has_a_name(simulator: Simulator, page: Page) -> None:
    call(simulator, "/tags")
    page.until(lambda: page.all("#lines tr") and page.all("#record-lines tr"))
    tree = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    used = {
        "button",
        "textbox",
        "searchbox",
        "spinbutton",
        "combobox",
        "checkbox",
        "switch",
        "meter",
        "link",
    }
    nameless = [
        node["role"]["value"]
        for node in tree
        if node.get("role", {}).get("value") in used
        and not node.get("ignored")
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    unreachable = page.run(
        "return [...document.querySelectorAll('button, input, select, a[href]')]"
        ".filter((one) => one.tabIndex < 0).map((one) => one.outerHTML)"
    )
    assert unreachable == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_it_fits_and_is_readable(simulator: Simulator, page: Page, width: int, theme: str) -> None:
    call(simulator, "/tags", "/contacts/nobody", *["/tags"] * LIMIT)
    simulator.faults.add(status=503)
    media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.until(lambda: page.all("#lines tr") and page.all("#in-force li"))
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    assert page.run(CONTRASTS) == []


CONTRASTS = """
const light = (text) => {
  const parts = text.match(/[\\d.]+/g).map(Number).slice(0, 3).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const ground = (one) => {
  for (let at = one; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (!/, 0\\)$/.test(color)) return color;
  }
  return "rgb(255, 255, 255)";
};
const poor = new Set();
for (const one of document.querySelectorAll("body *")) {
  const isText = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!isText || !one.checkVisibility() || one.disabled) continue;
  const both = [light(getComputedStyle(one).color), light(ground(one))];
  const [low, high] = both.sort((a, b) => a - b);
  const contrast = (high + 0.05) / (low + 0.05);
  if (contrast < 4.5) poor.add(`${one.tagName}.${one.className}: ${contrast.toFixed(2)}`);
}
return [...poor];
"""
"""Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, level AA)."""
