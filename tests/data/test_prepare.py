"""From a name to ready data: the embedded and the made-up data sets, and what is built on all."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from project import plugs
from project.data import Data, prepare
from project.hyperparameters import Hyperparameters

Make = Callable[..., Hyperparameters]


def synthetic(hparams: Make, **values: object) -> tuple[Data, Hyperparameters]:
    h = hparams(data="synthetic", synthetic_samples=200, synthetic_classes=4, **values)
    return prepare(h), h


@pytest.mark.parametrize("name", plugs.names("data"))
def test_every_file_can_be_chosen(name: str) -> None:
    module = import_module(f"project.datasets.{name.replace('-', '_')}")
    assert list(module.load.__annotations__) == ["hparams", "return"]


def test_digits_are_scaled_to_bytes(hparams: Make) -> None:
    prepared = prepare(hparams())
    assert prepared.shape == (1, 8, 8) and prepared.classes == tuple("0123456789")
    images, targets = load_digits(return_X_y=True)
    samples = prepared.train.samples
    # Levels 0, 1, 8 and 16 of 16 are 0, 15.94, 127.5 and 255 of 255; halves go to the even number.
    scaled = {0: 0, 1: 16, 8: 128, 16: 255}
    for level, expected in scaled.items():
        assert set(samples.images.numpy().reshape(-1, 64)[images == level].tolist()) == {expected}
    np.testing.assert_allclose(samples.images.numpy().reshape(-1, 64), images * 255 / 16, atol=0.5)
    assert samples.targets.values.tolist() == targets.tolist()


def test_the_description_counts_what_is_there(hparams: Make) -> None:
    prepared = prepare(hparams())
    described = prepared.describe()
    assert list(described) == [
        "name",
        "kind",
        "classes",
        "shape",
        "sizes",
        "dtype",
        "fit",
        "counts",
        "mean",
        "std",
        "hash",
        "hashes",
        "leaks",
    ]
    assert described["name"] == "digits" and described["shape"] == [1, 8, 8]
    per_class = np.bincount(load_digits().target)
    counts = described["counts"]
    for name, fraction in (("test", 0.2), ("val", 0.1)):
        expected = np.floor(per_class * fraction + 0.5).astype(int)
        assert counts[name] == {"total": expected.sum(), "per_class": expected.tolist()}
    assert (
        np.sum([part["per_class"] for part in counts.values()], axis=0).tolist()
        == per_class.tolist()
    )
    pixels = prepared.train.samples.images[prepared.train.indices].numpy() / 255
    np.testing.assert_allclose(described["mean"], [pixels.mean()], rtol=1e-12)
    np.testing.assert_allclose(described["std"], [pixels.std()], rtol=1e-12)
    assert all(value.startswith("blake3:") for value in described["hashes"].values())


def test_preparing_again_gives_the_same(hparams: Make) -> None:
    assert prepare(hparams()).describe() == prepare(hparams()).describe()
    assert prepare(hparams()).hash != prepare(hparams(seed=1)).hash
    assert (
        prepare(hparams()).hashes["train"] != prepare(hparams(train_fraction=0.5)).hashes["train"]
    )


def test_a_data_folder_that_cannot_be_made_does_not_stop_digits(
    hparams: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "data").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "data"))
    prepare(hparams())
    note = capsys.readouterr().err
    assert note.startswith("note: the channel statistics will be computed again in the next run: ")
    assert note.count("\n") == 1


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 33, 17), (2, 1, 3)])
def test_synthetic_images_do_not_depend_on_their_number(
    shape: tuple[int, int, int], hparams: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("project.datasets.synthetic")
    monkeypatch.setattr(module, "CHUNK_BYTES", 20 * int(np.prod(shape)))
    values = {"synthetic_classes": 3, "synthetic_shape": shape}
    few = module.load(hparams(synthetic_samples=30, **values))
    many = module.load(hparams(synthetic_samples=65, **values))
    assert many.train.shape == shape and many.train.images.dtype == torch.uint8
    assert torch.equal(few.train.images, many.train.images[:30])
    assert many.train.targets.values.tolist() == [i % 3 for i in range(65)]
    assert many.classes == ("class 0", "class 1", "class 2")
    other = module.load(hparams(synthetic_samples=30, seed=1, **values))
    assert not torch.equal(few.train.images, other.train.images)


def test_synthetic_classes_can_be_learned(hparams: Make) -> None:
    prepared, _ = synthetic(hparams)
    train, test = (
        part.samples.images[part.indices].flatten(1).double()
        for part in (prepared.train, prepared.test)
    )
    centres = torch.stack([train[prepared.train.targets == c].mean(0) for c in range(4)])
    nearest = torch.cdist(test, centres).argmin(1)
    # Chance is 1/4.
    assert (nearest == prepared.test.targets).double().mean() > 0.9


def test_synthetic_images_beyond_the_memory_limit_are_refused(hparams: Make) -> None:
    # 1000 * 1024 * 1024 * 1 bytes = 0.977 GiB
    h = hparams(data="synthetic", synthetic_shape=(1, 1024, 1024), memory_limit=0.5)
    with pytest.raises(
        ValueError, match=r"1x1024x1024 take 0.977 GiB, more than --memory-limit 0.5"
    ):
        prepare(h)


def test_overfitting_trains_and_validates_on_a_few_fixed_samples(hparams: Make) -> None:
    prepared, h = synthetic(hparams, overfit_batches=2, batch_size=16)
    whole, _ = synthetic(hparams)
    assert len(prepared.train) == len(prepared.val) == 32
    assert set(prepared.train.indices.tolist()) < set(whole.train.indices.tolist())
    assert prepared.hashes["test"] == whole.hashes["test"]
    train, val = prepared.loader("train", h), prepared.loader("val", h)
    seen = [
        [block.indices(i) for i in range(len(block))]
        for loader in (train, train, val)
        for block in loader
    ]
    assert seen[0] == seen[1] == seen[2] and len(seen[0]) == 2


def test_limits_apply_to_every_split(hparams: Make) -> None:
    prepared, h = synthetic(hparams, limit_batches=2, batch_size=8)
    # 20 of 200 samples validate: 3 batches without the limit.
    assert [prepared.loader(split, h).steps for split in ("train", "val", "test")] == [2, 2, 2]
    prepared, h = synthetic(hparams, fast_dev_run=True, batch_size=8)
    assert [prepared.loader(split, h).steps for split in ("train", "val", "test")] == [1, 1, 1]


def test_only_training_batches_are_shuffled_and_augmented(hparams: Make) -> None:
    prepared, h = synthetic(hparams, augment=("flip",), batch_size=1000)
    _, plain = synthetic(hparams, batch_size=1000)
    for split in ("train", "val", "test"):
        (block,) = prepared.loader(split, h)
        (plain_block,) = prepared.loader(split, plain)
        assert block.indices(0) == plain_block.indices(0)
        assert (block.indices(0) == getattr(prepared, split).indices.tolist()) == (split != "train")
        same = torch.equal(next(iter(block)).inputs, next(iter(plain_block)).inputs)
        assert same == (split != "train")


def test_the_array_is_moved_once(hparams: Make) -> None:
    prepared, h = synthetic(hparams)
    moved = prepared.to("meta")
    assert moved.train.samples is moved.val.samples is moved.test.samples
    assert moved.train.samples.device.type == "meta" and prepared.train.samples.device.type == "cpu"
    assert moved.train.samples.targets.values.device.type == "cpu"
    (block,) = moved.loader("val", h)
    assert next(iter(block)).inputs.device.type == "meta"
    assert prepared.to("cpu").train.samples is prepared.train.samples
