"""Pictures of many sizes: crops, whole ones, counts, hash, leaks; in memory and by workers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from blake3 import blake3

from project.data import Data, Ragged, Resident, _looked, prepare
from project.data.hashing import hash_files
from project.data.pairs import open_pairs
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters
from project.values import IGNORED

CLASSES = ("sky", "tree", "road")
N, N_TEST, CROP = 13, 4, 32


class Stored:
    """Reads `i.npz` of a folder."""

    mark = "stored"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        with np.load(self.folder / f"{i:02}.npz") as file:
            return file["image"], file["mask"]


def write(folder: Path, dtype: type = np.uint8, even: bool = False) -> list[np.ndarray]:
    """17 pairs; the last one's picture is the first one's, under another mask."""
    rng = np.random.default_rng(0)
    pairs = []
    for i in range(N + N_TEST):
        size = (35, 40) if even else tuple(rng.integers(20, 50, 2))
        image = rng.integers(0, 256, (2, *size)).astype(dtype) * (1 if dtype == np.uint8 else 1.7)
        mask = rng.choice(np.array([0, 1, 2, IGNORED], np.uint8), size)
        pairs.append([image.astype(dtype), mask])
    pairs[-1] = [pairs[0][0].copy(), rng.permuted(pairs[0][1], axis=1)]
    for i, (image, mask) in enumerate(pairs):
        np.savez(folder / f"{i:02}.npz", image=image, mask=mask)
    return pairs


def load(
    folder: Path, monkeypatch: pytest.MonkeyPatch, dtype: type = np.uint8, **values: object
) -> tuple[Data, Hyperparameters]:
    paths = sorted(map(str, folder.glob("*.npz")))
    sizes = [np.load(path)["mask"].shape for path in paths]
    digests = hash_files(paths)
    h = Hyperparameters(data_dir=str(folder), **{"batch_size": 4, "num_workers": 0, **values})

    def made(hparams: Hyperparameters) -> Raw:
        parts, pictures = open_pairs(
            *(Stored(folder), np.array(sizes), (slice(N), None, slice(N, N + N_TEST)), hparams),
            channels=2,
            names=[path[-6:] for path in paths],
            digests=digests,
            mask_digests=digests,
            dtype=dtype,
        )
        train, val, test = parts
        return Raw(train, test, CLASSES, val, pictures=pictures)

    monkeypatch.setattr("project.data.plugs.entry", lambda kind, name: made)
    return prepare(h), h


def batches(data: Data, h: Hyperparameters, split: str, epoch: int = 0, **place: int) -> list:
    loader = data.loader(split, h, **place)
    loader.seek(epoch)
    return [batch for block in loader for batch in block]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_evaluation_sees_each_picture_whole(
    dtype: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = write(tmp_path, dtype)
    unit = 255 if dtype == np.uint8 else 1
    for memory_limit in (4.0, 0.0):
        data, h = load(tmp_path, monkeypatch, dtype, memory_limit=memory_limit)
        assert isinstance(data.test.samples, Ragged) and data.shape == (2, CROP, CROP)
        every = np.concatenate([pairs[i][0].reshape(2, -1) for i in data.train.indices], axis=1)
        mean, std = (v.reshape(2, 1, 1) for v in (data.mean, data.std) for v in [np.array(v)])
        np.testing.assert_allclose(mean.ravel(), every.astype(np.float64).mean(1) / unit)
        np.testing.assert_allclose(std.ravel(), every.astype(np.float64).std(1) / unit)
        for world_size in (1, 2, 3):
            place = [{"rank": r, "world_size": world_size} for r in range(world_size)]
            shares = [batches(data, h, "test", **p) for p in place]
            assert sorted(int(b.indices) for share in shares for b in share) == list(range(N_TEST))
            for batch in (b for share in shares for b in share):
                image, mask = pairs[N + int(batch.indices)]
                expected = (image.astype(np.float64) / unit - mean) / std
                np.testing.assert_allclose(batch.inputs[0].numpy(), expected, atol=1e-5)
                np.testing.assert_array_equal(batch.targets[0].numpy(), mask)
        limited = h.from_values({**h.to_values(), "limit_batches": 3})
        assert len(batches(data, limited, "test")) == 3


def test_training_takes_windows_of_pictures_and_pads_small_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = write(tmp_path)
    data, h = load(tmp_path, monkeypatch)
    mean, std = (torch.tensor(v).view(2, 1, 1) for v in (data.mean, data.std))
    seen = set()
    for epoch in range(3):
        for batch in batches(data, h, "train", epoch):
            pixels = ((batch.inputs * std + mean) * 255).round().byte().numpy()
            for index, image, mask in zip(batch.indices.tolist(), pixels, batch.targets.numpy()):
                place = found_in(*pairs[index], image, mask)
                assert place is not None
                seen.add((index, place))
    assert len(seen) > 2 * len(data.train)


def found_in(image: np.ndarray, mask: np.ndarray, crop: np.ndarray, truth: np.ndarray):
    """Where a window of the padded picture is the crop; all of a short side is in the window."""
    around = CROP
    wide = np.pad(image, ((0, 0), (around, around), (around, around)))
    true = np.pad(mask, around, constant_values=IGNORED)
    tops, lefts = (range(min(0, side - CROP), max(0, side - CROP) + 1) for side in mask.shape)
    for top in tops:
        for left in lefts:
            rows, columns = (slice(x + around, x + around + CROP) for x in (top, left))
            if np.array_equal(true[rows, columns], truth):
                assert np.array_equal(wide[:, rows, columns], crop)
                return top, left
    return None


@pytest.mark.parametrize("even", [False, True])
def test_workers_ranks_batches_and_a_later_start_give_the_same_crops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, even: bool
) -> None:
    write(tmp_path, even=even)
    values = {"augment": ("flip", "crop"), "crop_size": 24 if even else None}
    data, h = load(tmp_path, monkeypatch, **values)
    whole = batches(data, h, "train", 2)
    by_index = {i: x for b in whole for i, x in zip(b.indices.tolist(), b.inputs)}
    assert len(by_index) == len(data.train)
    streamed, streaming = load(tmp_path, monkeypatch, **values, memory_limit=0.0)
    assert not streamed.train.samples.resident and streamed.describe() == data.describe()
    for found, settings, world_size in ((data, h, 3), (streamed, streaming, 1), (data, h, 2)):
        places = [{"rank": rank, "world_size": world_size} for rank in range(world_size)]
        for batch in (b for p in places for b in batches(found, settings, "train", 2, **p)):
            for index, x in zip(batch.indices.tolist(), batch.inputs):
                assert torch.equal(x, by_index[index])
    loader = data.loader("train", h)
    loader.seek(2, 1)
    later = [batch for block in loader for batch in block]
    assert [torch.equal(a.inputs, b.inputs) for a, b in zip(later, whole[1:], strict=True)]
    larger = h.from_values({**h.to_values(), "batch_size": 7, "augment": ()})
    plain = h.from_values({**h.to_values(), "augment": ()})
    one = torch.cat([b.inputs for b in batches(data, plain, "train", 1)])
    assert torch.equal(one, torch.cat([b.inputs for b in batches(data, larger, "train", 1)]))


@pytest.mark.nightly
def test_processes_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    data, h = load(tmp_path, monkeypatch)
    streamed, streaming = load(tmp_path, monkeypatch, memory_limit=0.0, num_workers=2)
    for split in ("train", "test"):
        pairs = zip(batches(data, h, split), batches(streamed, streaming, split), strict=True)
        assert all(torch.equal(a.inputs, b.inputs) for a, b in pairs)


def test_counts_leaks_and_hashes_are_those_of_the_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = write(tmp_path)
    data, _ = load(tmp_path, monkeypatch)
    values = np.concatenate([mask.ravel() for _, mask in pairs[N:]])
    assert data.describe()["counts"]["test"] == {
        "total": N_TEST,
        "per_class": [int((values == c).sum()) for c in range(3)],
        "pixels": len(values),
        "ignored": int((values == IGNORED).sum()),
        "pictures": [N_TEST] * 3,
    }
    sizes = np.array([mask.shape for _, mask in pairs])
    expected = {"smallest": sizes.min(0).tolist(), "largest": sizes.max(0).tolist()}
    assert data.describe()["sizes"] == expected
    # The last picture of the test is the first of training (or validation), with another mask.
    assert data.leaks.rows == [N_TEST - 1] and data.leaks.labels == 1
    assert sum(data.leaks.pairs.values()) == 1
    digests = hash_files(sorted(map(str, tmp_path.glob("*.npz"))))
    hasher = blake3(b'[["sky", "tree", "road"], 4]')
    hasher.update((b"files" + digests[N:].tobytes()) * 2)
    assert data.hashes["test"] == f"blake3:{hasher.hexdigest()}"
    assert data.sample_hashes()["test"].tolist() == digests[N:, :8].tolist()


def test_what_was_looked_at_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    first, _ = load(tmp_path, monkeypatch, memory_limit=0.0)

    def refuse(*args: object) -> None:
        raise AssertionError("looked at again")

    monkeypatch.setattr(_looked, "look", refuse)
    monkeypatch.setattr("project.data._statistics.measure", refuse)
    again, _ = load(tmp_path, monkeypatch, memory_limit=0.0)
    assert again.describe() == first.describe()


def test_pictures_of_one_size_in_memory_are_one_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = write(tmp_path, even=True)
    data, h = load(tmp_path, monkeypatch)
    samples = data.train.samples
    assert isinstance(samples, Resident) and data.shape == (2, 35, 40)
    np.testing.assert_array_equal(samples.images.numpy(), np.stack([x for x, _ in pairs[:N]]))
    np.testing.assert_array_equal(samples.targets.values.numpy(), [y for _, y in pairs[:N]])
    streamed, streaming = load(tmp_path, monkeypatch, memory_limit=0.0)
    assert streamed.shape == data.shape and streamed.hashes == data.hashes
    for a, b in zip(batches(data, h, "train"), batches(streamed, streaming, "train"), strict=True):
        assert torch.equal(a.inputs, b.inputs) and torch.equal(a.targets, b.targets)


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
def test_what_is_wrong_with_a_pair_is_told_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_limit: float
) -> None:
    pairs = write(tmp_path, np.float32)
    image, mask = pairs[3]
    odd = image.copy()
    odd[1, 2, 3] = np.inf
    transposed = f"the mask of 03.npz is {mask.T.shape} int64, its picture has"
    for wrong, said in (
        ((odd, mask), "the picture 03.npz has values that are NaN or infinite"),
        ((image[:1], mask), "the picture 03.npz is .* not .*float32"),
    ):
        np.savez(tmp_path / "03.npz", image=wrong[0], mask=wrong[1])
        with pytest.raises(ValueError, match=said):
            load(tmp_path, monkeypatch, np.float32, memory_limit=memory_limit)
    read = Stored(tmp_path)
    sizes = np.array([mask.shape for _, mask in pairs])
    pairs[3] = [image, mask.T.astype(np.int64)]
    monkeypatch.setattr(Stored, "__call__", lambda self, i: pairs[i])
    with pytest.raises(ValueError) as error:
        open_pairs(
            read,
            sizes,
            [slice(17)],
            Hyperparameters(),
            channels=2,
            dtype=np.float32,
            names=[f"{i:02}.npz" for i in range(17)],
        )
    assert transposed in str(error.value)


def test_a_crop_is_refused_where_images_come_whole() -> None:
    with pytest.raises(ValueError, match="--crop-size 32: training on --data synthetic takes its"):
        prepare(Hyperparameters(data="synthetic", crop_size=32))
