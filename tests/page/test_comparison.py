"""The comparison of six runs, two settings of three seeds: what is seen, and what is done there."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.comparison.page.conftest import MARKUP
from tests.page.browser import Page, drawn, table_rows
from tests.page.sources import Source

DOUBLE = "arguments[0].dispatchEvent(new MouseEvent('dblclick'))"


def test_curves_table_diff_and_figures_are_there(page: Page, source: Source) -> None:
    page.show(source.address(score="val_accuracy"))
    assert page.driver.title == "6 runs compared"
    rows = table_rows(page)
    assert rows["learning_rate"] == ["0.001", "0.1"]
    # Means of .5 .6 .7 and .75 .85 .95; both deviate by .1; every pair differs by .25.
    assert rows["val_accuracy"] == ["0.60 ± 0.10", "0.85 ± 0.10★ +0.25"]
    # A line and a band for each of the two groups.
    page.until(lambda _: drawn(page, "train_loss") == 4, "no curves")
    diff = [row.text.split() for row in page.all("details.file tr.added, details.file tr.removed")]
    assert ["5", "−", "line", "4"] in diff and ["5", "+", "line", "4!"] in diff
    seeds = page.one("table.seeds tbody tr:nth-child(2)").text
    assert "0.85 ± 0.10 +0.250 +0.250 to +0.250" in seeds.replace("\n", " ")
    assert len(page.all(".parallel path.run")) == 2
    figures = page.all("figure img")
    page.driver.execute_script("arguments[0].scrollIntoView()", figures[0])
    sizes = "return arguments[0].map((image) => image.naturalWidth)"
    page.until(lambda _: page.driver.execute_script(sizes, figures) == [1] * 6, "no images")
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
