"""The comparison of six runs, two settings of three seeds: what is seen, and what is done there."""

import json
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from project.compare import main
from tests.comparison.page.conftest import MARKUP
from tests.page.browser import Page, drawn, score_rows, table_rows
from tests.page.sources import Source

DOUBLE = "arguments[0].dispatchEvent(new MouseEvent('dblclick'))"


def test_the_first_screen_says_which_is_better_and_by_how_much(
    page: Page, each_source: Source
) -> None:
    page.show(each_source.address())
    assert page.driver.title == "6 runs compared"
    rows = score_rows(page)
    assert list(rows) == ["A", "B"]
    assert [row["learning_rate"] for row in rows.values()] == ["0.001", "0.1"]
    # Means of .5 .6 .7 and .75 .85 .95; both deviate by .1; every pair differs by .25.
    assert rows["A"]["val_accuracy"] == "0.60 ± 0.10"
    assert rows["B"]["val_accuracy"].split("\n") == [
        "0.85 ± 0.10★",
        "+0.250 no spread",
        "[+0.250, +0.250]",
    ]
    # The curves begin on the second screen at the latest.
    place = "return document.getElementById('curves').getBoundingClientRect().top"
    assert page.driver.execute_script(place) < 1600
    # Another baseline turns the differences round, and stands in the address.
    page.click("tr[data-id='B'] input[name='base']")
    assert score_rows(page)["A"]["val_accuracy"].split("\n")[1] == "−0.250 no spread"
    assert page.driver.current_url.endswith("base=B")
    page.check_quiet(each_source.hosts)


def test_scores_are_those_of_the_outcomes_and_of_the_terminal(
    page: Page, each_source: Source
) -> None:
    told = each_source.exp_dir / "told.json"
    assert main(["trial", "--exp-dir", str(each_source.exp_dir), "--json", str(told)]) in (0, 2)
    terminal = [run["scores"] for run in json.loads(told.read_text())["runs"]]
    page.show(each_source.address(each=1))
    heads = [head.text.split()[0] for head in page.all("table.scores thead th")]
    for row, id_, own in zip(
        page.all("table.scores tbody tr"), each_source.ids(), terminal, strict=True
    ):
        outcome = json.loads((each_source.exp_dir / "trial" / id_ / "outcome.json").read_text())
        scores = outcome["best"]["metrics"] | outcome["test"]
        assert scores == own
        for name, cell in zip(heads, row.find_elements(By.CSS_SELECTOR, "th, td"), strict=True):
            if name in scores:
                value = cell.find_element(By.CSS_SELECTOR, ".value")
                assert float(value.get_attribute("title")) == scores[name]
                assert float(value.text) == pytest.approx(scores[name], rel=1e-4)
    # The same in the table of all values.
    rows = table_rows(page, "results")
    assert [float(cell.split("\n")[0].rstrip("★")) for cell in rows["val_accuracy"]] == [
        own["val_accuracy"] for own in terminal
    ]


