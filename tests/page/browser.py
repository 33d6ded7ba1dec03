"""A headless browser with waits in place of sleeps, for the tests of pages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

BROWSER, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which(
    "chromedriver"
)
PATIENCE = 90  # seconds; the machine may have much else to do
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
ARGUMENTS += ["--disable-dev-shm-usage", "--window-size=1280,1000", "--no-proxy-server"]


class Page:
    """The browser, with waits in place of sleeps."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def all(self, css: str) -> list[Any]:
        """The elements that there are now."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str, text: str = "") -> Any:
        """The first visible element of this kind with this text, once there is one."""

        def find(_: Any) -> Any:
            return next((e for e in self.all(css) if text in e.text and e.is_displayed()), None)

        return self.until(find, f"no {css} with {text!r}")

    def until(self, condition: Any, message: str) -> Any:
        """What the condition gives, once it is something."""
        stale = [StaleElementReferenceException]
        return WebDriverWait(self.driver, PATIENCE, 0.1, stale).until(condition, message)

    def click(self, css: str, text: str = "") -> None:
        """Click where a person would."""
        self.one(css, text).click()

    def show(self, address: str, css: str = "header.about") -> None:
        """Go there, and wait until the page's script has made what is to be seen."""
        self.driver.get(address)
        self.one(css)

    def in_sight(self, css: str) -> Any:
        """The element, in the middle of the window."""
        element = self.one(css)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        return element

    @contextmanager
    def looked_at(self, scheme: str, width: int) -> Iterator[None]:
        """While it is `light` or `dark`, and so many pixels wide; a phone if that is few."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        tell = self.driver.execute_cdp_cmd
        tell("Emulation.setDeviceMetricsOverride", size)
        tell("Emulation.setEmulatedMedia", {"features": media})
        try:
            yield
        finally:
            tell("Emulation.clearDeviceMetricsOverride", {})
            tell("Emulation.setEmulatedMedia", {"features": []})

    def check_quiet(self, hosts: set[str]) -> None:
        """Nothing failed, nobody else was asked for anything, and nothing is cut off at a side."""
        complaints, asked = self.logged()
        assert complaints == [] and asked <= hosts
        width = "const {scrollWidth, clientWidth} = document.documentElement;"
        assert self.driver.execute_script(f"{width} return scrollWidth - clientWidth") == 0

    def logged(self) -> tuple[list[str], set[str]]:
        """What the console complained of, and the hosts that were asked for anything."""
        complaints = [entry["message"] for entry in self.driver.get_log("browser")]
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        asked = [
            e["params"]["request"]["url"]
            for e in events
            if "requestWillBeSent" == e["method"].removeprefix("Network.")
        ]
        return complaints, {
            urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))
        }


def start(profile: Path) -> Page:
    """A browser with its own folder for what it keeps."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in [*ARGUMENTS, f"--user-data-dir={profile}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Page(webdriver.Chrome(options=options, service=Service(DRIVER)))


def table_rows(page: Page, section: str) -> dict[str, list[str]]:
    """The texts of a section of the table of all values, which is opened, by the rows' names."""
    body = f"table.facts [data-section='{section}']"
    button = page.in_sight(f"{body} button.section")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    rows = {}
    for row in page.all(f"{body} tr:not(.section)"):
        name, *cells = row.find_elements(By.CSS_SELECTOR, "th, td")
        rows[name.text] = [cell.text for cell in cells]
    return rows


def score_rows(page: Page) -> dict[str, dict[str, str]]:
    """The texts of the first table, by a row's letter and a column's name."""
    table = page.one("table.scores")
    heads = [head.text.split()[0] for head in table.find_elements(By.CSS_SELECTOR, "thead th")]
    found = {}
    for row in table.find_elements(By.CSS_SELECTOR, "tbody tr"):
        cells = [cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")]
        found[row.get_attribute("data-id")] = dict(zip(heads, cells, strict=True))
    return found


def drawn(page: Page, metric: str) -> int:
    """How many curves a chart shows, once it is in sight."""
    for chart in page.all(f"[data-metric='{metric}']"):
        page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    return len(page.all(f"[data-metric='{metric}'] .scatterlayer .trace path.js-line"))
