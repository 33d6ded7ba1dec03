"""The charts of the page: what they compute, and the pictures that are saved of them."""

import csv
import io
from base64 import b64decode
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from tests.page.browser import Page, drawn
from tests.page.sources import Source

SVG = "{http://www.w3.org/2000/svg}"
# What a page offers to save is kept instead, as base64.
KEEP = """
    window.kept = [];
    HTMLAnchorElement.prototype.click = () => {};
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => {
        const reader = new FileReader();
        reader.onload = () => window.kept.push(reader.result);
        reader.readAsDataURL(blob);
        return make(blob);
    };
"""


def computed(page: Page, site: Source, module: str, call: str, *given: Any) -> Any:
    """What a function of one of the page's scripts gives; `call` knows `it` and `given`."""
    if not page.driver.current_url.startswith(site.url):
        page.driver.get(f"{site.url}/compare/app/icon.svg")
    script = f"""
        const [given, done] = arguments;
        import("/compare/app/{module}.js").then((it) => done({call}), (e) => done(`${{e}}`));
    """
    return page.driver.execute_async_script(script, list(given))


def test_a_diverging_run_or_point_flattens_nothing(page: Page, site: Source) -> None:
    def fitting(curves: list[list[float]], better: str | None = "min") -> tuple[float, float]:
        found = computed(page, site, "range", "it.fitting(...given)", curves, better)
        assert (found["least"], found["greatest"]) == (min(sum(curves, [])), max(sum(curves, [])))
        assert found["cut"] == (
            (found["low"], found["high"]) != (min(sum(curves, [])), max(sum(curves, [])))
        )
        return found["low"], found["high"]

    good, fair = [1.0, 0.5, 0.25], [1.5, 0.75, 0.5]
    assert fitting([good, fair]) == (0.25, 1.5)
    # 1e6 would leave a millionth of the height to the others; 6, a quarter of it, is shown.
    assert fitting([good, fair, [1.0, 10.0, 1e6]]) == (0.25, 1.5)
    assert fitting([good, fair, [1.0, 3.0, 6.0]]) == (0.25, 6.0)
    # Of two runs one may be left out, of three not two.
    assert fitting([good, [1.0, 1e6]]) == (0.25, 1.0)
    assert fitting([good, [1e6, 2e6], [1e6, 2e6]]) == (0.25, 2e6)
    # Curves that hardly move are no reason to leave out another of the same size, nor are rates.
    assert fitting([[0.13, 0.14], [0.31, 0.32]]) == (0.13, 0.32)
    assert fitting([[0.001, 0.0005], [0.01, 0.005]], None) == (0.0005, 0.01)
    # An accuracy can only be too low.
    assert fitting([[0.97, 0.99], [0.96, 0.98], [0.1, 0.1]], "max") == (0.96, 0.99)
    assert fitting([[0.01, 0.02], [0.02, 0.03], [0.9, 0.95]], "max") == (0.01, 0.95)
    # One outlier of a curve, and its beginning, are off the scale; not what is near the rest.
    noisy = np.linspace(2, 1, 100).tolist()
    assert fitting([[50.0, *noisy, 2.2]]) == (1.0, 2.2)


def test_long_curves_are_drawn_by_their_extremes(page: Page, site: Source) -> None:
    values = np.random.default_rng(0).standard_normal(1000)
    curve = {"x": list(range(1000)), "y": values.tolist(), "mean": None}
    found = computed(page, site, "thin", "it.thinned(...given)", curve, 50)
    kept = dict(zip(found["x"], found["y"], strict=True))
    parts = values.reshape(50, 20)
    for i, part in enumerate(parts):
        assert kept[20 * i + part.argmin()] == part.min()
        assert kept[20 * i + part.argmax()] == part.max()
    assert len(kept) <= 2 * 50 + 2 and found["x"] == sorted(kept)
    np.testing.assert_allclose(found["mean"]["y"], parts.mean(1))
    # Smoothed without bias: the weights 0.8 ** age of the points so far, divided by their sum.
    smoothed = computed(page, site, "smooth", "it.smooth(...given)", values[:50].tolist(), 0.8)
    for i in (0, 1, 10, 49):
        weights = 0.8 ** np.arange(i + 1)[::-1]
        assert smoothed[i] == pytest.approx(np.average(values[: i + 1], weights=weights))


