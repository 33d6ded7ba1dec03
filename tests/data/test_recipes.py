"""Recipes in the data: the same for any workers, ranks, blocks and start; measured, prepared."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import betaincinv
from torch import Tensor
from torchvision.transforms.v2 import functional

from project.data import Loader, Masks, Resident, Subset, prepare
from project.data._changing import Augmented
from project.data._drawing import repetitions
from project.data._statistics import measure
from project.data.order import permutation
from project.hyperparameters import Hyperparameters
from project.recipes.draws import Draws
from project.values import IGNORED, Batch
from project.words.recipes import named
from tests.data import test_ragged as ragged
from tests.recipes.making import augmentation, recipe

AUGMENTED = """augmentation:
  - flip
  - group: {depth: [1, 2], of: [{rotate: [-20, 20]}, {crop: 0.2}, {brightness: [0.5, 1.5]}]}
  - noise: {p: 0.5}
"""
PREPARED = """preprocessing:
  - resize: [12, 10]
  - pad: {pixels: [1, 2], value: 7}
  - crop: [11, 12]
  - equalize
"""


def settings(folder: Path, text: str, **values: object) -> Hyperparameters:
    values = {"data": "image-folder", "data_dir": str(folder), "image_size": 8, **values}
    return Hyperparameters(**{"batch_size": 4, "recipe": named("a.yaml", text), **values})


def batches(loader: Loader, epoch: int = 0, step: int = 0) -> list[Batch]:
    loader.seek(epoch, step)
    return [batch for block in loader for batch in block]


def by_sample(found: list[Batch]) -> dict[int, Tensor]:
    """Each sample's input; it must be there once."""
    pairs = [(i, x) for batch in found for i, x in zip(batch.indices.tolist(), batch.inputs)]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def assert_same(found: dict[int, Tensor], expected: dict[int, Tensor]) -> None:
    assert found.keys() <= expected.keys()
    assert all(torch.equal(x, expected[i]) for i, x in found.items())


@pytest.mark.parametrize(
    "num_workers", [0, *(pytest.param(n, marks=pytest.mark.nightly) for n in (1, 2))]
)
def test_workers_ranks_and_a_later_start_change_no_image(num_workers: int, folder: Path) -> None:
    resident = settings(folder, PREPARED + AUGMENTED, sampler="shuffle")
    data = prepare(resident)
    expected = by_sample(batches(data.loader("train", resident), epoch=3))
    assert len(expected) == len(data.train)
    h = resident.replace(memory_limit=0.0, num_workers=num_workers)
    streamed = prepare(h)
    assert not streamed.train.samples.resident and streamed.describe() == data.describe()
    places = [(rank, n) for n in (1, 2, 3) for rank in range(n)] if num_workers == 0 else [(1, 2)]
    for some, flags in ((data, resident), (streamed, h)):
        for rank, n in places if some is streamed else [(0, 2), (2, 3)]:
            loader = some.loader("train", flags, rank=rank, world_size=n)
            assert_same(by_sample(batches(loader, epoch=3)), expected)
        later = batches(some.loader("train", flags), epoch=3, step=1)
        assert len(later) == len(batches(some.loader("train", flags), 3)) - 1
        assert_same(by_sample(later), expected)
    larger = resident.replace(batch_size=9)
    assert_same(by_sample(batches(data.loader("train", larger), epoch=3)), expected)
    other = by_sample(batches(data.loader("train", resident), epoch=4))
    assert not all(torch.equal(x, expected[i]) for i, x in other.items())
    # The test is prepared, and never augmented.
    for split in ("val", "test"):
        first, again = (batches(data.loader(split, resident), epoch=e) for e in (0, 1))
        assert all(torch.equal(a.inputs, b.inputs) for a, b in zip(first, again, strict=True))


