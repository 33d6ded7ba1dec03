"""Reports: the figures show the right numbers and names, and are whole on disk."""

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.image import imread

from project.callbacks.reports import Reports
from project.tasks._figures import calibration_figure, confusion_figure
from project.tasks._reports import confusion_csv
from project.tasks.classification import Classification

CONFUSION = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]])
CLASSES = ("cat", 'a "big", dog', "never $x$ 見た")
# Samples, mean confidence and accuracy.
BINS = np.array([[0, np.nan, np.nan], [2, 0.4, 0.5], [0, np.nan, np.nan], [4, 0.9, 0.75]])


def solver() -> SimpleNamespace:
    tables = {"confusion_matrix": CONFUSION, "calibration_bins": BINS}
    task = Classification((1, 8, 8), CLASSES)
    return SimpleNamespace(task=task, tables={"test": tables})


def test_the_test_leaves_two_figures_and_a_table(tmp_path: Path) -> None:
    Reports(tmp_path).on_test_end(SimpleNamespace(is_global_zero=True), solver())
    folder = tmp_path / "figures"
    files = {"calibration.png", "confusion_matrix.csv", "confusion_matrix.png"}
    assert {path.name for path in folder.iterdir()} == files
    for name in ("calibration.png", "confusion_matrix.png"):
        picture = imread(folder / name)
        assert min(picture.shape[:2]) > 500 and picture.std() > 0.05
    # A second test, of a resumed run, replaces them.
    Reports(tmp_path).on_test_end(SimpleNamespace(is_global_zero=True), solver())
    assert {path.name for path in folder.iterdir()} == files


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    Reports(tmp_path).on_test_end(SimpleNamespace(is_global_zero=False), solver())
    assert not list(tmp_path.iterdir())


def test_the_table_reads_back() -> None:
    rows = list(csv.reader(confusion_csv(CONFUSION, CLASSES).splitlines()))
    assert rows[0] == ["true \\ predicted", *CLASSES]
    assert [row[0] for row in rows[1:]] == list(CLASSES)
    assert [[int(cell) for cell in row[1:]] for row in rows[1:]] == CONFUSION.tolist()


def test_cells_show_shares_of_the_true_class_and_counts() -> None:
    axes = confusion_figure(CONFUSION, CLASSES).axes[0]
    # 8 of 10 and 2 of 10; 1 of 4 and 3 of 4; a class that never occurs has none.
    expected = [[0.8, 0.2, 0], [0.25, 0.75, 0], [0, 0, 0]]
    np.testing.assert_allclose(axes.images[0].get_array(), expected)
    written = {(t.get_position(), t.get_text()) for t in axes.texts}
    assert written == {((0, 0), "8"), ((1, 0), "2"), ((0, 1), "1"), ((1, 1), "3")}
    # 8 + 3 of 14.
    assert axes.get_title() == "confusion matrix: accuracy 0.7857 on 14 samples"
    assert [label.get_text() for label in axes.get_xticklabels()] == list(CLASSES)


@pytest.mark.parametrize("n_classes, texts, names", [(20, 20, 20), (100, 0, 100), (300, 0, None)])
def test_what_would_be_too_small_to_read_is_left_out(
    n_classes: int, texts: int, names: int | None
) -> None:
    classes = [f"{i} has quite a long name, the number {i}" for i in range(n_classes)]
    figure = confusion_figure(np.eye(n_classes, dtype=int), classes)
    assert max(figure.get_size_inches()) < 18
    assert len(figure.axes[0].texts) == texts
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    if names:
        assert len(set(labels)) == names and max(map(len, labels)) <= 24


def test_the_reliability_diagram_shows_accuracy_per_bin_and_the_error() -> None:
    figure = calibration_figure(BINS)
    bars = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in figure.axes[0].patches]
    # Four bins, of which two have samples.
    assert bars == [(0.25, 0.25, 0.5), (0.75, 0.25, 0.75)]
    # 2/6 |0.5 - 0.4| + 4/6 |0.75 - 0.9| = 0.0333 + 0.1
    assert figure.axes[0].get_title() == "calibration: expected calibration error 0.1333"
    assert [bar.get_height() for bar in figure.axes[1].patches] == [0, 2, 0, 4]
