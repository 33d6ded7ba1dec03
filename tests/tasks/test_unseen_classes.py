"""What training on some classes is worth for others, beside the pixels themselves."""

import pytest

from benchmarks.embedding import SEEDS, interval, of_model, of_pixels
from project.metrics.retrieval import Retrieval


def test_pixels_are_found_as_scikit_learn_finds_them() -> None:
    """The reference of the benchmark, by this project's own score."""
    import torch
    from sklearn.datasets import load_digits

    points, targets = map(torch.from_numpy, load_digits(return_X_y=True))
    metric = Retrieval(10, (1,))
    metric.update(points[targets >= 5], targets[targets >= 5])
    found = metric.compute()
    assert of_pixels() == pytest.approx({k: found[k] for k in ("recall@1", "map@r")}, abs=1e-4)


@pytest.mark.nightly
def test_digits_that_never_trained_are_found_better_than_by_their_pixels() -> None:
    """0 to 4 train, 5 to 9 are tested; the paired difference of five seeds, its 95 % interval."""
    pixels, learned = of_pixels(), [of_model(seed) for seed in SEEDS]
    low, _ = interval([each["recall@1"] - pixels["recall@1"] for each in learned])
    assert low > 0
