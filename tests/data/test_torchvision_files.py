"""torchvision's data sets: read from small files in their own formats, and their errors."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from blake3 import blake3
from torchvision.datasets import CIFAR10, CIFAR100, MNIST, FashionMNIST

from project.data import Raw
from project.datasets import cifar10, cifar100, fashion_mnist, mnist
from project.hyperparameters import Hyperparameters

Make = Callable[..., Hyperparameters]
RNG = np.random.default_rng(0)
N = {"train": 40, "test": 20}
GREY = {name: RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8) for name, n in N.items()}
COLOUR = {name: RNG.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8) for name, n in N.items()}
TARGETS = {name: np.arange(n, dtype=np.uint8) % 10 for name, n in N.items()}


class Offline:
    """A network that is down; it counts the attempts."""

    def __init__(self) -> None:
        self.attempts = 0

    def __call__(self, *args: object, **kwargs: object) -> None:
        self.attempts += 1
        raise URLError("Name or service not known")


class Broken:
    """A server that sends half of a file and hangs up."""

    length = 1000

    def __init__(self, request: urllib.request.Request, **kwargs: object) -> None:
        self.url, self.sent = request.full_url, False

    def __enter__(self) -> "Broken":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read(self, size: int) -> bytes:
        if self.sent:
            raise ConnectionResetError("connection reset by peer")
        self.sent = True
        return b"x" * 500


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> Offline:
    network = Offline()
    monkeypatch.setattr(urllib.request, "urlopen", network)
    return network


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def idx(array: np.ndarray) -> bytes:
    """The IDX format: two zeros, type 8 (uint8), number of dimensions, the dimensions, the data."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder: Path, source: type, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a person would put into the folder: the four archives as they are published."""
    raw = folder / source.__name__ / "raw"
    raw.mkdir(parents=True)
    resources = []
    for prefix, split in (("train", "train"), ("t10k", "test")):
        parts = {"images-idx3": GREY[split], "labels-idx1": TARGETS[split]}
        for kind, array in parts.items():
            data = gzip.compress(idx(array))
            (raw / f"{prefix}-{kind}-ubyte.gz").write_bytes(data)
            resources.append((f"{prefix}-{kind}-ubyte.gz", md5(data)))
    monkeypatch.setattr(source, "resources", resources)
    return raw


class OldPickler(pickle.Pickler):
    """Writes numpy's data types as numpy did when CIFAR came out, with integers for booleans."""

    def reducer_override(self, value: object) -> object:
        if isinstance(value, np.dtype):
            return np.dtype, ("u1", 0, 1), (3, "|", None, None, None, -1, -1, 0)
        return NotImplemented


def pickled(value: object) -> bytes:
    file = io.BytesIO()
    OldPickler(file, protocol=2).dump(value)
    return file.getvalue()


def batch(split: str, part: slice, labels: str) -> bytes:
    data = COLOUR[split][part].reshape(-1, 3072)
    return pickled({"data": data, labels: TARGETS[split][part].tolist()})