def test_a_sample_that_comes_again_in_an_epoch_is_changed_otherwise(folder: Path) -> None:
    h = settings(folder, AUGMENTED, sampler="balanced")
    data = prepare(h)
    rare = torch.cat([data.train.indices[:1], data.train.indices[-4:]])
    few = Subset(data.train.samples, rare)
    loader = Loader(
        few, data.mean, data.std, batch_size=3, training=True, shuffle=True,
        drawn=torch.tensor([0, 1, 1, 1, 1]),
        augmented=Augmented(data.recipe.augmentation, few, 2, seed=0),
    )  # fmt: skip
    found = [(i, x) for b in batches(loader, 2) for i, x in zip(b.indices.tolist(), b.inputs)]
    again = [x for i, x in found if i == int(rare[0])]
    assert len(again) in (2, 3) and not torch.equal(again[0], again[1])
    order = torch.tensor([4, 2, 4, 4, 2, 0])
    assert repetitions(order).tolist() == [0, 0, 1, 2, 1, 0]


def test_preprocessing_is_torchvisions_and_measured_on_the_training_split(folder: Path) -> None:
    h = settings(folder, PREPARED)
    data = prepare(h)
    assert data.shape == (3, 11, 12) and data.taken == (3, 8, 8)
    for split in ("train", "test"):
        taken, inputs = getattr(data, split), data.inputs[split]
        expected = functional.resize(taken.samples.images, [12, 10], antialias=True)
        expected = functional.pad(expected, [2, 1, 2, 1], fill=7)[:, :, 1:12, 1:13]
        plain = prepare(h.replace(recipe=named("b.yaml", PREPARED.replace("  - equalize\n", ""))))
        off = plain.inputs[split].samples.images.int() - expected.int()
        assert off.abs().max() <= 1
        exact = functional.equalize(plain.inputs[split].samples.images)
        off = inputs.samples.images.int() - exact.int()
        assert off.abs().max() <= 1
    assert (data.mean, data.std) == measure(data.inputs["train"])
    plain = prepare(h.replace(recipe=None))
    assert plain.hash == data.hash and plain.mean != data.mean
    assert data.describe()["recipe"] == {
        "name": "a.yaml",
        "hash": data.recipe.hash,
        "taken": [3, 8, 8],
        "measured": ["mean", "std"],
    }
    # What the run's pictures are hashed and shown by is what the data set holds.
    shown = data.example("train", int(data.train.indices[0]))
    assert shown.image.shape == (8, 8, 3)
    for part, hashes in data.sample_hashes().items():
        assert np.array_equal(hashes, plain.sample_hashes()[part])


def test_what_normalise_gives_is_not_measured(folder: Path) -> None:
    text = "preprocessing:\n  - grey\n  - normalise: {mean: 0.25, std: [0.5]}\n"
    data = prepare(settings(folder, text))
    assert (data.shape, data.mean, data.std) == ((1, 8, 8), (0.25,), (0.5,))
    assert data.describe()["recipe"]["measured"] == []
    batch, *_ = batches(data.loader("test", settings(folder, text)))
    levels = data.inputs["test"].samples.images[batch.indices].double() / 255
    torch.testing.assert_close(batch.inputs.double(), (levels - 0.25) / 0.5, rtol=0, atol=1e-6)
    half = "preprocessing:\n  - normalise: {mean: [0.1, 0.2, 0.3]}\n"
    found, plain = prepare(settings(folder, half)), prepare(settings(folder, half, recipe=None))
    assert (found.mean, found.std) == ((0.1, 0.2, 0.3), plain.std)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("augmentation: [rotat]", "a.yaml:1: there is no step 'rotat', did you mean 'rotate'?"),
        ("preprocessing: [crop: 9]", "a.yaml:1: crop takes 9x9 pixels of images of 8x8"),
        (
            "augmentation:\n- flip\n- brightness: 0",
            "a.yaml:3: after this step all pixels are equal",
        ),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused(text: str, expected: str, folder: Path) -> None:
    with pytest.raises(ValueError) as error:
        prepare(settings(folder, text))
    assert str(error.value).startswith(expected)


