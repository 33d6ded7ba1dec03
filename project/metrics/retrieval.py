"""Retrieval: whether a sample's nearest neighbours, by their embeddings, are of its class."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from project.metrics._gallery import Embedded, Gallery, Held
from project.metrics._metric import Declared, Metric, Scores

RECALL_AT, LIMIT, SHOWN = (1, 2, 4, 8), 10_000, 5
# Numbers of a matrix of distances that there are at once: 64 MB.
_AT_ONCE = 2**23


class Found(NamedTuple):
    """What was found for each sample, the query, among all others.

    Attributes:
        neighbours: places of the nearest, nearest first, `(n, k)` int64, k being at least what was
            asked for and the largest R, as far as there are samples.
        distances: theirs, Euclidean, `(n, k)` float64.
        first_hit: how many of these come before the first of the query's class, `(n,)` int64; k
            where none is.
        precision: average precision at R, `(n,)` float64; NaN where no other is of its class.
        margin: the distance to the nearest of another class less that to the nearest of its own,
            `(n,)` float64; NaN where there is none of either.
    """

    neighbours: np.ndarray
    distances: np.ndarray
    first_hit: np.ndarray
    precision: np.ndarray
    margin: np.ndarray


class Retrieval(Metric):
    """`recall@k` for each k, and `map@r`, in [0, 1], and the nearest neighbours for figures.

    Each sample is looked for among all others of the pass. recall@k is the share of samples that
    have one of their class among their k nearest (Jegou et al., "Product Quantization for Nearest
    Neighbor Search", 2011, section V; Oh Song et al. 2016), map@r the mean of 1/R sum_{i<=R} P(i)
    rel(i), R being how many others are of the sample's class (Musgrave et al., "A Metric Learning
    Reality Check", 2020, section 3.2). Samples without any other of their class are left out. Of
    equal distances the lower index comes first.

    Needs all samples at once, in memory: of more than `limit` those that their indices draw are
    looked for among each other. What was not measured is told by `notes` of the task.

    Args:
        n_classes: how many there are.
        ks: of recall@k.
        limit: samples that are measured, at most.
        n_shown: neighbours of a sample that are kept for figures.

    Attributes:
        counted: of the last pass that was scored: how many samples were measured, how many there
            were, and how many of the former had no other of their class.
    """

    tasks = ("embedding",)
    view = Embedded
    state = Gallery
    guard = Gallery
    tables = ("neighbours", "neighbour_distances", "retrieval")

    def __init__(
        self,
        n_classes: int,
        ks: Sequence[int] = RECALL_AT,
        limit: int = LIMIT,
        n_shown: int = SHOWN,
    ) -> None:
        super().__init__(n_classes, limit)
        self.ks, self.n_shown = tuple(ks), n_shown
        self.counted = (0, 0, 0)

    def declared(self) -> dict[str, Declared]:
        names = [*(f"recall@{k}" for k in self.ks), "map@r"]
        return {name: Declared("max", False) for name in names}

    def score(self, totals: Held) -> Scores:
        found = retrieved(totals.embeddings, totals.targets, max(self.n_shown, *self.ks))
        known = ~np.isnan(found.precision)
        self.counted = (len(known), totals.n_seen, int((~known).sum()))
        hits = found.first_hit[known]
        scores: Scores = {
            f"recall@{k}": float((hits < k).mean()) if known.any() else np.nan for k in self.ks
        }
        scores["map@r"] = float(found.precision[known].mean()) if known.any() else np.nan
        if not found.neighbours.size:
            return scores  # of a single sample
        indices, targets = totals.indices.cpu().numpy(), totals.targets.cpu().numpy()
        nearest = found.neighbours[:, 0]
        each = (indices, targets, targets[nearest], found.precision, found.margin)
        return scores | {
            "neighbours": indices[found.neighbours[:, : self.n_shown]],
            "neighbour_distances": found.distances[:, : self.n_shown],
            "retrieval": np.stack([np.asarray(column, np.float64) for column in each], 1),
        }


def retrieved(embeddings: Tensor, targets: Tensor, least: int) -> Found:
    """Look for each sample among all others, a block at a time, in double precision.

    Args:
        embeddings: `(n, D)` floating.
        targets: `(n,)` int64.
        least: neighbours to be looked for.
    """
    # Apple's devices have no double precision.
    there = "cpu" if embeddings.device.type == "mps" else embeddings.device
    points, targets = embeddings.to(there, torch.float64), targets.to(there)
    n = len(points)
    counts = torch.bincount(targets)[targets] - 1
    depth = min(n - 1, max(least, int(counts.max())))
    rows = max(1, _AT_ONCE // max(1, n))
    squares = points.square().sum(1)
    blocks = [
        _block(points, squares, targets, counts, range(at, min(n, at + rows)), depth)
        for at in range(0, n, rows)
    ]
    nearest, apart, hits, precision, margin = (
        torch.cat(parts).cpu().numpy() for parts in zip(*blocks, strict=True)
    )
    return Found(nearest, apart, hits, precision, margin)


def _block(
    points: Tensor, squares: Tensor, targets: Tensor, counts: Tensor, rows: range, depth: int
) -> tuple[Tensor, ...]:
    own = torch.arange(rows.start, rows.stop, device=points.device)
    apart = (squares[own, None] + squares - 2 * points[own] @ points.T).clamp_(min=0).sqrt_()
    apart[torch.arange(len(own)), own] = torch.inf
    same = targets[own, None] == targets
    alike = apart.masked_fill(~same, torch.inf).amin(1)
    other = apart.masked_fill(same, torch.inf).amin(1)
    distances, nearest = _smallest(apart, depth)
    hit = same.gather(1, nearest)
    rank = torch.arange(1, depth + 1, device=points.device, dtype=points.dtype)
    total = counts[own]
    at_r = hit & (rank <= total[:, None])
    precision = (at_r.cumsum(1) / rank * at_r).sum(1) / total  # NaN of 0 / 0
    before = (hit.cumsum(1) == 0).sum(1)
    margin = torch.where(alike.isfinite() & other.isfinite(), other - alike, torch.nan)
    return nearest, distances, before, precision, margin


def _smallest(apart: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of each row, in their order, and where they are; of equal ones the first."""
    values, places = apart.topk(k, 1, largest=False)
    # Equal ones side by side are put in the order of their places.
    order = places.argsort(dim=1, stable=True)
    values, places = values.gather(1, order), places.gather(1, order)
    order = values.argsort(dim=1, stable=True)
    return values.gather(1, order), places.gather(1, order)