def write_cifar(folder: Path, source: type, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only the published archive."""
    names, labels = source.meta["key"], "labels" if source is CIFAR10 else "fine_labels"
    meta = pickled({names: [f"name {i}" for i in range(10)]})
    files = {
        "first": batch("train", slice(0, 25), labels),
        "second": batch("train", slice(25, None), labels),
        "test": batch("test", slice(None), labels),
        source.meta["filename"]: meta,
    }
    folder.mkdir()
    with tarfile.open(folder / source.filename, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{source.base_folder}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    listed = {name: [name, md5(data)] for name, data in files.items()}
    monkeypatch.setattr(source, "train_list", [listed["first"], listed["second"]])
    monkeypatch.setattr(source, "test_list", [listed["test"]])
    monkeypatch.setattr(source, "meta", {**source.meta, "md5": md5(meta)})
    monkeypatch.setattr(source, "tgz_md5", md5((folder / source.filename).read_bytes()))
    return folder / source.base_folder


def assert_holds(raw: Raw, images: dict[str, np.ndarray]) -> None:
    for split, samples in (("train", raw.train), ("test", raw.test)):
        expected = images[split] if images[split].ndim == 4 else images[split][:, None]
        assert samples.images.dtype.itemsize == 1 and samples.images.is_contiguous()
        np.testing.assert_array_equal(samples.images.numpy(), expected)
        np.testing.assert_array_equal(samples.targets.values.numpy(), TARGETS[split])


@pytest.mark.parametrize("plug, source", [(mnist, MNIST), (fashion_mnist, FashionMNIST)])
def test_idx_files(
    plug: object, source: type, hparams: Make, monkeypatch: pytest.MonkeyPatch, offline: Offline
) -> None:
    h = hparams()
    write_mnist(Path(h.data_dir), source, monkeypatch)
    raw = plug.load(h)
    assert_holds(raw, GREY)
    assert raw.train.shape == (1, 28, 28) and len(raw.classes) == 10
    # The second time they are extracted already; neither time did it need a network.
    assert_holds(plug.load(h), GREY)
    assert offline.attempts == 0


@pytest.mark.parametrize("plug, source", [(cifar10, CIFAR10), (cifar100, CIFAR100)])
def test_cifar_files(
    plug: object, source: type, hparams: Make, monkeypatch: pytest.MonkeyPatch, offline: Offline
) -> None:
    h = hparams()
    extracted = write_cifar(Path(h.data_dir), source, monkeypatch)
    raw = plug.load(h)
    assert_holds(raw, COLOUR)
    assert raw.train.shape == (3, 32, 32) and raw.classes[1] == "name 1"
    # A file that was cut off is restored from the archive.
    (extracted / "second").write_bytes((extracted / "second").read_bytes()[:100])
    assert_holds(plug.load(h), COLOUR)
    assert offline.attempts == 0


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10", "cifar100"])
def test_without_a_network_one_line_says_what_and_how(name: str, hparams: Make) -> None:
    plug = {
        "mnist": mnist,
        "fashion-mnist": fashion_mnist,
        "cifar10": cifar10,
        "cifar100": cifar100,
    }
    h = hparams(data=name)
    with pytest.raises(OSError) as error:
        plug[name].load(h)
    message = str(error.value)
    assert "\n" not in message and error.value.filename is None
    for part in (
        "can't be downloaded from http",
        "Name or service not known",
        ".gz into",
        h.data_dir,
    ):
        assert part in message


@pytest.mark.parametrize("plug", [mnist, cifar10])
def test_half_a_download_leaves_nothing_behind(
    plug: object, hparams: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", Broken)
    h = hparams()
    with pytest.raises(OSError, match="connection reset by peer"):
        plug.load(h)
    left = {path.name for path in Path(h.data_dir).rglob("*") if path.is_file()}
    assert left == {"download.lock"}


def test_an_interrupted_extraction_is_named(hparams: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    h = hparams()
    raw = write_mnist(Path(h.data_dir), MNIST, monkeypatch)
    mnist.load(h)
    path = raw / "train-images-idx3-ubyte"
    for kept in (0, 3, 1000):
        path.write_bytes(path.read_bytes()[:kept] if kept else b"")
        with pytest.raises(
            ValueError, match="MNIST in .*raw is damaged .*; delete that folder"
        ) as error:
            mnist.load(h)
        assert "\n" not in str(error.value)


def test_labels_of_another_number_are_refused(
    hparams: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    h = hparams()
    raw = write_mnist(Path(h.data_dir), MNIST, monkeypatch)
    mnist.load(h)
    (raw / "train-labels-idx1-ubyte").write_bytes(idx(TARGETS["train"][:30]))
    with pytest.raises(ValueError, match="damaged .40 images, but 30 labels."):
        mnist.load(h)


def test_a_file_with_another_checksum_is_not_used(
    hparams: Make, monkeypatch: pytest.MonkeyPatch, offline: Offline
) -> None:
    h = hparams()
    raw = write_mnist(Path(h.data_dir), MNIST, monkeypatch)
    (raw / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(OSError, match="MNIST is missing or damaged"):
        mnist.load(h)
    assert offline.attempts > 0


@pytest.mark.parametrize(
    "plug, source, write, changed",
    [
        (mnist, MNIST, write_mnist, "MNIST/raw/train-images-idx3-ubyte"),
        (cifar10, CIFAR10, write_cifar, "cifar-10-batches-py/second"),
    ],
)
def test_each_file_it_was_read_from_has_a_hash(
    plug: object,
    source: type,
    write: Callable[..., Path],
    changed: str,
    hparams: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    h = hparams()
    write(Path(h.data_dir), source, monkeypatch)
    before = dict(plug.load(h).files.hashes())
    assert not any(name.endswith("gz") for name in before)
    path = Path(h.data_dir, changed)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    if source is CIFAR10:  # which torchvision would restore from the archive
        monkeypatch.setattr(source, "_check_integrity", lambda self: True)
        path.write_bytes(batch("train", slice(24, 39), "labels"))
    after = dict(plug.load(h).files.hashes())
    assert [name for name in before if after[name] != before[name]] == [changed]
    assert before.keys() == after.keys()
    assert after[changed] == blake3(path.read_bytes()).hexdigest()
