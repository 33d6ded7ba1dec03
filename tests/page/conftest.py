"""One browser, one server and one file for all tests of the page; see `sources`."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forks
from tests.comparison.page.conftest import build
from tests.page.browser import BROWSER, DRIVER, Page, start
from tests.page.sources import Source
from tests.server.conftest import end, fresh_store, start_server

__all__ = ["fresh_store"]  # a fixture
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder are one worker's, which has what they share."""
    lacking = not (BROWSER and DRIVER)
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("page"))
            item.add_marker(
                pytest.mark.skipif(lacking, reason="needs Chromium or Chrome, and chromedriver")
            )


@pytest.fixture(scope="session")
def exp_dir(fresh_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six runs in a store: of two learning rates three seeds each, between which the code changed.

    They have been sent to the MLflow store beside them.
    """
    made = build(tmp_path_factory.mktemp("page-store"))
    shutil.copy(fresh_store, made / "mlflow.db")
    runs = [str(path) for path in sorted((made / "trial").iterdir())]
    sent = forks.python(["-m", "project.sync", *runs, "--tracker", "mlflow"], dict(os.environ))
    said, _ = sent.communicate()
    assert sent.returncode == 0, said
    return made


@pytest.fixture(scope="session")
def file(exp_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Pages in files."""
    return Source(exp_dir, "", tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="session")
def site(exp_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """Pages of a server."""
    started = start_server(exp_dir)
    yield Source(exp_dir, started.url, tmp_path_factory.mktemp("pages"))
    end(started)


@pytest.fixture(params=["file", "site"])
def each_source(request: pytest.FixtureRequest) -> Source:
    """Each of the two: a test that takes it is of both."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=[pytest.param("file", marks=pytest.mark.nightly), "site"])
def source(request: pytest.FixtureRequest) -> Source:
    """Likewise, but the file is the night's: what draws is the same on both."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The one browser."""
    page = start(tmp_path_factory.mktemp("browser"))
    yield page
    page.driver.quit()


@pytest.fixture
def page(browser: Page) -> Page:
    """The browser, which has forgotten what earlier tests made its console say."""
    browser.driver.get("about:blank")
    browser.logged()
    return browser
