"""Checkpoint files: whole or absent, and the generators' states in them."""

import errno
import gzip
import io
import os
import pickle
import random
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from project.main import main
from project.training import checkpoint, generators
from project.training.weights import load_weights

STATE = {
    "hyperparameters": {"model": "mlp"},
    "classes": ["a", "b"],
    "shape": [1, 2, 2],
    "mean": [0.5],
    "std": [0.25],
    "model": {"weight": torch.arange(6.0).view(2, 3)},
}


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt", STATE)
    state = checkpoint.load(tmp_path / "a.pt")
    assert torch.equal(state.pop("model")["weight"], STATE["model"]["weight"])
    assert state == {k: v for k, v in STATE.items() if k != "model"}


def test_a_full_disk_leaves_the_former_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def on_a_full_disk(path: Path) -> Iterator[IO[bytes]]:
        with open("/dev/full", "wb", buffering=0) as file:
            yield file

    checkpoint.save(tmp_path / "a.pt", STATE)
    monkeypatch.setattr(checkpoint, "replacing", on_a_full_disk)
    with pytest.raises(OSError) as raised:
        checkpoint.save(tmp_path / "a.pt", STATE | {"large": torch.zeros(10**6)})
    assert raised.value.errno == errno.ENOSPC
    assert checkpoint.load(tmp_path / "a.pt")["classes"] == ["a", "b"]


