"""People's way through the pages in a real browser: the runs, one run, and the comparison of three.

Two of the runs were logged directly to the store, one through the unmodified Neptune client.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.server.conftest import ROOT, Server
from tests.tracking.runs import RECORD, finish, log, make_run

BROWSER, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which(
    "chromedriver"
)
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="needs Chromium or Chrome, and chromedriver"
)
PATIENCE = 90  # seconds; the machine may have much else to do
RATES = {"20261121-000000-aaaa": 0.001, "20261121-000001-bbbb": 0.003, "20261121-000002-cccc": 0.01}
# The last one comes through Neptune; its name would be markup if it were taken for that.
MARKUP = "<img src=x onerror=document.title='broken'>"
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
        from selenium.common.exceptions import StaleElementReferenceException as Stale

        return WebDriverWait(self.driver, PATIENCE, 0.1, [Stale]).until(condition, message)

    def click(self, css: str, text: str = "") -> None:
        """Click where a person would."""
        self.one(css, text).click()

    def logged(self) -> tuple[list[str], set[str]]:
        """What the console complained of, and the hosts that were asked for anything."""
        complaints = [entry["message"] for entry in self.driver.get_log("browser")]
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        asked = [
            e["params"]["request"]["url"]
            for e in events
            if "requestWillBeSent" == e["method"].removeprefix("Network.")
        ]
        return complaints, {urlsplit(url).netloc for url in asked if not url.startswith("data:")}


@pytest.fixture(scope="module")
def runs(server: Server) -> list[str]:
    """Three runs that ended: two sent to the store, one to the server."""
    exp_dir = Path(server.settings.private).parent
    for number, (name, rate) in enumerate(RATES.items()):
        flags = RECORD["flags"] | {"learning_rate": rate}
        run = make_run(exp_dir, name, flags=flags)
        curve = [({"train_loss": math.exp(-rate * 10 * step)}, step) for step in range(60)]
        scores = [
            ({"val_loss": math.exp(-rate * step), "val_accuracy": rate * step}, step)
            for step in (20, 40, 60)
        ]
        log(run, *curve, *scores, ({"test_accuracy": 0.9 + rate}, 60))
        finish(run)
        tracker = "neptune" if number == 2 else "mlflow"
        environment = {**os.environ, **(server.environment if number == 2 else {})}
        command = [sys.executable, "-m", "project.sync", str(run), "--tracker", tracker]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return list(RATES)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser of our own."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in [*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield Page(driver)
    driver.quit()


def test_from_the_list_of_runs_to_one_run(page: Page, server: Server, runs: list[str]) -> None:
    page.driver.get(f"{server.url}/compare")
    page.click("td a", "trial")
    page.one("a", runs[1])
    shown = page.one("body").text
    # The columns of the view that the server has prepared.
    assert all(name in shown for name in ("val_loss", "val_accuracy", runs[0]))
    page.click("a", runs[1])
    page.until(lambda _: "learning_rate" in page.one("body").text, "no parameters")
    assert "0.003" in page.one("body").text
    _, hosts = page.logged()
    assert hosts == {urlsplit(server.url).netloc}


def test_three_runs_are_compared(page: Page, server: Server, runs: list[str]) -> None:
    page.driver.get(f"{server.url}/compare?search={runs[0][:13]}")
    for name in runs:
        page.click(f"input[aria-label='Choose {name}']")
    page.click("button.main", "Compare 3 runs")
    table = page.one("table.facts")
    rows = page.until(lambda _: table_rows(page), "no rows")
    columns = [e.text for e in page.all("table.facts thead th a")]
    assert sorted(columns) == sorted(runs)
    expected = [str(RATES[name]) for name in columns]
    assert rows["learning_rate"] == expected
    assert rows["sha"] == [f"{RECORD['code']['sha']}\nthe same"]
    assert rows["dirty"] == ["true\nthe same"]
    assert rows["hash"] == [f"{RECORD['data']['hash']}\nthe same"]
    # The best of the three is marked.
    best = page.one("tr.metric", "test_accuracy").find_element(By.CSS_SELECTOR, ".best .value")
    assert best.text == "0.9100"
    assert table.is_displayed()
    page.until(lambda _: drawn(page, "train_loss") == 3, "no curves")
    assert drawn(page, "val_loss") == 3
    bars = page.one("[data-metric='test_accuracy'] .bars").text.split("\n")
    assert sorted(bars[1::2]) == ["0.9010", "0.9030", "0.9100"]
    figures = page.all("figure img")
    assert len(figures) == 3
    page.driver.execute_script("arguments[0].scrollIntoView()", figures[0])
    sizes = "return arguments[0].map((image) => image.naturalWidth)"
    page.until(lambda _: page.driver.execute_script(sizes, figures) == [1, 1, 1], "no images")
    complaints, hosts = page.logged()
    assert not complaints and hosts == {urlsplit(server.url).netloc}


def test_all_that_is_shown_is_in_the_address(page: Page, server: Server, runs: list[str]) -> None:
    page.driver.get(f"{server.url}/compare?runs={','.join(runs)}")
    page.until(lambda _: drawn(page, "train_loss") == 3, "no curves")
    page.click(".choice label", "Epoch")
    page.click(".tools .check", "Log scale")
    page.one("#smooth").send_keys(Keys.ARROW_RIGHT * 5)
    page.one("#filter").send_keys("loss")
    page.click(".chip .toggle", runs[0])
    address = page.driver.current_url
    told = dict(part.split("=") for part in urlsplit(address).query.split("&"))
    assert told["x"] == "epoch" and told["log"] == "1" and told["smooth"] == "0.05"
    assert told["filter"] == "loss" and told["hide"]
    page.driver.get("about:blank")
    page.driver.get(address)
    # Of each of two runs, the smoothed curve and the raw one behind it.
    page.until(lambda _: drawn(page, "train_loss") == 4, "no curves")
    assert {e.get_attribute("data-metric") for e in page.all(".chart")} == {
        "train_loss",
        "val_loss",
    }
    assert page.one("#filter").get_attribute("value") == "loss"
    assert page.one("#log").is_selected()
    assert page.driver.execute_script("return document.querySelector('[value=epoch]').checked")
    assert not page.logged()[0]


def test_zooming_asks_for_the_range(page: Page, server: Server, runs: list[str]) -> None:
    page.driver.get(f"{server.url}/compare?runs={','.join(runs)}&filter=train_loss")
    page.until(lambda _: drawn(page, "train_loss") == 3, "no curves")
    frame = page.one("[data-metric=train_loss] .frame")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", frame)
    mouse = ActionChains(page.driver).move_to_element_with_offset(frame, -50, 0)
    mouse.click_and_hold().move_by_offset(60, 1).move_by_offset(40, 1).release().perform()
    page.until(lambda _: "from=" in page.driver.current_url, "no zoom")
    # What the curves are where the mouse is stands below the chart, for each run.
    assert page.one("[data-metric=train_loss] .at").text.startswith("step ")
    assert len(page.all("[data-metric=train_loss] .values li")) == 3
    page.click("button", "Reset zoom")
    assert "from=" not in page.driver.current_url
    frame.send_keys(Keys.HOME)
    assert page.one("[data-metric=train_loss] .at").text == "step 0"
    frame.send_keys(Keys.ARROW_RIGHT)
    assert page.one("[data-metric=train_loss] .at").text == "step 1"


def test_names_are_never_markup(page: Page, server: Server, runs: list[str]) -> None:
    call = f"{server.url}/api/2.0/mlflow"
    page.driver.get(f"{server.url}/compare")
    send = """
        const [call, name, done] = arguments;
        const post = (path, body) => fetch(`${call}/${path}`, {method: "POST", body: JSON.stringify(body),
            headers: {"Content-Type": "application/json"}}).then((answer) => answer.json());
        (async () => {
            const {experiment_id} = await post("experiments/create", {name});
            const {run} = await post("runs/create", {experiment_id, run_name: name,
                tags: [{key: name, value: name}]});
            const run_id = run.info.run_id;
            await post("runs/log-parameter", {run_id, key: "note", value: name});
            return run_id;
        })().then(done);
    """
    run_id = page.driver.execute_async_script(send, call, MARKUP)
    page.driver.get(f"{server.url}/compare?runs={run_id},{runs[0]}&all=1")
    page.one(".chip .name", MARKUP)
    page.one("table.facts td", MARKUP)
    assert page.driver.title == "2 runs compared" and not page.all("main img[src='x']")
    page.driver.get(f"{server.url}/compare?search=onerror")
    page.one("table.latest a", MARKUP)
    assert page.driver.title == "Runs" and not page.logged()[0]


def test_smoothing_is_the_mean_with_fading_weights(page: Page, server: Server) -> None:
    page.driver.get(f"{server.url}/compare")
    values = np.random.default_rng(0).standard_normal(50)
    script = """
        const [values, weight, done] = arguments;
        import("/compare/static/smooth.js").then(({smooth}) => done(smooth(values, weight)));
    """
    found = page.driver.execute_async_script(script, values.tolist(), 0.8)
    # Without bias: the weights 0.8 ** age of the points so far, divided by their sum.
    for i in (0, 1, 10, 49):
        weights = 0.8 ** np.arange(i + 1)[::-1]
        assert found[i] == pytest.approx(np.average(values[: i + 1], weights=weights))


def table_rows(page: Page) -> dict[str, list[str]]:
    """The texts of the table's rows, by name."""
    rows = {}
    for row in page.all("table.facts tbody tr"):
        name, *cells = row.find_elements(By.CSS_SELECTOR, "th, td")
        rows[name.text] = [cell.text for cell in cells]
    return rows


def drawn(page: Page, metric: str) -> int:
    """How many curves a chart shows."""
    return len(page.all(f"[data-metric='{metric}'] .scatterlayer .trace path.js-line"))
