"""Losses over pairs: anchor by anchor those of pytorch-metric-learning, and over ranks the same."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.distributed as dist
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import ContrastiveLoss, NTXentLoss, TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner, TripletMarginMiner
from pytorch_metric_learning.reducers import DoNothingReducer
from torch import Tensor
from torch.nn import functional as F

from project import losses
from project.losses import _pairs

# Three classes; the last one has a single sample, which has no positive.
LABELS = torch.tensor([0, 1, 0, 2, 1, 0, 1, 0])
N = len(LABELS)
EUCLIDEAN = {"normalize_embeddings": False, "p": 2}


def embeddings() -> Tensor:
    return torch.randn(N, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float32)


def built(name: str, **own: Any) -> Callable[[Tensor, Tensor], Tensor]:
    defaults = {"triplet_mining": "hard", "triplet_margin": 0.8, "triplet_soft": False}
    defaults |= {"triplet_swap": False, "contrastive_margin": 2.0, "temperature": 0.3}
    own = SimpleNamespace(**defaults | own)
    hparams = SimpleNamespace(loss=(name,), settings=lambda _: own)
    task = SimpleNamespace(embedded=lambda outputs: outputs.float())
    objective = losses.build(hparams, {"task": task})
    return lambda outputs, targets: objective(outputs, targets).total


def means(values: Tensor, anchors: Tensor) -> Tensor:
    """Of the values of each anchor; 0 where there is none."""
    sums = torch.zeros(N).index_add(0, anchors, values)
    return sums / torch.bincount(anchors, minlength=N).clamp(min=1)


def triplets(mining: str, **settings: Any) -> Tensor:
    """By pytorch-metric-learning, whose miners find triplets of which its loss gives each one's."""
    points, own = embeddings(), {"distance": LpDistance(**EUCLIDEAN)}
    found = TripletMarginMiner(margin=0.8, type_of_triplets="all", **own)(points, LABELS)
    if mining == "hard":
        found = BatchHardMiner(**own)(points, LABELS)
    if mining == "semi-hard":
        kind = {"type_of_triplets": "semihard"}
        found = TripletMarginMiner(margin=0.8, **kind, **own)(points, LABELS)
    if mining == "all":
        found = TripletMarginMiner(margin=1e9, type_of_triplets="all", **own)(points, LABELS)
    loss = TripletMarginLoss(margin=0.8, reducer=DoNothingReducer(), **own, **settings)
    each = loss(points, LABELS, found)["loss"]["losses"]
    return means(each, found[0])


@pytest.mark.parametrize("mining", ["hard", "semi-hard", "all"])
def test_triplets_are_those_of_pytorch_metric_learning(mining: str) -> None:
    for swap in (False, True):
        ours = built("triplet", triplet_mining=mining, triplet_swap=swap)(embeddings(), LABELS)
        torch.testing.assert_close(ours, triplets(mining, swap=swap), atol=1e-6, rtol=1e-6)
        assert ours[3] == 0 and ours.count_nonzero() > 2
    # Theirs of a margin that is a softplus: log(1 + exp(d_ap - d_an)) where its margin is 0.
    soft = built("triplet", triplet_mining=mining, triplet_soft=True)(embeddings(), LABELS)
    if mining != "semi-hard":
        theirs = triplets_soft(mining)
        torch.testing.assert_close(soft, theirs, atol=1e-6, rtol=1e-6)


def triplets_soft(mining: str) -> Tensor:
    points, own = embeddings(), {"distance": LpDistance(**EUCLIDEAN)}
    miner = BatchHardMiner(**own)
    if mining == "all":
        miner = TripletMarginMiner(margin=1e9, type_of_triplets="all", **own)
    found = miner(points, LABELS)
    loss = TripletMarginLoss(margin=0, smooth_loss=True, reducer=DoNothingReducer(), **own)
    return means(loss(points, LABELS, found)["loss"]["losses"], found[0])


def test_contrastive_pairs_are_their_distances_squared_and_halved() -> None:
    """Theirs are d and max(0, m - d) of each pair, without the squares of the paper."""
    loss = ContrastiveLoss(
        pos_margin=0, neg_margin=2, distance=LpDistance(**EUCLIDEAN), reducer=DoNothingReducer()
    )
    found = loss(embeddings(), LABELS)
    parts = []
    for kind in ("pos_loss", "neg_loss"):
        anchors = found[kind]["indices"][0]
        parts.append(means(found[kind]["losses"] ** 2 / 2, anchors))
    ours = built("contrastive")(embeddings(), LABELS)
    torch.testing.assert_close(ours, sum(parts), atol=1e-6, rtol=1e-6)