def test_masks_move_with_their_images() -> None:
    source = torch.Generator().manual_seed(2)
    values = torch.randint(0, 5, (9, 6, 6), generator=source, dtype=torch.uint8)
    subset = Subset(Resident(values[:, None] * 50, Masks(values)), torch.arange(9))
    turned = recipe(augmentation("rotate: 90", "flip: {p: 1}", "translate-x: 0.5")).augmentation
    settings = {"batch_size": 4, "augmented": Augmented(turned, subset, 5, seed=0)}
    loader = Loader(subset, (0.0,), (1 / 255,), training=True, **settings)
    for batch in batches(loader, 2):
        # Against the clock, mirrored, then three pixels to the right.
        expected = torch.full((len(batch.indices), 6, 6), IGNORED)
        expected[:, :, 3:] = torch.rot90(values[batch.indices].long(), 1, (1, 2)).flip(2)[:, :, :3]
        assert torch.equal(batch.targets, expected)
        expected = torch.where(expected == IGNORED, 0, expected * 50)
        torch.testing.assert_close(batch.inputs[:, 0], expected.float(), rtol=0, atol=2e-3)


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
def test_partners_are_a_permutation_fetched_with_their_samples(
    memory_limit: float, folder: Path
) -> None:
    h = settings(folder, "augmentation: [mixup: 1]", memory_limit=memory_limit, num_workers=0)
    data = prepare(h)
    whole = batches(data.loader("train", h), epoch=1)
    expected = by_sample(whole)
    order = permutation(len(data.train), h.seed, "partners", 1)
    partner = dict(
        zip(data.train.indices.tolist(), data.train.indices[order].tolist(), strict=True)
    )
    labels, images = data.train.samples.targets.values, data.train.samples
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (data.mean, data.std))
    for batch in whole:
        assert (
            batch.targets.shape == (len(batch.indices), 2) and batch.targets.dtype == torch.float32
        )
        for i, x, target in zip(batch.indices.tolist(), batch.inputs, batch.targets):
            one = torch.zeros(len(batch.indices), dtype=torch.int64)[:1]
            share = betaincinv(1, 1, Draws.of(h.seed, 1, one + i, one).uniform(1, 4)[0, 1])
            pair = torch.tensor([i, partner[i]])
            own, other = images.fetch(pair).double() / 255
            mixed = share * own + (1 - share) * other
            torch.testing.assert_close(x.double(), (mixed - mean) / std, rtol=0, atol=1e-5)
            truth = torch.zeros(2)
            truth[labels[i]] += share
            truth[labels[partner[i]]] += 1 - share
            torch.testing.assert_close(target, truth)
    for rank, n in ((0, 2), (1, 2), (2, 3)):
        part = data.loader("train", h, rank=rank, world_size=n)
        assert_same(by_sample(batches(part, 1)), expected)
    assert_same(by_sample(batches(data.loader("train", h), 1, step=1)), expected)


def test_pictures_of_many_sizes_are_prepared_whole_and_their_crops_augmented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ragged.write(tmp_path)
    text = named("a.yaml", "preprocessing: [equalize]\n" + augmentation("rotate", "flip", "noise"))
    data, h = ragged.load(tmp_path, monkeypatch, crop_size=24, recipe=text)
    expected = {i: x for b in ragged.batches(data, h, "train", 2) for i, x in pairs(b)}
    for rank, n in ((0, 2), (1, 3)):
        place = {"rank": rank, "world_size": n}
        for batch in ragged.batches(data, h, "train", 2, **place):
            for i, (x, mask) in pairs(batch):
                assert torch.equal(x, expected[i][0]) and torch.equal(mask, expected[i][1])
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (data.mean, data.std))
    for batch in ragged.batches(data, h, "test"):
        (i, (x, _)), *_ = pairs(batch)
        picture = data.test.samples.fetch(torch.tensor([i]))
        levels = functional.equalize(picture[0][:, None])[:, 0].double() / 255
        torch.testing.assert_close(x.double(), (levels - mean) / std, rtol=0, atol=1e-5)


def pairs(batch: Batch) -> list[tuple[int, tuple[Tensor, Tensor]]]:
    found = zip(batch.inputs, batch.targets, strict=True)
    return list(zip(batch.indices.tolist(), found, strict=True))
