"""axe-core's rules for the pages, light and dark, wide and narrow: nothing serious is found."""

from importlib import resources

import pytest

from tests.page.browser import Page, drawn
from tests.page.sources import Source

RUN = """
    const done = arguments[0];
    axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => done(violations
        .filter(({impact}) => ["serious", "critical"].includes(impact))
        .map(({id, nodes}) => [id, nodes[0].html])));
"""
OPEN = """
    document.querySelectorAll("details:not(.menu)").forEach((one) => (one.open = true));
"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that knows the rules."""
    return resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [
        ("file", "light", 1280),
        ("site", "dark", 400),
        pytest.param("file", "dark", 400, marks=pytest.mark.nightly),
        pytest.param("site", "light", 1280, marks=pytest.mark.nightly),
    ],
)
def test_nothing_serious_is_in_the_way(
    page: Page, request: pytest.FixtureRequest, axe: str, name: str, scheme: str, width: int
) -> None:
    source: Source = request.getfixturevalue(name)
    with page.looked_at(scheme, width):
        page.show(source.address(each=1, hide="b"))
        page.driver.execute_script(OPEN)
        page.until(lambda _: drawn(page, "train_loss") == 5, "no curves")
        page.driver.execute_script(axe)
        assert page.driver.execute_async_script(RUN) == []
        page.click("[data-metric='train_loss'] button[title='Enlarge']")
        assert page.driver.execute_async_script(RUN) == []
        page.check_quiet(source.hosts)
