"""Images decoded by workers: same batches as from memory, errors in one line, no process left."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from traceback import format_exception

import pytest
import torch

from project.data import prepare
from project.hyperparameters import Hyperparameters

ROOT = Path(__file__).parents[2]
STREAM_FOR_EVER = """
import sys
from project.data import prepare
from project.hyperparameters import Hyperparameters

h = Hyperparameters(
    data="image-folder", data_dir=sys.argv[1], image_size=8, memory_limit=0.0,
    num_workers=1, batch_size=4,
)
loader = prepare(h).loader("train", h)
next(iter(loader))
arriving = iter(loader)
next(arriving)
print("streaming", flush=True)
sys.stdin.read()
"""


def settings(folder: Path, **values: object) -> Hyperparameters:
    return Hyperparameters(data="image-folder", data_dir=str(folder), **values)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_truncated_image_is_named_by_a_worker(num_workers: int, folder: Path) -> None:
    h = settings(folder, image_size=8, memory_limit=0.0, num_workers=num_workers)
    data = prepare(h)
    broken = data.val.samples.paths[int(data.val.indices[0])]
    Path(broken).write_bytes(Path(broken).read_bytes()[:60])
    with pytest.raises(ValueError) as error:
        list(data.loader("val", h))
    assert broken in str(error.value) and "\n" not in str(error.value)
    assert "".join(format_exception(error.value)).count(", in __getitem__\n") == 1
    Path(broken).unlink()
    with pytest.raises(FileNotFoundError) as missing:
        list(data.loader("val", h))
    assert missing.value.filename == broken


@pytest.mark.parametrize("num_workers", [0, 1])
def test_streamed_batches_equal_resident_ones(num_workers: int, folder: Path) -> None:
    values = {"image_size": 8, "batch_size": 3, "augment": ("flip", "crop")}
    resident_settings = settings(folder, **values)
    streamed_settings = settings(folder, **values, memory_limit=0.0, num_workers=num_workers)
    resident, streamed = prepare(resident_settings), prepare(streamed_settings)
    assert resident.train.samples.resident and not streamed.train.samples.resident
    assert resident.describe() == streamed.describe()
    before = torch.get_rng_state()
    for split in ("train", "val"):
        expected = [b for block in resident.loader(split, resident_settings) for b in block]
        blocks = list(streamed.loader(split, streamed_settings))
        assert [len(block) for block in blocks] == [1] * len(expected)
        for (batch,), other in zip(blocks, expected, strict=True):
            assert torch.equal(batch.inputs, other.inputs)
            assert torch.equal(batch.targets, other.targets)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_streamed_epoch_is_shared_by_ranks_and_can_start_anywhere(folder: Path) -> None:
    h = settings(folder, image_size=8, batch_size=4, memory_limit=0.0, num_workers=0)
    data = prepare(h)
    whole = [b for block in data.loader("train", h) for b in block]
    loaders = [data.loader("train", h, rank=rank, world_size=2) for rank in range(2)]
    for loader in loaders:
        loader.seek(0, 1)
    # 9 samples: the last batch has 1, too few for 2 ranks.
    assert [batch.size for batch in whole] == [4, 4, 1]
    for blocks, expected in zip(zip(*loaders, strict=True), whole[1:-1], strict=True):
        joined = torch.cat([batch.inputs for block in blocks for batch in block])
        assert torch.equal(joined, expected.inputs)


def test_samples_are_fetched_by_index(folder: Path) -> None:
    indices = torch.tensor([4, 0, 12])
    resident = prepare(settings(folder, image_size=8)).train.samples
    streamed = prepare(settings(folder, image_size=8, memory_limit=0.0)).train.samples.to("cpu")
    assert torch.equal(resident.fetch(indices), streamed.fetch(indices))
    assert len(resident) == len(streamed) == 13


def test_workers_end_when_the_training_process_is_killed(folder: Path) -> None:
    command = [sys.executable, "-c", STREAM_FOR_EVER, str(folder)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with process:
        assert process.stdout.readline().startswith(b"note: 12 of 13 images are not square: ")
        assert process.stdout.readline() == b"streaming\n"
        os.kill(process.pid, signal.SIGKILL)
        # The workers hold the other end of this pipe: it ends only when all of them have.
        process.stdout.read()
