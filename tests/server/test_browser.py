"""People's way through the pages in a real browser: the runs, one run, and the comparison of three.

Two of the runs were logged directly to the store, one through the unmodified Neptune client.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests import forks
from tests.server.browser import BROWSER, DRIVER, Page, drawn, start, table_rows
from tests.server.conftest import Server
from tests.tracking.runs import OUTCOME, RECORD, finish, log, make_run

pytestmark = [
    # One worker has what they share.
    pytest.mark.xdist_group("server page"),
    pytest.mark.skipif(
        not (BROWSER and DRIVER), reason="needs Chromium or Chrome, and chromedriver"
    ),
]
RATES = {"20261121-000000-aaaa": 0.001, "20261121-000001-bbbb": 0.003, "20261121-000002-cccc": 0.01}
# The name of a run that people should see as it is.
MARKUP = "<img src=x onerror=document.title='broken'>"


def number(value: float) -> str:
    """Four digits, as the page shows numbers."""
    return f"{value:#.4g}"


@pytest.fixture(scope="module")
def runs(server: Server) -> list[str]:
    """Three runs that ended: two sent to the store, one to the server."""
    exp_dir = Path(server.settings.private).parent
    made = []
    for name, rate in RATES.items():
        flags = RECORD["flags"] | {"learning_rate": rate}
        run = make_run(exp_dir, name, flags=flags)
        curve = [({"train_loss": math.exp(-rate * 10 * step)}, step) for step in range(60)]
        scores = [
            ({"val_loss": math.exp(-rate * step), "val_accuracy": rate * step}, step)
            for step in (20, 40, 60)
        ]
        log(run, *curve, *scores, ({"test_accuracy": 0.9 + rate}, 60))
        # The best epoch was the second of three.
        best = {"step": 40, "value": math.exp(-rate * 40), "metrics": dict(scores[1][0])}
        finish(run, best=OUTCOME["best"] | best, test={"test_accuracy": 0.9 + rate})
        made.append(str(run))
    sync = ["-m", "project.sync"]
    commands = [[*sync, *made[:2], "--tracker", "mlflow"], [*sync, made[2], "--tracker", "neptune"]]
    environment = {**os.environ, **server.environment}
    for sent in [forks.python(command, environment) for command in commands]:
        said, _ = sent.communicate()
        assert sent.returncode == 0, said
    return list(RATES)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser of this file's own."""
    page = start(tmp_path_factory.mktemp("browser"))
    yield page
    page.driver.quit()


@pytest.fixture
def page(browser: Page) -> Page:
    """The browser, which has forgotten what earlier tests made its console say."""
    browser.logged()
    return browser


def test_from_the_list_of_runs_to_one_run(page: Page, server: Server, runs: list[str]) -> None:
    page.driver.set_window_size(2400, 1000)
    page.driver.get(f"{server.url}/compare")
    page.click("td a", "trial")
    page.one("a", runs[1])
    shown = page.one("body").text
    # The columns of the view that the server has prepared.
    assert all(name in shown for name in ("val_loss", "val_accuracy", runs[0]))
    page.click("a", runs[1])
    page.until(lambda _: "learning_rate" in page.one("body").text, "no parameters")
    assert "0.003" in page.one("body").text
    page.driver.set_window_size(1280, 1000)
    _, hosts = page.logged()
    assert hosts == {urlsplit(server.url).netloc}


