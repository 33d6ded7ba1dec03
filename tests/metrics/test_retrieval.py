"""Retrieval by embeddings: a plain loop's values, whatever the batches, their order and ranks."""

import numpy as np
import pytest
import torch
import torch.distributed as dist
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from torch import Tensor

from project.metrics import _gallery
from project.metrics._gallery import Gallery
from project.metrics.retrieval import Retrieval, retrieved

N = 60
KS = (1, 2, 4)


def samples(n_alone: int = 1) -> tuple[Tensor, Tensor]:
    """Embeddings of four classes, and a class of a single sample."""
    source = torch.Generator().manual_seed(1)
    targets = torch.randint(4, (N,), generator=source)
    targets[:n_alone] = 4
    return torch.randn(N, 3, generator=source) + 0.8 * targets[:, None], targets


def plain(embeddings: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """One query after another, by the definitions."""
    hits: dict[int, list[bool]] = {k: [] for k in KS}
    precisions = []
    for i in range(len(targets)):
        others = [j for j in range(len(targets)) if j != i]
        if not any(targets[j] == targets[i] for j in others):
            continue
        others.sort(key=lambda j: float(np.sum((embeddings[i] - embeddings[j]) ** 2)))
        right = [bool(targets[j] == targets[i]) for j in others]
        for k in KS:
            hits[k].append(any(right[:k]))
        r = sum(right)
        precisions.append(sum(right[i] * sum(right[: i + 1]) / (i + 1) for i in range(r)) / r)
    scores = {f"recall@{k}": float(np.mean(each)) for k, each in hits.items()}
    return scores | {"map@r": float(np.mean(precisions))}


def measured(order: Tensor, size: int, limit: int = 1000) -> Retrieval:
    metric = Retrieval(5, KS, limit, 3)
    embeddings, targets = samples()
    for some in order.split(size):
        metric.update(embeddings[some], targets[some], some)
    return metric


def test_scores_are_those_of_a_plain_loop_and_of_pytorch_metric_learning() -> None:
    embeddings, targets = samples()
    expected = plain(embeddings.double().numpy(), targets.numpy())
    found = measured(torch.arange(N), N).compute()
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert 0.2 < expected["map@r"] < expected["recall@1"] < expected["recall@4"] < 1
    # Theirs leaves out the samples that have no other of their class, too.
    search = CustomKNN(LpDistance(normalize_embeddings=False))
    names = ("precision_at_1", "mean_average_precision_at_r")
    theirs = AccuracyCalculator(include=names, k="max_bin_count", knn_func=search)
    given = {"query": embeddings, "query_labels": targets}
    scores = theirs.get_accuracy(**given, ref_includes_query=True)
    assert scores["precision_at_1"] == pytest.approx(found["recall@1"])
    assert scores["mean_average_precision_at_r"] == pytest.approx(found["map@r"])


def test_neighbours_are_named_by_the_data_sets_indices() -> None:
    embeddings, targets = samples()
    metric = measured(torch.randperm(N, generator=torch.Generator().manual_seed(2)), 7)
    found = metric.compute()
    apart = torch.cdist(embeddings.double(), embeddings.double()).fill_diagonal_(torch.inf)
    distances, nearest = apart.sort(1)
    assert found["neighbours"].tolist() == nearest[:, :3].tolist()
    np.testing.assert_allclose(found["neighbour_distances"], distances[:, :3], atol=1e-7)
    index, target, near, _, margin = found["retrieval"].T
    assert index.tolist() == list(range(N)) and target.tolist() == targets.tolist()
    assert near.tolist() == targets[nearest[:, 0]].tolist()
    same = targets[:, None] == targets
    own = apart.masked_fill(~same, torch.inf).amin(1)
    other = apart.masked_fill(same, torch.inf).amin(1)
    expected = (other - own).masked_fill(own.isinf(), torch.nan)
    np.testing.assert_allclose(margin, expected, atol=1e-7)
    assert metric.counted == (N, N, 1) and np.isnan(margin[0])


def test_batches_and_their_order_change_nothing_and_a_bound_draws_the_same_samples() -> None:
    whole = measured(torch.arange(N), N).compute()
    shuffled = torch.randperm(N, generator=torch.Generator().manual_seed(4))
    for size in (1, 7, N):
        again = measured(shuffled, size).compute()
        assert all(np.array_equal(again[name], whole[name], equal_nan=True) for name in whole)
    few = [measured(shuffled, size, limit=20) for size in (1, 7, N)]
    tables = [metric.compute()["retrieval"] for metric in few]
    assert all(np.array_equal(tables[0], each, equal_nan=True) for each in tables)
    assert len(tables[0]) == 20 and few[0].counted[:2] == (20, N)
    # They are drawn, not the first ones: files come class by class.
    assert tables[0][:, 0].max() > 40
    assert few[1]._each[0]._n <= 40  # so many are held at most


def test_ranks_have_the_same_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measured(torch.arange(N), N).compute()
    parts = [measured(rows, 5) for rows in torch.arange(N).chunk(3)]
    held = [tuple(part._each[0]._joined()) for part in parts]

    def all_gather(every: list, own: tuple[Tensor, ...]) -> None:
        every[:] = held

    for name, value in {"is_initialized": lambda: True, "get_world_size": lambda: 3}.items():
        monkeypatch.setattr(_gallery.dist, name, value)
    monkeypatch.setattr(_gallery.dist, "all_gather_object", all_gather)
    monkeypatch.setattr(_gallery.dist, "all_reduce", lambda total: total.fill_(N))
    for part in parts:
        part.reduce()
        found = part.compute()
        assert all(np.array_equal(found[name], whole[name], equal_nan=True) for name in whole)
    assert isinstance(parts[0]._each[0], Gallery) and dist.is_initialized()


def test_blocks_of_queries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = retrieved(*samples(), 4)
    monkeypatch.setattr("project.metrics.retrieval._AT_ONCE", 7 * N)
    for one, other in zip(whole, retrieved(*samples(), 4), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_equal_distances_are_in_the_order_of_the_indices() -> None:
    points = torch.tensor([[0.0], [1.0], [1.0], [-1.0], [5.0]])
    found = retrieved(points, torch.tensor([0, 1, 0, 0, 1]), 3)
    assert found.neighbours[0].tolist() == [1, 2, 3]
    assert found.first_hit[0] == 1 and found.precision[0] == pytest.approx((0 + 1 / 2) / 2)


def test_what_has_no_score_is_told() -> None:
    metric = Retrieval(5, KS)
    with pytest.raises(ValueError, match="no samples"):
        metric.compute()
    metric.update(torch.tensor([[1.0, torch.nan], [1.0, 2.0]]), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="embeddings of 1 of 2 samples are NaN or infinite"):
        metric.compute()
    with pytest.raises(ValueError, match="they must be .batch, size. and floating"):
        metric.update(torch.zeros(2), torch.tensor([0, 1]))
    metric.reset()
    metric.update(torch.zeros(1, 2), torch.tensor([3]))
    assert np.isnan(metric.compute()["recall@1"])
