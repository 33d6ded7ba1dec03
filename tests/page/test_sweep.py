"""The page of a sweep in a browser: what it draws, and what one does with it."""

import csv
import io
import json
import math
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from selenium.webdriver.common.keys import Keys

from project.search.page.writing import write
from project.search.space import Dimension, Space
from project.search.values import Trial
from project.search.verdict.report import Report
from tests.page.browser import Page
from tests.page.test_accessible import RUN, axe
from tests.page.test_charts import KEEP, SVG
from tests.search.made_up import searched

__all__ = ["axe"]  # a fixture


@pytest.fixture(scope="module")
def report() -> Report:
    return searched(80, n_objectives=2)


@pytest.fixture(scope="module")
def address(report: Report, tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(report, tmp_path_factory.mktemp("sweep"))


def written(report: Report, folder: Path) -> str:
    write(report, path := folder / "sweep.html")
    return path.as_uri()


def test_the_verdict_comes_first_and_all_trials_are_drawn(
    page: Page, report: Report, address: str
) -> None:
    page.show(address)
    assert page.one("header.about p").text.startswith(f"Trial {report.winner} is better")
    titles = [head.text for head in page.all("section h2")]
    assert titles[:4] == ["Confirmed with new seeds", "History", "Pareto front", "Importance"]
    rows = [row.text.split("\n")[0] for row in page.all("table.confirmed tbody th")]
    assert rows[: len(report.best)] == [f"trial {trial.number}" for trial in report.best]
    # One closed circle, of two arcs, for each trial that is complete and keeps the constraint.
    good = [t for t in report.trials if t.state == "complete" and t.measures["parameters"] < 9e4]
    page.in_sight(".trials-chart .points")
    drawn = [path.get_attribute("d") for path in page.all(".trials-chart .points")]
    assert drawn[0].count("z") == len(good)
    page.check_quiet({""})


def test_one_goes_through_the_trials_and_opens_one(page: Page, address: str) -> None:
    page.show(address)
    chart = page.in_sight(".trials-chart .frame")
    chart.send_keys(Keys.ARROW_RIGHT)
    page.one(".trials-chart .note", "trial 0")
    chart.send_keys(Keys.ENTER)
    assert "Trial 0" in page.one("dialog h2").text
    page.one("dialog").send_keys(Keys.ESCAPE)
    page.in_sight("table.all-trials thead button")
    page.click("table.all-trials thead button", "val_accuracy")
    page.click("table.all-trials thead button", "val_accuracy")
    scores = [row.text.split()[2] for row in page.all("table.all-trials tbody tr")]
    known = [float(score) for score in scores if score[0].isdigit()]
    assert known == sorted(known, reverse=True) and len(known) > 60
    page.check_quiet({""})


def test_charts_are_saved_as_svg_and_csv(page: Page, report: Report, address: str) -> None:
    page.show(address)
    page.driver.execute_script(KEEP)
    buttons = page.one(".trials-chart .copying").find_elements("css selector", "button")
    page.in_sight(".trials-chart .copying")
    kept = []
    for i, button in enumerate(buttons):
        button.click()
        count = f"return window.kept.length > {i} && window.kept"
        kept = page.until(lambda _: page.driver.execute_script(count), "nothing is saved")
    white, dark, table = (b64decode(text.partition(",")[2]).decode() for text in kept)
    for picture in (white, dark):
        root = ElementTree.fromstring(picture)
        assert root.tag == f"{SVG}svg" and "color-mix" not in picture and "var(" not in picture
        assert root.find(f"{SVG}title").text == "val_accuracy of each trial"
    assert white != dark
    rows = [*csv.DictReader(io.StringIO(table))]
    assert [float(row["learning_rate"]) for row in rows] == [
        trial.values["learning_rate"] for trial in report.trials
    ]


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("dark", 400),
        pytest.param("light", 400, marks=pytest.mark.nightly),
        pytest.param("light", 1280, marks=pytest.mark.nightly),
        pytest.param("dark", 1280, marks=pytest.mark.nightly),
    ],
)
def test_nothing_serious_is_in_the_way(
    page: Page, address: str, axe: str, scheme: str, width: int
) -> None:
    with page.looked_at(scheme, width):
        page.show(address)
        page.driver.execute_script(axe)
        assert page.driver.execute_async_script(RUN) == []
        page.check_quiet({""})


@pytest.mark.nightly
@pytest.mark.parametrize("kept", [0, 1, 2, 60])
def test_a_sweep_that_has_not_come_far_has_a_page(
    page: Page, report: Report, tmp_path: Path, kept: int
) -> None:
    """Also where every trial has failed."""
    bare = replace(report, trials=report.trials[:kept], confirmed=(), tested={}, command="")
    page.show(written(bare, tmp_path))
    page.check_quiet({""})
    failed = [replace(t, state="failed", scores=(), reason="no") for t in bare.trials]
    page.show(written(replace(bare, trials=failed), tmp_path))
    page.check_quiet({""})


@pytest.mark.nightly
def test_odd_values_and_scores_are_shown(page: Page, report: Report, tmp_path: Path) -> None:
    choices = (None, True, False, 0, "flip crop", '<b>"', 1e300)
    space = Space(
        (Dimension("odd", "choice", choices=choices), Dimension("n", "int", low=1, high=9))
    )
    rules = replace(report.rules, objectives=report.rules.objectives[:1], constraints=())
    scores = (0.5, math.nan, math.inf, -math.inf, 1e300, -1e300, 0.0, 0.5)
    trials = [
        Trial(n, {"odd": choices[n % 7], "n": 1 + n % 9}, "complete", (scores[n % 8],))
        for n in range(60)
    ]
    odd = replace(report, space=space, rules=rules, trials=trials, confirmed=(), name="odd " * 60)
    page.show(written(odd, tmp_path))
    page.in_sight("table.all-trials")
    texts = {cell.text for cell in page.all("table.all-trials tbody td")}
    assert {"none", "true", "false", "0", "flip crop", '<b>"', "nan", "inf", "-inf"} <= texts
    page.check_quiet({""})


@pytest.mark.nightly
def test_ten_thousand_trials_are_drawn(page: Page, tmp_path: Path) -> None:
    page.show(written(searched(10_000), tmp_path))
    page.in_sight(".trials-chart .points")
    drawn = "".join(path.get_attribute("d") for path in page.all(".trials-chart .points")[:1])
    data = json.loads(page.driver.execute_script("return document.getElementById('data').text"))
    assert drawn.count("z") == data["trials"]["state"].count("complete")
    assert len(page.all("table.all-trials tbody tr")) == 100
    page.check_quiet({""})