def nt_xent(points: Tensor, labels: Tensor, n: int) -> Tensor:
    found = NTXentLoss(temperature=0.3, reducer=DoNothingReducer())(points, labels)["loss"]
    anchors = found["indices"][0]
    sums = torch.zeros(n).index_add(0, anchors, found["losses"])
    return sums / torch.bincount(anchors, minlength=n).clamp(min=1)


def test_info_nce_is_nt_xent_of_classes_and_of_views() -> None:
    ours = built("info-nce")(embeddings(), LABELS)
    torch.testing.assert_close(ours, nt_xent(embeddings(), LABELS, N), atol=1e-6, rtol=1e-6)
    # Four images of two views: the labels are the images' own numbers, whatever their classes.
    views = embeddings().view(4, 2, 5)
    expected = nt_xent(embeddings(), torch.arange(4).repeat_interleave(2), N).view(4, 2).mean(1)
    found = built("info-nce")(views, torch.zeros(4, dtype=torch.int64))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)
    # SimCLR's equation 1, by hand, of the first view of the first image.
    unit = F.normalize(embeddings(), dim=1)
    similar = (unit[0] @ unit.T / 0.3).exp()
    assert nt_xent(embeddings(), torch.arange(4).repeat_interleave(2), N)[0] == pytest.approx(
        -float((similar[1] / (similar.sum() - similar[0])).log()), rel=1e-5
    )


SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("triplet", {"triplet_mining": "hard", "triplet_swap": True}),
    ("triplet", {"triplet_mining": "semi-hard"}),
    ("contrastive", {}),
    ("info-nce", {}),
]


@pytest.mark.parametrize("name, own", SETTINGS)
def test_without_pairs_a_loss_is_0_and_its_gradient_finite(name: str, own: dict) -> None:
    loss = built(name, **own)
    for labels in (torch.zeros(3, dtype=torch.int64), torch.arange(3)):
        points = embeddings()[:3].requires_grad_()
        values = loss(points, labels)
        values.sum().backward()
        assert values.shape == (3,) and points.grad.isfinite().all()
    # Equal points have a distance of 0, whose square root has no gradient.
    points = torch.zeros(4, 2, requires_grad=True)
    loss(points, torch.tensor([0, 0, 1, 1])).sum().backward()
    assert points.grad.isfinite().all()


class Ranks:
    """Stands for torch.distributed in one of several ranks, of which each knows all others'."""

    def __init__(self, parts: list[Tensor], labels: list[Tensor], rank: int) -> None:
        self.parts, self.labels, self.rank = parts, labels, rank
        self.summed: list[Tensor] = []

    is_available = is_initialized = staticmethod(lambda: True)

    def get_world_size(self) -> int:
        return len(self.parts)

    def get_rank(self) -> int:
        return self.rank

    def all_gather(self, found: list[Tensor], own: Tensor) -> None:
        most = max(map(len, self.parts))
        known = {
            (1,): [torch.tensor([len(part)]) for part in self.parts],
            (most,): [F.pad(part, (0, most - len(part))) for part in self.labels],
        }.get(tuple(own.shape))
        known = known or [F.pad(part.detach(), (0, 0, 0, most - len(part))) for part in self.parts]
        assert known[self.rank].equal(own)
        for into, each in zip(found, known, strict=True):
            into.copy_(each)

    def all_reduce(self, grad: Tensor) -> None:
        self.summed.append(grad.clone())


@pytest.mark.parametrize("name, own", SETTINGS)
@pytest.mark.parametrize("sizes", [(4, 4), (3, 3, 2)])
def test_ranks_together_have_the_losses_and_gradients_of_one(
    name: str, own: dict, sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rank's gradient is the sum of what all ranks' losses have for its own samples."""
    loss = built(name, **own)
    whole = embeddings().requires_grad_()
    expected = loss(whole, LABELS)
    expected.sum().backward()
    parts = [part.clone().requires_grad_() for part in embeddings().split(sizes)]
    labels = list(LABELS.split(sizes))
    each, sums = [], []
    for rank, part in enumerate(parts):
        ranks = Ranks(parts, labels, rank)
        monkeypatch.setattr(_pairs, "dist", ranks)
        each.append(loss(part, labels[rank]))
        each[-1].sum().backward()
        sums.append(sum(ranks.summed))
    torch.testing.assert_close(torch.cat(each), expected, atol=1e-6, rtol=1e-6)
    # What was handed to all_reduce by each, and what a rank has of its own rows besides as anchors.
    gathered = sum(sums)
    for rank, (part, first) in enumerate(zip(parts, (0, *torch.tensor(sizes).cumsum(0)[:-1]))):
        rows = slice(int(first), int(first) + len(part))
        as_anchors = part.grad - sums[rank][rows]
        found = as_anchors + gathered[rows]
        torch.testing.assert_close(found, whole.grad[rows], atol=1e-5, rtol=1e-5)
    assert not dist.is_initialized()