def test_what_the_terminal_prints_is_what_the_outcomes_have(
    exp_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page's own numbers are compared with the outcomes' above."""
    paths = sorted((exp_dir / "trial").iterdir())
    outcomes = [json.loads((path / "outcome.json").read_text()) for path in paths]
    scores = [outcome["best"]["metrics"] | outcome["test"] for outcome in outcomes]
    assert main(["trial", "--all", "--exp-dir", str(exp_dir)]) in (0, 2)
    blocks = [block.splitlines() for block in capsys.readouterr().out.split("\n\n")]
    (results,) = (block for block in blocks if block[0].startswith("results: "))
    rows = {name: cells for name, *cells in map(str.split, results[2:])}
    assert set(scores[0]) <= set(rows)
    for name, first in scores[0].items():
        # The first run's, then of each other its own and the difference; six digits are printed.
        printed = [rows[name][0], *rows[name][1::2]]
        assert printed == [f"{own[name]:.6g}" for own in scores]
        less = [f"{own[name] - first:+.4g}" if own[name] != first else "0" for own in scores]
        assert rows[name][2::2] == less[1:]
    # Settings, side by side: mean and standard deviation of three seeds, as on the page.
    (means,) = (line for line in blocks[2] if line.startswith("val_accuracy"))
    for at, place in ((0, slice(3)), (3, slice(3, 6))):
        values = [own["val_accuracy"] for own in scores[place]]
        told = [f"{np.mean(values):.2f}", "±", f"{np.std(values, ddof=1):.2f}"]
        assert means.split()[1:][at:][:3] == told


def test_curves_diff_seeds_and_figures_are_there(page: Page, source: Source) -> None:
    page.show(source.address(score="val_accuracy"))
    # A line and a band for each of the two groups.
    page.until(lambda _: drawn(page, "train_loss") == 4, "no curves")
    assert table_rows(page, "flags")["learning_rate"] == ["0.001", "0.1"]
    diff = [row.text.split() for row in page.all("details.file tr.added, details.file tr.removed")]
    assert ["5", "−", "line", "4"] in diff and ["5", "+", "line", "4!"] in diff
    seeds = page.one("table.seeds tbody tr:nth-child(2)").text
    assert "0.85 ± 0.10 +0.250 +0.250 to +0.250" in seeds.replace("\n", " ")
    page.click("tr[data-id='B'] input[name='base']")
    seeds = page.one("table.seeds").text.replace("\n", " ")
    assert "Difference from B" in seeds and "0.60 ± 0.10 −0.250 −0.250 to −0.250" in seeds
    assert len(page.all(".parallel path.run")) == 2
    figures = page.all("figure img")
    page.driver.execute_script("arguments[0].scrollIntoView()", figures[0])
    sizes = "return arguments[0].map((image) => image.naturalWidth)"
    page.until(lambda _: page.driver.execute_script(sizes, figures) == [1] * 6, "no images")
    page.check_quiet(source.hosts)


def test_a_runs_own_page_begins_with_its_scores(page: Page, source: Source) -> None:
    id_ = source.ids()[2]
    page.show(source.address(id_))
    shown = [card.text.split("\n") for card in page.all(".cards > div")]
    assert ["val_accuracy", "0.7000"] in [card[:2] for card in shown]
    assert page.one(".command code").text == f"python -m project.reproduce {id_}"
    page.until(lambda _: drawn(page, "train_loss") == 1, "no curve")
    # What is known besides is closed.
    assert not any(row.is_displayed() for row in page.all("[data-section='flags'] tr:nth-child(2)"))
    page.check_quiet(source.hosts)


def test_texts_of_runs_are_never_markup(page: Page, source: Source) -> None:
    page.show(source.address(each=1, all=1, filter="img"))
    names = [cell.text for cell in page.all("table.facts tbody tr td")]
    assert names.count(f"{MARKUP} the same") == 2  # the description, and the tags
    page.one("details.file", f"+ {MARKUP}")
    page.one(".chart h3", MARKUP)
    assert not page.all("main img[src='x']") and page.driver.title == "6 runs compared"
    page.check_quiet(source.hosts)


def test_runs_are_hidden_shown_and_isolated(page: Page, source: Source) -> None:
    page.show(source.address(each=1))
    page.until(lambda _: drawn(page, "train_loss") == 6, "no curves")
    page.click(".chip .toggle", "a · ")
    page.until(lambda _: drawn(page, "train_loss") == 5, "a is still there")
    assert page.driver.current_url.endswith("hide=a&each=1")
    page.driver.execute_script(DOUBLE, page.one(".chip .toggle", "b · "))
    page.until(lambda _: drawn(page, "train_loss") == 1, "others are still there")
    page.click("button", "Show all")
    page.until(lambda _: drawn(page, "train_loss") == 6, "some are still hidden")
    page.check_quiet(source.hosts)


@pytest.mark.nightly
def test_all_that_is_shown_is_in_the_address(page: Page, source: Source) -> None:
    page.show(source.address())
    page.until(lambda _: drawn(page, "train_loss") == 4, "no curves")
    page.click("label", "Group seeds")
    page.click(".choice label", "Epoch")
    page.click(".tools .check", "Log scale")
    page.one("#smooth").send_keys(Keys.ARROW_RIGHT * 5)
    told = page.driver.current_url.partition("#" if source.is_file else "?")[2].split("&")
    told = [part for part in told if not part.startswith("runs=")]
    assert sorted(told) == ["each=1", "log=1", "smooth=0.05", "x=epoch"]
    again = page.driver.current_url
    page.driver.get("about:blank")
    page.show(again)
    # Of each of six runs the smoothed curve, and the raw one behind it.
    page.until(lambda _: drawn(page, "train_loss") == 12, "no curves")
    axis = "const {xaxis, yaxis} = arguments[0]._fullLayout; return [xaxis.range[1], yaxis.type]"
    plot = page.one("[data-metric='train_loss'] .plot")
    end, kind = page.driver.execute_script(axis, plot)
    # 39 steps, of which ten are an epoch, and the axis's margin.
    assert 3.8 < end < 4.2 and kind == "log"
    page.check_quiet(source.hosts)


@pytest.mark.nightly
def test_parallel_coordinates_keep_what_passes(page: Page, source: Source) -> None:
    page.show(source.address(each=1, axes="learning_rate,val_accuracy"))
    axis = page.in_sight(".parallel [data-axis='learning_rate']")
    axis.send_keys(Keys.ARROW_DOWN)  # from above: the greatest rate
    page.one(".note", "3 of 6 kept")
    assert page.driver.current_url.partition("hide=")[2].startswith("a,b,c&")
    assert page.one(".parallel [data-axis='log learning_rate']").text == "log"  # 0.1 / 0.001 = 100
    page.one(".parallel [data-axis='val_accuracy']").send_keys(Keys.ARROW_UP)  # 0.5 is a's
    page.one(".note", "0 of 6 kept")
    page.click("button", "Clear selection")
    assert "hide" not in page.driver.current_url
    page.check_quiet(source.hosts)


@pytest.mark.nightly
def test_zoom_is_shared_and_undone(page: Page, source: Source) -> None:
    page.show(source.address(**{"from": 10, "to": 20}))
    page.until(lambda _: drawn(page, "train_loss") == 4, "no curves")
    xs = "return arguments[0].data.at(-1).x"
    plot = page.one("[data-metric='train_loss'] .plot")
    # One point beyond at each side.
    assert page.driver.execute_script(xs, plot) == list(range(9, 22))
    page.click("button", "Reset zoom")
    page.until(lambda _: len(page.driver.execute_script(xs, plot)) == 39, "still zoomed")
    page.check_quiet(source.hosts)
