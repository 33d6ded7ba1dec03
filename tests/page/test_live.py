"""A server's page of runs that train, of another program, and go away while it is open."""

import time
from typing import Any

import httpx2 as httpx
import pytest

from tests.comparison.page.conftest import MARKUP
from tests.page.browser import Page, score_rows
from tests.page.sources import Source


class Store:
    """MLflow's API of the server."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/api/2.0/mlflow"

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        with httpx.Client(trust_env=False) as client:
            return client.post(f"{self.url}/{path}", json=body).raise_for_status().json()

    def run(self, experiment: str, name: str) -> str:
        begun = {"run_name": name, "start_time": int(1000 * time.time())}
        return self.post("runs/create", experiment_id=experiment, **begun)["run"]["info"]["run_id"]

    def log(self, run: str, value: float, step: int) -> None:
        at = {"timestamp": int(1000 * time.time()), "step": step}
        self.post("runs/log-metric", run_id=run, key="val_loss", value=value, **at)


@pytest.mark.nightly  # it waits for the page to look again, twice
def test_news_reach_an_open_page_and_a_run_that_goes_is_a_line(page: Page, site: Source) -> None:
    store = Store(site.url)
    experiment = store.post("experiments/create", name="live")["experiment_id"]
    first, second = store.run(experiment, MARKUP), store.run(experiment, "owl")
    for run in (first, second):
        store.log(run, 0.5, 0)
    page.show(site.address(first, second, **{"from": 0, "to": 9}))
    assert score_rows(page)["a"]["val_loss"].startswith("0.50000")
    assert page.one(".chip .name", MARKUP) and not page.all("main img[src='x']")
    store.log(first, 0.25, 1)
    page.until(lambda _: "0.25000" in page.one("tr[data-id='a']").text, "no news")
    assert page.driver.current_url.endswith("from=0&to=9")
    store.post("runs/delete", run_id=second)
    page.one(".problem", f"there is no run {second}, or not for you to see")
    assert page.driver.title == MARKUP
    page.check_quiet(site.hosts)