def test_three_runs_are_compared(page: Page, server: Server, runs: list[str]) -> None:
    page.driver.get(f"{server.url}/compare?search={runs[0][:13]}")
    for name in runs:
        page.click(f"input[aria-label='Choose {name}']")
    page.click("button.main", "Compare 3 runs")
    # The table is drawn a last time once the extremes of the curves are there.
    page.one("tr.metric small", " … ")
    rows = page.until(lambda _: table_rows(page), "no rows")
    columns = [e.text for e in page.all("table.facts thead th a")]
    assert sorted(columns) == sorted(runs)
    expected = [str(RATES[name]) for name in columns]
    assert rows["learning_rate"] == expected
    # They are called by what tells them apart, as in the file that `compare --html` writes.
    labels = [f"learning_rate {rate}" for rate in expected]
    assert [e.text for e in page.all("table.facts thead th .who")] == labels
    assert [e.text for e in page.all(".chip .name")] == labels
    # A score is the best checkpoint's, and the last one is said to be that.
    cells = page.one("tr.metric", "val_accuracy").find_elements(By.CSS_SELECTOR, "td")
    assert [cell.find_element(By.CSS_SELECTOR, ".value").text for cell in cells] == [
        number(40 * RATES[name]) for name in columns
    ]
    assert [cell.find_element(By.CSS_SELECTOR, ".note").text for cell in cells] == [
        f"last {number(60 * RATES[name])}" for name in columns
    ]
    names = [e.text for e in page.all("tr.metric th")]
    assert "train_loss (last)" in names and not [name for name in names if "best/" in name]
    assert rows["sha"] == [f"{RECORD['code']['sha']} the same"]
    assert rows["dirty"] == ["true the same"]
    assert rows["hash"] == [f"{RECORD['data']['hash']} the same"]
    # The best of the three is marked.
    best = page.one("tr.metric", "test_accuracy").find_element(By.CSS_SELECTOR, ".best .value")
    assert best.text == "0.9100"
    page.until(lambda _: drawn(page, "train_loss") == 3, "no curves")
    assert drawn(page, "val_loss") == 3
    bars = [e.text for e in page.all("[data-metric='test_accuracy'] .bars .value")]
    assert sorted(bars) == ["0.9010", "0.9030", "0.9100"]
    figures = page.all("figure img")
    assert len(figures) == 3
    page.driver.execute_script("arguments[0].scrollIntoView()", figures[0])
    sizes = "return arguments[0].map((image) => image.naturalWidth)"
    page.until(lambda _: page.driver.execute_script(sizes, figures) == [1, 1, 1], "no images")
    complaints, hosts = page.logged()
    assert not complaints and hosts == {urlsplit(server.url).netloc}


@pytest.mark.nightly
def test_all_that_is_shown_is_in_the_address(page: Page, server: Server, runs: list[str]) -> None:
    page.driver.get(f"{server.url}/compare?runs={','.join(runs)}")
    page.until(lambda _: drawn(page, "train_loss") == 3, "no curves")
    page.click(".choice label", "Epoch")
    page.click(".tools .check", "Log scale")
    page.one("#smooth").send_keys(Keys.ARROW_RIGHT * 5)
    page.one("#filter").send_keys("loss")
    page.click(".chip .toggle", f"learning_rate {RATES[runs[0]]}")
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


@pytest.mark.nightly
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
    page.until(lambda _: not page.all(".chart[aria-busy]"), "no answer")
    frame.send_keys(Keys.HOME)
    assert page.one("[data-metric=train_loss] .at").text == "step 0"
    frame.send_keys(Keys.ARROW_RIGHT)
    assert page.one("[data-metric=train_loss] .at").text == "step 1"


def test_names_are_never_markup(page: Page, server: Server, runs: list[str]) -> None:
    call = f"{server.url}/api/2.0/mlflow"
    page.driver.get(f"{server.url}/compare")
    send = """
        const [call, name, done] = arguments;
        const headers = {"Content-Type": "application/json"};
        const post = async (path, body) => (await fetch(
            `${call}/${path}`, {method: "POST", body: JSON.stringify(body), headers})).json();
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
        import("/compare/app/smooth.js").then(({smooth}) => done(smooth(values, weight)));
    """
    found = page.driver.execute_async_script(script, values.tolist(), 0.8)
    # Without bias: the weights 0.8 ** age of the points so far, divided by their sum.
    for i in (0, 1, 10, 49):
        weights = 0.8 ** np.arange(i + 1)[::-1]
        assert found[i] == pytest.approx(np.average(values[: i + 1], weights=weights))
