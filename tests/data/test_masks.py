"""Images with masks: batches, geometry, hash, leaks and counts against loops over their pixels."""

import re

import numpy as np
import pytest
import torch
from blake3 import blake3
from torch.nn.functional import pad

from project.cli.faults import Misuse
from project.cli.pixels import told_pixels, told_without_pixels
from project.data import Labels, Loader, Masks, Raw, Resident, Subset
from project.data._augment import Geometry, draw
from project.data._counts import counted
from project.data._faults import fault_of
from project.data._fingerprint import split_hash
from project.data._leaks import find_leaks
from project.data._split import Splits, split
from project.data._statistics import measure
from project.hyperparameters import Hyperparameters
from project.values import IGNORED

N, CLASSES = 23, ("sky", "tree", "road")


def images(n: int = N, dtype: torch.dtype = torch.uint8) -> torch.Tensor:
    source = torch.Generator().manual_seed(1)
    found = torch.randint(0, 256, (n, 2, 6, 9), generator=source, dtype=torch.uint8)
    return found.to(dtype) * (1 if dtype == torch.uint8 else 0.37)


def masks(n: int = N) -> torch.Tensor:
    source = torch.Generator().manual_seed(2)
    values = torch.tensor([0, 1, 2, IGNORED], dtype=torch.uint8)
    return values[torch.randint(0, 4, (n, 6, 9), generator=source)]


@pytest.fixture(scope="module")
def subset() -> Subset:
    order = torch.randperm(N, generator=torch.Generator().manual_seed(3))
    return Subset(Resident(images(), Masks(masks())), order[:19])


def make(subset: Subset, **settings: object) -> Loader:
    settings = {"batch_size": 4, "seed": 3, "training": True, "shuffle": True, **settings}
    return Loader(subset, (0.4, 0.6), (0.2, 0.3), augmentations=("flip", "crop"), **settings)


def by_sample(loaders: list[Loader]) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    found = {}
    for loader in loaders:
        loader.seek(1)
        for block in loader:
            for i, batch in enumerate(block):
                assert batch.indices.tolist() == block.indices(i)
                assert batch.targets.dtype == torch.int64
                each = zip(batch.inputs, batch.targets, strict=True)
                found |= dict(zip(batch.indices.tolist(), each, strict=True))
    return found


