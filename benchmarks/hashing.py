"""Hashing data, beside a plain read and BLAKE3 alone: large files, 50,000 small ones, and again."""

import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from blake3 import blake3
from PIL import Image

from benchmarks._turns import compare
from project.data.hashing import hash_files
from project.data.listing import list_images
from project.datasets import image_folder
from project.hyperparameters import Hyperparameters

N_LARGE, LARGE_BYTES = 2, 2**29
N_CLASSES, PER_CLASS = 50, 1000


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def read(path: str) -> None:
    """A plain read, into the same megabyte again and again."""
    buffer = bytearray(2**20)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def read_small(path: str) -> None:
    """The fewest calls that read a small file."""
    handle = os.open(path, os.O_RDONLY)
    os.read(handle, 2**16)
    os.close(handle)


def large(folder: Path) -> None:
    """GB/s over files that the system holds in memory; on a slower disk all are the disk's."""
    paths = [str(folder / f"{i}.bin") for i in range(N_LARGE)]
    for seed, path in enumerate(paths):
        Path(path).write_bytes(np.random.default_rng(seed).bytes(LARGE_BYTES))

    def speed(work: Callable[[], object]) -> float:
        return N_LARGE * LARGE_BYTES / seconds(work) / 1e9

    def alone() -> None:
        for path in paths:
            blake3(max_threads=blake3.AUTO).update_mmap(path).digest()

    found = compare(
        {
            "plain read": lambda: speed(lambda: [read(path) for path in paths]),
            "BLAKE3 alone": lambda: speed(alone),
            "hash_files": lambda: speed(lambda: hash_files(paths)),
        },
        n=21,
    )
    reads, hashes, ours = found.values()
    ratios = [c / min(a, b) for a, b, c in zip(reads, hashes, ours, strict=True)]
    print(f"  hash_files to the slower of the two: ratio {median(ratios):.3g}")


def small(folder: Path) -> None:
    """Seconds over 50,000 images of 3 kB: read, hashed, and made ready for a run, twice."""
    rng = np.random.default_rng(0)
    for i in range(N_CLASSES):
        (folder / f"{i:02}").mkdir()
        for j in range(PER_CLASS):
            content = io.BytesIO()
            pixels = rng.integers(0, 256, (31, 31, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(content, "png", compress_level=1)
            (folder / f"{i:02}" / f"{j:04}.png").write_bytes(content.getvalue())
    # Files as young as the clock of the file system tells apart are not remembered.
    time.sleep(3)
    hparams = Hyperparameters(data="image-folder", data_dir=str(folder), memory_limit=0.0)
    paths = list_images(str(folder)).paths

    def first() -> float:
        shutil.rmtree(folder / ".cache")
        return seconds(lambda: image_folder.load(hparams))

    image_folder.load(hparams)
    compare(
        {
            "plain read": lambda: seconds(lambda: [read_small(path) for path in paths]),
            "hash_files": lambda: seconds(lambda: hash_files(paths)),
            "load, first time": first,
            "load, again": lambda: seconds(lambda: image_folder.load(hparams)),
        },
        n=7,
    )


def main() -> None:
    """Large files, then small ones."""
    for measure in (large, small):
        print(f"  {measure.__doc__.splitlines()[0]}")
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder))


if __name__ == "__main__":
    main()