class Code:
    """What runs when a pickle is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("/tmp/a-folder-that-no-test-makes",)


def saved(content: object, **options: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def packed(compression: int = zipfile.ZIP_STORED, **parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(f"a/{name}.pkl", content)
    return file.getvalue()


def aliases(depth: int) -> list[object]:
    """A list of 2**depth values in a few bytes."""
    found: list[object] = [0]
    for _ in range(depth):
        found = [found, found]
    return found


WEIGHTS = STATE["model"]["weight"].numpy().tobytes()
# What becomes of a checkpoint's bytes, and what is said of it.
DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "is empty"),
    "half": (
        lambda data: data[: len(data) // 2],
        "is cut off: after {half} bytes its end is missing",
    ),
    "one byte": (lambda data: data[:1], "is cut off: after 1 bytes its end is missing"),
    "last byte": (lambda data: data[:-1], "is cut off: the last byte is missing"),
    "last bytes": (lambda data: data[:-9], "is cut off: the last 9 bytes are missing"),
    "appended": (
        lambda data: data + b"x",
        "is not what was written: it goes on for 1 byte after its end",
    ),
    "twice": (lambda data: data * 2, "is not what was written: {whole} bytes stand before its"),
    "text": (lambda data: "hällo\n".encode() * 999, "is text, no checkpoint of this project"),
    "noise": (lambda data: b"\xff\x00" * 99, "is of another kind, no checkpoint of this project"),
    "gzip": (gzip.compress, "is gzipped; an exported run is taken in by"),
    "pointer": (
        lambda data: b"version https://git-lfs.github.com/spec/v1\n",
        "only points to a file of Git LFS; `git lfs pull` brings it",
    ),
    "zip": (lambda data: packed(other=b"x"), "is a zip archive, no checkpoint of this project"),
    "TorchScript": (lambda data: packed(data=b"", constants=b""), "is a TorchScript archive, no"),
    "compressed": (
        lambda data: packed(zipfile.ZIP_DEFLATED, data=bytes(10**6)),
        "is compressed, which no checkpoint of this project is",
    ),
    "pickle": (
        lambda data: pickle.dumps(Code()),
        "is a pickle, which could run code: it is not read",
    ),
    "old format": (
        lambda data: saved(STATE, _use_new_zipfile_serialization=False),
        "is a pickle, which could run code: it is not read",
    ),
    "code": (
        lambda data: saved(STATE | {"x": Code()}),
        "is refused: it holds more than tensors and plain values (posix.mkdir), which could run",
    ),
    "weights": (
        lambda data: saved({"weight": torch.zeros(2)}),
        "is another program's, no checkpoint of this project: it lacks schema, hyperparameters,"
        " classes, shape, mean, std, model",
    ),
    "list": (lambda data: saved([1, 2]), "is another program's, no checkpoint of this project"),
    "newer": (
        lambda data: saved({"schema": 99}),
        "was written by a newer version of this project (schema 99, this one reads up to 3)",
    ),
    "no version": (lambda data: saved(STATE | {"schema": "2"}), "is damaged: its schema is '2'"),
    "other values": (
        lambda data: saved(STATE | {"schema": 2, "digest": "blake3:0"}),
        "is damaged: it does not hold what was written",
    ),
    "a byte of its plain values": (
        lambda data: data.replace(b"learning", b"lxarning", 1).replace(
            b"classes", b"classe\xff", 1
        ),
        "is damaged: ",
    ),
    "a byte of what has no digest": (
        lambda data: saved(STATE | {"schema": 1}).replace(WEIGHTS, b"\x01" + WEIGHTS[1:]),
        "is damaged: its checksum is wrong",
    ),
    "aliases": (
        lambda data: saved(STATE | {"schema": 1, "x": aliases(60)}),
        "is damaged: it unpacks to far more than its ",
    ),
    "one number for many": (
        lambda data: saved(STATE | {"schema": 1, "x": torch.zeros(1).expand(2**40)}),
        "is damaged: it unpacks to far more than its ",
    ),
    "offset": (
        # of the list of contents, in the last 98 bytes, which are of a large archive's form
        lambda data: data[:-50] + (len(data) + 9).to_bytes(8, "little") + data[-42:],
        "is damaged: its list of contents is not where it says",
    ),
    "sparse": (
        lambda data: saved(STATE | {"schema": 2, "digest": "", "x": torch.zeros(2).to_sparse()}),
        "is damaged: it does not hold what was written",
    ),
}


@pytest.mark.parametrize("damage, expected", DAMAGES.values(), ids=DAMAGES)
def test_a_line_tells_what_a_file_is(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[bytes], bytes],
    expected: str,
) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)
    data = path.read_bytes()
    path.write_bytes(damage(data))
    said = refusal(tmp_path, path, capsys)
    assert said.startswith(f"{path} {expected.format(half=len(data) // 2, whole=f'{len(data):,}')}")
    assert said.count(str(path)) == 1
    assert not Path("/tmp/a-folder-that-no-test-makes").exists()


def refusal(folder: Path, path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a test of the file ends with, after what was to be done."""
    argv = ["--only-test", "--checkpoint", str(path), "--exp-dir", str(folder / "runs")]
    assert main([*argv, "--tracker", "none"]) == 2
    out, err = capsys.readouterr()
    first, line = err.splitlines()
    assert out == "" and first.startswith("testing ") and line.startswith("error: ")
    assert not list((folder / "runs").glob("*"))
    return line.removeprefix("error: ")


def test_what_is_no_file_or_can_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, kind in ((".", "a folder"), ("fifo", "a FIFO")):
        with pytest.raises(ValueError, match=f"is {kind}, no checkpoint; give a run or a .pt file"):
            checkpoint.load(tmp_path / name)

    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)
    # Root may read everything. A function of this file would be a place in a person's own code.
    refusing = PermissionError(errno.EACCES, "Permission denied", str(path))
    monkeypatch.setattr(Path, "open", Mock(side_effect=refusing))
    assert refusal(tmp_path, path, capsys) == f"{path}: Permission denied"


