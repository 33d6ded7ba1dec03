"""Reports: the figures show the right numbers and names, and are whole on disk."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from project.tasks import _figures, _gallery
from project.tasks._canvas import fitted, font, shortened
from project.tasks._figures import CALIBRATION, UNCERTAINTY, certainty_picture, confusion_picture
from project.tasks._reports import confusion_csv
from project.tasks.classification import Classification
from project.values import Example, Prediction

CONFUSION = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]])
CLASSES = ("cat", 'a "big", dog', "never $x$ 見た")
# Samples, mean of what was said, and how often it came true.
BINS = np.array([[0, np.nan, np.nan], [2, 0.4, 0.5], [0, np.nan, np.nan], [4, 0.9, 0.75]])
TASK = Classification((1, 8, 8), CLASSES)
TABLES = {"confusion_matrix": CONFUSION, "calibration_bins": BINS, "uncertainty_bins": BINS}


def test_a_report_is_three_figures_and_a_table(tmp_path: Path) -> None:
    TASK.report(TABLES, tmp_path, "test")
    TASK.report(TABLES, tmp_path, "test")  # of a resumed run; it replaces them
    pictures = {"calibration.png", "confusion_matrix.png", "uncertainty.png"}
    assert {path.name for path in tmp_path.iterdir()} == {*pictures, "confusion_matrix.csv"}
    for name in pictures:
        picture = np.asarray(Image.open(tmp_path / name))
        assert min(picture.shape[:2]) > 200 and picture.std() > 10


def test_the_table_reads_back() -> None:
    rows = list(csv.reader(confusion_csv(CONFUSION, CLASSES).splitlines()))
    assert rows[0] == ["true \\ predicted", *CLASSES]
    assert [row[0] for row in rows[1:]] == list(CLASSES)
    assert [[int(cell) for cell in row[1:]] for row in rows[1:]] == CONFUSION.tolist()


def test_cells_show_shares_of_the_true_class_and_counts() -> None:
    # 8 of 10 and 2 of 10; 1 of 4 and 3 of 4; a class that never occurs has none.
    expected = [[0.8, 0.2, 0], [0.25, 0.75, 0], [0, 0, 0]]
    np.testing.assert_allclose(_figures.row_shares(CONFUSION), expected)
    assert _figures.accuracy(CONFUSION) == 11 / 14
    assert [*map(_figures.short_count, (7, 99_999, 123_456, 999_499, 999_500, 12_345_678))] == [
        *("7", "99999", "123k", "999k", "1M", "12.3M")
    ]
    picture = np.asarray(confusion_picture(CONFUSION, CLASSES, "test"), int)
    # The darker, the larger: sqrt(0.8) of the way to dark blue, and so on.
    colours = _figures._blue(np.sqrt(expected))
    for colour in colours[CONFUSION > 0]:
        assert (picture == colour).all(2).sum() > _figures.CELL**2 / 2


@pytest.mark.parametrize("n_classes", [20, 100, 1000])
def test_any_number_of_classes_fits(n_classes: int) -> None:
    classes = [f"{i} has quite a long name, the number {i}" for i in range(n_classes)]
    picture = confusion_picture(np.eye(n_classes, dtype=int), classes, "test")
    assert max(picture.size) < 2300
    if n_classes == 20:
        assert len({*map(shortened, classes)}) == 20
        assert max(map(len, map(shortened, classes))) == 24


def test_bins_show_what_came_true_and_the_error() -> None:
    # 2/6 |0.5 - 0.4| + 4/6 |0.75 - 0.9| = 0.0333 + 0.1; mean 2/6 0.4 + 4/6 0.9
    said = "calibration: expected calibration error 0.1333, mean confidence 0.7333"
    assert _figures.certainty_title(BINS, CALIBRATION) == said
    assert _figures.certainty_title(BINS, UNCERTAINTY).startswith("error against entropy: uce 0.1")
    picture = np.asarray(certainty_picture(BINS, CALIBRATION, "test"), int)
    blue = (picture == _figures.BLUE).all(2)
    # Two bars, half and three quarters of the square's height.
    columns = blue.sum(0)
    quarter = _figures.SIDE // 4
    for i, share in ((1, 0.5), (3, 0.75)):
        bar = columns[_figures.LEFT + i * quarter + 4]
        assert bar == pytest.approx(share * _figures.SIDE, abs=12)  # a dash crosses it
    assert not columns[_figures.LEFT + 4] and not columns[_figures.LEFT + 2 * quarter + 4]


@pytest.mark.parametrize(
    "shape, size",
    [
        ((8, 8), (96, 96)),  # 12 times
        ((28, 20), (80, 112)),  # 4 times
        ((96, 500), (500, 96)),
        ((400, 300), (144, 192)),  # 192 / 400
        ((300, 4000), (720, 54)),
        ((1, 1000), (720, 1)),
    ],
)
def test_small_images_are_enlarged_without_blur_and_large_ones_reduced(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = _gallery.scaled(image)
    assert found.size == size
    if size[1] > shape[0]:
        times = size[1] // shape[0]
        assert np.array_equal(found, image.repeat(times, 0).repeat(times, 1))


def test_a_gallery_holds_every_image_in_order_and_cuts_what_has_no_room(tmp_path: Path) -> None:
    colours = [(i, 7, 9) for i in range(1, 8)]
    shown = [
        (Example(i, np.full((8, 8, 3), colour, np.uint8), 1), Prediction(2, np.ones(3)))
        for i, colour in enumerate(colours)
    ]
    TASK.show(shown, ["test: worst 7"], tmp_path / "a.png")
    picture = np.asarray(Image.open(tmp_path / "a.png"), int)
    places = [np.argwhere((picture == colour).all(2)) for colour in colours]
    assert [len(place) for place in places] == [96 * 96] * 7
    corners = [place[0].tolist() for place in places]
    assert corners == sorted(corners)
    TASK.show([], ["test: worst 0"], tmp_path / "a.png")
    long = "a name that is far too long for an image of eight pixels"
    assert font(12).getlength(fitted(long, 12, 96)) <= 96 and "…" in fitted(long, 12, 96)
