"""`--html`, as a person uses it: what the file holds, and what mistakes get."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from project.compare import main
from project.comparison import acting, description
from project.comparison.page import pages
from tests.comparison.page.conftest import MARKUP
from tests.comparison.store import make


class Parts(HTMLParser):
    """The elements of a page as an independent parser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.data: dict[str, Any] = {}
        self._in_data = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_data = dict(attrs).get("id") == "data"

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data = json.loads(data)
            self._in_data = False


@pytest.fixture(autouse=True)
def place(exp_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = description.describe
    repository = exp_dir.parent / "repo"
    monkeypatch.setattr(
        acting, "describe", lambda *a, **k: original(*a, repository=repository, **k)
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROJECT_EXP_DIR", str(exp_dir))


def test_one_file_that_asks_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trial", "--html", "a.html"]) == 0
    size = Path("a.html").stat().st_size / 1e6
    assert capsys.readouterr().out == f"a.html: 2 settings, 6 runs, {size:.1f} MB\n"
    text = Path("a.html").read_text()
    page = Parts(text)
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 3 and "img" not in tags
    addresses = [a[k] for _, a in page.tags for k in ("src", "href") if k in a]
    assert all(address.startswith(("data:", "#")) for address in addresses)
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    # Texts of runs are there, but as JSON alone, which cannot end its element.
    assert page.data["runs"][0]["description"] == MARKUP
    assert MARKUP not in text and "<img" not in text.partition('id="data">')[2].partition("<")[0]
    assert page.data["runs"][3]["name"] == "learning_rate 0.1, seed 0"


def test_other_files_and_choices_hold_for_the_page_too() -> None:
    asked = ["trial", "--where", "seed == 1", "--all", "--sort", "learning_rate", "--reverse"]
    assert main([*asked, "--html", "a.html", "--json", "a.json", "--csv", "a.csv"]) == 0
    page = Parts(Path("a.html").read_text())
    written = json.loads(Path("a.json").read_text())
    ids = [run["run_id"] for run in written["runs"]]
    assert [run["run_id"] for run in page.data["runs"]] == ids and len(ids) == 2
    with open("a.csv", newline="") as file:
        assert next(csv.reader(file))[2:4] == ids
    rates = next(row for row in page.data["rows"] if row["name"] == "learning_rate")
    assert rates["each"] == ["0.1", "0.001"]


def test_the_latest_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LISTED", 4)
    monkeypatch.setattr(pages, "COMPARED", 2)
    assert main(["--html", "a.html", "--sort", "val_accuracy"]) == 0
    data = Parts(Path("a.html").read_text()).data
    listing = data["listing"]
    varying = [column["name"] for column in listing["columns"] if "same" not in column]
    column = varying.index("val_accuracy")
    assert [row["values"][column] for row in listing["rows"]] == pytest.approx(
        [0.95, 0.85, 0.75, 0.7]
    )
    assert "val_accuracy" in listing["usual"]
    assert len(data["runs"]) == 2
    assert listing["notes"] == [
        "4 of 6 runs are shown.",
        "Below, the first 2 of these 6 runs are compared.",
    ]


def test_a_page_of_one_run() -> None:
    assert main(["last", "--html", "a.html"]) == 0
    data = Parts(Path("a.html").read_text()).data
    assert len(data["runs"]) == 1 and data["units"] == [] and len(data["diffs"]) == 1


@pytest.mark.parametrize(
    "argv, message",
    [
        (["last", "--html", "none/a.html"], "none/a.html can't be written: 'none' is no folder"),
        (["--html", "."], ". can't be written: it is a folder, not a file"),
        (["last", "--html", "a", "--json", "a"], "a is named twice: each file needs its own"),
        (["--where", "seed > 7", "--html", "a"], "no run fits --where: there is nothing to show"),
        (["last", "--html", f"{'a' * 255}"], f"{'a' * 255}: File name too long"),
    ],
)
def test_a_mistake_is_a_line(
    capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ") and message in line
    assert captured.out == "" and not list(Path().iterdir())


def test_nothing_is_written_if_one_file_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["last", "--csv", "a.csv", "--html", "none/a.html"]) == 2
    assert capsys.readouterr().out == "" and not list(Path().iterdir())


def test_what_cannot_be_compared_is_said_in_the_page(
    exp_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "other"
    make(store, code={"sha": "ab" * 20})
    make(store, seed=1, code={"sha": "ab" * 20})
    assert main(["trial", "--exp-dir", str(store), "--html", "a.html"]) == 2
    line, *_ = capsys.readouterr().err.splitlines()
    data = Parts(Path("a.html").read_text()).data
    assert line.removeprefix("error: ") == data["problems"][0]
    assert re.search("is not in this repository", line)