@pytest.mark.parametrize(
    "key, value, said",
    [
        ("hyperparameters", None, "its hyperparameters is None, not values by name"),
        ("hyperparameters", {5: 6}, "its hyperparameters is {5: 6}, not values by name"),
        ("classes", 5, "its classes is 5, not texts"),
        ("classes", [1, 2], "its classes is [1, 2], not texts"),
        ("shape", [1, 2], "its shape is [1, 2], not channels, height and width"),
        ("mean", [float("nan")], "its mean is [nan], not numbers"),
        ("mean", [10**400], "its mean is "),
        ("mean", [0.5, 0.5], "its shape, mean and std are of other numbers of channels"),
        ("std", [0.0], "its std is [0.0], not numbers above 0"),
        ("class_counts", [-1], "its class_counts is [-1], not counts"),
        ("class_counts", [1] * 99, "its class_counts are of other classes"),
        ("model", {"weight": [1.0]}, "its model is {'weight': [1.0]}, not tensors by name"),
        ("model", {5: torch.zeros(1)}, "its model is {5: tensor([0.])}, not tensors by name"),
        ("step", "x", "its step is 'x', not a count"),
    ],
)
def test_each_part_is_of_its_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: object, said: str
) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE | {key: value})
    assert refusal(tmp_path, path, capsys).startswith(f"{path} is damaged: {said}")


def test_a_former_checkpoint_without_a_digest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(saved(STATE | {"schema": 1}))
    assert checkpoint.load(tmp_path / "a.pt").keys() == STATE.keys()


def test_a_file_that_is_not_there_is_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pt"
    assert refusal(tmp_path, path, capsys) == f"{path}: No such file or directory"
    os.mkfifo(tmp_path / "fifo")
    assert refusal(tmp_path, tmp_path / "fifo", capsys).startswith(f"{tmp_path}/fifo is a FIFO, no")


def test_flags_that_nobody_gave_are_told_as_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE | {"hyperparameters": {"model": "x\x1b", "seed": -1}})
    assert refusal(tmp_path, path, capsys).startswith(
        f"{path} was made with other flags: --seed must be in [0, 4294967295], not -1; --model"
        " 'x\\x1b' is unknown (choices: "
    )


def test_names_in_a_file_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint.save(tmp_path / "a.pt", STATE | {"classes": ["\x1b[2J", "b"]})
    said = refusal(tmp_path, tmp_path / "a.pt", capsys)
    assert "was trained on other classes: \\x1b[2J, b, not" in said


def test_the_best_checkpoint_is_not_enough_to_go_on(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt", STATE)
    with pytest.raises(
        ValueError, match="has the weights alone, not what training needs to go on: epoch"
    ):
        checkpoint.load(tmp_path / "a.pt", *checkpoint.TRAINING)


def test_weights_of_another_shape_are_named() -> None:
    with pytest.raises(ValueError, match=r"weight is \(2, 3\) there and \(4, 3\) here"):
        model = torch.nn.Linear(3, 4, bias=False)
        load_weights(model, STATE, Path("a.pt"))


@pytest.mark.parametrize("dtype, kind", [(torch.int64, "integer"), (torch.complex64, "complex")])
def test_weights_are_not_made_of_other_numbers(dtype: torch.dtype, kind: str) -> None:
    weights = {"weight": STATE["model"]["weight"].to(dtype)}
    with pytest.raises(ValueError, match=rf"weight is {kind} \(2, 3\) there and \(2, 3\) here"):
        model = torch.nn.Linear(3, 2, bias=False)
        load_weights(model, STATE | {"model": weights}, Path("a.pt"))


def test_generators_go_on_where_they_were(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt", STATE | {"rng": generators.state()})
    expected = (random.random(), np.random.rand(), torch.rand(1).item())
    generators.restore(checkpoint.load(tmp_path / "a.pt")["rng"])
    assert (random.random(), np.random.rand(), torch.rand(1).item()) == expected


def test_any_changed_byte_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)
    whole = path.read_bytes()
    refused = set()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            state = checkpoint.load(path)
        except ValueError:
            refused.add(position)
        else:
            assert torch.equal(state.pop("model")["weight"], STATE["model"]["weight"])
            assert state == {k: v for k, v in STATE.items() if k != "model"}
    start = whole.index(STATE["model"]["weight"].numpy().tobytes())
    assert set(range(start, start + 24)) <= refused  # 6 values of 4 bytes
