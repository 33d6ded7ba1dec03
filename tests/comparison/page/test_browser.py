"""The page in a real browser, from a file: what it shows, and that it asks for nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from project.compare import main
from project.comparison import acting, description
from tests.comparison.page.conftest import MARKUP
from tests.server.browser import BROWSER, DRIVER, Page, drawn, start, table_rows

pytestmark = [
    # One worker has what they share.
    pytest.mark.xdist_group("page"),
    pytest.mark.skipif(
        not (BROWSER and DRIVER), reason="needs Chromium or Chrome, and chromedriver"
    ),
]
LINES = "[data-metric='train_loss'] .scatterlayer .trace"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser of this file's own."""
    page = start(tmp_path_factory.mktemp("browser"))
    page.driver.get("about:blank")
    yield page
    page.driver.quit()


@pytest.fixture(scope="module")
def address(exp_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of all six runs."""
    path = tmp_path_factory.mktemp("page") / "a.html"
    write(exp_dir, path, "trial")
    return path.as_uri()


def write(exp_dir: Path, path: Path, *runs: str) -> None:
    original = description.describe
    repository = exp_dir.parent / "repo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acting, "describe", lambda *a, **k: original(*a, repository=repository, **k))
        assert main([*runs, "--exp-dir", str(exp_dir), "--html", str(path)]) == 0


@pytest.fixture
def page(browser: Page) -> Page:
    """The browser, which has forgotten what earlier tests made its console say."""
    browser.driver.get("about:blank")
    browser.logged()
    return browser


def check_quiet(page: Page) -> None:
    """Nothing failed, and nothing was asked for but the file itself, which has no host."""
    complaints, hosts = page.logged()
    assert complaints == [] and hosts <= {""}
    width = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.driver.execute_script(width) == 0


def show(page: Page, address: str) -> None:
    """Go there, and wait until the page's script has made what is to be seen."""
    page.driver.get(address)
    page.one("header.about")


def in_sight(page: Page, css: str) -> Any:
    element = page.one(css)
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    return element


def test_curves_table_diff_and_figures_are_there(page: Page, address: str) -> None:
    show(page, f"{address}#score=val_accuracy")
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
    check_quiet(page)


def test_texts_of_runs_are_never_markup(page: Page, address: str, exp_dir: Path) -> None:
    show(page, f"{address}#each=1&all=1&filter=img")
    names = [cell.text for cell in page.all("table.facts tbody tr td")]
    assert names.count(f"{MARKUP} the same") == 2  # the description, and the tags
    page.one("details.file", f"+ {MARKUP}")
    page.one(".chart h3", MARKUP)
    assert not page.all("main img[src='x']") and page.driver.title == "6 runs compared"
    check_quiet(page)


def test_runs_are_hidden_shown_and_isolated(page: Page, address: str) -> None:
    show(page, f"{address}#each=1")
    page.until(lambda _: drawn(page, "train_loss") == 6, "no curves")
    page.click(".chip .toggle", "a · ")
    page.until(lambda _: drawn(page, "train_loss") == 5, "a is still there")
    assert page.driver.current_url.endswith("hide=a&each=1")
    double = "arguments[0].dispatchEvent(new MouseEvent('dblclick'))"
    page.driver.execute_script(double, page.one(".chip .toggle", "b · "))
    page.until(lambda _: drawn(page, "train_loss") == 1, "others are still there")
    page.click("button", "Show all")
    page.until(lambda _: drawn(page, "train_loss") == 6, "some are still hidden")
    check_quiet(page)


@pytest.mark.nightly
def test_all_that_is_shown_is_in_the_address(page: Page, address: str) -> None:
    show(page, address)
    page.until(lambda _: drawn(page, "train_loss") == 4, "no curves")
    page.click("label", "Group seeds")
    page.click(".choice label", "Epoch")
    page.click(".tools .check", "Log scale")
    page.one("#smooth").send_keys(Keys.ARROW_RIGHT * 5)
    told = page.driver.current_url.partition("#")[2].split("&")
    assert sorted(told) == ["each=1", "log=1", "smooth=0.05", "x=epoch"]
    again = page.driver.current_url
    page.driver.get("about:blank")
    show(page, again)
    # Of each of six runs the smoothed curve, and the raw one behind it.
    page.until(lambda _: drawn(page, "train_loss") == 12, "no curves")
    axis = "const {xaxis, yaxis} = arguments[0]._fullLayout; return [xaxis.range[1], yaxis.type]"
    plot = page.one("[data-metric='train_loss'] .plot")
    end, kind = page.driver.execute_script(axis, plot)
    # 39 steps, of which ten are an epoch, and the axis's margin.
    assert 3.8 < end < 4.2 and kind == "log"
    check_quiet(page)


@pytest.mark.nightly
def test_all_shows_at_first_what_does_not_differ(page: Page, exp_dir: Path, tmp_path: Path) -> None:
    write(exp_dir, tmp_path / "a.html", "trial", "--all")
    show(page, (tmp_path / "a.html").as_uri())
    assert table_rows(page)["model"] == ["cnn the same"]
    page.click(".heading label", "Show all")
    assert "model" not in table_rows(page)
    page.driver.refresh()
    page.one("header.about")
    assert "model" not in table_rows(page)
    check_quiet(page)


@pytest.mark.nightly
def test_parallel_coordinates_keep_what_passes(page: Page, address: str) -> None:
    show(page, f"{address}#each=1&axes=learning_rate,val_accuracy")
    axis = in_sight(page, ".parallel [data-axis='learning_rate']")
    axis.send_keys(Keys.ARROW_DOWN)  # from above: the greatest rate
    page.one(".note", "3 of 6 kept")
    assert page.driver.current_url.partition("hide=")[2].startswith("a,b,c&")
    assert page.one(".parallel [data-axis='log learning_rate']").text == "log"  # 0.1 / 0.001 = 100
    page.one(".parallel [data-axis='val_accuracy']").send_keys(Keys.ARROW_UP)  # 0.5 is a's
    page.one(".note", "0 of 6 kept")
    page.click("button", "Clear selection")
    assert "hide" not in page.driver.current_url
    check_quiet(page)


@pytest.mark.nightly
def test_zoom_is_shared_and_undone(page: Page, address: str) -> None:
    show(page, f"{address}#from=10&to=20")
    page.until(lambda _: drawn(page, "train_loss") == 4, "no curves")
    xs = "return arguments[0].data.at(-1).x"
    plot = page.one("[data-metric='train_loss'] .plot")
    # One point beyond at each side.
    assert page.driver.execute_script(xs, plot) == list(range(9, 22))
    page.click("button", "Reset zoom")
    page.until(lambda _: len(page.driver.execute_script(xs, plot)) == 39, "still zoomed")
    check_quiet(page)


def test_the_latest_runs_are_sorted_and_filtered(page: Page, exp_dir: Path, tmp_path: Path) -> None:
    write(exp_dir, tmp_path / "a.html")
    show(page, (tmp_path / "a.html").as_uri())

    def column(name: str) -> list[str]:
        heads = [head.text for head in page.all("table.latest th[scope='col']")]
        cells = f"tbody tr > *:nth-child({heads.index(name) + 1})"
        table = page.one("table.latest")
        return [cell.text for cell in table.find_elements(By.CSS_SELECTOR, cells)]

    page.click("table.latest th button", "val_accuracy")
    assert column("val_accuracy") == ["0.5", "0.6", "0.7", "0.75", "0.85", "0.95"]
    page.click("table.latest th button", "val_accuracy")
    assert column("val_accuracy")[0] == "0.95"
    page.one("#runs-filter").send_keys("0.85")
    assert column("val_accuracy") == ["0.85"]
    check_quiet(page)
