"""The samples that one of two runs gets right and the other wrong, and p beside SciPy's."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from project.comparison.mcnemar import mcnemar, sentence
from project.comparison.page.disagreements import shown
from project.comparison.samples import disagreements, pictures
from project.comparison.showing_samples import sample_lines
from project.tables.parquet import write_columns

CLASSES = ["ant", "bee", "cat"]
ABOUT = {"classes": CLASSES, "task": "classification"}
TARGET = np.array([0, 1, 2, 0, 1])


@pytest.mark.parametrize("b, c", [(0, 0), (0, 1), (5, 5), (3, 12), (40, 17), (900, 1100)])
def test_p_is_scipys(b: int, c: int) -> None:
    expected = binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, rel=1e-9)


def run(folder: Path, columns: dict[str, Any], digest: str = "blake3:a") -> Any:
    folder.mkdir()
    n = len(next(iter(columns.values())))
    table = {"index": np.arange(n) + 10, "path": [f"{i}.png" for i in range(n)], **columns}
    write_columns(folder / "predictions.parquet", table, ABOUT)
    return SimpleNamespace(directory=folder, record={"data": {"hashes": {"test": digest}}})


def labelled(folder: Path, preds: list[int], own: list[float], digest: str = "blake3:a") -> Any:
    columns = {"target": TARGET, "prediction": np.array(preds)}
    columns |= {"prob": np.full(5, 0.5), "prob_true": np.array(own)}
    return run(folder, columns | {"picture": [None, b"png", None, None, None]}, digest)


def test_who_alone_is_right_and_where_they_differ_most(tmp_path: Path) -> None:
    first = labelled(tmp_path / "a", [0, 1, 2, 1, 0], [0.9, 0.8, 0.7, 0.1, 0.2])
    second = labelled(tmp_path / "b", [0, 0, 0, 0, 2], [0.9, 0.1, 0.3, 0.6, 0.1])
    (pair,), damages = disagreements([first, second], ["a", "b"])
    assert damages == []
    # a alone: samples 11 and 12; b alone: 13; both: 10; neither: 14.
    counts = ("n", "first_alone", "second_alone", "both", "neither")
    assert [pair[name] for name in counts] == [5, 2, 1, 1, 1]
    # By the difference of P(true): 0.7, 0.5, 0.4.
    assert [sample["index"] for sample in pair["samples"]] == [11, 13, 12]
    told = pair["samples"][0]
    assert (told["path"], told["target"]) == ("1.png", "bee")
    assert told["first"] == {"prediction": "bee", "prob": 0.5, "right": True}
    assert told["second"] == {"prediction": "ant", "prob": 0.5, "right": False}
    assert pair["p"] == pytest.approx(binomtest(1, 3).pvalue)
    assert sentence(pair) == (
        "of 5 test samples a alone gets 2 right, b alone 1 (McNemar's exact test, p = 1): these two"
        " trained models differ no more than chance may do"
    )
    lines = [line.text for line in sample_lines([pair], 80, False)]
    assert lines[-3:] == [
        "1.png  bee   bee (0.50)  ant (0.50)",
        "3.png  ant   bee (0.50)  ant (0.50)",
        "2.png  cat   cat (0.50)  ant (0.50)",
    ]
    assert pictures(tmp_path / "a" / "predictions.parquet", [11, 13]) == {11: b"png"}


def test_of_masks_the_larger_iou_counts(tmp_path: Path) -> None:
    first = run(tmp_path / "a", {"iou": np.array([0.9, 0.5, np.nan, 0.7])})
    second = run(tmp_path / "b", {"iou": np.array([0.4, 0.6, np.nan, 0.7])})
    (pair,), _ = disagreements([first, second], ["a", "b"])
    assert (pair["first_alone"], pair["second_alone"], pair["same"]) == (1, 1, 2)
    assert [sample["index"] for sample in pair["samples"]] == [10, 11]
    assert "a is better on 1, b on 1 (sign test, p = 1)" in sentence(pair)


def test_what_was_not_tested_alike_is_not_compared(tmp_path: Path) -> None:
    same = [0, 1, 2, 1, 0], [0.9, 0.8, 0.7, 0.1, 0.2]
    first = labelled(tmp_path / "a", *same)
    others = [
        labelled(tmp_path / "b", *same, digest="blake3:b"),
        run(tmp_path / "c", {"iou": np.zeros(5)}),
        SimpleNamespace(directory=tmp_path, record=first.record),
    ]
    assert disagreements([first, *others], list("abcd")) == ([], [])
    (tmp_path / "a" / "predictions.parquet").write_bytes(b"PAR1")
    found, (damage,) = disagreements([first, *others], list("abcd"))
    assert found == [] and "predictions.parquet is damaged" in damage


def test_the_page_has_the_pictures_that_a_run_has_kept(tmp_path: Path) -> None:
    first = labelled(tmp_path / "a", [0, 1, 2, 1, 0], [0.9, 0.8, 0.7, 0.1, 0.2])
    second = labelled(tmp_path / "b", [0, 0, 0, 0, 2], [0.9, 0.1, 0.3, 0.6, 0.1])
    pairs, _ = disagreements([first, second], ["a", "b"])
    (pair,) = shown(pairs, [first, second])
    assert pair["runs"] == [0, 1] and pair["sentence"] == sentence(pairs[0])
    found = {sample["index"]: sample["picture"] for sample in pair["samples"]}
    assert found == {11: "data:image/png;base64,cG5n", 12: None, 13: None}
