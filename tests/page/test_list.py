"""The list of runs, from a server and from a file: found, sorted, grouped, with chosen columns."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.page.browser import Page
from tests.page.sources import Source

TABLE = "table.latest"


def open_list(page: Page, source: Source, state: str = "") -> None:
    """The list, as the part of an address says."""
    where = f"{source.file()}#{state}" if source.is_file else f"{source.url}/compare?{state}"
    page.driver.get(where)
    page.one(TABLE)


def heads(page: Page) -> list[str]:
    """The names of the columns, the runs' first."""
    return [head.text.split(" ")[0] for head in page.all(f"{TABLE} th[scope='col']")]


def column(page: Page, name: str) -> list[str]:
    """The cells of a column, as they are seen."""
    # On a server a box comes before them.
    place = heads(page).index(name) + len(page.all(f"{TABLE} thead td"))
    rows = [row for row in page.all(f"{TABLE} tbody tr") if row.is_displayed()]
    return [row.find_elements(By.XPATH, "./*")[place].text for row in rows]


def test_sorted_found_and_chosen(page: Page, each_source: Source) -> None:
    open_list(page, each_source)
    assert len(column(page, "val_accuracy")) == 6
    # The best first: of an accuracy the greatest.
    page.click(f"{TABLE} th button", "val_accuracy")
    page.until(lambda _: page.all("th[aria-sort='descending']"), "not sorted")
    assert column(page, "val_accuracy") == VALUES[::-1]
    page.click(f"{TABLE} th button", "val_accuracy")
    page.until(lambda _: page.all("th[aria-sort='ascending']"), "not sorted")
    assert column(page, "val_accuracy") == VALUES
    page.one("#list-search").send_keys("seed=2 learning_rate=0.1")
    page.until(lambda _: "1 of 6" in page.one(".list .heading").text, "not found")
    assert column(page, "val_accuracy") == ["0.9500"]
    # All of it stands in the address, from which it comes back.
    address = page.driver.current_url
    assert "sort=val_accuracy" in address and "search=seed%3D2" in address
    page.driver.get("about:blank")
    page.driver.get(f"{address}&columns=seed,val_accuracy,gone&page=x&old=1")
    page.one(TABLE)
    assert heads(page) == ["Run", "seed", "val_accuracy"]
    assert column(page, "val_accuracy") == ["0.9500"]
    page.check_quiet(each_source.hosts)


VALUES = ["0.5000", "0.6000", "0.7000", "0.7500", "0.8500", "0.9500"]


def test_seeds_are_one_row(page: Page, source: Source) -> None:
    open_list(page, source, "seeds=1&columns=val_accuracy,learning_rate")
    means = page.until(lambda _: column(page, "val_accuracy"), "no rows")
    # (0.75 + 0.85 + 0.95) / 3, and (0.5 + 0.6 + 0.7) / 3; each seed 0.1 from the next.
    assert sorted(means) == ["0.60 ± 0.10", "0.85 ± 0.10"]
    page.click(f"{TABLE} .group button")
    assert len(column(page, "val_accuracy")) == 5


def test_a_condition_a_note_and_ticks_on_a_server(page: Page, site: Source) -> None:
    open_list(page, site, "sort=-val_accuracy")
    page.one("#list-where").send_keys("val_accuracy > 0.8 and seed in (1, 2)")
    page.until(lambda _: "2 of 6" in page.one(".list .heading").text, "not found")
    page.one("#list-where").send_keys(" and modle")
    told = page.one(".fault", "unknown name 'modle'").text
    assert told.startswith("--where 'val_accuracy > 0.8") and "did you mean 'model'" in told
    assert len(column(page, "val_accuracy")) == 2  # what was found before stays
    page.one("#list-where").send_keys(Keys.BACKSPACE * len(" and modle"))
    page.until(lambda _: not page.one("#list-where").get_attribute("aria-invalid") == "true", "bad")
    page.click(".edit")
    page.one("#tags").send_keys("paper, keep")
    page.one("#note").send_keys("the best so far")
    page.click("dialog button.main")
    assert "keep" in page.one(f"{TABLE} td", "paper").text
    page.click("button", "Tick all 2 found")
    page.click("button.main", "Compare 2")
    page.until(lambda _: "runs=" in page.driver.current_url, "not compared")


@pytest.mark.nightly
def test_views_are_kept_and_opened(page: Page, site: Source) -> None:
    open_list(page, site, "sort=-val_accuracy&columns=val_accuracy")
    page.click("#views")
    page.one("#view-name").send_keys("best first")
    page.click("dialog button.main")
    page.one("dialog a", "best first")
    page.driver.get(f"{site.url}/")
    page.one(TABLE)
    page.click("#views")
    page.click("dialog a", "best first")
    page.until(lambda _: "columns=val_accuracy" in page.driver.current_url, "not opened")
    assert heads(page) == ["Run", "val_accuracy"]