def test_tables_are_copied_for_programs_and_papers(page: Page, site: Source) -> None:
    best = {"text": "0.60 ± 0.10", "value": 0.6, "sd": 0.1, "best": True}
    rows = [[{"text": "val_loss"}, best, {"text": "1.2e-05", "value": 1.2e-05}]]
    rows += [[{"text": 'a "b", 50 %'}, {"text": "x_1 & {y}"}, None]]
    table = {"head": ["", "A · rate 0.1", "B"], "rows": rows}
    text = computed(page, site, "copying", "it.csv(given[0])", table)
    assert list(csv.reader(io.StringIO(text))) == [
        ["", "A · rate 0.1", "A · rate 0.1 (sd)", "B"],
        ["val_loss", "0.6", "0.1", "0.000012"],
        ['a "b", 50 %', "x_1 & {y}", "", ""],
    ]
    lines = computed(page, site, "copying", "it.latex(given[0])", table).splitlines()
    assert lines[1:] == [
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r" & A $\cdot$ rate 0.1 & B \\",
        r"\midrule",
        r"val\_loss & $\mathbf{0.60 \pm 0.10}$ & $1.2 \cdot 10^{-05}$ \\",
        r'a "b", 50 \% & x\_1 \& \{y\} & -- \\',
        r"\bottomrule",
        r"\end{tabular}",
    ]


@pytest.mark.parametrize("name", ["site", pytest.param("file", marks=pytest.mark.nightly)])
def test_a_chart_fills_the_window_and_is_saved(
    page: Page, request: pytest.FixtureRequest, name: str
) -> None:
    source: Source = request.getfixturevalue(name)
    page.show(source.address(each=1, hide="c,d,e,f", filter="train_loss"))
    page.until(lambda _: drawn(page, "train_loss") == 2, "no curves")
    page.driver.execute_script(KEEP)
    page.click("[data-metric='train_loss'] button[title='Enlarge']")
    frame = page.one("dialog.enlarged .frame")
    fits = "const {right, bottom} = arguments[0].getBoundingClientRect();"
    fits += "return right <= innerWidth && bottom <= innerHeight && right > 0.9 * innerWidth"
    page.until(lambda _: page.driver.execute_script(fits, frame), "it does not fit")
    frame.send_keys(Keys.HOME)
    assert page.one("dialog.enlarged .at").text == "step 1"
    for kind in ("SVG, white", "PNG, dark"):
        page.click("dialog.enlarged .menu summary")
        page.click("dialog.enlarged .menu button", kind)
    found = "return window.kept.length === 3 && window.kept"
    kept = page.until(lambda _: page.driver.execute_script(found), "no pictures")
    svgs = [ElementTree.fromstring(_decoded(url)) for url in kept if "image/svg" in url[:20]]
    (white,) = (svg for svg in svgs if svg[1].get("fill") == "rgb(255, 255, 255)")
    texts = [str(element.text) for element in white.iter(f"{SVG}text")]
    # The title, and the labels of the two runs that are shown.
    assert "train_loss" in texts
    assert sum(text.startswith(("a · ", "b · ")) for text in texts) == 2
    png = _decoded(next(url for url in kept if url.startswith("data:image/png")))
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20], "big") == 2 * 860
    page.one("dialog.enlarged .frame").send_keys(Keys.ESCAPE)
    page.until(lambda _: not page.all("dialog.enlarged"), "it is still open")
    assert len(page.all(".charts [data-metric='train_loss']")) == 1
    page.check_quiet(source.hosts)


def _decoded(address: str) -> bytes:
    return b64decode(address.partition("base64,")[2])


def test_the_names_of_an_axis_differ(page: Page, site: Source) -> None:
    """Of 2.179 to 2.1807 four digits would name 2.1795 and 2.1800 alike."""

    def names(*values: float) -> list[str]:
        call = "it.scale({ kind: 'score' }, given[0]).ticks.map((tick) => tick.text)"
        return computed(page, site, "scales", call, values)

    assert names(2.179, 2.1807) == ["2.179", "2.1795", "2.18", "2.1805", "2.1807"]
    assert names(0.1, 0.35) == ["0.1", "0.15", "0.2", "0.25", "0.3", "0.35"]
    assert names(1, 1) == ["1"]