def test_image_and_mask_move_together(subset: Subset) -> None:
    """Each pixel of a batch is a normalised pixel of its image, with its mask's value."""
    loader = make(subset)
    order = torch.cat([torch.tensor(b.indices(i)) for b in loader for i in range(len(b))])
    draws = torch.cat([draw(3, 0, step, min(4, 19 - 4 * step)) for step in range(5)])
    batches = [batch for block in loader for batch in block]
    inputs, targets = (torch.cat([b[i] for b in batches]) for i in range(2))
    mean, std = (torch.tensor(v).view(2, 1, 1) for v in ((0.4, 0.6), (0.2, 0.3)))
    for x, y, index, (flip, row, column) in zip(inputs, targets, order, draws.tolist()):
        # An eighth of 6 and of 9 pixels is at least 1: rows and columns start at 0, 1 or 2.
        top, left = row % 3, column % 3
        rows, columns = slice(top, top + 6), slice(left, left + 9)
        image = pad(images()[index], (1, 1, 1, 1))[:, rows, columns]
        mask = pad(masks()[index], (1, 1, 1, 1), value=IGNORED)[rows, columns]
        if flip % 2:
            image, mask = image.flip(-1), mask.flip(-1)
        np.testing.assert_allclose(x.numpy(), (image / 255 - mean) / std, atol=1e-6)
        assert torch.equal(y, mask.long())


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_ranks_blocks_and_a_later_start_change_nothing(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    subset = Subset(Resident(images(dtype=dtype), Masks(masks())), torch.arange(N))
    single = by_sample([make(subset)])
    assert len(single) == N
    for world_size, block in ((1, 1), (2, 32), (3, 2)):
        monkeypatch.setattr("project.data._loader.BLOCK_BATCHES", block)
        ranks = [make(subset, rank=rank, world_size=world_size) for rank in range(world_size)]
        shared = by_sample(ranks)
        assert shared.keys() == single.keys()
        for index, (x, y) in shared.items():
            assert torch.equal(x, single[index][0]) and torch.equal(y, single[index][1])


def test_labels_stay_as_they_are_when_images_move() -> None:
    labels = Labels(torch.arange(5))
    move = Geometry(draw(0, 0, 0, 5), ("flip", "crop"), 6, 9)
    assert labels.moved(labels.values, move) is labels.values


def test_the_hash_is_that_of_names_masks_and_images(subset: Subset) -> None:
    expected = blake3(b'[["sky", "tree", "road"], 19]')
    expected.update(b"masks uint8 (6, 9)" + masks()[subset.indices].numpy().tobytes())
    expected.update(b"uint8 (2, 6, 9)" + images()[subset.indices].numpy().tobytes())
    assert split_hash(subset, CLASSES) == f"blake3:{expected.hexdigest()}"


def test_what_comes_from_files_is_hashed_by_their_digests() -> None:
    digests = np.random.default_rng(0).integers(0, 256, (2, N, 32), np.uint8)
    samples = Resident(images(), Masks(masks(), digests[1]), digests[0])
    expected = blake3(b'[["sky", "tree", "road"], 2]')
    for part in digests[::-1]:
        expected.update(b"files" + part[[7, 3]].tobytes())
    found = split_hash(Subset(samples, torch.tensor([7, 3])), CLASSES)
    assert found == f"blake3:{expected.hexdigest()}"


def test_counts_are_those_of_all_pixels(subset: Subset) -> None:
    chosen = masks()[subset.indices].numpy()
    assert counted(subset, 3) == {
        "total": 19,
        "per_class": [int((chosen == c).sum()) for c in range(3)],
        "pixels": 19 * 6 * 9,
        "ignored": int((chosen == IGNORED).sum()),
        "pictures": [int((chosen == c).any((1, 2)).sum()) for c in range(3)],
    }
    assert subset.samples.targets.counts(subset.indices, 3).tolist() == [
        int((chosen == c).sum()) for c in range(3)
    ]


def test_an_image_under_two_masks_is_a_leak_of_labels() -> None:
    pixels, truth = images(6), masks(6)
    pixels[4] = pixels[3] = pixels[0]
    truth[3] = truth[0]
    pixels[5], truth[5] = pixels[1], truth[1]
    train = Resident(pixels[:4], Masks(truth[:4]))
    test = Resident(pixels[4:], Masks(truth[4:]))
    every = Subset(train, torch.arange(4))
    splits = Splits(every, every, Subset(test, torch.arange(2)))
    leaks = find_leaks(Raw(train, test, CLASSES), splits)
    # Image 4 is image 0 under another mask, image 5 is image 1 under the same; so is 3 image 0.
    assert (leaks.labels, leaks.pairs["train/test"], leaks.rows) == (1, 2, [0, 1])
    assert "1 image has more than one mask (training image 0 = test image 0)" in leaks.lines()


def test_splits_take_masks_alike_or_by_their_strata() -> None:
    strata = torch.tensor([0] * 15 + [1] * 8)
    for given in (None, strata):
        samples = Resident(images(), Masks(masks(), strata=given))
        raw = Raw(samples, None, CLASSES)
        hparams = Hyperparameters(val_fraction=0.15, test_fraction=0.2)
        parts = split(raw, hparams)
        assert torch.cat([part.indices for part in parts]).sort().values.tolist() == list(range(N))
        if given is None:
            assert [len(part) for part in parts] == [23 - 3 - 5, 3, 5]
        else:
            # 0.15 and 0.2 of 15 are 2.25 and 3, of 8 they are 1.2 and 1.6.
            assert [len(part) for part in parts] == [23 - 3 - 5, 2 + 1, 3 + 2]
    with pytest.raises(ValueError, match="the data set has 2 samples, too few to leave any .*add"):
        split(Raw(Resident(images(2), Masks(masks(2))), None, CLASSES), Hyperparameters())


def test_statistics_of_floats_equal_numpys() -> None:
    found = measure(Subset(Resident(images(dtype=torch.float32), Masks(masks())), torch.arange(9)))
    values = images(dtype=torch.float32)[:9].double().numpy()
    np.testing.assert_allclose(found.mean, values.mean((0, 2, 3)), rtol=1e-14)
    np.testing.assert_allclose(found.std, values.std((0, 2, 3)), rtol=1e-14)


def test_wrong_masks_are_refused_in_a_line() -> None:
    for values, said in (
        (masks().long(), "masks are (23, 6, 9) int64, no tensor (n, height, width) uint8"),
        (masks().numpy(), "masks are ndarray, no tensor (n, height, width) uint8"),
        (masks()[:, 0], "masks are (23, 9) uint8, no tensor"),
    ):
        with pytest.raises(Misuse, match=re.escape(said)):
            Masks(values)
    with pytest.raises(Misuse, match="of 6x9 pixels .height, width., but masks of 5x9"):
        Resident(images(), Masks(masks()[:, 1:]))
    with pytest.raises(Misuse, match="there are 23 images, but 22 targets"):
        Resident(images(), Masks(masks()[1:]))
    wrong = masks()
    wrong[7, 2, 3] = 3
    assert fault_of(Raw(Resident(images(), Masks(wrong)), None, CLASSES)) == (
        "returned a Raw whose train has 3 in the mask of sample 7: those of 3 classes are 0..2,"
        " and 255 where it counts nowhere"
    )
    both = Raw(
        Resident(images(), Masks(masks())), Resident(images(), torch.zeros(N).long()), CLASSES
    )
    assert fault_of(both) == "returned a Raw whose test has labels, but train has masks"
    odd = images(dtype=torch.float32)
    odd[5, 0, 0, 0] = float("nan")
    assert fault_of(Raw(Resident(odd, Masks(masks())), None, CLASSES)) == (
        "returned a Raw whose train has NaN or infinity in image 5"
    )


def test_classes_are_told_by_their_pixels() -> None:
    count = {"total": 40, "per_class": [700, 200, 1], "pixels": 1000, "ignored": 99}
    sizes = {"smallest": [31, 40], "largest": [99, 80]}
    data = {"classes": CLASSES, "shape": [3, 32, 32], "sizes": sizes}
    data["counts"] = {"train": count | {"pictures": [40, 31, 1]}}
    data["counts"]["test"] = {"per_class": [60, 40, 0]}
    assert list(told_pixels(data)) == [
        'pixels: sky 70 %, tree 20 %, road 0.10 %, ignored 10 % (always "sky": 0.600)',
        "pictures of 31x40 to 99x80 pixels: training takes random crops of 32x32 (--crop-size),"
        " evaluation each at its own size",
        "of 40 training pictures: road in 1, tree in 31",
    ]
    assert list(told_without_pixels(data)) == [
        "class road has no pixel in test: unless predicted, it counts in no mean of scores"
    ]
