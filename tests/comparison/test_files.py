"""What happened to the files of the data between runs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from blake3 import blake3

from project.comparison.description import describe
from project.comparison.files import compare_files
from project.comparison.loading import KnownRun, load
from project.comparison.page.content import content
from project.comparison.showing import comparison_lines
from project.provenance.manifest import encode
from project.provenance.redact import Redactor
from tests.comparison.store import make


def run(exp_dir: Path, name: str = "image-folder", **contents: str) -> KnownRun:
    """A run with these files in a folder `ant`; its data's hash is of their contents."""
    text = "".join(contents.values())
    data = {"name": name, "hash": f"blake3:{blake3(text.encode()).hexdigest()}"}
    directory = make(exp_dir, data=data)
    if contents:
        hashes = [(f"ant/{k}", blake3(v.encode()).hexdigest()) for k, v in contents.items()]
        (directory / "data.manifest.gz").write_bytes(encode(hashes, Redactor({})))
    return load(directory)


def test_from_the_first_run_to_each_with_other_files(tmp_path: Path) -> None:
    runs = [
        run(tmp_path, a="1", b="2"),
        run(tmp_path),  # recorded without files
        run(tmp_path, a="1", b="3"),
        run(tmp_path, a="1", b="2"),
        run(tmp_path, "mnist", c="4"),
        run(tmp_path, "mnist", c="5"),
        run(tmp_path, b="2"),
    ]
    found = compare_files(runs, "abcdefg")
    assert found["changes"] == [
        {"from": ["a", "d"], "to": ["c"], "lines": ["ant/b changed"]},
        {"from": ["e"], "to": ["f"], "lines": ["ant/c changed"]},
        {"from": ["a", "d"], "to": ["g"], "lines": ["ant/a was removed"]},
    ]
    assert found["problems"] == []
    hashes = found["manifests"]
    assert hashes[1] is None and hashes[0] == hashes[3] and len(set(hashes)) == 6


@pytest.mark.parametrize("width", [None, 80])
def test_they_are_shown_with_the_data(tmp_path: Path, width: int | None) -> None:
    runs = [run(tmp_path, a="1"), run(tmp_path, a="2")]
    found = describe(runs)
    assert list(comparison_lines(found, width))[-1].text == "data differ: --data"
    lines = [line.text for line in comparison_lines(found, width, sections=["data"])]
    assert lines[-2:] == ["a -> b", "ant/a changed"]


def test_the_page_tells_them_too(tmp_path: Path) -> None:
    runs = [run(tmp_path, a="1"), run(tmp_path, a="2")]
    shown, _ = content(describe(runs), runs, datetime.now(UTC))
    assert "Data, a to b: ant/a changed." in shown["notes"]


def test_the_same_files_split_otherwise(tmp_path: Path) -> None:
    runs = [run(tmp_path, a="1"), run(tmp_path, a="1")]
    runs[1].record["data"]["hash"] = "blake3:00"

    def lines(runs: list[KnownRun]) -> list[str]:
        return [line.text for line in comparison_lines(describe(runs), None, sections=["data"])]

    assert "every file of the data is the same" in lines(runs)
    assert lines(runs[:1] * 2)[-1] == "data: the same"


def test_a_damaged_manifest_is_a_problem(tmp_path: Path) -> None:
    runs = [run(tmp_path, a="1"), run(tmp_path, a="2")]
    (runs[1].directory / "data.manifest.gz").write_bytes(b"")
    (problem,) = compare_files(runs, "ab")["problems"]
    assert problem in describe(runs)["problems"]
    assert problem.startswith(
        f"the files of {runs[1].run_id} can't be compared: data.manifest.gz is damaged"
    )
