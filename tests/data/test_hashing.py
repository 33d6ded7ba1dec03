"""Files hashed side by side and by all cores, against BLAKE3 of each one's bytes."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import numpy as np
import pytest
from blake3 import blake3

from project.data import hashing as _hashing
from project.data.hashing import hash_files


def write(folder: Path, sizes: list[int]) -> list[str]:
    rng = np.random.default_rng(0)
    paths = [folder / f"{i:04}" for i in range(len(sizes))]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(rng.bytes(size))
    return [str(path) for path in paths]


@pytest.mark.parametrize("large, batch", [(1, 64), (1000, 1), (2**20, 7)])
def test_digests_are_those_of_the_bytes(
    large: int, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_hashing, "LARGE", large)
    monkeypatch.setattr(_hashing, "BATCH", batch)
    monkeypatch.setattr(_hashing, "SUBMITTED", 3)
    paths = write(tmp_path, [0, 1, 999, 1000, 1001, 5000, *range(50)])
    contents: dict[int, bytes] = {}

    def keep(i: int, file: IO[bytes]) -> None:
        contents[i] = file.read()

    digests = hash_files(paths, keep)
    assert digests.shape == (56, 32) and digests.dtype == np.uint8
    for i, path in enumerate(paths):
        data = Path(path).read_bytes()
        assert digests[i].tobytes() == blake3(data).digest()
        assert contents[i] == data
    assert hash_files([]).shape == (0, 32)


def test_a_file_that_vanished_or_fails_is_named(tmp_path: Path) -> None:
    paths = write(tmp_path, [10] * 20)
    Path(paths[7]).unlink()
    with pytest.raises(FileNotFoundError) as missing:
        hash_files(paths)
    assert missing.value.filename == paths[7]
    # It can be opened, but to read it fails.
    with pytest.raises(IsADirectoryError) as failed:
        hash_files([str(tmp_path)])
    assert failed.value.filename == str(tmp_path)


def test_a_file_that_grows_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = write(tmp_path, [200_000])
    real = os.fstat
    half = SimpleNamespace(st_size=100_000)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", lambda fd: half if real(fd).st_size == 200_000 else real(fd))
        digests = hash_files([path])
    assert digests[0].tobytes() == blake3(Path(path).read_bytes()).digest()
