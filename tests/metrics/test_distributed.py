"""Two and three processes with uneven shares of the samples compute what one does with all."""

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from project.metrics import classification, collected, mean_ious
from project.tasks.classification import Classification
from project.training.evaluation import Evaluation
from project.training.extremes import Extremes
from tests import forks

ROOT = Path(__file__).parents[2]
N, N_CLASSES = 500, 7
FLOATS = ("log_loss", "brier", "calibration", "uce", "mean_entropy", "uncertainty")
# How many of the samples are the first rank's.
SPLITS = (499, 137, 0)


def samples() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, N_CLASSES, N)
    logits = rng.normal(size=(N, N_CLASSES)) + 2 * np.eye(N_CLASSES)[targets]
    return torch.tensor(logits, dtype=torch.float32), torch.tensor(targets)


def work(rank: int, folder: Path) -> None:
    """One rank of two, and then of three."""
    for n in (2, 3):
        if rank < n:
            place = {"init_method": f"file://{folder}/init-{n}", "rank": rank, "world_size": n}
            dist.init_process_group("gloo", **place)
            if n == 2:
                work_of_two(rank, folder)
            (folder / f"{rank}-of-{n}.pickle").write_bytes(pickle.dumps(of_pictures(rank, n)))
            dist.destroy_process_group()


def work_of_two(rank: int, folder: Path) -> None:
    """Its scores for each split, then errors that only one rank has cause for."""
    metrics, (logits, targets), found = classification(N_CLASSES), samples(), []
    for first in SPLITS:
        mine = slice(0, first) if rank == 0 else slice(first, N)
        # Shares of the second rank come in smaller batches, and more of them.
        for batch in zip(logits[mine].split(128 >> rank), targets[mine].split(128 >> rank)):
            metrics.update(*batch)
        own = metrics.compute()["confusion_matrix"].sum() if mine.stop > mine.start else 0
        metrics.reduce()
        metrics.reduce()
        scores = metrics.compute()
        found.append((int(own), scores))
        metrics.reset()
    # An update after a reduce goes on from this rank's own samples.
    metrics.update(logits[:10], targets[:10])
    metrics.reduce()
    metrics.update(logits[10:15], targets[10:15])
    metrics.reduce()
    found.append(metrics.compute()["confusion_matrix"].sum())
    if rank == 1:
        metrics.update(logits[:1] * torch.nan, targets[:1])
    metrics.reduce()
    try:
        metrics.compute()
    except ValueError as error:
        found.append(str(error))
    (folder / f"{rank}.pickle").write_bytes(pickle.dumps(found))
    mine = slice(0, 137) if rank == 0 else slice(137, N)
    (folder / f"{rank}-leaks.pickle").write_bytes(pickle.dumps(evaluated(mine, 2)))


def of_pictures(rank: int, n: int) -> list[Any]:
    """Segmentation's scores of pictures of many sizes, dealt to ranks, and the ends of them all.

    The last rank of three has none.
    """
    metrics, extremes = collected("segmentation", N_CLASSES), Extremes(4)
    for index in range(rank, 20, min(n, 2)) if rank < 2 else ():
        generator = torch.Generator().manual_seed(index)
        size = 3 + index % 4, 3 + index % 5
        logits = torch.randn(1, N_CLASSES, *size, generator=generator)
        targets = torch.randint(0, 5, (1, *size), generator=generator)
        targets[:, 0] = 255
        metrics.update(logits, targets)
        # Rounded, so that some are equal.
        badness = 1 - mean_ious(logits.argmax(1), targets, N_CLASSES).mul(20).round()
        extremes.add(badness, torch.tensor([index]), targets)
    metrics.reduce()
    ends = [[(e.badness, e.index, e.kept.tolist()) for e in end] for end in extremes.ends()]
    return [metrics.compute(), ends]


def evaluated(mine: slice, world_size: int) -> dict[str, float]:
    """Scores with and without leaks, which are 60 of the first 137 samples."""
    task = Classification((1, 8, 8), tuple("abcdefg"))
    evaluation = Evaluation(loss, classification(N_CLASSES), task)
    evaluation.begin(torch.device("cpu"), marked=True)
    leaked = (torch.arange(N) % 2 == 0) & (torch.arange(N) < 120)
    for batch in zip(*(values[mine].split(50) for values in (*samples(), leaked))):
        evaluation.add(*batch)
    scores, _ = evaluation.end("test", world_size)
    return scores


def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits, targets, reduction="none")


def run(folder: Path) -> None:
    """Run all ranks to their end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if sys.platform == "linux":
        # The loopback device, so that the machine's name need not resolve.
        environment["GLOO_SOCKET_IFNAME"] = "lo"
    ranks = [forks.python([__file__, str(rank), str(folder)], environment) for rank in range(3)]
    said = [rank.communicate()[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0, 0], said


def assert_pictures_are_those_of_one(folder: Path) -> None:
    alone, (best, worst) = of_pictures(0, 1)
    assert len(best) == len(worst) == 4
    for rank, n in [(0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]:
        scores, ends = pickle.loads((folder / f"{rank}-of-{n}.pickle").read_bytes())
        assert ends == [best, worst]
        for name, value in alone.items():
            # Sums of floats, and a float32 softmax, whose last bit may depend on the batch.
            exact = not name.startswith(FLOATS)
            check = np.testing.assert_array_equal if exact else np.testing.assert_allclose
            check(scores[name], value, err_msg=name)


def test_ranks_compute_what_one_does(tmp_path: Path) -> None:
    run(tmp_path)
    assert_pictures_are_those_of_one(tmp_path)
    found = [pickle.loads((tmp_path / f"{rank}.pickle").read_bytes()) for rank in range(2)]

    alone = classification(N_CLASSES)
    alone.update(*samples())
    expected = alone.compute()
    for i, first in enumerate(SPLITS):
        (own_0, scores_0), (own_1, scores_1) = found[0][i], found[1][i]
        assert (own_0, own_1) == (first, N - first)
        assert scores_0.keys() == scores_1.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(scores_0[name], scores_1[name], err_msg=name)
            if name.startswith(FLOATS):
                # Sums of floats, whose order the split changes.
                np.testing.assert_allclose(scores_0[name], value, rtol=1e-12, atol=1e-12)
            else:
                np.testing.assert_array_equal(scores_0[name], value, err_msg=name)
    assert found[0][-2] == found[1][-2] == 2 * (10 + 5)
    assert found[0][-1] == found[1][-1]
    # Each rank has 15 samples, one of them one more.
    assert found[0][-1].startswith("the logits of 1 of 31 samples are NaN")

    both = [pickle.loads((tmp_path / f"{rank}-leaks.pickle").read_bytes()) for rank in range(2)]
    whole = evaluated(slice(0, N), 1)
    assert both[0] == both[1] and both[0].keys() == whole.keys()
    assert {"test_loss_without_leaks", "test_f1_macro_without_leaks"} < whole.keys()
    for name, value in whole.items():
        np.testing.assert_allclose(both[0][name], value, rtol=1e-6, err_msg=name)
    assert both[0]["test_accuracy_without_leaks"] == whole["test_accuracy_without_leaks"]


if __name__ == "__main__":
    work(int(sys.argv[1]), Path(sys.argv[2]))
