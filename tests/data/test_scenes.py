"""Made-up pictures for segmentation: what their masks say, and that no split knows another's."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import jaccard_score
from sklearn.tree import DecisionTreeClassifier

from project import plugs
from project.data import textures
from project.data.borders import bordered
from project.data.scenes import Things, scenes
from project.data.textures import REGIONS, crops
from project.datasets import shapes
from project.datasets.digits_segmentation import SAMPLES, Digits
from project.hyperparameters import Hyperparameters
from project.values import IGNORED

SIZE = (48, 48)
COVER = {n: partial(shapes.cover, n_classes=n) for n in (5, 7)}
DISCS = Things(partial(shapes.cover, n_classes=2), (0.2, 0.3), 0.5)
SHAPES = Things(COVER[5], (0.18, 0.28), 0.03)


def draws(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(2**31, size=(n, textures.N_DRAWS))


@pytest.mark.parametrize("size", [(48, 48), (300, 700)])
def test_no_pixel_of_the_pictures_is_in_two_splits(size: tuple[int, int]) -> None:
    # A picture whose pixels are their own numbers.
    numbers = np.arange(2 * 427 * 640).reshape(2, 427, 640)
    seen = np.zeros((3, numbers.size), int)
    for found, split in zip(seen, REGIONS, strict=True):
        found[crops(numbers, REGIONS[split], size, draws(20))] = 1
    assert seen.sum(0).max() == 1 and seen.sum(1).min() > 10_000


def test_a_crop_is_part_of_a_picture_maybe_mirrored() -> None:
    ours = crops(textures.pictures(), REGIONS["val"], (20, 30), draws(8))
    for (which, top, left, mirrored), crop in zip(draws(8).tolist(), ours, strict=True):
        picture, rows, columns = REGIONS["val"][which % 2]
        part = textures.pictures()[picture, slice(*rows), slice(*columns)]
        y, x = top % (len(part) - 19), left % (part.shape[1] - 29)
        expected = part[y:][:20, x:][:, :30]
        expected = expected[:: -1 if mirrored & 1 else 1, :: -1 if mirrored & 2 else 1]
        np.testing.assert_array_equal(crop, expected)


def test_what_is_larger_than_a_picture_repeats_its_pixels() -> None:
    # Of 70 columns 700 are made: each ten times.
    crop = crops(textures.pictures(), REGIONS["val"][1:], (48, 700), draws(1) * 0)[0]
    assert crop.shape == (48, 700, 3)
    np.testing.assert_array_equal(crop[:, ::10].repeat(10, 1), crop)
    np.testing.assert_array_equal(
        crop[:40, ::10], textures.pictures()[1, 80:84, 320:390].repeat(10, 0)
    )


def test_pictures_are_the_same_whatever_their_number_and_how_many_are_made_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = scenes(130, SIZE, SHAPES, "train", 3, "shapes")
    monkeypatch.setattr("project.data.scenes._PIXELS", 5 * 48 * 48)
    again = scenes(129, SIZE, SHAPES, "train", 3, "shapes")
    for ours, theirs in zip(first, again, strict=True):
        np.testing.assert_array_equal(ours[:129], theirs)
    for other in (("test", 3), ("train", 4)):
        assert (scenes(2, SIZE, SHAPES, *other, "shapes").images != first.images[:2]).any()


def test_a_disc_is_all_pixels_within_its_radius() -> None:
    found = scenes(60, (40, 60), DISCS, "train", 0, "discs").masks
    alone = 0
    for mask in found:
        rows, columns = np.nonzero(mask)
        side = max(np.ptp(rows), np.ptp(columns)) + 1
        if side > 24:
            continue  # more than one disc
        alone += 1
        # A circle's area, its edge of pixels aside: pi r^2 of the box (2 r)^2.
        assert abs(len(rows) - np.pi * (side / 2) ** 2) < 0.5 * np.pi * side
        assert 40 * 0.4 - 2 <= side <= 40 * 0.6 + 1
    assert alone > 5


def test_shapes_cover_the_areas_that_they_should() -> None:
    # Of the square of side 2 around a circle of radius 1, on a fine grid.
    points = (np.arange(400) + 0.5) / 200 - 1
    v, u = (x[None].repeat(6, 0) for x in np.meshgrid(points, points, indexing="ij"))
    alpha, kinds = COVER[7](np.arange(6), v, u)
    assert kinds.tolist() == [1, 2, 3, 4, 5, 6]
    assert set(np.unique(alpha)) == {0, 1}
    areas = [
        np.pi,
        1.5**2,
        np.pi * (1 - 0.25),
        3 * np.sqrt(3) / 4,
        4 * 0.6 * 0.65 + 0.36,
        1.6**2 - 0.8**2,
    ]
    np.testing.assert_allclose(alpha.mean((1, 2)) * 4, areas, rtol=0.01)


def test_every_class_occurs_and_most_is_background() -> None:
    found = scenes(200, SIZE, SHAPES, "test", 0, "shapes").masks
    shares = np.bincount(found.ravel(), minlength=5) / found.size
    assert len(shares) == 5 and 0.6 < shares[0] < 0.9 and shares[1:].min() > 0.02


def test_the_colour_of_a_pixel_tells_little_of_its_class() -> None:
    rng = np.random.default_rng(0)
    pixels = []
    for split in ("train", "test"):
        images, masks = scenes(200, SIZE, SHAPES, split, 0, "shapes")
        some = rng.permutation(masks.size)[:8000]
        pixels += [images.transpose(0, 2, 3, 1).reshape(-1, 3)[some] / 255, masks.ravel()[some]]
    colours, classes, others, truth = pixels
    for model in (
        LogisticRegression(),
        LogisticRegression(class_weight="balanced"),
        DecisionTreeClassifier(min_samples_leaf=20, random_state=0),
    ):
        preds = model.fit(colours, classes).predict(others)
        # Background alone gives about 0.8 / 5.
        assert jaccard_score(truth, preds, average="macro") < 0.35


def test_near_another_class_pixels_are_ignored() -> None:
    mask = np.zeros((1, 6, 7), np.uint8)
    mask[0, :3, :2], mask[0, 5, 6] = 1, 2
    expected = mask.copy()
    for row, column in np.ndindex(6, 7):
        top, left = max(0, row - 1), max(0, column - 1)
        around = mask[0, slice(top, row + 2), slice(left, column + 2)]
        if (around != mask[0, row, column]).any():
            expected[0, row, column] = 255
    np.testing.assert_array_equal(bordered(mask, 1, 255), expected)
    np.testing.assert_array_equal(bordered(mask, 0, 255), mask)


def test_each_digit_is_in_one_split_and_drawn_as_it_is() -> None:
    assert [SAMPLES[s] for s in ("train", "val", "test")] == [(0, 1198), (1198, 1497), (1497, 1797)]
    levels, targets = load_digits(return_X_y=True)
    for split, (start, end) in SAMPLES.items():
        digits = Digits(split)
        # At the centres of the 8 x 8 pixels, a side of which is 1.6 / 8 radii long.
        centres = np.broadcast_to((np.arange(8) - 3.5) * 0.2, (end - start, 8, 8))
        ink, classes = digits(np.arange(end - start), centres.transpose(0, 2, 1), centres)
        expected = np.minimum(1, levels[start:end].reshape(-1, 8, 8) / 16 * 1.5)
        np.testing.assert_allclose(ink, expected, atol=1e-9)
        np.testing.assert_array_equal(classes, targets[start:end] + 1)
        assert set(classes) == set(range(1, 11))


@pytest.mark.parametrize(
    "name, prefix, n_classes", [("shapes", "shapes", 3), ("digits-segmentation", "digits", 11)]
)
def test_flags_say_how_many_and_how_large(name: str, prefix: str, n_classes: int) -> None:
    own = {f"{prefix}_samples": 12, f"{prefix}_size": (20, 32), f"{prefix}_border": 1}
    own |= {"shapes_classes": 3} if name == "shapes" else {}
    hparams = Hyperparameters(data=name, model="unet", plugs={name: own})
    raw = plugs.entry("data", name)(hparams)
    assert [len(part) for part in (raw.train, raw.val, raw.test)] == [12, 2, 2]
    assert raw.train.shape == (3, 20, 32) and len(raw.classes) == n_classes
    values = raw.train.targets.values
    assert values.shape == (12, 20, 32) and (values == IGNORED).any()
    assert set(values.unique().tolist()) <= {*range(n_classes), IGNORED}
    small = hparams.replace(memory_limit=1e-6)
    with pytest.raises(ValueError, match=f"--{prefix}-samples 12 of 20 x 32, with those of valid"):
        plugs.entry("data", name)(small)
