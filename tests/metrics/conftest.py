"""Samples that the tests of all metrics share."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from project.metrics._metric import Scores, Streaming


class Samples(NamedTuple):
    """Logits `(n, n_classes)` float32 and targets `(n,)` int64."""

    logits: Tensor
    targets: Tensor

    @property
    def preds(self) -> np.ndarray:
        return self.logits.double().numpy().argmax(1)

    @property
    def probs(self) -> np.ndarray:
        """Float64 softmax, by numpy alone."""
        logits = self.logits.double().numpy()
        weights = np.exp(logits - logits.max(1, keepdims=True))
        return weights / weights.sum(1, keepdims=True)

    def batches(self, seed: int) -> Iterator["Samples"]:
        """The samples in batches of random sizes, 0 and 1 among them."""
        sizes = np.random.default_rng(seed).choice([0, 1, 2, 7, 32, 128], len(self.targets) + 1)
        ends = np.cumsum(sizes)
        ends = [int(end) for end in ends[ends < len(self.targets)]]
        for start, end in zip([0, *ends], [*ends, len(self.targets)]):
            yield Samples(self.logits[start:end], self.targets[start:end])


@pytest.fixture
def draw() -> Callable[..., Samples]:
    """Draws samples of a fair classifier: logits normal, higher by `skill` for the target."""

    def samples(
        n: int, n_classes: int, seed: int = 0, skill: float = 1.5, absent: tuple[int, ...] = ()
    ) -> Samples:
        rng = np.random.default_rng(seed)
        targets = rng.choice([k for k in range(n_classes) if k not in absent], n)
        logits = rng.normal(size=(n, n_classes))
        logits[np.arange(n), targets] += skill
        return Samples(torch.tensor(logits, dtype=torch.float32), torch.tensor(targets))

    return samples


@pytest.fixture
def updated() -> Callable:
    """Updates a metric with batches and returns it."""

    def update(metric: Streaming, batches: Iterable[tuple[Tensor, Tensor]]) -> Streaming:
        for logits, targets in batches:
            metric.update(logits, targets)
        return metric

    return update


@pytest.fixture
def assert_same() -> Callable[[Scores, Scores], None]:
    """Asserts that scores are equal but for the rounding of float64 sums."""

    def check(scores: Scores, expected: Scores) -> None:
        assert scores.keys() == expected.keys()
        for name in scores:
            np.testing.assert_allclose(
                scores[name], expected[name], rtol=1e-12, atol=1e-12, err_msg=name
            )

    return check
